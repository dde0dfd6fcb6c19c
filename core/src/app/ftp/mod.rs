//! FTP's control connection (RFC 959): a command with its replies is a transaction, and so are replies that no command
//! is known of.

mod asked;
mod command;
mod line;

pub use command::Command;

use super::announced::Announced;
use super::ask::{Buffer, Value};
use super::{Entry, Head, Input, Parsed, Protocol, Transactions};
use crate::plan::Applications;
use command::Kind;
use line::{Line, Lines};

/// What can be odd, in the order of `EVENTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Odd {
    RequestCommandTooLong,
    ResponseCommandTooLong,
    TooManyTransactions,
    FileBeforePort,
    FileWithoutName,
}

const EVENTS: &[&str] = &[
    "request_command_too_long",
    "response_command_too_long",
    "too_many_transactions",
    "file_before_port",
    "file_without_name",
];

/// Replies of a transaction that are kept, and how many bytes of their texts.
const MOST_REPLIES: usize = 512;
const MOST_TEXT: usize = 1 << 15;

/// The parser of a flow.
#[derive(Debug)]
pub struct Application {
    up: Lines,
    down: Lines,
    /// The last command, where it is known, and what followed it.
    command: Option<&'static Command>,
    argument: Vec<u8>,
    /// The port of the next data connection, and whether the server opens it.
    port: Option<u16>,
    is_active: bool,
    /// Replies were lost since the last command.
    is_lost: bool,
    /// How many transactions may be open.
    most: u64,
}

/// A command with its replies.
#[derive(Debug, Default)]
pub struct Tx {
    /// The command; none of replies alone.
    pub command: Option<&'static Command>,
    /// What followed it.
    pub argument: Vec<u8>,
    /// Bytes that are missing behind that.
    pub missing: usize,
    /// The command was longer than lines may be.
    pub is_long: bool,
    /// The replies.
    pub replies: Vec<Reply>,
    /// Some of the replies were cut or left out, as they were too long or too many.
    pub has_long_replies: bool,
    /// A reply came that ends it.
    pub is_answered: bool,
    /// The port of the data connection that was agreed on.
    pub port: Option<u16>,
    /// The server opens it.
    pub is_active: bool,
    /// Bytes of the replies' texts.
    text: usize,
}

/// A line of a reply.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its code; none where another line of the reply has it.
    pub code: Option<[u8; 3]>,
    /// Its text.
    pub text: Vec<u8>,
    /// Bytes that are missing behind that.
    pub missing: usize,
}

impl Reply {
    /// A line without its end (RFC 959, section 4.2): one that goes on has a hyphen behind the code, and is all text.
    fn new(line: Line) -> Self {
        let Line { mut text, missing, .. } = line;
        text.truncate(text.trim_ascii_end().len());
        match text.split_first_chunk::<3>() {
            Some((code, rest)) if code.iter().all(u8::is_ascii_digit) && matches!(rest.first(), None | Some(b' ')) => {
                Self { code: Some(*code), text: rest.get(1..).unwrap_or_default().to_vec(), missing }
            }
            _ => Self { code: None, text, missing },
        }
    }

    /// Others follow it.
    fn is_preliminary(&self) -> bool {
        self.code.is_some_and(|[first, ..]| first == b'1')
    }
}

impl Tx {
    /// It is about the port of a data connection.
    pub fn negotiates(&self) -> bool {
        self.command.is_some_and(|command| command.kind.negotiates())
    }

    fn push(&mut self, reply: Reply) {
        self.text += reply.text.len();
        if self.replies.len() >= MOST_REPLIES || self.text > MOST_TEXT {
            self.has_long_replies = true;
        } else {
            self.replies.push(reply);
        }
    }
}

impl Application {
    fn command(&mut self, line: Line, transactions: &mut Transactions<Tx>) {
        let Some((command, argument)) = Command::of(&line.text) else {
            self.command = None;
            return;
        };
        if std::mem::take(&mut self.is_lost) {
            close(transactions);
        }
        (self.command, self.argument) = (Some(command), argument.to_vec());
        if self.is_full(transactions) {
            return;
        }
        let tx = Tx {
            command: Some(command),
            argument: argument.trim_ascii_end().to_vec(),
            missing: line.missing,
            is_long: line.is_long,
            ..Tx::default()
        };
        let Entry { head, .. } = transactions.open(tx);
        if line.is_long {
            head.event(Odd::RequestCommandTooLong as u8);
        }
        head.partial[0] = line.missing > 0;
        let announced = self.announce(command, head);
        announced.into_iter().for_each(|announced| transactions.announce(announced));
        transactions.flush(true);
    }

    /// Too many transactions are open for another one: the oldest command without a reply says so.
    fn is_full(&self, transactions: &mut Transactions<Tx>) -> bool {
        let Some(oldest) = transactions.iter().next().map(|entry| entry.head.number) else { return false };
        let is_full = transactions.count() - oldest > self.most;
        if let Some(entry) = transactions.unended(false).filter(|_| is_full) {
            entry.head.event(Odd::TooManyTransactions as u8);
        }
        is_full
    }

