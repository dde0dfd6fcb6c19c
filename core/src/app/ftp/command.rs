//! Commands of FTP (RFC 959, section 4.1; RFC 1639; RFC 2228; RFC 2428; RFC 3659), and the ports that they agree on.

use crate::frame::Addr;

/// A command, and what it brings about.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    pub(super) kind: Kind,
}

/// What a command brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing outside of its connection.
    Plain,
    /// The server opens the data connection, to this address.
    Port,
    /// The same, for any kind of address.
    ExtendedPort,
    /// The client opens it, to the address that the reply says.
    Passive,
    /// The same, to this port of the server.
    ExtendedPassive,
    /// A file goes over it to the client.
    Download,
    /// A file goes over it to the server. `named`: the client names it.
    Upload { named: bool },
    /// A list of files goes over it to the client.
    Listing,
    /// TLS begins behind the reply (RFC 4217, section 4).
    Tls,
}

impl Kind {
    /// A port is agreed on.
    pub fn negotiates(self) -> bool {
        matches!(self, Self::Port | Self::ExtendedPort | Self::Passive | Self::ExtendedPassive)
    }
}

const fn plain(name: &'static str) -> Command {
    Command { name, kind: Kind::Plain }
}

/// Those that are known. Each is sought by its whole name.
static COMMANDS: [Command; 51] = [
    Command { name: "PORT", kind: Kind::Port },
    Command { name: "EPRT", kind: Kind::ExtendedPort },
    Command { name: "PASV", kind: Kind::Passive },
    Command { name: "EPSV", kind: Kind::ExtendedPassive },
    Command { name: "RETR", kind: Kind::Download },
    Command { name: "STOR", kind: Kind::Upload { named: true } },
    Command { name: "APPE", kind: Kind::Upload { named: true } },
    Command { name: "STOU", kind: Kind::Upload { named: false } },
    Command { name: "LIST", kind: Kind::Listing },
    Command { name: "NLST", kind: Kind::Listing },
    Command { name: "MLSD", kind: Kind::Listing },
    Command { name: "AUTH TLS", kind: Kind::Tls },
    plain("ABOR"),
    plain("ACCT"),
    plain("ALLO"),
    plain("CDUP"),
    plain("CHMOD"),
    plain("CWD"),
    plain("DELE"),
    plain("HELP"),
    plain("IDLE"),
    plain("MAIL"),
    plain("MDTM"),
    plain("MKD"),
    plain("MLFL"),
    plain("MODE"),
    plain("MRCP"),
    plain("MRSQ"),
    plain("MSAM"),
    plain("MSND"),
    plain("MSOM"),
    plain("NOOP"),
    plain("PASS"),
    plain("PWD"),
    plain("QUIT"),
    plain("REIN"),
    plain("REST"),
    plain("RMD"),
    plain("RNFR"),
    plain("RNTO"),
    plain("SITE"),
    plain("SIZE"),
    plain("SMNT"),
    plain("STAT"),
    plain("STRU"),
    plain("SYST"),
    plain("TYPE"),
    plain("UMASK"),
    plain("USER"),
    plain("XCUP"),
    plain("XMKD"),
];

impl Command {
    /// The command that a line begins with, and what follows it.
    pub(super) fn of(line: &[u8]) -> Option<(&'static Self, &[u8])> {
        COMMANDS.iter().find_map(|command| {
            let (name, rest) = line.split_at_checked(command.name.len())?;
            let ends = rest.first().is_none_or(|byte| *byte == b' ');
            let is_it = ends && name.eq_ignore_ascii_case(command.name.as_bytes());
            is_it.then(|| (command, rest.get(1..).unwrap_or_default()))
        })
    }
}

/// The address and port of `h1,h2,h3,h4,p1,p2` (RFC 959, section 4.1.2), which other text may follow.
pub(super) fn host_port(text: &[u8]) -> Option<(Addr, u16)> {
    let mut numbers = text.trim_ascii_start().splitn(6, |byte| *byte == b',').map(leading::<u8>);
    let mut next = || numbers.next().flatten();
    let host = Addr::v4([next()?, next()?, next()?, next()?]);
    let port = u16::from_be_bytes([next()?, next()?]);
    (port > 0).then_some((host, port))
}

/// The number that a text begins with.
fn leading<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

/// The port of `|protocol|address|port|` (RFC 2428, section 2); any sign may stand for the bars.
pub(super) fn extended_port(text: &[u8]) -> Option<u16> {
    let (bar, rest) = text.split_first()?;
    let port = rest.split(|byte| byte == bar).nth(2)?;
    leading(port).filter(|port| *port > 0)
}

/// The port in a reply to PASV: wherever it stands in it (RFC 1123, section 4.1.2.6).
pub(super) fn passive(text: &[u8]) -> Option<u16> {
    let opened = text.iter().position(|byte| *byte == b'(').map(|at| at + 1);
    let start = opened.or_else(|| text.iter().position(u8::is_ascii_digit))?;
    host_port(text.get(start..)?).map(|(_, port)| port)
}

/// The port in a reply to EPSV, between brackets (RFC 2428, section 3).
pub(super) fn extended_passive(text: &[u8]) -> Option<u16> {
    let opened = text.iter().position(|byte| *byte == b'(')?;
    extended_port(text.get(opened + 1..)?)
}
