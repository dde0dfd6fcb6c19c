//! A message of DNS and its sections (RFC 1035, section 4).

use super::name::{Name, Names};
use super::reader::{End, Reader};

/// What is wrong with a message, in the order of `EVENTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::app) enum Flaw {
    MalformedData,
    NotRequest,
    NotResponse,
    ZFlagSet,
    InvalidOpcode,
    NameTooLong,
    InfiniteLoop,
    TooManyLabels,
    InvalidAdditionals,
    InvalidAuthorities,
}

/// Bits of the flags (RFC 1035, section 4.1.1).
pub mod flag {
    /// It is a response.
    pub const QR: u16 = 0x8000;
    /// Authoritative.
    pub const AA: u16 = 0x0400;
    /// Truncated. In LLMNR: more than one answer (RFC 4795, section 2.1.1).
    pub const TC: u16 = 0x0200;
    /// Recursion desired.
    pub const RD: u16 = 0x0100;
    /// Recursion available.
    pub const RA: u16 = 0x0080;
    /// Reserved.
    pub const Z: u16 = 0x0040;
}

/// Numbers of types of records that are more than bytes here.
pub mod rrtype {
    #![allow(missing_docs, reason = "they are the names of RFC 1035 and its successors")]
    pub const A: u16 = 1;
    pub const NS: u16 = 2;
    pub const CNAME: u16 = 5;
    pub const SOA: u16 = 6;
    pub const NULL: u16 = 10;
    pub const PTR: u16 = 12;
    pub const MX: u16 = 15;
    pub const TXT: u16 = 16;
    pub const AAAA: u16 = 28;
    pub const SRV: u16 = 33;
    pub const OPT: u16 = 41;
    pub const SSHFP: u16 = 44;
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    /// Of which name.
    pub name: Name,
    /// Which type of record; `None` where the mirror cut it off.
    pub rrtype: Option<u16>,
}

/// A resource record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub rrtype: u16,
    /// Seconds that it holds.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

/// What a record says.
#[derive(Debug, PartialEq, Eq)]
pub enum Data {
    /// IPv4.
    A([u8; 4]),
    /// IPv6.
    Aaaa([u8; 16]),
    /// CNAME, MX, NS, PTR.
    Name(Name),
    /// TXT.
    Text(Vec<Vec<u8>>),
    /// NULL.
    Null(Vec<u8>),
    /// The start of a zone.
    Soa(Box<Soa>),
    /// Where a service is: priority, weight, port and host (RFC 2782).
    Srv([u16; 3], Name),
    /// A key's algorithm, the fingerprint's type and the fingerprint (RFC 4255).
    Sshfp(u8, u8, Vec<u8>),
    /// Options of EDNS by their codes (RFC 6891).
    Opt(Vec<(u16, Vec<u8>)>),
    /// Another type's.
    Other,
    /// The mirror cut it off.
    Cut,
}

impl Data {
    /// The name that it gives, where it gives one.
    pub fn name(&self) -> Option<&Name> {
        match self {
            Self::Name(name) => Some(name),
            Self::Soa(soa) => Some(&soa.mname),
            _ => None,
        }
    }
}

/// The start of a zone.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the names of RFC 1035, section 3.3.13")]
pub struct Soa {
    pub mname: Name,
    pub rname: Name,
    pub serial: u32,
    pub refresh: u32,
    pub retry: u32,
    pub expire: u32,
    pub minimum: u32,
}

/// A message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// It went to the server.
    pub to_server: bool,
    /// What tells it from others.
    pub id: u16,
    /// The flags with the codes of operation and result.
    pub flags: u16,
    /// The sections.
    pub queries: Vec<Query>,
    /// The second.
    pub answers: Vec<Record>,
    /// The third.
    pub authorities: Vec<Record>,
    /// The last.
    pub additionals: Vec<Record>,
    /// The section that the mirror cut, counted from 0: it may have had more, and so may those behind it.
    pub cut: Option<u8>,
    /// It makes no sense, and only that is told of it.
    pub is_malformed: bool,
}

impl Message {
    /// It answers another one.
    pub fn is_response(&self) -> bool {
        self.flags & flag::QR != 0
    }

    /// The code of operation.
    pub fn opcode(&self) -> u8 {
        (self.flags >> 11 & 15) as u8
    }

    /// The code of the result.
    pub fn rcode(&self) -> u16 {
        self.flags & 15
    }

    /// The sections of records.
    pub fn sections(&self) -> [&[Record]; 3] {
        [&self.answers, &self.authorities, &self.additionals]
    }

    /// The section of this number from 0 may have had more than what is there.
    pub fn is_cut(&self, section: u8) -> bool {
        self.cut.is_some_and(|cut| section >= cut)
    }

    /// Of a message of `original` bytes, with what is wrong with it.
    pub(in crate::app) fn parse(to_server: bool, bytes: &[u8], original: usize) -> (Self, Vec<Flaw>) {
        let mut parser = Parser { reader: Reader::new(bytes, original), names: Names::default(), flaws: Vec::new() };
        let mut message = Self { to_server, ..Self::default() };
        let read = parser.header(&mut message).and_then(|counts| parser.sections(&mut message, counts));
        match read {
            Ok(()) => {}
            Err(End::Cut) => message.cut = message.cut.or(Some(0)),
            Err(End::Malformed) => {
                message.is_malformed = true;
                parser.flaws.push(Flaw::MalformedData);
            }
        }
        parser.flags(&message);
        (message, parser.flaws)
    }
}

struct Parser<'a> {
    reader: Reader<'a>,
    names: Names,
    flaws: Vec<Flaw>,
}

