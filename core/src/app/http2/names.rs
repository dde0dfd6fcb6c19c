//! What events call numbers of a connection.

/// Settings, by their numbers (RFC 9113, section 6.5.2; RFC 8441, section 3).
pub fn setting(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "SETTINGSHEADERTABLESIZE",
        2 => "SETTINGSENABLEPUSH",
        3 => "SETTINGSMAXCONCURRENTSTREAMS",
        4 => "SETTINGSINITIALWINDOWSIZE",
        5 => "SETTINGSMAXFRAMESIZE",
        6 => "SETTINGSMAXHEADERLISTSIZE",
        8 => "SETTINGSENABLECONNECTPROTOCOL",
        9 => "SETTINGSNORFC7540PRIORITIES",
        _ => return None,
    })
}

/// Error codes (RFC 9113, section 7).
pub fn error(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "NOERROR",
        1 => "PROTOCOLERROR",
        2 => "INTERNALERROR",
        3 => "FLOWCONTROLERROR",
        4 => "SETTINGSTIMEOUT",
        5 => "STREAMCLOSED",
        6 => "FRAMESIZEERROR",
        7 => "REFUSEDSTREAM",
        8 => "CANCEL",
        9 => "COMPRESSIONERROR",
        10 => "CONNECTERROR",
        11 => "ENHANCEYOURCALM",
        12 => "INADEQUATESECURITY",
        13 => "HTTP11REQUIRED",
        _ => return None,
    })
}
