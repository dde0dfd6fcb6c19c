//! What is wanted of a run: `tmrx/plan/outputs.py`.

use super::Program;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    Packets,
    Flows,
    Alerts,
    Anomalies,
}

impl Table {
    /// The name in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Flows => "flows",
            Self::Alerts => "alerts",
            Self::Anomalies => "anomalies",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineForm {
    Line,
    Table,
    Json,
    Csv,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    pub form: LineForm,
    pub columns: Vec<String>,
    pub most: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptureSettings {
    pub pcapng: bool,
    pub rotate_size: u64,
    pub rotate_time: i64,
    pub frames: bool,
    pub filter: Vec<Program>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Xff {
    pub header: String,
    pub overwrite: bool,
    pub last: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertEvents {
    pub application: bool,
    pub flow: bool,
    pub rule_metadata: bool,
    pub references: bool,
    pub rule_text: bool,
    pub payload: bool,
    pub payload_printable: bool,
    pub payload_length: bool,
    pub payload_size: u32,
    pub packet: bool,
    pub verdict: bool,
    pub tagged_packets: bool,
    pub http_body: bool,
    pub http_body_printable: bool,
    pub xff: Option<Xff>,
}

impl Default for AlertEvents {
    /// Suricata's.
    fn default() -> Self {
        Self {
            application: true,
            flow: true,
            rule_metadata: true,
            references: false,
            rule_text: false,
            payload: false,
            payload_printable: false,
            payload_length: false,
            payload_size: 4096,
            packet: false,
            verdict: false,
            tagged_packets: true,
            http_body: false,
            http_body_printable: false,
            xff: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnomalyEvents {
    pub decode: bool,
    pub stream: bool,
    pub applayer: bool,
    pub packet_header: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatsEvents {
    pub totals: bool,
    pub threads: bool,
    pub deltas: bool,
}

impl Default for StatsEvents {
    /// Suricata's.
    fn default() -> Self {
        Self { totals: true, threads: false, deltas: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropFlows {
    Start,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DropEvents {
    pub alerts: bool,
    pub flows: DropFlows,
    pub verdict: bool,
}

impl Default for DropEvents {
    /// Suricata's.
    fn default() -> Self {
        Self { alerts: true, flows: DropFlows::Start, verdict: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    #[default]
    #[serde(rename = "")]
    None,
    Request,
    Response,
    Both,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpEvents {
    pub extended: bool,
    pub custom: Vec<String>,
    pub all_headers: Sides,
}

impl Default for HttpEvents {
    /// Suricata's.
    fn default() -> Self {
        Self { extended: true, custom: Vec::new(), all_headers: Sides::None }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DnsEvents {
    pub version: u8,
    pub requests: bool,
    pub responses: bool,
    pub detailed: bool,
    pub grouped: bool,
    pub types: Vec<String>,
}

impl Default for DnsEvents {
    /// Suricata's.
    fn default() -> Self {
        Self { version: 3, requests: true, responses: true, detailed: true, grouped: true, types: Vec::new() }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsEvents {
    pub extended: bool,
    pub custom: Vec<String>,
    pub session_resumption: bool,
}

impl Default for TlsEvents {
    /// Suricata's.
    fn default() -> Self {
        Self { extended: true, custom: Vec::new(), session_resumption: false }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrameEvents {
    pub payload_size: u32,
}

impl Default for FrameEvents {
    /// Suricata's.
    fn default() -> Self {
        Self { payload_size: 4096 }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileEvents {
    pub stored: bool,
    pub xff: Option<Xff>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Eve {
    pub alert: Option<AlertEvents>,
    pub anomaly: Option<AnomalyEvents>,
    pub drop: Option<DropEvents>,
    pub stats: Option<StatsEvents>,
    pub http: Option<HttpEvents>,
    pub http2: bool,
    pub doh2: bool,
    pub dns: Option<DnsEvents>,
    pub mdns: bool,
    pub llmnr: bool,
    pub tls: Option<TlsEvents>,
    pub ftp: bool,
    pub ssh: bool,
    pub files: Option<FileEvents>,
    pub frame: Option<FrameEvents>,
    pub flow: bool,
    pub netflow: bool,
    pub arp: bool,
    pub variables: bool,
    pub mirror: bool,
    pub metadata: bool,
    pub ethernet: bool,
    pub community_id: bool,
    pub ipv6_compress: bool,
    pub suricata_version: String,
    pub host: String,
    pub pcap_filename: String,
}

impl Default for Eve {
    /// Nothing, as Suricata would tell it.
    fn default() -> Self {
        Self {
            alert: None,
            anomaly: None,
            drop: None,
            stats: None,
            http: None,
            http2: false,
            doh2: false,
            dns: None,
            mdns: false,
            llmnr: false,
            tls: None,
            ftp: false,
            ssh: false,
            files: None,
            frame: None,
            flow: false,
            netflow: false,
            arp: false,
            variables: false,
            mirror: false,
            metadata: true,
            ethernet: false,
            community_id: false,
            ipv6_compress: false,
            suricata_version: String::new(),
            host: String::new(),
            pcap_filename: String::new(),
        }
    }
}

impl Eve {
    /// Which client alerts show.
    pub fn xff_of_alerts(&self) -> Option<&Xff> {
        self.alert.as_ref()?.xff.as_ref()
    }

    /// Which client the events of files show.
    pub fn xff_of_files(&self) -> Option<&Xff> {
        self.files.as_ref()?.xff.as_ref()
    }

    /// Whether it tells of transactions, of their files, or of frames.
    pub fn wants_transactions(&self) -> bool {
        let messages = self.dns.is_some() || self.mdns || self.llmnr || self.ftp || self.ssh;
        let parts = self.files.is_some() || self.frame.is_some();
        messages || parts || self.http2 || self.doh2 || self.http.is_some() || self.tls.is_some()
    }

    /// Whether it tells of flows at their ends.
    pub fn wants_flows(&self) -> bool {
        self.flow || self.netflow
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outputs {
    pub eve: Vec<Eve>,
    pub inline: bool,
    pub fast: bool,
    pub stats_log: bool,
    pub pcap: bool,
    pub capture: CaptureSettings,
    pub tables: Vec<Table>,
    pub lines: Option<Lines>,
}

impl Outputs {
    /// Whether a table is wanted.
    pub fn wants(&self, table: Table) -> bool {
        self.tables.contains(&table)
    }

    /// How many bytes of a payload alerts show, at most.
    pub fn payload_shown(&self) -> usize {
        let alerts = self.eve.iter().filter_map(|eve| eve.alert.as_ref());
        let showing = alerts.filter(|alert| alert.payload || alert.payload_printable || alert.payload_length);
        showing.map(|alert| alert.payload_size as usize).max().unwrap_or(0)
    }

    /// Whether an EVE section is wanted that `which` says yes to.
    pub fn wants_eve(&self, which: impl Fn(&Eve) -> bool) -> bool {
        self.eve.iter().any(which)
    }
}
