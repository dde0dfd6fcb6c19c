//! IEEE 802.11 data frames, with radiotap's header before them or without.

use super::{Header, Step, Walk};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, Layers, Stop};
use crate::wire::Header as _;
use crate::wire::wifi::{Radiotap, SUBFRAME_LEN, Wifi, flags, has_data, is_aggregate};

/// Bytes of the frame check sequence.
const FCS: usize = 4;

impl Walk<'_> {
    pub(super) fn radiotap(&mut self) -> Step {
        let whole = self.rest;
        let head: Radiotap<'_> = self.take(Anomaly::RadiotapLength)?;
        let length = head.header_len();
        if head.version() != 0 || length < Radiotap::LEN {
            return Err(self.malformed(Anomaly::RadiotapLength));
        }
        self.skip(length - Radiotap::LEN, Anomaly::RadiotapLength)?;
        let flags = head.flags(whole.get(..length).unwrap_or_default());
        if flags & flags::FCS != 0 {
            self.leave_out(FCS);
        }
        if flags & flags::BAD_FCS != 0 {
            self.anomalies.add(Anomaly::WifiBadFcs);
        }
        self.wifi_padded(flags & flags::PADDED != 0)
    }

    /// The last bytes of the frame are the link's: no header is read from them.
    fn leave_out(&mut self, trailer: usize) {
        self.trailer = trailer.min(self.left());
        self.sent -= self.trailer;
        self.rest = self.rest.get(..self.left()).unwrap_or(self.rest);
    }

    pub(super) fn wifi(&mut self) -> Step {
        self.wifi_padded(false)
    }

    fn wifi_padded(&mut self, padded: bool) -> Step {
        // Control frames are shorter than those with data; they and the network's own management end here.
        let Some(first) = self.rest.first() else { return Err(self.missing(1, Anomaly::WifiTooShort)) };
        self.passed(Layer::Link, Layers::WIFI);
        if !has_data(*first) {
            return Err(Stop::Unknown);
        }
        let head: Wifi<'_> = self.take(Anomaly::WifiTooShort)?;
        if head.is_protected() {
            return Err(Stop::Unknown);
        }
        self.skip(head.fourth_address_len(), Anomaly::WifiTooShort)?;
        let control = self.rest;
        self.skip(head.control_len(), Anomaly::WifiTooShort)?;
        if padded {
            let length = Wifi::LEN + head.fourth_address_len() + head.control_len();
            self.skip(length.next_multiple_of(4) - length, Anomaly::WifiTooShort)?;
        }
        if head.is_later_fragment() {
            return Err(Stop::Fragment);
        }
        // Of several frames packed into one the first is followed.
        if head.has_qos() && is_aggregate(control) {
            self.skip(SUBFRAME_LEN, Anomaly::WifiTooShort)?;
        }
        Ok(Header::Llc)
    }
}
