//! What an application says, in pieces, through gaps and cuts, with everything that rules and events ask looked at.

use std::sync::Arc;
use tmrx_core::app::frame::WantedFrames;
use tmrx_core::app::{self, Announced, Asked, Bytes, Input, Parsed, Protocol, Talk};
use tmrx_core::files::Wanted;
use tmrx_core::plan::{
    Applications, BodySettings, DnsEvents, Eve, FileSettings, FtpSettings, Http2Settings, HttpEvents, HttpSettings,
    Sides, SshSettings, TlsEvents, TlsSettings,
};
use tmrx_core::stream::{Cause, Gap};
use tmrx_core::table::eve;

/// Instances of a buffer that are asked for.
const PLACES: usize = 512;

/// Steps: what comes (its lowest bit: to the server), how many bytes of it. The first byte says how events are told.
pub fn talk(protocol: Protocol, data: &[u8]) {
    let Some((&bits, mut rest)) = data.split_first() else { return };
    let tls = TlsSettings { ja3: true, ja4: true, ..TlsSettings::default() };
    let ftp = FtpSettings { max_line_length: 100, max_transactions: 20 };
    let ssh = SshSettings { hassh: bits & 1 == 0, ..SshSettings::default() };
    let http2 = Http2Settings {
        max_streams: 5,
        max_table_size: 300,
        max_frames: 20,
        max_reassembly_size: 400,
        bomb_limit: 10_000,
    };
    let settings = Applications { tls, ftp, ssh, http2, http: http(bits), ..Applications::default() };
    let files: Arc<Wanted> = Wanted::new(&FileSettings::default(), &[], (0, 1));
    let asked = Asked { files, frames: WantedFrames::new(&[], true), ..Asked::default() };
    let mut talk = app::start(protocol, &settings, &asked, Some(announced(protocol, bits))).unwrap();
    // Where the stream is.
    let mut at = [0, 0];
    let section = section(bits);
    // What was not consumed.
    let mut left = [Vec::new(), Vec::new()];
    while let [kind, length, after @ ..] = rest {
        let to_server = kind & 1 == 1;
        let (bytes, next) = after.split_at(usize::from(*length).min(after.len()));
        rest = next;
        let begun = &mut left[usize::from(to_server)];
        let place = &mut at[usize::from(to_server)];
        talk.frames_mut().input(to_server, *place, kind >> 1 & 3 < 2);
        let parsed = match kind >> 1 & 3 {
            0 | 1 => {
                begun.extend_from_slice(bytes);
                talk.parse(to_server, Input::Data(begun))
            }
            2 => {
                *place += begun.len() as u64 + u64::from(*length) * 16;
                begun.clear();
                talk.parse(to_server, Input::Gap(Gap { len: u64::from(*length) * 16, cause: Cause::Truncated }))
            }
            _ if kind & 8 == 0 => talk.parse(to_server, Input::Eof),
            _ => talk.parse(to_server, Input::Datagram { bytes, original: bytes.len() + usize::from(kind >> 4) }),
        };
        look(&*talk, &section);
        match parsed {
            Parsed::Consumed { bytes, .. } => {
                assert!(kind >> 1 & 3 > 1 || bytes <= begun.len());
                let taken = bytes.min(begun.len());
                *place += taken as u64;
                begun.drain(..taken);
            }
            Parsed::Failed | Parsed::Change { .. } => break,
        }
        talk.forget(&|head| head.is_complete());
    }
    talk.end();
    look(&*talk, &section);
}

/// What another flow may have said of it.
fn announced(protocol: Protocol, bits: u8) -> Announced {
    let file = (bits & 2 == 0).then(|| b"name".to_vec());
    Announced { protocol, port: 2000, command: "STOR", file, to_server: bits & 1 == 0 }
}

/// Limits so small that they are reached.
fn http(bits: u8) -> HttpSettings {
    let body = BodySettings { limit: if bits & 1 == 0 { 200 } else { 0 }, minimum: 30, window: 40 };
    let twice = bits & 2 != 0;
    HttpSettings {
        request: body,
        response: body,
        decompress_layers: 3,
        lzma: true,
        bomb_limit: 10_000,
        double_decode_path: twice,
        double_decode_query: twice,
        uri_include_all: bits & 4 != 0,
        meta_field_limit: 150,
    }
}

fn section(bits: u8) -> Eve {
    let dns = DnsEvents { version: 2 + (bits & 1), detailed: bits & 2 == 0, ..DnsEvents::default() };
    let custom = ["certificate", "chain", "client_handshake", "server_handshake", "client_chain"].map(str::to_owned);
    let tls =
        TlsEvents { custom: custom.into_iter().take(usize::from(bits >> 2 & 7)).collect(), ..TlsEvents::default() };
    let custom = ["cookie", "etag", "set_cookie", "server"].map(str::to_owned).to_vec();
    let http = HttpEvents { custom, all_headers: Sides::Both, ..HttpEvents::default() };
    Eve {
        dns: Some(dns),
        tls: Some(tls),
        http: Some(http),
        ftp: true,
        ssh: true,
        http2: true,
        doh2: true,
        ..Eve::default()
    }
}

/// Ask for every buffer and number, and tell of every transaction in JSON.
fn look(talk: &dyn Talk, section: &Eve) {
    for index in 0..talk.live() {
        for to_server in [true, false] {
            for row in (0..=u8::MAX)
                .take_while(|row| talk.buffer_ready(*row, true).or(talk.buffer_ready(*row, false)).is_some())
            {
                for place in 0..PLACES {
                    match talk.bytes(index, row, to_server, place) {
                        Bytes::There { bytes, original } => assert!(original >= bytes.len()),
                        Bytes::Absent => break,
                        Bytes::Unknown => {}
                    }
                }
            }
            for row in
                (0..=u8::MAX).take_while(|row| talk.value_ready(*row, true).or(talk.value_ready(*row, false)).is_some())
            {
                talk.value(index, row, to_server, 0);
            }
        }
        let (Some(head), Some(body)) = (talk.head(index), talk.body(index)) else { continue };
        let told = eve::events(section, head, body).into_iter().map(|event| event.members);
        for members in told.chain([eve::members(head, body, None)]) {
            let text = [b"{", members.as_slice(), b"}"].concat();
            assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok(), "{}", String::from_utf8_lossy(&text));
        }
    }
}
