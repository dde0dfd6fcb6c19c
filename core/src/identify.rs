//! Which mirror session a copy came through, and which address space it lives in (specification, section 8).
//!
//! Identity = (outer source, number, GENEVE endpoint) within a family of encapsulations: the VNI of VXLAN and GENEVE, the
//! session of ERSPAN, the key of GRE. Those of the plan are of the first family, and may leave the source or the endpoint
//! open. Every identity that is seen gets a row, known or learned; the rows of learned ones are bounded.

use crate::error::{Error, Fault, Result};
use crate::frame::Addr;
use crate::packet::{Causes, Family, Packet, Stop, Wrap};
use crate::plan::{self, IdentitySettings, Unknown, UnknownDomain};
use hashbrown::HashMap;

/// The parts of an identity; `None` in the plan's means any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    family: Family,
    number: u32,
    src: Option<Addr>,
    endpoint: Option<u64>,
}

/// An identity that was seen.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What was around its first packet.
    pub wrap: Wrap,
    /// The plan's identity, where there is one: an index for `Identities::known`.
    pub known: Option<u32>,
    /// Its address space.
    pub domain: u32,
    /// What its session cuts at.
    pub limits: Limits,
}

/// What a session cuts its copies at; 0 is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    packet_length: u32,
    target_mtu: u32,
}

/// What became of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identified {
    /// Seen before, or one of the plan's.
    Known(u32),
    /// Not the plan's, and seen for the first time.
    Learned(u32),
    /// Not the plan's, and those are refused.
    Refused,
}

/// All identities: the plan's and those seen.
#[derive(Debug)]
pub struct Identities {
    settings: IdentitySettings,
    planned: HashMap<Key, u32>,
    seen: HashMap<Key, u32>,
    rows: Vec<Row>,
    /// Beyond the limit: one row for all sources of an identity of the plan, one for all unknown identities.
    overflow: HashMap<Option<u32>, u32>,
    learned: u32,
}

impl Identities {
    /// From the plan.
    ///
    /// # Errors
    /// `Error::Config` for an address that is not 16 bytes or an endpoint that is no hexadecimal id.
    pub fn new(settings: &IdentitySettings) -> Result<Self> {
        let mut planned = HashMap::new();
        for (index, identity) in settings.known.iter().enumerate() {
            planned.insert(planned_key(identity)?, index as u32);
        }
        let settings = settings.clone();
        Ok(Self { settings, planned, seen: HashMap::new(), rows: Vec::new(), overflow: HashMap::new(), learned: 0 })
    }

    /// The rows, in the order in which the identities were first seen.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The plan's identity of a row.
    pub fn known(&self, row: &Row) -> Option<&plan::Identity> {
        self.settings.known.get(row.known? as usize)
    }

    /// The row of what was around a packet, where it was seen before.
    pub fn find(&self, wrap: &Wrap) -> Option<u32> {
        self.seen.get(&key_of(wrap)).copied()
    }

    /// Look an identity up by what was around a packet, and learn it where it is new.
    pub fn identify(&mut self, wrap: &Wrap) -> Identified {
        if let Some(row) = self.find(wrap) {
            return Identified::Known(row);
        }
        let key = key_of(wrap);
        match self.plan_of(&key) {
            Some(known) => {
                // Any number of sources can fit an open identity of the plan: they count against the limit too.
                let row = self.add(key, wrap, Some(known));
                Identified::Known(row)
            }
            None if self.settings.unknown == Unknown::Refuse => Identified::Refused,
            None => {
                let before = self.rows.len();
                let row = self.add(key, wrap, None);
                if self.rows.len() > before { Identified::Learned(row) } else { Identified::Known(row) }
            }
        }
    }

    /// The plan's identity that fits best: source and endpoint, then one of them, then the VNI alone.
    fn plan_of(&self, key: &Key) -> Option<u32> {
        let tries = [
            *key,
            Key { endpoint: None, ..*key },
            Key { src: None, ..*key },
            Key { src: None, endpoint: None, ..*key },
        ];
        tries.iter().find_map(|key| self.planned.get(key).copied())
    }

    fn add(&mut self, key: Key, wrap: &Wrap, known: Option<u32>) -> u32 {
        if self.learned >= self.settings.max_learned {
            return self.overflow_row(wrap, known);
        }
        self.learned += 1;
        let index = self.push(wrap, known);
        self.seen.insert(key, index);
        index
    }

    fn push(&mut self, wrap: &Wrap, known: Option<u32>) -> u32 {
        let index = self.rows.len() as u32;
        let plan = known.and_then(|k| self.settings.known.get(k as usize));
        let own = self.settings.unknown_domain == UnknownDomain::Own;
        self.rows.push(Row {
            wrap: *wrap,
            known,
            domain: plan.map_or(if own { OWN_DOMAIN | index } else { 0 }, |p| p.domain),
            limits: plan
                .map_or(Limits::default(), |p| Limits { packet_length: p.packet_length, target_mtu: p.target_mtu }),
        });
        index
    }

    fn overflow_row(&mut self, wrap: &Wrap, known: Option<u32>) -> u32 {
        if let Some(&row) = self.overflow.get(&known) {
            return row;
        }
        let row = self.push(wrap, known);
        self.overflow.insert(known, row);
        row
    }
}

/// Domains of unknown identities that have their own begin here; the plan's are small numbers.
const OWN_DOMAIN: u32 = 0x8000_0000;

fn key_of(wrap: &Wrap) -> Key {
    let family = wrap.encapsulation.family();
    Key { family, number: wrap.vni, src: Some(wrap.outer_src), endpoint: Some(wrap.endpoint) }
}

fn planned_key(identity: &plan::Identity) -> Result<Key> {
    let fault = |what: &str, why: &str| Error::Config(Fault::new(what, why, ""));
    let src = match identity.outer_src.as_slice() {
        [] => None,
        bytes => Some(Addr(bytes.try_into().map_err(|_| fault("plan: outer_src", "is not 16 bytes"))?)),
    };
    let endpoint = match identity.endpoint.strip_prefix("vpce-").unwrap_or(&identity.endpoint) {
        "" => None,
        hex => Some(u64::from_str_radix(hex, 16).map_err(|_| fault(&identity.endpoint, "is no endpoint id"))?),
    };
    Ok(Key { family: Family::Vni, number: identity.vni, src, endpoint })
}

impl Limits {
    /// The bits of `Causes` that cut a copy of `copy` bytes in an IP packet of `carrier` bytes (section 6.2).
    pub fn causes(&self, copy: u32, carrier: u32) -> u8 {
        let packet_length = self.packet_length != 0 && copy == self.packet_length;
        // The documented overhead counts four bytes more than the wire has.
        let mtu = self.target_mtu != 0 && (carrier == self.target_mtu || carrier + 4 == self.target_mtu);
        (u8::from(packet_length) * Causes::PACKET_LENGTH) | (u8::from(mtu) * Causes::MTU)
    }
}

/// Name the causes of a packet's truncation: `Packet::truncated` holds the snaplen bit already; `cut` are the bytes of
/// the mirror's copy and of the IP packet that carried it, where the mirror cut it.
#[inline]
pub fn name_causes(packet: &mut Packet, limits: Limits, cut: Option<(u32, u32)>) {
    if let Some((copy, carrier)) = cut {
        packet.truncated.0 |= limits.causes(copy, carrier);
    }
    // Where a header was cut there may be no length to compare with.
    if packet.truncated.0 == 0 && (packet.original > packet.captured || packet.stop == Stop::Truncated) {
        packet.truncated.0 = Causes::UNKNOWN;
    }
}
