//! The engine: a pure function of its state and its frames.
//!
//! Parse (any number of batches at once) → sequence (in order) → shards (each by one worker at a time, in order) →
//! merge (in order). What a shard holds does not depend on the number of workers, so neither does the output.

mod applications;
mod datagram;
mod expectations;
mod finds;
mod frames;
mod inspect;
mod limits;
mod merge;
mod ordered;
mod parsed;
mod replay;
mod rest;
mod sequence;
mod shard;
mod sights;
mod tracked;
mod transactions;

pub use merge::Output;
pub use parsed::{Parsed, SHARDS};

use crate::app::Counts;
use crate::app::frame::WantedFrames;
use crate::decap::Decap;
use crate::detect;
use crate::error::Result;
use crate::files;
use crate::filter::Filter;
use crate::flow::{self, Seed};
use crate::frame::{Batch, Frame};
use crate::identify::Identities;
use crate::plan::{self, Plan};
use crate::stream;
use crate::table::counters::Counters;
use crate::table::display::Display;
use crate::table::eve::Names;
use crate::table::summary::{RuleCounts, Sources, Summary};
use crate::time::Nanos;
use arrow_array::RecordBatch;
use finds::ShardOut;
use merge::Merger;
use parsed::Parser;
use replay::Tools;
use sequence::Sequencer;
use shard::Shard;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// Flows that end in one call at the end of a run: what a call gives is bounded, whatever the table holds.
const FLOWS_A_CALL: usize = 4096;

/// What all stages share and nothing changes.
struct Shared {
    parser: Parser,
    /// What of the packets goes into the capture.
    capture_filter: Option<Filter>,
    outputs: plan::Outputs,
    flow: plan::FlowSettings,
    streams: plan::StreamSettings,
    applications: plan::Applications,
    /// Something asks for what applications say.
    parses: bool,
    /// The frames that something asks for.
    frames: WantedFrames,
    seed: u64,
    plan_rules: Vec<plan::Rule>,
    datasets: Vec<plan::Dataset>,
    rules: Option<Arc<detect::Rules>>,
    /// What rules remember across flows.
    memory: detect::state::Shared,
    /// Alerts that a packet may have.
    most_alerts: u32,
    /// Alerts that a transaction is guessed for.
    most_guesses: u32,
    /// Rules look into bodies and into the stream's data at once.
    mixes: bool,
    /// What rules do for one flow may decide about another.
    is_ordered: bool,
    /// Some rules have limits.
    is_limited: bool,
    /// Which packets are shown; `None`: all.
    display: Option<Display>,
    wants_flow_ids: bool,
    wants_flows: bool,
    wants_anomalies: bool,
    wants_tagged: bool,
    wants_drops: bool,
    wants_variables: bool,
    /// Rules that failed, and those that do not apply.
    left_out: [u32; 2],
    wants_community_id: bool,
    /// Tunnels around a packet are part of its flow's key.
    by_depth: bool,
    /// So are the VLANs.
    by_vlan: bool,
}

/// The engine. Its stages lock what they change, so that workers can drive it together.
pub struct Engine {
    shared: Shared,
    identities: RwLock<Identities>,
    sequencer: Mutex<Turn<Sequencer>>,
    sequenced: Condvar,
    shards: Vec<Mutex<Shard>>,
    merger: Mutex<Merger>,
    pool: Mutex<Vec<Parsed>>,
    /// Frames that were read beyond a call's limit.
    held: Mutex<Option<Batch>>,
}

/// Whether outputs or settings ask for what applications say.
fn parses(plan: &Plan) -> bool {
    let plan::Applications { files, tls, ssh, .. } = &plan.applications;
    let bypasses = [tls.after, ssh.after].contains(&plan::AfterHandshake::Bypass);
    let guesses = plan.rules.settings.guessed_transactions > 0;
    plan.outputs.wants_eve(plan::Eve::wants_transactions) || files.store || bypasses || guesses
}

/// Whether a rule looks into a body and into the stream's data: it needs what the stream had when the body began.
fn mixes(rule: &plan::Rule) -> bool {
    let looks = |names: &[&str]| rule.buffers.iter().any(|test| names.contains(&test.buffer.as_str()));
    rule.kind == plan::Kind::AppTx
        && looks(&["payload"])
        && looks(&["file.data", "http.request_body", "http.response_body"])
}

/// A stage that takes batches in order.
struct Turn<T> {
    next: u64,
    stage: T,
}

/// A batch in the state stage: shared by the workers until each has done its shards.
pub struct Sequenced {
    /// The batch and its packets.
    pub parsed: Parsed,
    outs: Vec<Mutex<ShardOut>>,
}

