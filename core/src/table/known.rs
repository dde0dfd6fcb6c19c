//! What is known of the mirror session behind an identity, as records tell it.

use crate::identify::{Identities, Row};
use crate::packet::{Family, Wrap};
use crate::plan;
use crate::table::json::number;
use crate::table::text;

/// One identity; a string is empty where something is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// It was in what tmrx was told of the mirror.
    pub known: bool,
    /// The session's id.
    pub session: &'a str,
    /// The session's name.
    pub name: &'a str,
    /// The source's network interface.
    pub interface: &'a str,
    /// The source's VPC.
    pub vpc: &'a str,
    /// What its owner says of it.
    pub comment: &'a str,
    /// What was around its first packet.
    pub wrap: Wrap,
}

impl<'a> Known<'a> {
    /// What is known of a row of the identity table; nothing where there is no such row.
    pub fn of(identities: &'a Identities, identity: u32) -> Self {
        let Some(row) = identities.rows().get(identity as usize) else { return Self::default() };
        Self::of_row(identities, row)
    }

    fn of_row(identities: &'a Identities, row: &Row) -> Self {
        let Some(plan) = identities.known(row) else { return Self { wrap: row.wrap, ..Self::default() } };
        let plan::Identity { session, name, interface, vpc, comment, .. } = plan;
        Self { known: true, session, name, interface, vpc, comment, wrap: row.wrap }
    }

    /// What lists of sessions call it: the session's id, or `VNI@outer source`, `erspan2:SESSION@outer source`… where that
    /// is all there is.
    pub fn label(&self) -> String {
        if !self.session.is_empty() {
            return self.session.to_owned();
        }
        let mut out = Vec::new();
        let numbered = self.wrap.network().or(self.wrap.erspan_session()).or(self.wrap.gre_key());
        if self.wrap.encapsulation.family() != Family::Vni {
            out.extend_from_slice(self.wrap.encapsulation.name().as_bytes());
            out.extend(numbered.map(|_| b':'));
        }
        if let Some(numbered) = numbered {
            number(&mut out, numbered);
        }
        out.push(b'@');
        text::mapped(&mut out, &self.wrap.outer_src);
        String::from_utf8_lossy(&out).into_owned()
    }
}
