//! The two messages that begin a session (RFC 8446, section 4.1; RFC 5246, section 7.4.1), as far as they are there.

use super::Odd;

/// What a client offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// Version in the old field.
    pub version: u16,
    /// Versions of the extension (RFC 8446, section 4.2.1).
    pub versions: Vec<u16>,
    /// The time and 28 random bytes.
    pub random: Vec<u8>,
    /// The session that it wants to go on with.
    pub session: Vec<u8>,
    /// Ciphers.
    pub ciphers: Vec<u16>,
    /// Extensions in their order.
    pub extensions: Vec<u16>,
    /// Groups (RFC 8422, section 5.1.1).
    pub groups: Vec<u16>,
    /// Forms of points (RFC 8422, section 5.1.2).
    pub points: Vec<u8>,
    /// Algorithms of signatures.
    pub signatures: Vec<u16>,
    /// The server's name (RFC 6066, section 3).
    pub sni: Option<Vec<u8>>,
    /// Protocols (RFC 7301).
    pub alpns: Vec<Vec<u8>>,
    /// Some of it is missing.
    pub is_cut: bool,
}

/// What a server chose.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// Version in the old field.
    pub version: u16,
    /// Version of the extension.
    pub chosen: Option<u16>,
    /// The time and 28 random bytes.
    pub random: Vec<u8>,
    /// The session.
    pub session: Vec<u8>,
    /// The cipher.
    pub cipher: u16,
    /// Extensions in their order.
    pub extensions: Vec<u16>,
    /// Protocol.
    pub alpns: Vec<Vec<u8>>,
    /// Some of it is missing.
    pub is_cut: bool,
}

/// Values that mean nothing (RFC 8701).
pub(super) fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 15 == 10
}

mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const GROUPS: u16 = 10;
    pub const POINTS: u16 = 11;
    pub const SIGNATURES: u16 = 13;
    pub const ALPN: u16 = 16;
    pub const VERSIONS: u16 = 43;
}

/// The random value of a hello that asks for another one (RFC 8446, section 4.1.3).
pub(super) const RETRY: [u8; 8] = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

/// What is left of a message; reading on behind what is there says `None`.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a>(pub &'a [u8]);

impl<'a> Rest<'a> {
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub fn short(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// A length of three bytes.
    pub fn length(&mut self) -> Option<usize> {
        let [high, low @ ..] = *self.take(3)?.first_chunk::<3>()?;
        Some(usize::from(high) << 16 | usize::from(u16::from_be_bytes(low)))
    }

    /// What stands behind a length of one byte, and whether all of it is there.
    fn behind_byte(&mut self) -> Option<(Rest<'a>, bool)> {
        let length = self.byte()?;
        Some(self.upto(usize::from(length)))
    }

    /// The same behind a length of two bytes.
    fn behind_short(&mut self) -> Option<(Rest<'a>, bool)> {
        let length = self.short()?;
        Some(self.upto(usize::from(length)))
    }

    /// So many bytes, or those that are there.
    pub fn upto(&mut self, length: usize) -> (Rest<'a>, bool) {
        let there = length.min(self.0.len());
        (Rest(self.take(there).unwrap_or_default()), there == length)
    }

    fn shorts(self) -> Vec<u16> {
        self.0.chunks_exact(2).filter_map(|pair| pair.first_chunk().copied()).map(u16::from_be_bytes).collect()
    }
}

impl ClientHello {
    /// The body of the message; `odd` is told what is wrong with it.
    pub(super) fn read(body: &[u8], odd: &mut dyn FnMut(Odd)) -> Self {
        let mut hello = Self::default();
        hello.is_cut = hello.fill(Rest(body), odd).is_none();
        hello
    }

    fn fill(&mut self, mut rest: Rest<'_>, odd: &mut dyn FnMut(Odd)) -> Option<()> {
        self.version = rest.short()?;
        self.random = rest.take(32)?.to_vec();
        let (session, _) = rest.behind_byte()?;
        self.session = session.0.to_vec();
        let (ciphers, is_whole) = rest.behind_short()?;
        self.ciphers = ciphers.shorts();
        is_whole.then_some(())?;
        rest.behind_byte()?;
        if rest.0.is_empty() {
            return Some(());
        }
        let (extensions, is_whole) = rest.behind_short()?;
        each(extensions, |number, inside, is_whole| self.extension(number, inside, is_whole, odd))?;
        is_whole.then_some(())
    }