impl Parser<'_> {
    /// The header; the sections' sizes are given.
    fn header(&mut self, message: &mut Message) -> Result<[u16; 4], End> {
        message.id = self.reader.short()?;
        message.flags = self.reader.short()?;
        Ok([self.reader.short()?, self.reader.short()?, self.reader.short()?, self.reader.short()?])
    }

    fn flags(&mut self, message: &Message) {
        match (message.is_response(), message.to_server) {
            (true, true) => self.flaws.push(Flaw::NotRequest),
            (false, false) => self.flaws.push(Flaw::NotResponse),
            _ => {}
        }
        if message.flags & flag::Z != 0 {
            self.flaws.push(Flaw::ZFlagSet);
        }
        if message.opcode() >= 7 {
            self.flaws.push(Flaw::InvalidOpcode);
        }
    }

    /// All sections, until one is cut; without the first two a message is malformed.
    fn sections(
        &mut self,
        message: &mut Message,
        [queries, answers, authorities, additionals]: [u16; 4],
    ) -> Result<(), End> {
        for _ in 0..queries {
            let (query, ended) = self.query();
            message.queries.extend(query);
            ended?;
        }
        self.records(answers, &mut message.answers).inspect_err(|_| message.cut = Some(1))?;
        for (section, count, records, flaw) in [
            (2, authorities, &mut message.authorities, Flaw::InvalidAuthorities),
            (3, additionals, &mut message.additionals, Flaw::InvalidAdditionals),
        ] {
            match self.records(count, records) {
                Ok(()) => {}
                Err(End::Cut) => {
                    message.cut = Some(section);
                    return Ok(());
                }
                Err(End::Malformed) => {
                    self.flaws.push(flaw);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn name(&mut self) -> Result<Name, End> {
        let (name, ended) = self.names.read(&mut self.reader, &mut self.flaws);
        ended.map(|()| name)
    }

    /// A query, with what is there of one that is cut.
    fn query(&mut self) -> (Option<Query>, Result<(), End>) {
        let (name, ended) = self.names.read(&mut self.reader, &mut self.flaws);
        if ended == Err(End::Malformed) {
            return (None, ended);
        }
        let rrtype = ended.and_then(|()| self.reader.short());
        let class = rrtype.and_then(|_| self.reader.short());
        let query = Query { name, rrtype: rrtype.ok() };
        (Some(query), class.map(drop))
    }

    fn records(&mut self, count: u16, records: &mut Vec<Record>) -> Result<(), End> {
        for _ in 0..count {
            let name = self.name()?;
            let (rrtype, _class, ttl) = (self.reader.short()?, self.reader.short()?, self.reader.long()?);
            let length = usize::from(self.reader.short()?);
            let part = self.reader.part(length)?;
            let data = match self.data(rrtype, part) {
                Err(End::Cut) => Data::Cut,
                data => data?,
            };
            let is_cut = data == Data::Cut;
            records.push(Record { name, rrtype, ttl, data });
            if is_cut {
                return Err(End::Cut);
            }
        }
        Ok(())
    }

    /// A record's data, of which `part` is all.
    fn data(&mut self, number: u16, mut part: Reader<'_>) -> Result<Data, End> {
        let whole = part.rest();
        Ok(match number {
            rrtype::A if part.left() == 4 => Data::A(*part.take(4)?.first_chunk().ok_or(End::Malformed)?),
            rrtype::AAAA if part.left() == 16 => Data::Aaaa(*part.take(16)?.first_chunk().ok_or(End::Malformed)?),
            rrtype::CNAME | rrtype::NS | rrtype::PTR => Data::Name(self.name_in(&mut part)?),
            rrtype::MX => {
                part.short()?;
                Data::Name(self.name_in(&mut part)?)
            }
            rrtype::TXT => text(&mut part)?,
            rrtype::NULL => Data::Null(part.take(part.left())?.to_vec()),
            rrtype::SOA => self.soa(&mut part)?,
            rrtype::SRV => {
                let numbers = [part.short()?, part.short()?, part.short()?];
                Data::Srv(numbers, self.name_in(&mut part)?)
            }
            rrtype::SSHFP => Data::Sshfp(part.byte()?, part.byte()?, part.take(part.left())?.to_vec()),
            rrtype::OPT => options(&mut part)?,
            _ if whole.len() < part.left() => Data::Cut,
            _ => Data::Other,
        })
    }

    fn name_in(&mut self, part: &mut Reader<'_>) -> Result<Name, End> {
        let (name, ended) = self.names.read(part, &mut self.flaws);
        ended.map(|()| name)
    }

    fn soa(&mut self, part: &mut Reader<'_>) -> Result<Data, End> {
        Ok(Data::Soa(Box::new(Soa {
            mname: self.name_in(part)?,
            rname: self.name_in(part)?,
            serial: part.long()?,
            refresh: part.long()?,
            retry: part.long()?,
            expire: part.long()?,
            minimum: part.long()?,
        })))
    }
}

/// Strings, each behind its length (RFC 1035, section 3.3.14).
fn text(part: &mut Reader<'_>) -> Result<Data, End> {
    let mut strings = Vec::new();
    while part.left() > 0 {
        let length = part.byte()?;
        strings.push(part.take(usize::from(length))?.to_vec());
    }
    Ok(Data::Text(strings))
}

fn options(part: &mut Reader<'_>) -> Result<Data, End> {
    let mut options = Vec::new();
    while part.left() > 0 {
        let (code, length) = (part.short()?, part.short()?);
        options.push((code, part.take(usize::from(length))?.to_vec()));
    }
    Ok(Data::Opt(options))
}
