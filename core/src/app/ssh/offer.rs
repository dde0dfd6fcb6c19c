//! Offers of algorithms (RFC 4253, section 7.1), and their fingerprint HASSH, as its authors describe it.

use md5::{Digest, Md5};

/// A HASSH.
#[derive(Debug, PartialEq, Eq)]
pub struct Hassh {
    /// What is hashed.
    pub string: Vec<u8>,
    /// MD5 of it.
    pub hash: String,
}

/// The random bytes before the lists.
const COOKIE: usize = 16;
/// The lists: of key exchanges, host keys, then ciphers, MACs, compressions and languages, each to the server and to the
/// client.
const LISTS: usize = 10;

impl Hassh {
    /// Of what a side offers, behind the code of the message; none where that is no offer.
    pub(super) fn of(offer: &[u8], to_server: bool) -> Option<Self> {
        let mut rest = offer.get(COOKIE..)?;
        let mut lists = [b"".as_slice(); LISTS];
        for list in &mut lists {
            let (length, behind) = rest.split_first_chunk()?;
            (*list, rest) = behind.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        }
        let [exchanges, _, up_ciphers, down_ciphers, up_macs, down_macs, up_compressions, down_compressions, ..] =
            lists;
        let string = match to_server {
            true => [exchanges, up_ciphers, up_macs, up_compressions],
            false => [exchanges, down_ciphers, down_macs, down_compressions],
        }
        .join(&b';');
        let hash = Md5::digest(&string).iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self { string, hash })
    }
}
