//! Inputs that fuzzing found worth keeping, each through what its target does with it (`core/fuzz/`).
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "../fuzz/entries.rs"]
mod entries;

use std::path::Path;

fn replay(target: &str, entry: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|found| found.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 10, "{target}: {} inputs", paths.len());
    for path in paths {
        let attempt = std::panic::catch_unwind(|| entry(&std::fs::read(&path).unwrap()));
        assert!(attempt.is_ok(), "{}", path.display());
    }
}

#[test]
fn reader() {
    replay("reader", entries::reader);
}

#[test]
fn decap() {
    replay("decap", entries::decap);
}

#[test]
fn decode() {
    replay("decode", entries::decode);
}

#[test]
fn restore() {
    replay("restore", entries::restore);
}

#[test]
fn fragments() {
    replay("fragments", entries::fragments);
}

#[test]
fn rules() {
    replay("rules", entries::rules);
}

#[test]
fn engine() {
    replay("engine", entries::engine);
}

#[test]
fn stream() {
    replay("stream", entries::stream);
}

#[test]
fn files() {
    replay("files", entries::files);
}

#[test]
fn http() {
    replay("http", entries::http);
}

#[test]
fn dns() {
    replay("dns", entries::dns);
}

#[test]
fn tls() {
    replay("tls", entries::tls);
}

#[test]
fn ftp() {
    replay("ftp", entries::ftp);
}

#[test]
fn ftp_data() {
    replay("ftp_data", entries::ftp_data);
}

#[test]
fn ssh() {
    replay("ssh", entries::ssh);
}

#[test]
fn transactions() {
    replay("transactions", entries::transactions);
}
