//! The buffers of files, for the tables of those protocols that carry some: a line each.

use super::Head;
use super::ask::{Buffer, Bytes};

/// From which progress on a direction has files, to the server and to the client.
type Ready = [Option<u8>; 2];

/// `file.data`: the pieces of files that rules look into now.
pub(super) const fn data<T>(ready: Ready) -> Buffer<T> {
    Buffer { name: "file.data", ready, several: true, get: piece }
}

/// `file.name`.
pub(super) const fn name<T>(ready: Ready) -> Buffer<T> {
    Buffer { name: "file.name", ready, several: true, get: file_name }
}

/// `file.magic`.
pub(super) const fn magic<T>(ready: Ready) -> Buffer<T> {
    Buffer { name: "file.magic", ready, several: true, get: file_magic }
}

fn piece<'a, T>(_: &'a T, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let piece = head.files.current(to_server).flat_map(|file| file.pieces()).nth(place);
    piece.map_or(Bytes::Absent, |(bytes, original)| Bytes::There { bytes, original })
}

fn file_name<'a, T>(_: &'a T, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let mut named = head.files.current(to_server).filter(|file| !file.name.is_empty());
    Bytes::maybe(named.nth(place).map(|file| file.name.as_slice()))
}

fn file_magic<'a, T>(_: &'a T, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let texts = head.files.current(to_server).filter_map(|file| file.magic());
    Bytes::maybe(texts.map(str::as_bytes).nth(place))
}
