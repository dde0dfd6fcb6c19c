//! What can be odd about HTTP, as `app-layer-event` names it. (specification, suricata-events.csv)

macro_rules! events {
    ($($id:ident $name:literal;)*) => {
        /// What can be odd.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(in crate::app) enum Event {
            $(
                #[allow(dead_code, reason = "the table is that of the specification")]
                $id
            ),*
        }

        /// The names, each in the place of its event.
        pub(super) const NAMES: &[&str] = &[$($name),*];
    };
}

events! {
    UnknownError "UNKNOWN_ERROR";
    GzipDecompressionFailed "GZIP_DECOMPRESSION_FAILED";
    RequestFieldMissingColon "REQUEST_FIELD_MISSING_COLON";
    ResponseFieldMissingColon "RESPONSE_FIELD_MISSING_COLON";
    InvalidRequestChunkLen "INVALID_REQUEST_CHUNK_LEN";
    InvalidResponseChunkLen "INVALID_RESPONSE_CHUNK_LEN";
    InvalidTransferEncodingValueInRequest "INVALID_TRANSFER_ENCODING_VALUE_IN_REQUEST";
    InvalidTransferEncodingValueInResponse "INVALID_TRANSFER_ENCODING_VALUE_IN_RESPONSE";
    InvalidContentLengthFieldInRequest "INVALID_CONTENT_LENGTH_FIELD_IN_REQUEST";
    InvalidContentLengthFieldInResponse "INVALID_CONTENT_LENGTH_FIELD_IN_RESPONSE";
    DuplicateContentLengthFieldInRequest "DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST";
    DuplicateContentLengthFieldInResponse "DUPLICATE_CONTENT_LENGTH_FIELD_IN_RESPONSE";
    ContinueAlreadySeen "100_CONTINUE_ALREADY_SEEN";
    UnableToMatchResponseToRequest "UNABLE_TO_MATCH_RESPONSE_TO_REQUEST";
    InvalidServerPortInRequest "INVALID_SERVER_PORT_IN_REQUEST";
    InvalidAuthorityPort "INVALID_AUTHORITY_PORT";
    RequestHeaderInvalid "REQUEST_HEADER_INVALID";
    ResponseHeaderInvalid "RESPONSE_HEADER_INVALID";
    MissingHostHeader "MISSING_HOST_HEADER";
    HostHeaderAmbiguous "HOST_HEADER_AMBIGUOUS";
    InvalidRequestFieldFolding "INVALID_REQUEST_FIELD_FOLDING";
    InvalidResponseFieldFolding "INVALID_RESPONSE_FIELD_FOLDING";
    RequestFieldTooLong "REQUEST_FIELD_TOO_LONG";
    ResponseFieldTooLong "RESPONSE_FIELD_TOO_LONG";
    RequestLineInvalid "REQUEST_LINE_INVALID";
    RequestBodyUnexpected "REQUEST_BODY_UNEXPECTED";
    ResponseBodyUnexpected "RESPONSE_BODY_UNEXPECTED";
    RequestServerPortTcpPortMismatch "REQUEST_SERVER_PORT_TCP_PORT_MISMATCH";
    RequestUriHostInvalid "REQUEST_URI_HOST_INVALID";
    RequestHeaderHostInvalid "REQUEST_HEADER_HOST_INVALID";
    RequestAuthUnrecognized "REQUEST_AUTH_UNRECOGNIZED";
    RequestHeaderRepetition "REQUEST_HEADER_REPETITION";
    ResponseHeaderRepetition "RESPONSE_HEADER_REPETITION";
    DoubleEncodedUri "DOUBLE_ENCODED_URI";
    UriDelimNonCompliant "URI_DELIM_NON_COMPLIANT";
    MethodDelimNonCompliant "METHOD_DELIM_NON_COMPLIANT";
    RequestLineLeadingWhitespace "REQUEST_LINE_LEADING_WHITESPACE";
    TooManyEncodingLayers "TOO_MANY_ENCODING_LAYERS";
    RequestTooManyLzmaLayers "REQUEST_TOO_MANY_LZMA_LAYERS";
    ResponseTooManyLzmaLayers "RESPONSE_TOO_MANY_LZMA_LAYERS";
    AbnormalCeHeader "ABNORMAL_CE_HEADER";
    ResponseMultipartByteranges "RESPONSE_MULTIPART_BYTERANGES";
    ResponseAbnormalTransferEncoding "RESPONSE_ABNORMAL_TRANSFER_ENCODING";
    ResponseChunkedOldProto "RESPONSE_CHUNKED_OLD_PROTO";
    ResponseInvalidProtocol "RESPONSE_INVALID_PROTOCOL";
    ResponseInvalidStatus "RESPONSE_INVALID_STATUS";
    RequestLineIncomplete "REQUEST_LINE_INCOMPLETE";
    ProtocolContainsExtraData "PROTOCOL_CONTAINS_EXTRA_DATA";
    ContentLengthExtraDataStart "CONTENT_LENGTH_EXTRA_DATA_START";
    ContentLengthExtraDataEnd "CONTENT_LENGTH_EXTRA_DATA_END";
    SwitchingProtoWithContentLength "SWITCHING_PROTO_WITH_CONTENT_LENGTH";
    DeformedEol "DEFORMED_EOL";
    ParserStateError "PARSER_STATE_ERROR";
    MissingOutboundTransactionData "MISSING_OUTBOUND_TRANSACTION_DATA";
    MissingInboundTransactionData "MISSING_INBOUND_TRANSACTION_DATA";
    ZeroLengthDataChunks "ZERO_LENGTH_DATA_CHUNKS";
    RequestLineUnknownMethod "REQUEST_LINE_UNKNOWN_METHOD";
    RequestLineUnknownMethodNoProtocol "REQUEST_LINE_UNKNOWN_METHOD_NO_PROTOCOL";
    RequestLineUnknownMethodInvalidProtocol "REQUEST_LINE_UNKNOWN_METHOD_INVALID_PROTOCOL";
    RequestLineMissingProtocol "REQUEST_LINE_MISSING_PROTOCOL";
    ResponseLineInvalidProtocol "RESPONSE_LINE_INVALID_PROTOCOL";
    ResponseLineInvalidResponseStatus "RESPONSE_LINE_INVALID_RESPONSE_STATUS";
    ResponseBodyInternalError "RESPONSE_BODY_INTERNAL_ERROR";
    RequestBodyDataCallbackError "REQUEST_BODY_DATA_CALLBACK_ERROR";
    ResponseInvalidEmptyName "RESPONSE_INVALID_EMPTY_NAME";
    RequestInvalidEmptyName "REQUEST_INVALID_EMPTY_NAME";
    ResponseInvalidBlanksAfterName "RESPONSE_INVALID_LWS_AFTER_NAME";
    ResponseHeaderNameNotToken "RESPONSE_HEADER_NAME_NOT_TOKEN";
    RequestInvalidBlanksAfterName "REQUEST_INVALID_LWS_AFTER_NAME";
    LzmaDecompressionDisabled "LZMA_DECOMPRESSION_DISABLED";
    ConnectionAlreadyOpen "CONNECTION_ALREADY_OPEN";
    CompressionBombDoubleLzma "COMPRESSION_BOMB_DOUBLE_LZMA";
    InvalidContentEncoding "INVALID_CONTENT_ENCODING";
    InvalidGap "INVALID_GAP";
    RequestChunkExtension "REQUEST_CHUNK_EXTENSION";
    ResponseChunkExtension "RESPONSE_CHUNK_EXTENSION";
    LzmaMemlimitReached "LZMA_MEMLIMIT_REACHED";
    CompressionBomb "COMPRESSION_BOMB";
    CompressionBombLimitReached "COMPRESSION_BOMB_LIMIT_REACHED";
    RequestTooManyHeaders "REQUEST_TOO_MANY_HEADERS";
    ResponseTooManyHeaders "RESPONSE_TOO_MANY_HEADERS";
    MultipartGenericError "MULTIPART_GENERIC_ERROR";
    MultipartNoFiledata "MULTIPART_NO_FILEDATA";
    MultipartInvalidHeader "MULTIPART_INVALID_HEADER";
    TooManyWarnings "TOO_MANY_WARNINGS";
    RangeInvalid "RANGE_INVALID";
    FileNameTooLong "FILE_NAME_TOO_LONG";
    FailedProtocolChange "FAILED_PROTOCOL_CHANGE";
}

/// The event of a request, or that of a response.
pub(super) fn of(to_server: bool, request: Event, response: Event) -> Event {
    if to_server { request } else { response }
}
