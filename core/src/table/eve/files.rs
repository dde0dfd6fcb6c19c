//! Files that transactions carried (specification, app-layer.md, "Files").

use super::transaction::{Along, TransactionEvent};
use crate::app::Head;
use crate::files::{File, Sums};
use crate::plan::FileEvents;
use crate::table::json::{Json, hex};

/// The type of a file's event.
pub(super) const KIND: &str = "fileinfo";

/// The events of a direction's files that ended and were not told, each with what its transaction says.
pub(super) fn events(head: &Head, transaction: &[u8], to_server: bool, options: &FileEvents) -> Vec<TransactionEvent> {
    let event = |file: &File| {
        let mut members = transaction.to_vec();
        let mut json = Json(&mut members);
        json.object(KIND);
        write(&mut json, file, head.number);
        json.end();
        TransactionEvent { kind: KIND, along: if file.to_server { Along::ToServer } else { Along::ToClient }, members }
    };
    head.files.untold(to_server).filter(|file| !options.stored || file.id().is_some()).map(event).collect()
}

/// The files of a direction, where there are some.
pub(super) fn list(json: &mut Json<'_>, head: &Head, to_server: bool) {
    let mut files = head.files.of(to_server).peekable();
    if files.peek().is_none() {
        return;
    }
    json.list("files");
    for file in files {
        json.item_object();
        write(json, file, head.number);
        json.end();
    }
    json.end_list();
}

/// What is known of a file; a NUL ends its name.
fn write(json: &mut Json<'_>, file: &File, transaction: u64) {
    let name = file.name.split(|byte| *byte == 0).next().unwrap_or_default();
    if !name.is_empty() {
        json.bytes("filename", name);
    }
    if !file.sids.is_empty() {
        json.list("sid");
        file.sids.iter().for_each(|sid| json.item_number(*sid));
        json.end_list();
    }
    json.text_if("magic", file.magic().unwrap_or_default());
    json.flag("gaps", file.has_gaps);
    json.text("state", file.state.name());
    sums(json, &file.sums().unwrap_or_default());
    storing(json, file);
    json.number("size", file.size);
    if let Some((first, last)) = file.range.filter(|(_, last)| *last > 0) {
        json.number("start", first);
        json.number("end", last);
    }
    json.number("tx_id", transaction);
}

fn sums(json: &mut Json<'_>, sums: &Sums) {
    let Sums { md5, sha1, sha256 } = sums;
    md5.iter().for_each(|sum| digest(json, "md5", sum));
    sha1.iter().for_each(|sum| digest(json, "sha1", sum));
    sha256.iter().for_each(|sum| digest(json, "sha256", sum));
}

fn digest(json: &mut Json<'_>, key: &'static str, sum: &[u8]) {
    json.plain(key, |out| sum.iter().for_each(|byte| hex(out, u64::from(*byte), 2)));
}

/// A file is stored once it ended.
fn storing(json: &mut Json<'_>, file: &File) {
    let stored = file.id().filter(|_| file.has_ended());
    json.flag("stored", stored.is_some());
    match stored {
        Some(id) => json.number("file_id", id),
        None if file.id().is_some() => json.flag("storing", true),
        None => {}
    }
}
