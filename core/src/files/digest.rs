//! Digests of a file's bytes, as far as someone wants them.

use super::Wanted;
use md5::Md5;
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// Digests of a whole file, those that were wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Sums {
    pub md5: Option<[u8; 16]>,
    pub sha1: Option<[u8; 20]>,
    pub sha256: Option<[u8; 32]>,
}

#[derive(Clone, Debug, Default)]
struct Running {
    md5: Option<Md5>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
}

/// The digests of one file, while its bytes come and after them.
#[derive(Clone, Debug, Default)]
pub struct Digests {
    running: Option<Box<Running>>,
    sums: Option<Sums>,
}

impl Digests {
    /// Those that are wanted; what is stored is named by its SHA-256.
    pub fn new(wanted: &Wanted) -> Self {
        let (md5, sha1, sha256) = (wanted.md5, wanted.sha1, wanted.sha256 || wanted.store);
        let running = Running {
            md5: md5.then(Md5::default),
            sha1: sha1.then(Sha1::default),
            sha256: sha256.then(Sha256::default),
        };
        Self { running: (md5 || sha1 || sha256).then(|| Box::new(running)), sums: None }
    }

    /// The file's next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let Some(running) = &mut self.running else { return };
        let Running { md5, sha1, sha256 } = &mut **running;
        md5.as_mut().into_iter().for_each(|digest| digest.update(bytes));
        sha1.as_mut().into_iter().for_each(|digest| digest.update(bytes));
        sha256.as_mut().into_iter().for_each(|digest| digest.update(bytes));
    }

    /// There are no more.
    pub fn finish(&mut self) {
        let Some(running) = self.running.take() else { return };
        let Running { md5, sha1, sha256 } = *running;
        self.sums = Some(Sums {
            md5: md5.map(|digest| digest.finalize().into()),
            sha1: sha1.map(|digest| digest.finalize().into()),
            sha256: sha256.map(|digest| digest.finalize().into()),
        });
    }

    /// What came of it; none before the end.
    pub fn sums(&self) -> Option<Sums> {
        self.sums
    }
}
