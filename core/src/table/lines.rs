//! A line a packet (`tmrx packets`): as tcpdump's users expect, or the columns that were asked for.

mod brief;

use super::cell::{Cell, Column, Kind};
use super::eve::Context;
use super::json::{Json, number};
use super::text::{self, Clock};
use crate::error::{Error, Fault, Result};
use crate::frame::Addr;
use crate::identify::Identities;
use crate::packet::Packet;
use crate::plan::{self, LineForm};

/// Writes lines.
#[derive(Debug)]
pub struct Lines {
    form: LineForm,
    columns: Vec<Column>,
    /// The most lines to write; 0: all.
    most: u64,
    clock: Clock,
    begun: bool,
    /// Lines that were written.
    pub shown: u64,
}

impl Lines {
    /// From the plan; without columns, all of them.
    ///
    /// # Errors
    /// `Error::Config` for a column that is none.
    pub fn new(plan: &plan::Lines) -> Result<Self> {
        let named = |name: &String| {
            Column::named(name).ok_or_else(|| Error::Config(Fault::new("plan: lines", format!("no column {name}"), "")))
        };
        let columns = plan.columns.iter().map(named).collect::<Result<Vec<_>>>()?;
        let columns = if columns.is_empty() { Column::ALL.to_vec() } else { columns };
        Ok(Self { form: plan.form, columns, most: plan.most, clock: Clock::default(), begun: false, shown: 0 })
    }

    /// Append the heading, once.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let names = self.columns.iter().map(|column| (*column, column.entry().name));
        match self.form {
            LineForm::Line | LineForm::Json => {}
            LineForm::Csv => joined(out, b",", names, |out, (_, name)| out.extend_from_slice(name.as_bytes())),
            LineForm::Table => {
                joined(out, b"  ", names, |out, (column, name)| {
                    padded(out, column, |out| out.extend_from_slice(name.as_bytes()))
                });
            }
        }
    }

    /// Append a packet's line, unless there are enough.
    pub fn packet(&mut self, out: &mut Vec<u8>, at: &Context<'_>, identities: &Identities) {
        if self.most != 0 && self.shown >= self.most {
            return;
        }
        self.shown += 1;
        let cells = self.columns.iter().map(|column| (*column, column.cell(at, identities)));
        let clock = &mut self.clock;
        let packet = at.packet;
        match self.form {
            LineForm::Line => brief::line(out, clock, at, identities),
            LineForm::Json => object(out, clock, packet, cells),
            LineForm::Csv => joined(out, b",", cells, |out, cell| quoted(out, |out| spell(out, clock, packet, cell))),
            LineForm::Table => joined(out, b"  ", cells, |out, cell| {
                padded(out, cell.0, |out| printable(out, |out| spell(out, clock, packet, cell)));
            }),
        }
    }
}

/// Append a line of parts.
fn joined<T>(
    out: &mut Vec<u8>,
    between: &[u8],
    parts: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    for (place, part) in parts.enumerate() {
        if place > 0 {
            out.extend_from_slice(between);
        }
        write(out, part);
    }
    while out.last() == Some(&b' ') {
        out.pop();
    }
    out.push(b'\n');
}

/// Append what `write` does, filled up to the column's usual width.
fn padded(out: &mut Vec<u8>, column: Column, write: impl FnOnce(&mut Vec<u8>)) {
    let entry = column.entry();
    let usual = match entry.kind {
        Kind::Time => 30,
        Kind::Address => 15,
        Kind::Text => 20,
        Kind::Number | Kind::Flag => 6,
        Kind::Word | Kind::Words => 10,
    };
    let from = out.len();
    write(out);
    let width = usual.max(entry.name.len());
    out.resize(out.len().max(from + width), b' ');
}

/// Append what `write` does with what a terminal would obey made visible: names may come from anyone.
fn printable(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let from = out.len();
    write(out);
    let tail = out.split_off(from);
    for char in String::from_utf8_lossy(&tail).chars() {
        let seen: String = if char.is_control() { char.escape_default().collect() } else { char.into() };
        out.extend_from_slice(seen.as_bytes());
    }
}

/// Append a field of CSV (RFC 4180).
fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let from = out.len();
    write(out);
    let field = out.get(from..).unwrap_or_default();
    if !field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        return;
    }
    let field = out.split_off(from);
    out.push(b'"');
    for byte in field {
        out.push(byte);
        if byte == b'"' {
            out.push(byte);
        }
    }
    out.push(b'"');
}

/// Append a cell's text, several values separated by blanks; nothing for one that is absent.
fn spell(out: &mut Vec<u8>, clock: &mut Clock, packet: &Packet, (column, cell): (Column, Cell<'_>)) {
    match cell {
        Cell::Absent => {}
        Cell::Number(value) => number(out, value),
        Cell::Time(time) => clock.iso(out, time),
        Cell::Address(address) => spelled(out, column, packet, &address),
        Cell::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Cell::Word(word) => out.extend_from_slice(word.as_bytes()),
        Cell::Session(id, _) => out.extend_from_slice(id.as_bytes()),
        Cell::Vlans(ids, count) => {
            let ids = ids.iter().take(usize::from(count));
            listed(out, ids, |out, id| number(out, *id));
        }
        Cell::Causes(causes) => listed(out, causes.names(), |out, name| out.extend_from_slice(name.as_bytes())),
        Cell::Anomalies(anomalies) => {
            let names = anomalies.iter().map(|anomaly| anomaly.entry().name);
            listed(out, names, |out, name| out.extend_from_slice(name.as_bytes()));
        }
    }
}

fn listed<T>(out: &mut Vec<u8>, values: impl Iterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    for (place, value) in values.enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        write(out, value);
    }
}

/// The mirror's addresses tell their family themselves; the packet's is that of its header.
fn spelled(out: &mut Vec<u8>, column: Column, packet: &Packet, address: &Addr) {
    match column {
        Column::Src | Column::Dst => text::address(out, address, packet.ip),
        _ => text::mapped(out, address),
    }
}

/// Append a line with a JSON object; what is absent is left out.
fn object<'a>(out: &mut Vec<u8>, clock: &mut Clock, packet: &Packet, cells: impl Iterator<Item = (Column, Cell<'a>)>) {
    let mut json = Json(out);
    json.begin();
    for (column, cell) in cells {
        let name = column.entry().name;
        match cell {
            Cell::Absent => {}
            Cell::Number(value) => json.number(name, value),
            Cell::Flag(flag) => json.flag(name, flag),
            Cell::Time(time) => json.plain(name, |out| clock.iso(out, time)),
            Cell::Address(address) => json.plain(name, |out| spelled(out, column, packet, &address)),
            Cell::Word(word) => json.text(name, word),
            Cell::Session(id, _) => json.text(name, id),
            Cell::Vlans(ids, count) => {
                json.list(name);
                ids.iter().take(usize::from(count)).for_each(|id| json.item_number(*id));
                json.end_list();
            }
            Cell::Causes(causes) => items(&mut json, name, causes.names()),
            Cell::Anomalies(set) => items(&mut json, name, set.iter().map(|anomaly| anomaly.entry().name)),
        }
    }
    json.end_line();
}

fn items(json: &mut Json<'_>, name: &'static str, words: impl Iterator<Item = &'static str>) {
    json.list(name);
    words.for_each(|word| json.item(word));
    json.end_list();
}

#[cfg(test)]
mod tests;
