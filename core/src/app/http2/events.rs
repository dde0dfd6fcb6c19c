//! What can be odd about a connection, as `app-layer-event` names it. (specification, suricata-events.csv)

macro_rules! events {
    ($($id:ident $name:literal;)*) => {
        /// What can be odd.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Odd { $($id),* }

        /// The names, each in the place of its event.
        pub(super) const NAMES: &[&str] = &[$($name),*];
    };
}

events! {
    InvalidFrameHeader "invalid_frame_header";
    InvalidClientMagic "invalid_client_magic";
    InvalidFrameData "invalid_frame_data";
    InvalidHeader "invalid_header";
    InvalidFrameLength "invalid_frame_length";
    ExtraHeaderData "extra_header_data";
    LongFrameData "long_frame_data";
    StreamIdReuse "stream_id_reuse";
    InvalidHttp1Settings "invalid_http1_settings";
    FailedDecompression "failed_decompression";
    InvalidRange "invalid_range";
    HeaderIntegerOverflow "header_integer_overflow";
    TooManyStreams "too_many_streams";
    AuthorityHostMismatch "authority_host_mismatch";
    UserinfoInUri "userinfo_in_uri";
    ReassemblyLimitReached "reassembly_limit_reached";
    DnsRequestTooLong "dns_request_too_long";
    DnsResponseTooLong "dns_response_too_long";
    DataStreamZero "data_stream_zero";
    TooManyFrames "too_many_frames";
    CompressionBomb "compression_bomb";
}