impl Sequenced {
    fn new(parsed: Parsed) -> Self {
        Self { parsed, outs: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

/// Lock; a panic under the lock was caught and said, and what it guards is reset or whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// An engine for a plan; `random` is the hash seed where the plan leaves it open.
    ///
    /// # Errors
    /// `Error::Config` for a plan that can't be taken.
    pub fn new(plan: Plan, random: u64) -> Result<Self> {
        let seed = plan.flow.hash_seed.unwrap_or(random);
        let rules = if plan.rules.rules.is_empty() { None } else { Some(detect::Rules::new(&plan.rules)?) };
        let wants_flow_ids = plan.outputs.wants(plan::Table::Packets) || plan.outputs.lines.is_some();
        let wants_flows = plan.outputs.wants_eve(plan::Eve::wants_flows) || plan.outputs.wants(plan::Table::Flows);
        let by_vlan = plan.flow.by_vlan;
        let wants_anomalies = plan.outputs.wants_eve(|eve| eve.anomaly.is_some());
        let (parser, wants_tagged) = (parser(&plan, Seed::new(seed))?, wants_tagged(&plan));
        let wants_drops = plan.outputs.inline && plan.outputs.wants_eve(|eve| eve.drop.is_some());
        let wants_variables = plan.outputs.wants_eve(|eve| eve.variables);
        let wants_community_id =
            plan.outputs.wants_eve(|eve| eve.community_id) || plan.outputs.wants(plan::Table::Flows);
        let by_depth = plan.inspect_outer && plan.flow.by_depth;
        let memory = detect::state::Shared::new(&plan.rules)?;
        let is_ordered = detect::state::is_ordered(&plan.rules);
        let parses = parses(&plan) || rules.as_ref().is_some_and(|rules| rules.look_into_transactions());
        let names = Names { flowbits: plan.rules.flowbits, flowints: plan.rules.flowints };
        let wants_frames = plan.outputs.wants_eve(|eve| eve.frame.is_some());
        let mut shared = Shared {
            parser,
            capture_filter: Filter::new(&plan.outputs.capture.filter)?,
            outputs: plan.outputs,
            flow: plan.flow,
            streams: plan.streams,
            applications: plan.applications,
            parses,
            frames: WantedFrames::new(&plan.rules.rules, wants_frames),
            seed,
            mixes: plan.rules.rules.iter().any(mixes),
            most_alerts: plan.rules.settings.packet_alert_max,
            most_guesses: plan.rules.settings.guessed_transactions,
            is_ordered,
            is_limited: plan.rules.rules.iter().any(|rule| !rule.limits.is_empty()),
            plan_rules: plan.rules.rules,
            datasets: contexts(plan.rules.datasets),
            rules,
            memory,
            display: Display::new(&plan.display)?,
            wants_flow_ids,
            wants_flows,
            wants_anomalies,
            wants_tagged,
            wants_drops,
            wants_variables,
            left_out: [plan.rules.failed, plan.rules.skipped],
            wants_community_id,
            by_depth,
            by_vlan,
        };
        let shards = (0..SHARDS).map(|number| Shard::new(&shared, number).map(Mutex::new)).collect::<Result<_>>()?;
        keep_shown(&mut shared.plan_rules, &shared.outputs);
        Ok(Self {
            identities: RwLock::new(Identities::new(&plan.identity)?),
            sequencer: Mutex::new(Turn { next: 0, stage: Sequencer::new(&plan.fragments) }),
            sequenced: Condvar::new(),
            merger: Mutex::new(Merger::new(&shared.outputs, names)?),
            pool: Mutex::default(),
            held: Mutex::default(),
            shards,
            shared,
        })
    }

    /// An empty batch, its memory reused where there is one.
    pub fn take(&self) -> Parsed {
        lock(&self.pool).pop().unwrap_or_default()
    }

    /// Give a batch's memory back.
    pub fn give(&self, parsed: Parsed) {
        lock(&self.pool).push(parsed);
    }

    /// Keep frames that were read but are not to be processed yet.
    pub fn hold(&self, batch: Batch) {
        *lock(&self.held) = Some(batch);
    }

    /// The frames that were kept.
    pub fn held(&self) -> Option<Batch> {
        lock(&self.held).take()
    }

    /// All stages over one batch, for a single worker.
    pub fn push(&self, mut parsed: Parsed) {
        self.parse(&mut parsed);
        let number = lock(&self.sequencer).next;
        let sequenced = self.sequence(number, parsed);
        self.shards(0, 1, &sequenced);
        self.merge(sequenced);
    }

    /// First stage. A frame that panics is lost alone, and kept for who wants to look at it.
    pub fn parse(&self, parsed: &mut Parsed) {
        let parser = &self.shared.parser;
        let attempt = std::panic::AssertUnwindSafe(|| parsed.parse(parser));
        if std::panic::catch_unwind(attempt).is_err() {
            parsed.parse_guarded(parser, |frame, bytes| self.quarantine(frame, bytes));
        }
    }

    fn quarantine(&self, frame: &Frame, bytes: &[u8]) {
        lock(&self.merger).quarantine(frame, bytes);
    }

    /// Second stage: waits for the turn of batch `number`, counted from 0 over the run.
    pub fn sequence(&self, number: u64, mut parsed: Parsed) -> Sequenced {
        let mut turn = lock(&self.sequencer);
        while turn.next != number {
            turn = self.sequenced.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        turn.stage.apply(&mut parsed, self.tools());
        turn.next += 1;
        drop(turn);
        self.sequenced.notify_all();
        Sequenced::new(parsed)
    }

    /// The number that the next batch will have.
    pub fn next_batch(&self) -> u64 {
        lock(&self.sequencer).next
    }

    /// Third stage, of one worker's shards: its batches come in order. Where rules of one flow may decide about another,
    /// the first worker has all shards.
    pub fn shards(&self, worker: usize, workers: usize, batch: &Sequenced) {
        match worker {
            _ if !self.shared.is_ordered => {
                (worker..SHARDS).step_by(workers.max(1)).for_each(|shard| self.shard(shard, batch));
            }
            0 => self.in_frame_order(batch),
            _ => {}
        }
    }

    /// One shard's packets.
    fn shard(&self, number: usize, batch: &Sequenced) {
        let (Some(shard), Some(out)) = (self.shards.get(number), batch.outs.get(number)) else { return };
        let (mut shard, mut out) = (lock(shard), lock(out));
        shard.batch(&self.shared, &batch.parsed, &self.identities(), &mut out);
    }

    /// Last stage: its batches come in order.
    pub fn merge(&self, batch: Sequenced) {
        let identities = self.identities();
        let outs: Vec<ShardOut> =
            batch.outs.into_iter().map(|out| out.into_inner().unwrap_or_else(PoisonError::into_inner)).collect();
        lock(&self.merger).batch(&self.shared, &batch.parsed, &outs, &identities);
        self.give(batch.parsed);
    }

    /// Let time pass without frames: datagrams and flows that are over end.
    pub fn tick(&self, now: Nanos) {
        let clock = lock(&self.sequencer).stage.advance(now);
        self.release(false);
        let mut out = ShardOut::default();
        let identities = self.identities();
        self.shards.iter().for_each(|shard| lock(shard).tick(&self.shared, clock, &identities, &mut out));
        drop(identities);
        self.tell(clock, &out);
    }

    /// The end of the run: datagrams and flows end, then the statistics event is written. True when flows are left for another call.
    pub fn finish(&self) -> bool {
        self.release(true);
        let clock = lock(&self.sequencer).stage.clock().unwrap_or_default();
        let mut out = ShardOut::default();
        let identities = self.identities();
        let finish =
            |shard: &Mutex<Shard>| lock(shard).finish(&self.shared, (FLOWS_A_CALL, clock), &identities, &mut out);
        let more = self.shards.iter().any(finish);
        drop(identities);
        self.tell(clock, &out);
        if !more {
            let counters = self.counters();
            let identities = self.identities();
            self.with_summary(&counters, Sources::default(), |summary| {
                lock(&self.merger).stats(&self.shared, clock, summary, &identities);
            });
        }
        more
    }

    /// Process what becomes of held fragments: of those whose time is over, or of all.
    fn release(&self, ends: bool) {
        let mut parsed = self.take();
        lock(&self.sequencer).stage.release(&mut parsed, self.tools(), ends);
        if parsed.packets.is_empty() {
            return self.give(parsed);
        }
        let released = Sequenced::new(parsed);
        self.shards(0, 1, &released);
        self.merge(released);
    }

    fn tools(&self) -> Tools<'_> {
        Tools { parser: &self.shared.parser, identities: &self.identities }
    }

    fn tell(&self, clock: Nanos, out: &ShardOut) {
        lock(&self.merger).ended(&self.shared, clock, out, &self.identities());
    }

    fn identities(&self) -> RwLockReadGuard<'_, Identities> {
        self.identities.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came out since the last call.
    pub fn output(&self) -> Output {
        lock(&self.merger).take()
    }

    /// A table's rows since the last call; empty for one that the plan does not ask for.
    ///
    /// # Errors
    /// `Error::Internal` where its columns are not of one length.
    pub fn table(&self, table: plan::Table) -> Result<RecordBatch> {
        lock(&self.merger).take_table(table)
    }

    /// The values of a dataset of the rules, in order; empty for one that is not there.
    pub fn dataset(&self, name: &str) -> Vec<Vec<u8>> {
        self.shared.memory.dataset(name).unwrap_or_default()
    }

    /// Frames taken in so far.
    pub fn frames(&self) -> u64 {
        lock(&self.sequencer).stage.counters.frames.received
    }

    fn counters(&self) -> Counters {
        let mut total = lock(&self.sequencer).stage.counters.clone();
        self.shards.iter().for_each(|shard| total.merge(&lock(shard).counters));
        let merger = lock(&self.merger);
        (total.detect, total.capture) = (merger.decided(), merger.captured());
        total.detect.forgotten += self.shared.memory.forgotten();
        total
    }

    /// What each of the plan's rules cost; empty where the plan does not ask for it.
    pub fn costs(&self) -> Vec<detect::Cost> {
        let mut total = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            total.resize(shard.costs().len(), detect::Cost::default());
            total.iter_mut().zip(shard.costs()).for_each(|(sum, more)| sum.merge(more));
        }
        total
    }

    /// Append the summary document (`--stats`).
    pub fn stats(&self, sources: Sources, out: &mut Vec<u8>) {
        let counters = self.counters();
        let identities = self.identities();
        self.with_summary(&counters, sources, |summary| summary.write(out, &identities));
    }

    fn with_summary<R>(&self, counters: &Counters, sources: Sources, use_it: impl FnOnce(&Summary<'_>) -> R) -> R {
        let (mut flows, mut streams) = (flow::Stats::default(), stream::Stats::default());
        let (mut bypassed, mut applications, mut files) = ([0; 2], Counts::default(), files::Counts::default());
        let mut unknown = vec![0u64; self.shared.plan_rules.len()];
        for shard in &self.shards {
            let shard = lock(shard);
            flows.merge(&shard.flow_stats());
            streams.merge(&shard.stream_stats());
            applications.merge(shard.applications());
            let [waiting, missed] = shard.expectations();
            applications.expectations += waiting;
            applications.missed += missed;
            files.merge(&shard.file_counts());
            bypassed.iter_mut().zip(shard.bypassed()).for_each(|(sum, more)| *sum += more);
            unknown.iter_mut().zip(shard.unknown()).for_each(|(sum, more)| *sum += more);
        }
        let rules = RuleCounts { rules: &self.shared.plan_rules, unknown: &unknown };
        let rules = (!self.shared.plan_rules.is_empty()).then_some(rules);
        let fragments = lock(&self.sequencer).stage.restorer.stats;
        use_it(&Summary {
            counters,
            flows,
            streams,
            stream_memory: self.shared.streams.reassembly_memcap,
            bypassed,
            applications: &applications,
            files,
            left_out: self.shared.left_out,
            fragments,
            rules,
            sources,
        })
    }
}
fn parser(plan: &Plan, seed: Seed) -> Result<Parser> {
    Ok(Parser {
        decap: Decap::new(&plan.decap),
        outer: plan.inspect_outer,
        seed,
        filter: Filter::new(&plan.filter)?,
        strict: plan.truncated_is_invalid,
        ignore_checksums: plan.ignore_checksums,
    })
}

/// Whether rules tag packets and an output shows those.
fn wants_tagged(plan: &Plan) -> bool {
    let tags = |rule: &plan::Rule| rule.effects.iter().any(|effect| matches!(effect, plan::Effect::Tag { .. }));
    let tagged = |eve: &plan::Eve| eve.alert.as_ref().is_some_and(|alert| alert.tagged_packets);
    plan.outputs.wants_eve(tagged) && plan.rules.rules.iter().any(tags)
}

/// Keep of rules what outputs show: what they ask for was compiled.
fn keep_shown(rules: &mut [plan::Rule], outputs: &plan::Outputs) {
    let in_full = outputs.wants_eve(|eve| eve.alert.is_some() || eve.drop.is_some());
    for rule in rules {
        (rule.checks, rule.buffers, rule.effects) = Default::default();
        if !in_full {
            (rule.metadata, rule.references) = Default::default();
        }
    }
}

/// Datasets as alerts show them: what is known beside their values.
fn contexts(datasets: Vec<plan::Dataset>) -> Vec<plan::Dataset> {
    datasets.into_iter().map(|set| plan::Dataset { values: Vec::new(), numbers: Vec::new(), ..set }).collect()
}