    fn extension(&mut self, number: u16, mut inside: Rest<'_>, is_whole: bool, odd: &mut dyn FnMut(Odd)) {
        self.extensions.push(number);
        let listed = |mut inside: Rest<'_>| inside.behind_short().map(|(list, _)| list.shorts()).unwrap_or_default();
        match number {
            extension::SERVER_NAME => self.server_name(inside, is_whole, odd),
            extension::GROUPS => self.groups = listed(inside),
            extension::SIGNATURES => self.signatures = listed(inside),
            extension::POINTS => {
                self.points = inside.behind_byte().map(|(points, _)| points.0.to_vec()).unwrap_or_default();
            }
            extension::ALPN => self.alpns = protocols(inside),
            extension::VERSIONS => {
                self.versions = inside.behind_byte().map(|(versions, _)| versions.shorts()).unwrap_or_default();
            }
            _ => {}
        }
    }

    fn server_name(&mut self, mut inside: Rest<'_>, is_whole: bool, odd: &mut dyn FnMut(Odd)) {
        if self.sni.is_some() {
            return odd(Odd::MultipleSniExtensions);
        }
        let Some((mut list, _)) = inside.behind_short() else { return };
        let Some(kind) = list.byte() else { return };
        if kind != 0 {
            return odd(Odd::InvalidSniType);
        }
        match list.behind_short() {
            Some((name, true)) => self.sni = Some(name.0.to_vec()),
            Some(_) if is_whole => odd(Odd::InvalidSniLength),
            _ => {}
        }
    }

    /// The highest version that it offers.
    pub fn highest(&self) -> u16 {
        self.versions.iter().copied().filter(|version| !is_grease(*version)).max().unwrap_or(self.version)
    }
}

impl ServerHello {
    /// The body of the message.
    pub(super) fn read(body: &[u8]) -> Self {
        let mut hello = Self::default();
        hello.is_cut = hello.fill(Rest(body)).is_none();
        hello
    }

    fn fill(&mut self, mut rest: Rest<'_>) -> Option<()> {
        self.version = rest.short()?;
        self.random = rest.take(32)?.to_vec();
        // Drafts of TLS 1.3 before the 22nd say so here, and have no session (draft-ietf-tls-tls13-19, section 4.1.3).
        if self.version >> 8 != 0x7f {
            let (session, is_whole) = rest.behind_byte()?;
            self.session = session.0.to_vec();
            is_whole.then_some(())?;
        }
        self.cipher = rest.short()?;
        if self.version >> 8 != 0x7f {
            rest.byte()?;
        }
        if rest.0.is_empty() {
            return Some(());
        }
        let (extensions, is_whole) = rest.behind_short()?;
        each(extensions, |number, mut inside, _| {
            self.extensions.push(number);
            match number {
                extension::ALPN => self.alpns = protocols(inside),
                extension::VERSIONS => self.chosen = inside.short(),
                _ => {}
            }
        })?;
        is_whole.then_some(())
    }

    /// The version that holds.
    pub fn negotiated(&self) -> u16 {
        self.chosen.unwrap_or(self.version)
    }

    /// It asks for another hello of the client.
    pub fn is_retry(&self) -> bool {
        self.random.starts_with(&RETRY)
    }
}

/// Each extension with its number, what is there of it, and whether that is all. None: the list itself ends in one.
fn each(mut list: Rest<'_>, mut see: impl FnMut(u16, Rest<'_>, bool)) -> Option<()> {
    while !list.0.is_empty() {
        let number = list.short()?;
        let (inside, is_whole) = list.behind_short()?;
        see(number, inside, is_whole);
        is_whole.then_some(())?;
    }
    Some(())
}

/// A list of protocols (RFC 7301, section 3.1).
fn protocols(mut inside: Rest<'_>) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let Some((mut list, _)) = inside.behind_short() else { return found };
    while let Some((name, true)) = list.behind_byte() {
        found.push(name.0.to_vec());
    }
    found
}
