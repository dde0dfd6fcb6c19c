//! Content codings of a body (RFC 9110, section 8.4), undone one after the other within limits.

use super::events::{Event, of};
use super::fields::without_nul;
use super::inflate::Inflate;
use super::unpack::{Brotli, Lzma};
use crate::plan::HttpSettings;

/// What is unpacked at once.
pub(super) const PIECE: usize = 8192;
/// Beyond the limit, a body that grows by more than this is a bomb.
const BOMB_RATIO: u64 = 2048;

/// Takes what was unpacked; false: no more is wanted.
pub(in crate::app) type Sink<'a> = dyn FnMut(&[u8]) -> bool + 'a;

/// A coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Lzma,
}

/// One that is being undone.
#[derive(Debug)]
enum Layer {
    Inflate(Inflate),
    Brotli(Brotli),
    Lzma(Lzma),
}

impl Layer {
    fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Self::Inflate(Inflate::gzip()),
            Coding::Deflate => Self::Inflate(Inflate::deflate()),
            Coding::Brotli => Self::Brotli(Brotli::default()),
            Coding::Lzma => Self::Lzma(Lzma::default()),
        }
    }

    fn unpack(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> bool {
        match self {
            Self::Inflate(layer) => layer.unpack(bytes, sink),
            Self::Brotli(layer) => layer.unpack(bytes, sink),
            Self::Lzma(layer) => layer.unpack(bytes, sink),
        }
    }

    fn finish(&mut self, sink: &mut Sink<'_>) -> bool {
        match self {
            Self::Inflate(layer) => layer.finish(sink),
            Self::Brotli(layer) => layer.finish(sink),
            Self::Lzma(layer) => layer.finish(sink),
        }
    }
}

/// What undoes a body's codings.
#[derive(Debug, Default)]
pub(in crate::app) struct Decoder {
    /// From the outermost coding to the innermost.
    layers: Vec<Layer>,
    bomb_limit: u64,
    taken: u64,
    given: u64,
    /// Nothing more is unpacked.
    stopped: bool,
}

impl Decoder {
    /// As a Content-Encoding field lists them.
    pub fn new(listed: Option<&[u8]>, to_server: bool, settings: &HttpSettings, note: &mut impl FnMut(Event)) -> Self {
        let mut codings = Vec::new();
        if let Some(listed) = listed {
            list(listed, &mut codings, note);
        }
        let most = settings.decompress_layers as usize;
        if codings.len() > most && most > 0 {
            note(Event::TooManyEncodingLayers);
            codings.truncate(most);
        }
        let mut codings: Vec<_> = codings.into_iter().flatten().collect();
        if codings.iter().filter(|coding| **coding == Coding::Lzma).count() > 1 {
            note(of(to_server, Event::RequestTooManyLzmaLayers, Event::ResponseTooManyLzmaLayers));
            codings.retain(|coding| *coding != Coding::Lzma);
        }
        if !settings.lzma && codings.contains(&Coding::Lzma) {
            note(Event::LzmaDecompressionDisabled);
            codings.retain(|coding| *coding != Coding::Lzma);
        }
        // What was put on last comes off first.
        let layers = codings.into_iter().rev().map(Layer::new).collect();
        Self { layers, bomb_limit: settings.bomb_limit, ..Self::default() }
    }

    /// The next bytes of the body; false: no more is wanted.
    pub fn unpack(&mut self, bytes: &[u8], note: &mut impl FnMut(Event), sink: &mut Sink<'_>) -> bool {
        if self.layers.is_empty() {
            return sink(bytes);
        }
        self.taken += bytes.len() as u64;
        self.run(note, sink, |layers, sink| through(layers, bytes, sink))
    }

    /// The body has ended: give what was held back.
    pub fn finish(&mut self, note: &mut impl FnMut(Event), sink: &mut Sink<'_>) -> bool {
        self.run(note, sink, |layers, sink| {
            let mut rest = &mut *layers;
            while let Some((first, behind)) = rest.split_first_mut() {
                if !first.finish(&mut |piece| through(behind, piece, sink)) {
                    return false;
                }
                rest = behind;
            }
            true
        })
    }

    /// A coding that is not what it is called: its bytes went through as they are.
    pub fn is_wrong(&self) -> bool {
        self.layers.iter().any(|layer| match layer {
            Layer::Inflate(layer) => layer.is_plain(),
            Layer::Brotli(layer) => layer.is_plain(),
            Layer::Lzma(_) => false,
        })
    }

    /// Bytes are missing: what follows them can't be unpacked.
    pub fn stop(&mut self) {
        self.stopped = !self.layers.is_empty();
    }

    fn run(
        &mut self,
        note: &mut impl FnMut(Event),
        sink: &mut Sink<'_>,
        unpack: impl FnOnce(&mut [Layer], &mut Sink<'_>) -> bool,
    ) -> bool {
        if self.stopped {
            return true;
        }
        let (taken, limit, given) = (self.taken, self.bomb_limit, &mut self.given);
        let (mut is_bomb, mut wanted) = (false, true);
        self.stopped = !unpack(&mut self.layers, &mut |piece| {
            *given += piece.len() as u64;
            is_bomb = *given > limit && *given / BOMB_RATIO > taken;
            wanted = sink(piece);
            wanted && !is_bomb
        });
        if is_bomb {
            note(Event::CompressionBomb);
        }
        wanted
    }
}

/// Through all layers, from the first one on.
fn through(layers: &mut [Layer], bytes: &[u8], sink: &mut Sink<'_>) -> bool {
    match layers.split_first_mut() {
        Some((first, rest)) => first.unpack(bytes, &mut |piece| through(rest, piece, sink)),
        None => sink(bytes),
    }
}

/// The items of a field, in the order in which they were put on; some of them are no codings.
fn list(listed: &[u8], codings: &mut Vec<Option<Coding>>, note: &mut impl FnMut(Event)) {
    match without_nul(listed).to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => codings.push(Some(Coding::Gzip)),
        b"deflate" | b"x-deflate" => codings.push(Some(Coding::Deflate)),
        b"lzma" => codings.push(Some(Coding::Lzma)),
        b"br" => codings.push(Some(Coding::Brotli)),
        b"identity" | b"none" | b"inflate" | b"" => (),
        lower => {
            for item in lower.split(|byte| matches!(byte, b',' | b' ' | b'\t')).filter(|item| !item.is_empty()) {
                codings.push(loosely(item, note));
            }
        }
    }
}

