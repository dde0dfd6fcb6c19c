//! Files that applications carry: what is known of each while its bytes pass.
//!
//! A file belongs to a transaction. Its parser opens it, gives it its bytes in order, says what was lost, and closes it.
//! What is found out about it, and how much of it is held, is what rules and outputs want (`wanted.rs`): digests
//! (`digest.rs`), what its first bytes say it is (`magic.rs`), the bytes that rules look into (`window.rs`), and those
//! that are stored (`store.rs`). One that comes in parts is another file once they join (`parts.rs`).

mod digest;
mod magic;
mod parts;
mod store;
mod wanted;
mod window;

pub use digest::{Digests, Sums};
pub use store::{Piece, Then};
pub use wanted::{Counts, Wanted};
pub use window::Reach;

use magic::Magic;
use parts::Part;
use std::sync::Arc;
use store::Storage;
use window::Window;

/// How a file stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// More may come.
    #[default]
    Open,
    /// It ended as its protocol says.
    Closed,
    /// It ended early, or bytes are missing.
    Truncated,
    /// Its protocol could not be followed.
    Error,
}

impl State {
    /// As events name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "UNKNOWN",
            Self::Closed => "CLOSED",
            Self::Truncated => "TRUNCATED",
            Self::Error => "ERROR",
        }
    }
}

/// Files that a transaction may have.
const MOST: usize = 256;

/// One file.
#[derive(Debug)]
pub struct File {
    /// Sent by the client.
    pub to_server: bool,
    /// Its name as its protocol gives it; empty where it gives none.
    pub name: Vec<u8>,
    /// How it stands.
    pub state: State,
    /// Bytes so far, those included that were lost.
    pub size: u64,
    /// Bytes were lost on the way.
    pub has_gaps: bool,
    /// It is these bytes of a larger one, the last one included.
    pub range: Option<(u64, u64)>,
    /// The rules that had it stored.
    pub sids: Vec<u32>,
    wanted: Arc<Wanted>,
    magic: Magic,
    digests: Digests,
    window: Window,
    storage: Storage,
    /// It is put together with other parts of a larger one.
    part: Option<Part>,
    told: bool,
    /// Rules have looked at all of it.
    done: bool,
}

impl File {
    fn new(to_server: bool, name: &[u8], wanted: &Arc<Wanted>) -> Self {
        Self {
            to_server,
            name: name.to_vec(),
            state: State::Open,
            size: 0,
            has_gaps: false,
            range: None,
            sids: Vec::new(),
            magic: Magic::default(),
            digests: Digests::new(wanted),
            window: Window::new(wanted),
            storage: Storage::new(wanted),
            part: None,
            wanted: Arc::clone(wanted),
            told: false,
            done: false,
        }
    }

    /// It has ended.
    pub fn has_ended(&self) -> bool {
        self.state != State::Open
    }

    /// What its first bytes say it is, in libmagic's words; none while there are too few of them, or nobody asks.
    pub fn magic(&self) -> Option<&str> {
        self.magic.text()
    }

    /// Its digests; none before its end, and only those that events are to tell.
    pub fn sums(&self) -> Option<Sums> {
        let stored = self.storage.id().is_some();
        let sums = self.digests.sums()?;
        let whole = self.state == State::Closed;
        Some(Sums {
            md5: sums.md5.filter(|_| whole),
            sha1: sums.sha1.filter(|_| whole),
            sha256: sums.sha256.filter(|_| self.wanted.sha256 || stored),
        })
    }

    /// The number under which it is stored, where it is.
    pub fn id(&self) -> Option<u64> {
        self.storage.id()
    }

    /// The pieces that rules look into now: bytes, and how many there were of them.
    pub fn pieces(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.window.pieces(self.has_ended())
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.window.push(self.size, bytes);
        self.size = self.size.saturating_add(bytes.len() as u64);
        self.digests.update(bytes);
        if self.wanted.magic {
            self.magic.update(bytes);
        }
        self.storage.push(bytes);
        if self.part.as_mut().is_some_and(|part| !part.push(bytes)) {
            self.part = None;
            Wanted::add(&self.wanted.unjoined, 1);
        }
    }

    fn close(&mut self, state: State) {
        self.state = if self.has_gaps && state == State::Closed { State::Truncated } else { state };
        self.digests.finish();
        if self.wanted.magic {
            self.magic.finish();
        }
    }
}

/// A transaction's files.
#[derive(Debug, Default)]
pub struct Files {
    list: Vec<File>,
    wanted: Arc<Wanted>,
    /// The rules that have those stored that are opened from now on; to the server, to the client.
    storing: [Vec<u32>; 2],
}

impl Files {
    /// None yet, of which this is wanted; for these rules all are stored, to the server and to the client.
    pub fn new(wanted: &Arc<Wanted>, storing: [Vec<u32>; 2]) -> Self {
        Self { list: Vec::new(), wanted: Arc::clone(wanted), storing }
    }

