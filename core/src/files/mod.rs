//! Files that applications carry: what is known of each while its bytes pass.
//!
//! A file belongs to a transaction. Its parser opens it, gives it its bytes in order, says what was lost, and closes it.

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

/// Files that a transaction may have.
const MOST: usize = 1024;

/// One file.
#[derive(Debug, Default)]
pub struct File {
    /// Sent by the client.
    pub to_server: bool,
    /// Its name as its protocol gives it; empty where it gives none.
    pub name: Vec<u8>,
    /// How it stands.
    pub state: State,
    /// Bytes so far.
    pub size: u64,
    /// Bytes were lost on the way.
    pub has_gaps: bool,
    /// The bytes that are still of interest.
    window: Vec<u8>,
    /// Offset of the first of them.
    begin: u64,
}

impl File {
    /// The bytes that are held, and the first one's offset.
    pub fn window(&self) -> (u64, &[u8]) {
        (self.begin, &self.window)
    }
}

/// A transaction's files.
#[derive(Debug, Default)]
pub struct Files {
    list: Vec<File>,
}

impl Files {
    /// A file begins; what names it, unless there are too many.
    pub fn open(&mut self, to_server: bool, name: &[u8]) -> Option<usize> {
        if self.list.len() >= MOST {
            return None;
        }
        self.list.push(File { to_server, name: name.to_vec(), ..File::default() });
        Some(self.list.len() - 1)
    }

    /// Its next bytes.
    pub fn data(&mut self, file: usize, bytes: &[u8]) {
        let Some(file) = self.list.get_mut(file) else { return };
        file.size += bytes.len() as u64;
        file.window.extend_from_slice(bytes);
    }

    /// So many bytes of it were lost.
    pub fn lost(&mut self, file: usize, _bytes: u64) {
        let Some(file) = self.list.get_mut(file) else { return };
        file.has_gaps = true;
    }

    /// It ends.
    pub fn close(&mut self, file: usize, state: State) {
        let Some(file) = self.list.get_mut(file) else { return };
        file.state = state;
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, File> {
        self.list.iter()
    }
}
