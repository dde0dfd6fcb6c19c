//! Events of packets under the names that Suricata gives them.

use crate::anomaly::{Anomaly, AnomalySet};
use crate::stream::{StreamEvent, StreamEvents};

/// The anomalies that a decoder event of this name stands for; none for one that never occurs here.
pub(super) fn anomalies(name: &str) -> AnomalySet {
    let mut set = AnomalySet::EMPTY;
    Anomaly::ALL.iter().filter(|anomaly| anomaly.entry().suricata == name).for_each(|anomaly| set.add(*anomaly));
    set
}

/// The same of a stream event.
pub(super) fn stream_events(name: &str) -> StreamEvents {
    let mut set = StreamEvents::EMPTY;
    StreamEvent::ALL.iter().filter(|event| event.entry().name == name).for_each(|event| set.add(*event));
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name() {
        let set = anomalies("decoder.ipv4.pkt_too_small");
        assert!(set.has(Anomaly::Ipv4TooShort));
        assert_eq!(anomalies("decoder.afpacket.trunc_pkt"), AnomalySet::EMPTY);
        assert_eq!(anomalies("no such event"), AnomalySet::EMPTY);
        assert!(stream_events("stream.3whs_syn_flood").has(StreamEvent::HandshakeSynFlood));
        assert!(stream_events("stream.no_such_event").is_empty());
    }
}