    /// A file begins; what names it from now on, or none where there are too many.
    pub fn open(&mut self, to_server: bool, name: &[u8]) -> Option<usize> {
        if self.list.len() >= MOST {
            Wanted::add(&self.wanted.refused, 1);
            return None;
        }
        for file in self.list.iter_mut().filter(|file| file.done && file.to_server == to_server) {
            file.window.clear();
        }
        let mut file = File::new(to_server, name, &self.wanted);
        let [up, down] = &self.storing;
        for sid in if to_server { up } else { down } {
            file.store(*sid);
        }
        self.list.push(file);
        Some(self.list.len() - 1)
    }

    /// How much of it rules look at, and when; without this, everything as it comes.
    pub fn reach(&mut self, file: usize, reach: Reach) {
        self.change(file, |file| file.window.reach = reach);
    }

    /// It is these bytes of a larger one, the last one included.
    pub fn range(&mut self, file: usize, first: u64, last: u64) {
        self.change(file, |file| file.range = Some((first, last)));
    }

    /// It is put together with other parts of the file of this name in the packet's domain, which has so many bytes.
    pub fn part_of(&mut self, file: usize, name: Vec<u8>, size: u64, range: (u64, u64)) {
        self.change(file, |file| file.part = Part::new(file.wanted.key(name), size, range, &file.wanted));
    }

    /// Its next bytes.
    pub fn data(&mut self, file: usize, bytes: &[u8]) {
        self.change(file, |file| file.take_in(bytes));
    }

    /// So many bytes of it were lost.
    pub fn lost(&mut self, file: usize, bytes: u64) {
        self.change(file, |file| {
            file.has_gaps = true;
            file.window.lose(file.size, bytes);
            file.size = file.size.saturating_add(bytes);
        });
    }

    /// It ends. One of which bytes were lost is truncated, whatever its protocol says. The last part of a larger one makes
    /// that another file.
    pub fn close(&mut self, file: usize, state: State) {
        self.change(file, |file| file.close(state));
        let Some(File { state, part, name, to_server, .. }) = self.list.get_mut(file) else { return };
        let (name, to_server) = (name.clone(), *to_server);
        let whole = part.take().filter(|_| *state == State::Closed).and_then(|part| self.wanted.join(part));
        if let Some(bytes) = whole
            && let Some(file) = self.open(to_server, &name)
        {
            self.data(file, &bytes);
            self.close(file, State::Closed);
        }
    }

    /// All that are open in a direction end early.
    pub fn truncate(&mut self, to_server: bool) {
        for file in self.list.iter_mut().filter(|file| file.to_server == to_server && !file.has_ended()) {
            file.close(State::Truncated);
        }
    }

    /// Do something to one that has not ended.
    fn change(&mut self, file: usize, change: impl FnOnce(&mut File)) {
        if let Some(file) = self.list.get_mut(file).filter(|file| !file.has_ended()) {
            change(file);
        }
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, File> {
        self.list.iter()
    }

    /// Those of a direction.
    pub fn of(&self, to_server: bool) -> impl Iterator<Item = &File> {
        self.list.iter().filter(move |file| file.to_server == to_server)
    }

    /// How many there are in a direction.
    pub fn count(&self, to_server: bool) -> u32 {
        self.of(to_server).count() as u32
    }

    /// Those of a direction that rules are asked about: not those that they were done with when another one came.
    pub fn current(&self, to_server: bool) -> impl Iterator<Item = &File> {
        let last = self.list.iter().rposition(|file| file.to_server == to_server);
        let files = self.list.iter().enumerate().filter(move |(_, file)| file.to_server == to_server);
        files.filter(move |(place, file)| !file.done || Some(*place) == last).map(|(_, file)| file)
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Rules have looked at what there was of a direction.
    pub fn inspected(&mut self, to_server: bool) {
        for file in self.list.iter_mut().filter(|file| file.to_server == to_server) {
            let ended = file.has_ended();
            file.window.inspected(ended);
            file.done = ended;
        }
    }

    /// A rule has files of a direction stored: with `all`, those that come later too; else where `which` says yes.
    pub fn store(&mut self, to_server: bool, sid: u32, all: bool, which: &dyn Fn(&File) -> bool) {
        for file in self.list.iter_mut().filter(|file| file.to_server == to_server && (all || which(file))) {
            file.store(sid);
        }
        let [up, down] = &mut self.storing;
        let storing = if to_server { up } else { down };
        if all && !storing.contains(&sid) {
            storing.push(sid);
        }
    }

    /// Some of them have ended and were not told.
    pub fn has_untold(&self) -> bool {
        self.list.iter().any(|file| file.has_ended() && !file.told)
    }

    /// Those of a direction that have ended and were not told.
    pub fn untold(&self, to_server: bool) -> impl Iterator<Item = &File> {
        self.of(to_server).filter(|file| file.has_ended() && !file.told)
    }

    /// Those of a direction that have ended are told now, and nothing more is stored of them; what is left to store of any
    /// goes out.
    pub fn tell(&mut self, to_server: bool, out: &mut Vec<Piece>) {
        for file in self.list.iter_mut().filter(|file| file.to_server == to_server) {
            file.told = file.has_ended();
            let sums = file.digests.sums();
            file.storage.take(sums.and_then(|sums| sums.sha256), out);
        }
    }
}

#[cfg(test)]
mod tests;
