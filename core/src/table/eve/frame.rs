//! The frame event, and the object that alerts have of frames.

use crate::table::json::Json;

/// The event's type.
pub const FRAME: &str = "frame";

/// A frame as it is shown.
#[derive(Debug)]
pub struct ShownFrame<'a> {
    /// Its kind.
    pub name: &'static str,
    /// Its number in its direction.
    pub id: u64,
    /// The client sent it.
    pub to_server: bool,
    /// Offset of its first byte in the stream, where it is in one.
    pub offset: Option<u64>,
    /// How many bytes it has, once that is known.
    pub length: Option<u64>,
    /// The first of its bytes.
    pub bytes: &'a [u8],
    /// All of its bytes were seen.
    pub complete: bool,
    /// The transaction that it belongs to.
    pub transaction: Option<u64>,
}

/// The members of an event: `"frame":{...}`.
pub fn frame_members(frame: &ShownFrame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut json = Json(&mut out);
    json.object("frame");
    json.text("type", frame.name);
    json.number("id", frame.id);
    json.text("direction", if frame.to_server { "toserver" } else { "toclient" });
    if let Some(offset) = frame.offset {
        json.number("stream_offset", offset);
    }
    match frame.length {
        Some(length) => json.number("length", length),
        None => json.number("length", -1),
    }
    if !frame.bytes.is_empty() {
        json.base64("payload", frame.bytes);
        json.printable("payload_printable", frame.bytes);
    }
    json.flag("complete", frame.complete);
    if let Some(transaction) = frame.transaction {
        json.number("tx_id", transaction);
    }
    json.end();
    out
}
