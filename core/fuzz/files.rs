//! Files of a transaction: opened, filled, cut, looked into and stored in any order.

use std::collections::BTreeMap;
use std::sync::Arc;
use tmrx_core::files::{Digests, Files, Piece, Reach, State, Then, Wanted};
use tmrx_core::plan::{BufferTest, FileSettings, HashType, Rule, Way};

/// What is known of a file besides what `Files` says.
#[derive(Default)]
struct Model {
    bytes: Vec<u8>,
    size: u64,
    ended: bool,
}

fn wanted(bits: u8) -> Arc<Wanted> {
    let settings = FileSettings {
        hashes: vec![HashType::Md5, HashType::Sha1, HashType::Sha256],
        magic: bits & 1 != 0,
        store: bits & 2 != 0,
        store_all: bits & 4 != 0,
        ..FileSettings::default()
    };
    let test =
        BufferTest { buffer: "file.data".to_owned(), side: Way::Any, transforms: Vec::new(), matches: Vec::new() };
    let rule = Rule { buffers: vec![test], ..Rule::default() };
    Wanted::new(&settings, if bits & 8 != 0 { std::slice::from_ref(&rule) } else { &[] }, (1, 8))
}

/// Three bytes a step: what is done, to which file, how much. The first byte says what is wanted.
pub fn files(data: &[u8]) {
    let Some((&bits, rest)) = data.split_first() else { return };
    let wanted = wanted(bits);
    let mut files = Files::new(&wanted, Default::default());
    let (mut models, mut out) = (Vec::<Model>::new(), Vec::new());
    for step in rest.chunks_exact(3).take(1024) {
        let &[what, which, much] = step else { break };
        let to_server = which & 1 == 0;
        if what % 8 == 0 {
            if let Some(file) = files.open(to_server, &[much; 3]) {
                assert_eq!(file, models.len());
                let minimum = u64::from(bits >> 4) * 8;
                files.reach(file, Reach { minimum, again: u64::from(much) });
                models.push(Model::default());
            }
            continue;
        }
        if models.is_empty() {
            continue;
        }
        let file = usize::from(which) % models.len();
        change(&mut files, (what % 8, file, much), &mut models[file], to_server, &mut out);
        if what % 8 == 7 {
            for (model, file) in models.iter_mut().zip(files.iter()) {
                model.ended |= file.to_server == to_server;
            }
        }
        check(&files, &models);
    }
    files.truncate(true);
    files.truncate(false);
    files.tell(true, &mut out);
    files.tell(false, &mut out);
    check_stored(&files, &models, &out);
}

fn change(
    files: &mut Files,
    (what, file, much): (u8, usize, u8),
    model: &mut Model,
    to_server: bool,
    out: &mut Vec<Piece>,
) {
    match what {
        1 | 2 => {
            let bytes = vec![much; usize::from(much) * if what == 1 { 1 } else { 50 }];
            files.data(file, &bytes);
            if !model.ended {
                model.size += bytes.len() as u64;
                model.bytes.extend(bytes);
            }
        }
        3 => {
            files.lost(file, u64::from(much));
            model.size += if model.ended { 0 } else { u64::from(much) };
        }
        4 => {
            files.close(file, if much & 1 == 0 { State::Closed } else { State::Error });
            model.ended = true;
        }
        5 => files.inspected(to_server),
        6 => files.store(to_server, u32::from(much), much & 1 == 0, &|file| file.size % 2 == 0),
        _ if much & 1 == 0 => files.truncate(to_server),
        _ => {
            files.truncate(to_server);
            files.tell(to_server, out);
        }
    }
}

fn check(files: &Files, models: &[Model]) {
    for (file, model) in files.iter().zip(models) {
        assert_eq!((file.size, file.has_ended()), (model.size, model.ended));
        for (bytes, original) in file.pieces() {
            assert!(bytes.len() <= original && original as u64 <= file.size);
        }
    }
    let current = |to_server| files.current(to_server).count() as u32;
    assert!(current(true) <= files.count(true) && current(false) <= files.count(false));
}

/// What went out of a file is all of it, and its digest is that.
fn check_stored(files: &Files, models: &[Model], out: &[Piece]) {
    let mut stored: BTreeMap<u64, (Vec<u8>, Option<Then>)> = BTreeMap::new();
    for piece in out {
        let (bytes, then) = stored.entry(piece.id).or_default();
        assert!(!matches!(then, Some(Then::Ended(_))), "it had ended");
        bytes.extend_from_slice(&piece.bytes);
        *then = Some(piece.then);
    }
    for (file, model) in files.iter().zip(models) {
        let Some(id) = file.id() else { continue };
        let (bytes, then) = &stored[&id];
        assert_eq!(bytes, &model.bytes);
        let mut digests = Digests::new(&wanted(2));
        digests.update(bytes);
        digests.finish();
        assert_eq!(*then, digests.sums().and_then(|sums| sums.sha256).map(Then::Ended));
    }
}
