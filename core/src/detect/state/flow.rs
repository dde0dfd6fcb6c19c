//! What rules remember of one flow.

use super::tag::Tags;
use crate::plan::{CapturedOf, FlowintChange, FlowintOp};
use memchr::memmem;
use std::sync::Arc;

/// Bits and variables of a flow, in the order in which they were set. Names are numbers of the plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowVars {
    /// Flowbits that are set.
    pub bits: Vec<u32>,
    /// Flowints and their values.
    pub ints: Vec<(u32, u32)>,
    /// Texts that patterns captured, by the names that rules give them.
    pub texts: Vec<(Arc<str>, Arc<[u8]>)>,
    /// The same of the last packet only.
    pub packet_texts: Vec<(Arc<str>, Arc<[u8]>)>,
    /// Entropies that were last measured, by the names of their buffers.
    pub entropies: Vec<(Arc<str>, f64)>,
}

/// All that rules remember of a flow. Bounded by the names that rules use.
#[derive(Debug, Default)]
pub struct FlowMemory {
    /// Shared with the alerts that show them, copied when they change.
    vars: Arc<FlowVars>,
    tags: Tags,
    /// A rule wants no events of the flow's end.
    unlogged: bool,
}

/// Of a flow without memory.
static EMPTY: std::sync::LazyLock<FlowMemory> = std::sync::LazyLock::new(FlowMemory::default);

impl FlowMemory {
    /// The memory of a flow that no rule wrote to.
    pub(super) fn empty() -> &'static Self {
        &EMPTY
    }

    /// The bits and variables at this moment.
    pub fn vars(&self) -> Arc<FlowVars> {
        Arc::clone(&self.vars)
    }

    pub(super) fn note_text(&mut self, name: Arc<str>, text: Arc<[u8]>) {
        put(&mut Arc::make_mut(&mut self.vars).texts, name, text);
    }

    /// Of such names, chosen by traffic, a packet has as many as its rules have captures.
    pub(super) fn note_packet_text(&mut self, name: Arc<str>, text: Arc<[u8]>) {
        put(&mut Arc::make_mut(&mut self.vars).packet_texts, name, text);
    }

    pub(super) fn note_entropy(&mut self, name: Arc<str>, value: f64) {
        put(&mut Arc::make_mut(&mut self.vars).entropies, name, value);
    }

    /// Another packet.
    pub fn forget_packet(&mut self) {
        if !self.vars.packet_texts.is_empty() {
            Arc::make_mut(&mut self.vars).packet_texts.clear();
        }
    }

    pub(super) fn has(&self, bit: u32) -> bool {
        self.vars.bits.contains(&bit)
    }

    pub(super) fn put(&mut self, bit: u32, set: bool) {
        if self.has(bit) == set {
            return;
        }
        let bits = &mut Arc::make_mut(&mut self.vars).bits;
        if set {
            bits.push(bit);
        } else {
            bits.retain(|other| *other != bit);
        }
    }

    fn int(&self, name: u32) -> Option<u32> {
        self.vars.ints.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    /// A comparison with a number, or with another variable. What is not set compares with nothing.
    pub(super) fn compare(&self, name: u32, op: FlowintOp, (value, other): (u32, Option<u32>)) -> bool {
        let mine = self.int(name);
        match op {
            FlowintOp::Isset => return mine.is_some(),
            FlowintOp::Isnotset => return mine.is_none(),
            _ => {}
        }
        let theirs = other.map_or(Some(value), |other| self.int(other));
        let (Some(mine), Some(theirs)) = (mine, theirs) else { return false };
        match op {
            FlowintOp::Eq => mine == theirs,
            FlowintOp::Ne => mine != theirs,
            FlowintOp::Lt => mine < theirs,
            FlowintOp::Le => mine <= theirs,
            FlowintOp::Gt => mine > theirs,
            FlowintOp::Ge => mine >= theirs,
            FlowintOp::Isset | FlowintOp::Isnotset => false,
        }
    }

    /// Adding to a variable that is not set begins at 0, modulo 2^32; another variable that is not set changes nothing.
    pub(super) fn change(&mut self, name: u32, op: FlowintChange, (value, other): (u32, Option<u32>)) {
        let Some(by) = other.map_or(Some(value), |other| self.int(other)) else { return };
        let before = self.int(name).unwrap_or_default();
        let after = match op {
            FlowintChange::Set => by,
            FlowintChange::Add => before.wrapping_add(by),
            FlowintChange::Sub => before.wrapping_sub(by),
        };
        let ints = &mut Arc::make_mut(&mut self.vars).ints;
        match ints.iter_mut().find(|(other, _)| *other == name) {
            Some((_, value)) => *value = after,
            None => ints.push((name, after)),
        }
    }

    /// Whether the text that was captured under a name holds this one.
    pub(super) fn captured(&self, of: CapturedOf, name: &str, text: &[u8]) -> bool {
        let texts = match of {
            CapturedOf::Flow => &self.vars.texts,
            CapturedOf::Packet => &self.vars.packet_texts,
        };
        texts.iter().any(|(known, captured)| **known == *name && memmem::find(captured, text).is_some())
    }

    pub(super) fn unlog(&mut self) {
        self.unlogged = true;
    }

    /// A rule wants no events of the flow's end.
    pub fn is_unlogged(&self) -> bool {
        self.unlogged
    }

    /// Its tags.
    pub(super) fn tags(&mut self) -> &mut Tags {
        &mut self.tags
    }
}

/// Set what has this name.
fn put<T>(values: &mut Vec<(Arc<str>, T)>, name: Arc<str>, value: T) {
    match values.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = value,
        None => values.push((name, value)),
    }
}