/// What an item of a list means.
fn loosely(item: &[u8], note: &mut impl FnMut(Event)) -> Option<Coding> {
    let holds = |word: &[u8]| memchr::memmem::find(item, word).is_some();
    let (coding, exact): (_, &[&[u8]]) = if holds(b"gzip") {
        (Coding::Gzip, &[b"gzip", b"x-gzip"])
    } else if holds(b"deflate") {
        (Coding::Deflate, &[b"deflate", b"x-deflate"])
    } else if item == b"br" {
        (Coding::Brotli, &[b"br"])
    } else if item == b"lzma" {
        (Coding::Lzma, &[b"lzma"])
    } else {
        if !matches!(item, b"identity" | b"none" | b"inflate") {
            note(Event::AbnormalCeHeader);
        }
        return None;
    };
    if !exact.contains(&item) {
        note(Event::AbnormalCeHeader);
    }
    Some(coding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// The text below, with the end marked.
    const LZMA: &[u8] = b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0,\rE\xe2#K8\t\xfe$,[K6\x901\xdcK$5\xb62\xdf\xaf1L<\xdf\xcf:Kus\xe5\x8b\xc8~\x89\xb3\x80^\xf7\x94\x1f\x8d\xa9\xc3\x1e\xfaIl\x05\xfc\x84\x05Zq\xfc9\xba\x92e\x8b\x97C\xa7\xddxP\x97\xbf\xff\xc4\x18\xa0\0";

    fn settings() -> HttpSettings {
        HttpSettings { decompress_layers: 3, lzma: true, ..HttpSettings::default() }
    }

    fn unpacked(listed: &str, bytes: &[u8], step: usize) -> (Vec<u8>, Vec<Event>) {
        let mut events = Vec::new();
        let mut decoder = Decoder::new(Some(listed.as_bytes()), false, &settings(), &mut |event| events.push(event));
        let mut out = Vec::new();
        for piece in bytes.chunks(step) {
            decoder.unpack(piece, &mut |event| events.push(event), &mut |bytes| {
                out.extend_from_slice(bytes);
                true
            });
        }
        decoder.finish(&mut |event| events.push(event), &mut |bytes| {
            out.extend_from_slice(bytes);
            true
        });
        (out, events)
    }

    #[test]
    fn whatever_the_label_says() {
        let text = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
        let cut = gzip(text).split_last_chunk::<8>().unwrap().0.to_vec();
        let twice = [gzip(text), gzip(text)].concat();
        let table: &[(&str, Vec<u8>)] = &[
            ("gzip", gzip(text)),
            ("gzip", deflate(text)),
            ("gzip", zlib(text)),
            ("gzip", text.to_vec()),
            ("deflate", deflate(text)),
            ("deflate", zlib(text)),
            ("deflate", gzip(text)),
            ("deflate", text.to_vec()),
            ("deflate, gzip", gzip(&deflate(text))),
            ("gzip, deflate", gzip(&deflate(text))),
            ("gzip, deflate", deflate(&gzip(text))),
            ("gzip;foo", gzip(text)),
            ("xxgzipxx", gzip(text)),
            ("gzip", cut),
            ("gzip", twice),
            ("identity", text.to_vec()),
            ("br", text.to_vec()),
            ("lzma", LZMA.to_vec()),
        ];
        for (listed, bytes) in table {
            for step in [1, 7, 1000] {
                let (out, _) = unpacked(listed, bytes, step);
                assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(text), "{listed} {bytes:?} {step}");
            }
        }
        assert_eq!(unpacked("gzip;foo", &gzip(text), 9).1, [Event::AbnormalCeHeader]);
    }

    #[test]
    fn brotli() {
        // "hello hello hello hello", as brotli 1.1 packs it.
        let packed = [0x8b, 0x0b, 0x00, 0xf8, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x03];
        let plain = [0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];
        assert_eq!(unpacked("br", &plain, 1).0, b"hello");
        let _ = unpacked("br", &packed, 1);
    }

    #[test]
    fn bombs_and_layers_are_bounded() {
        let bomb = gzip(&vec![0; 64 << 20]);
        let bomb = gzip(&bomb);
        let (out, events) = unpacked("gzip, gzip", &bomb, 512);
        assert!(out.len() <= (1 << 20) + PIECE + bomb.len() * 2 * BOMB_RATIO as usize);
        assert_eq!(events, [Event::CompressionBomb]);
        let (out, events) = unpacked("gzip, identity, none, gzip", b"abc", 1);
        assert_eq!((out.as_slice(), &events[..]), (b"abc".as_slice(), &[Event::TooManyEncodingLayers][..]));
    }
}