    /// The data connection that a command uses.
    fn announce(&mut self, command: &'static Command, head: &mut Head) -> Option<Announced> {
        let file = |argument: &[u8]| Some(argument.to_vec());
        let (file, is_upload) = match command.kind {
            Kind::Download => (file(&self.argument), false),
            Kind::Upload { .. } => (file(&self.argument), true),
            Kind::Listing => (None, false),
            _ => return None,
        };
        if self.port.is_none() {
            head.event(Odd::FileBeforePort as u8);
        } else if self.argument.is_empty() && matches!(command.kind, Kind::Download | Kind::Upload { named: true }) {
            head.event(Odd::FileWithoutName as u8);
            return None;
        }
        let port = self.port.take()?;
        let to_server = is_upload != self.is_active;
        Some(Announced { protocol: Protocol::FtpData, port, command: command.name, file, to_server })
    }

    /// A reply belongs to the oldest command that has none; `last` is the transaction of the reply before it. True: TLS
    /// begins.
    fn reply(&mut self, line: Line, last: &mut Option<u64>, transactions: &mut Transactions<Tx>) -> bool {
        let (is_long, is_doubtful) = (line.is_long, line.is_doubtful);
        let reply = Reply::new(line);
        if is_doubtful && reply.code.is_none() {
            return false;
        }
        let open = transactions.unended(false).map(|entry| entry.head.number).or(*last);
        let number = match open.filter(|number| transactions.get(*number).is_some()) {
            Some(number) => number,
            None if self.is_full(transactions) => return false,
            None => transactions.open(Tx::default()).head.number,
        };
        *last = Some(number);
        transactions.flush(false);
        let Some(Entry { head, tx }) = transactions.get(number) else { return false };
        if is_long {
            head.event(Odd::ResponseCommandTooLong as u8);
        }
        tx.has_long_replies |= is_long;
        head.partial[1] |= reply.missing > 0;
        let is_refused = self.negotiate(&reply, tx).is_err();
        let is_secure = self.command.is_some_and(|command| command.kind == Kind::Tls) && reply.code == Some(*b"234");
        let is_last = is_refused || !reply.is_preliminary();
        if !is_refused && (reply.code.is_some() || !reply.text.is_empty()) {
            tx.push(reply);
        }
        if is_last {
            tx.is_answered = true;
            head.end(true);
            head.end(false);
            transactions.renew(true);
        }
        is_secure
    }

    /// The port that a reply settles. An error: the command named none.
    fn negotiate(&mut self, reply: &Reply, tx: &mut Tx) -> Result<(), ()> {
        let kind = self.command.map_or(Kind::Plain, |command| command.kind);
        let port = match kind {
            Kind::Port => Some(command::host_port(&self.argument).map(|(_, port)| port).ok_or(())?),
            Kind::ExtendedPort => Some(command::extended_port(&self.argument).ok_or(())?),
            Kind::Passive if reply.code == Some(*b"227") => command::passive(&reply.text),
            Kind::ExtendedPassive if reply.code == Some(*b"229") => command::extended_passive(&reply.text),
            _ => None,
        };
        if port.is_some() {
            self.is_active = matches!(kind, Kind::Port | Kind::ExtendedPort);
            self.port = port;
            (tx.port, tx.is_active) = (port, self.is_active);
        }
        Ok(())
    }
}

/// What had no reply so far has lost it.
fn close(transactions: &mut Transactions<Tx>) {
    while let Some(entry) = transactions.unended(false) {
        entry.head.partial[1] = true;
        entry.head.end(true);
        entry.head.end(false);
    }
}

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] = asked::BUFFERS;
    const VALUES: &'static [Value<Tx>] = asked::VALUES;
    const EVENTS: &'static [&'static str] = EVENTS;
    const PROGRESS: [&'static [&'static str]; 2] =
        [&["request_started", "request_complete"], &["response_started", "response_complete"]];

    fn new(settings: &Applications) -> Self {
        let most = usize::try_from(settings.ftp.max_line_length).unwrap_or(usize::MAX);
        Self {
            up: Lines::new(most),
            down: Lines::new(most),
            command: None,
            argument: Vec::new(),
            port: None,
            is_active: false,
            is_lost: false,
            most: settings.ftp.max_transactions,
        }
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        let mut last = None;
        match input {
            Input::Data(bytes) => {
                let mut rest = bytes;
                while let Some(line) = if to_server { self.up.next(&mut rest) } else { self.down.next(&mut rest) } {
                    if to_server {
                        self.command(line, transactions);
                    } else if self.reply(line, &mut last, transactions) {
                        return Parsed::Change { bytes: bytes.len() - rest.len(), expected: Some(Protocol::Tls) };
                    }
                }
                return Parsed::all(bytes);
            }
            Input::Gap(gap) if to_server => {
                let line = self.up.gap(gap.len);
                line.into_iter().for_each(|line| self.command(line, transactions));
            }
            Input::Gap(gap) => {
                if let Some(line) = self.down.gap(gap.len) {
                    self.reply(line, &mut last, transactions);
                }
                self.is_lost = true;
            }
            Input::Eof => {}
            // It has no datagrams.
            Input::Datagram { .. } => return Parsed::Failed,
        }
        Parsed::all(&[])
    }
}

#[cfg(test)]
mod tests;
