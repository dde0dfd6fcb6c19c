//! How applications are parsed, and what is kept of their files: `tmrx/plan/applications.py`.

use serde::Deserialize;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodySettings {
    pub limit: u64,
    pub minimum: u64,
    pub window: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    pub request: BodySettings,
    pub response: BodySettings,
    pub decompress_layers: u32,
    pub lzma: bool,
    pub bomb_limit: u64,
    pub double_decode_path: bool,
    pub double_decode_query: bool,
    pub uri_include_all: bool,
    pub meta_field_limit: u64,
}

impl Default for HttpSettings {
    /// Suricata's stock values.
    fn default() -> Self {
        Self {
            request: BodySettings { limit: 102_400, minimum: 32_768, window: 4_096 },
            response: BodySettings { limit: 102_400, minimum: 40_960, window: 16_384 },
            decompress_layers: 2,
            lzma: false,
            bomb_limit: 1 << 20,
            double_decode_path: false,
            double_decode_query: false,
            uri_include_all: false,
            meta_field_limit: 18_000,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http2Settings {
    pub max_streams: u64,
    pub max_table_size: u64,
    pub max_frames: u64,
    pub max_reassembly_size: u64,
    pub bomb_limit: u64,
}

impl Default for Http2Settings {
    /// Suricata's stock values.
    fn default() -> Self {
        Self {
            max_streams: 4096,
            max_table_size: 65_536,
            max_frames: 65_536,
            max_reassembly_size: 102_400,
            bomb_limit: 1 << 20,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterHandshake {
    #[default]
    TrackOnly,
    Full,
    Bypass,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    pub ja3: bool,
    pub ja4: bool,
    pub after: AfterHandshake,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FtpSettings {
    pub max_line_length: u64,
    pub max_transactions: u64,
}

impl Default for FtpSettings {
    /// Suricata's stock values.
    fn default() -> Self {
        Self { max_line_length: 4096, max_transactions: 1024 }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SshSettings {
    pub hassh: bool,
    pub after: AfterHandshake,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashType {
    Md5,
    Sha1,
    Sha256,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileSettings {
    pub magic: bool,
    pub hashes: Vec<HashType>,
    pub store: bool,
    pub store_all: bool,
    pub stream_depth: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectionPorts {
    pub protocol: String,
    pub udp: bool,
    pub ports: Vec<u16>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Applications {
    pub off: Vec<String>,
    pub named: Vec<String>,
    pub ports: Vec<DetectionPorts>,
    pub http: HttpSettings,
    pub http2: Http2Settings,
    pub tls: TlsSettings,
    pub ftp: FtpSettings,
    pub ssh: SshSettings,
    pub files: FileSettings,
}
