//! FTP's data connections (RFC 959, section 3.2): a connection that a command announced carries one file or one list.

use super::announced::Announced;
use super::ask::{Buffer, Value};
use super::{Entry, Head, Input, Parsed, Transactions, files};
use crate::files::State;
use crate::plan::Applications;
use crate::stream::Cause;

/// The parser of a flow.
#[derive(Debug, Default)]
pub struct Application {
    /// What it is for; none where nothing announced it.
    announced: Option<Announced>,
}

/// What the connection carries.
#[derive(Debug)]
pub struct Tx {
    /// The command that it is for.
    pub command: &'static str,
    /// The file's name; empty where it has none.
    pub name: Vec<u8>,
    file: Option<usize>,
}

/// The commands that connections are for, as `ftpdata_command` counts them.
const COMMANDS: [&str; 7] = ["RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"];

fn command(tx: &Tx, _: &Head, _: bool, place: usize) -> Option<u64> {
    let number = COMMANDS.iter().position(|name| *name == tx.command).filter(|_| place == 0)?;
    u64::try_from(number).ok()
}

const BOTH: [Option<u8>; 2] = [Some(0), Some(0)];

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] = &[files::data(BOTH), files::name(BOTH), files::magic(BOTH)];
    const VALUES: &'static [Value<Tx>] = &[Value { name: "ftpdata_command", ready: BOTH, get: command }];
    const EVENTS: &'static [&'static str] = &[];
    const PROGRESS: [&'static [&'static str]; 2] =
        [&["request_started", "request_complete"], &["response_started", "response_complete"]];

    fn new(_: &Applications) -> Self {
        Self::default()
    }

    fn expected(_: &Applications, announced: Announced) -> Self {
        Self { announced: Some(announced) }
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        let Some(announced) = &self.announced else { return Parsed::Failed };
        let done = Parsed::Consumed { bytes: if let Input::Data(bytes) = input { bytes.len() } else { 0 }, need: 0 };
        if transactions.count() == 0 {
            let (command, name) = (announced.command, announced.file.clone().unwrap_or_default());
            let Entry { head, tx } = transactions.open(Tx { command, name, file: None });
            tx.file = announced.file.as_ref().and_then(|name| head.files.open(announced.to_server, name));
            // Rules for either direction may ask for its command.
            transactions.renew(!to_server);
        }
        let Some(Entry { head, tx }) = transactions.get(0) else { return done };
        // What goes the other way is none of the file's.
        let is_over = if to_server == announced.to_server { tx.take(head, input) } else { input == Input::Eof };
        if is_over {
            head.end(to_server);
        } else {
            head.change(to_server);
        }
        done
    }
}

impl Tx {
    /// Take in what comes next of the file; true: it is over.
    fn take(&self, head: &mut Head, input: Input<'_>) -> bool {
        let Some(file) = self.file else { return input == Input::Eof };
        match input {
            Input::Data(bytes) | Input::Datagram { bytes, .. } => head.files.data(file, bytes),
            Input::Gap(gap) if gap.cause == Cause::Depth => {
                head.files.close(file, State::Truncated);
                return true;
            }
            Input::Gap(gap) => head.files.lost(file, gap.len),
            Input::Eof => {
                head.files.close(file, State::Closed);
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;
