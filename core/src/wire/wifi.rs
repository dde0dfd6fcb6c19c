//! IEEE 802.11 frames (clause 9.2.4) and the radiotap header that captures put before them (radiotap.org).

use super::view;

view! {
    /// Frame control, and what all data frames begin with: duration, three addresses, sequence control.
    Wifi[24]
}

/// Whether the frame, by the first byte of its frame control, is one that carries data.
pub fn has_data(first: u8) -> bool {
    first & 0x4f == 0x08
}

impl Wifi<'_> {
    /// The body is encrypted.
    pub fn is_protected(&self) -> bool {
        self.0[1] & 0x40 != 0
    }

    /// A fragment other than the first.
    pub fn is_later_fragment(&self) -> bool {
        self.0[22] & 0x0f != 0
    }

    /// A QoS data frame.
    pub fn has_qos(&self) -> bool {
        self.0[0] & 0x80 != 0
    }

    /// Bytes of the fourth address, which a frame between two access points has.
    pub fn fourth_address_len(&self) -> usize {
        if self.0[1] & 3 == 3 { 6 } else { 0 }
    }

    /// Bytes of the QoS and HT control fields.
    pub fn control_len(&self) -> usize {
        match (self.has_qos(), self.0[1] & 0x80 != 0) {
            (true, true) => 6,
            (true, false) => 2,
            _ => 0,
        }
    }
}

/// Whether a QoS control field says that several frames are packed into this one.
pub fn is_aggregate(qos: &[u8]) -> bool {
    qos.first().is_some_and(|low| low & 0x80 != 0)
}

/// Bytes of the header of a packed frame: addresses and a length; LLC follows.
pub const SUBFRAME_LEN: usize = 14;

view! {
    /// The radiotap header's fixed part.
    Radiotap[8]
}

/// Flags of radiotap's field of that name.
pub mod flags {
    #![allow(missing_docs)]
    /// The frame check sequence stands at the frame's end.
    pub const FCS: u8 = 0x10;
    /// The 802.11 header is padded to a multiple of four bytes.
    pub const PADDED: u8 = 0x20;
    /// The frame check sequence was wrong.
    pub const BAD_FCS: u8 = 0x40;
}

impl Radiotap<'_> {
    /// 0.
    pub fn version(&self) -> u8 {
        self.0[0]
    }

    /// Bytes of the whole header, as it says.
    pub fn header_len(&self) -> usize {
        usize::from(u16::from_le_bytes([self.0[2], self.0[3]]))
    }

    /// The field of flags; `header` is the whole header. 0 where it is not there.
    pub fn flags(&self, header: &[u8]) -> u8 {
        let words = header.get(4..).unwrap_or_default().as_chunks::<4>().0;
        // Each word of the set of fields says whether another follows; the fields stand behind the last.
        let more = words.iter().take_while(|word| word[3] & 0x80 != 0).count();
        let (first, fields) = (self.0[4], 4 + 4 * (more + 1));
        let at = if first & 1 != 0 { fields.next_multiple_of(8) + 8 } else { fields };
        if first & 2 != 0 { header.get(at).copied().unwrap_or_default() } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Header;

    #[test]
    fn radiotap_flags_stand_behind_all_words_and_the_clock() {
        let flags = |header: &[u8]| Radiotap::parse(header).unwrap().0.flags(header);
        assert_eq!(flags(&[0, 0, 9, 0, 2, 0, 0, 0, 0x10]), 0x10);
        assert_eq!(flags(&[0, 0, 9, 0, 4, 0, 0, 0, 0x10]), 0, "a rate");
        let clock = [&[0, 0, 17, 0, 3, 0, 0, 0][..], &[9; 8], &[0x50]].concat();
        assert_eq!(flags(&clock), 0x50);
        let words = [&[0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0][..], &[0; 4], &[9; 8], &[0x30]].concat();
        assert_eq!(flags(&words), 0x30);
        assert_eq!(flags(&words[..20]), 0);
    }

    #[test]
    fn data_frames() {
        let mut head = [0; 24];
        let wifi = |head: &[u8; 24]| {
            let (w, _) = Wifi::parse(head).unwrap();
            (has_data(head[0]), w.fourth_address_len() + w.control_len())
        };
        assert!(!wifi(&head).0, "management");
        head[0] = 0x08;
        assert_eq!(wifi(&head), (true, 0));
        head[0] = 0x48;
        assert!(!wifi(&head).0, "null");
        (head[0], head[1]) = (0x88, 0x83);
        assert_eq!(wifi(&head), (true, 12));
    }
}
