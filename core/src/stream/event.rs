//! The one catalogue of stream events: what is odd about a packet in its TCP session.

use crate::anomaly::Severity;

/// One row of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// `stream.what`: Suricata's name, as records print it and `stream-event` takes it (without `stream.`).
    pub name: &'static str,
    /// How much it should worry.
    pub severity: Severity,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

macro_rules! catalogue {
    ($($id:ident $name:literal $severity:ident $meaning:literal;)*) => {
        /// A stream event; its number is its row in the catalogue.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum StreamEvent { $($id),* }

        impl StreamEvent {
            /// Every event, in the catalogue's order.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            /// The catalogue's row.
            pub const fn entry(self) -> &'static Entry {
                match self { $(Self::$id => &Entry {
                    name: $name, severity: Severity::$severity, meaning: $meaning,
                }),* }
            }
        }
    };
}

catalogue! {
    HandshakeAckInWrongDirection "stream.3whs_ack_in_wrong_dir" Notice "Inline: the server acknowledges before the client has answered its SYN/ACK.";
    HandshakeAsyncWrongSeq "stream.3whs_async_wrong_seq" Notice "One side only: the client's sequence number does not go on from its SYN.";
    HandshakeRightSeqWrongAck "stream.3whs_right_seq_wrong_ack_evasion" Warning "The client's ACK of the handshake has its sequence number, and acknowledges what the server did not send.";
    HandshakeSynAckInWrongDirection "stream.3whs_synack_in_wrong_direction" Warning "A SYN/ACK from the host that sent the SYN.";
    HandshakeSynAckResendOtherAck "stream.3whs_synack_resend_with_diff_ack" Warning "Another SYN/ACK that acknowledges another number.";
    HandshakeSynAckResendOtherSeq "stream.3whs_synack_resend_with_diff_seq" Warning "Another SYN/ACK with another sequence number: kept until the client answers one, so never told.";
    HandshakeSynAckToServer "stream.3whs_synack_toserver_on_syn_recv" Warning "A SYN/ACK from the client, after the server's.";
    HandshakeSynAckWrongAck "stream.3whs_synack_with_wrong_ack" Warning "The SYN/ACK acknowledges none of the client's SYNs.";
    HandshakeSynAckFlood "stream.3whs_synack_flood" Warning "More differing SYN/ACKs than are kept.";
    HandshakeFastOpenDataIgnored "stream.3whs_synack_tfo_data_ignored" Info "The server acknowledges the SYN and not the data that came with it (RFC 7413).";
    HandshakeSynResendOtherSeq "stream.3whs_syn_resend_diff_seq_on_syn_recv" Warning "Another SYN with another sequence number, after the SYN/ACK.";
    HandshakeSynToClient "stream.3whs_syn_toclient_on_syn_recv" Warning "A SYN from the server, after its SYN/ACK.";
    HandshakeSynFlood "stream.3whs_syn_flood" Warning "More differing SYNs than are kept.";
    HandshakeWrongSeqWrongAck "stream.3whs_wrong_seq_wrong_ack" Warning "The client's ACK of the handshake fits neither what it sent nor what the server sent.";
    HandshakeDataInject "stream.3whs_ack_data_inject" Warning "Inline: data from the server before the client has answered its SYN/ACK.";
    CrossedSynAckWrongAck "stream.4whs_synack_with_wrong_ack" Warning "Both sides sent a SYN: the SYN/ACK acknowledges another number (RFC 9293, section 3.5).";
    CrossedSynAckWrongSeq "stream.4whs_synack_with_wrong_syn" Warning "Both sides sent a SYN: the SYN/ACK has another sequence number than its sender's SYN.";
    CrossedWrongSeq "stream.4whs_wrong_seq" Warning "Both sides sent a SYN: the last ACK has another sequence number.";
    CrossedInvalidAck "stream.4whs_invalid_ack" Warning "Both sides sent a SYN: the last ACK acknowledges another number.";
    CloseWaitAckOutOfWindow "stream.closewait_ack_out_of_window" Notice "The client has finished: a segment beyond the window.";
    CloseWaitFinOutOfWindow "stream.closewait_fin_out_of_window" Notice "The client has finished: a FIN outside the window.";
    CloseWaitBeforeLastAck "stream.closewait_pkt_before_last_ack" Notice "The client has finished: a segment of what was acknowledged.";
    CloseWaitInvalidAck "stream.closewait_invalid_ack" Notice "The client has finished: an acknowledgment outside the window.";
    ClosingAckWrongSeq "stream.closing_ack_wrong_seq" Notice "Both sides have finished at once: a sequence number beyond the FIN.";
    ClosingInvalidAck "stream.closing_invalid_ack" Notice "Both sides have finished at once: an acknowledgment outside the window.";
    EstablishedOutOfWindow "stream.est_packet_out_of_window" Warning "A segment ends beyond its receiver's window (RFC 9293, section 3.10.7.4).";
    EstablishedBeforeLastAck "stream.est_pkt_before_last_ack" Notice "A segment ends before what was acknowledged, and brings nothing new.";
    EstablishedSynAckResend "stream.est_synack_resend" Notice "The SYN/ACK again, in a session that is established.";
    EstablishedSynAckResendOtherAck "stream.est_synack_resend_with_diff_ack" Warning "A SYN/ACK that acknowledges another number, in a session that is established.";
    EstablishedSynAckResendOtherSeq "stream.est_synack_resend_with_diff_seq" Warning "A SYN/ACK with another sequence number, in a session that is established.";
    EstablishedSynAckToServer "stream.est_synack_toserver" Warning "A SYN/ACK from the client, in a session that is established.";
    EstablishedSynResend "stream.est_syn_resend" Notice "The SYN again, in a session that is established.";
    EstablishedSynResendOtherSeq "stream.est_syn_resend_diff_seq" Warning "A SYN with another sequence number, in a session that is established.";
    EstablishedSynToClient "stream.est_syn_toclient" Warning "A SYN from the server, in a session that is established.";
    EstablishedInvalidAck "stream.est_invalid_ack" Warning "An acknowledgment outside the window (RFC 5961, section 5).";
    EstablishedProbeAcked "stream.est_ack_zwp_data" Info "The byte that probed a closed window was acknowledged.";
    FinInvalidAck "stream.fin_invalid_ack" Notice "A FIN whose acknowledgment is outside the window.";
    FinWait1AckWrongSeq "stream.fin1_ack_wrong_seq" Notice "The server has finished: a sequence number outside the window.";
    FinWait1FinWrongSeq "stream.fin1_fin_wrong_seq" Notice "The server has finished: a FIN outside the window.";
    FinWait1InvalidAck "stream.fin1_invalid_ack" Notice "The server has finished: an acknowledgment outside the window.";
    FinWait2AckWrongSeq "stream.fin2_ack_wrong_seq" Notice "The FIN was acknowledged: a sequence number outside the window.";
    FinWait2FinWrongSeq "stream.fin2_fin_wrong_seq" Notice "The FIN was acknowledged: a FIN outside the window.";
    FinWait2InvalidAck "stream.fin2_invalid_ack" Notice "The FIN was acknowledged: an acknowledgment outside the window.";
    FinNoSession "stream.fin_but_no_session" Info "A FIN of no session that is known.";
    FinOutOfWindow "stream.fin_out_of_window" Notice "A FIN outside the window.";
    FinSyn "stream.fin_syn" Warning "FIN and SYN together.";
    LastAckWrongSeq "stream.lastack_ack_wrong_seq" Notice "Both sides have finished: a sequence number beyond the FIN.";
    LastAckInvalidAck "stream.lastack_invalid_ack" Notice "Both sides have finished: an acknowledgment outside the window.";
    RstNoSession "stream.rst_but_no_session" Info "A RST of no session that is known.";
    TimeWaitWrongSeq "stream.timewait_ack_wrong_seq" Notice "Both FINs were acknowledged: a sequence number beyond the FIN.";
    TimeWaitInvalidAck "stream.timewait_invalid_ack" Notice "Both FINs were acknowledged: an acknowledgment outside the window.";
    ShutdownSynResend "stream.shutdown_syn_resend" Notice "A SYN in a session that is being closed.";
    InvalidTimestamp "stream.pkt_invalid_timestamp" Warning "A timestamp older than the latest (RFC 7323, section 5).";
    InvalidAck "stream.pkt_invalid_ack" Warning "An acknowledgment outside the window, in any state.";
    BrokenAck "stream.pkt_broken_ack" Notice "An acknowledgment number without the flag ACK.";
    RstInvalidAck "stream.rst_invalid_ack" Warning "A RST whose acknowledgment is outside the window.";
    RstWithData "stream.rst_with_data" Notice "A RST with payload (RFC 9293, section 3.5.3).";
    Retransmission "stream.pkt_retransmission" Info "Payload that was sent before.";
    SpuriousRetransmission "stream.pkt_spurious_retransmission" Info "Payload that was sent and acknowledged before.";
    BadWindowUpdate "stream.pkt_bad_window_update" Notice "The window shrinks by more than the payload, by a segment that is ahead of both sides; it is not used.";
    SuspectedRstInjection "stream.suspected_rst_inject" Warning "A side goes on after its RST: somebody else may have sent that.";
    WrongThread "stream.wrong_thread" Notice "Packets of a flow on different threads: impossible here, so never told.";
    SegmentBeforeBase "stream.reassembly_segment_before_base_seq" Notice "A segment before the stored bytes: never told.";
    NoSegment "stream.reassembly_no_segment" Warning "No memory for a segment that came out of order.";
    Gap "stream.reassembly_seq_gap" Notice "Bytes were acknowledged that never arrived here.";
    OverlapDiffers "stream.reassembly_overlap_different_data" Warning "Bytes that were sent again are others.";
    DepthReached "stream.reassembly_depth_reached" Info "A direction has as many bytes as are put together.";
    InsertMemory "stream.reassembly_insert_memcap" Warning "No memory for the next bytes of a stream.";
    InsertLimit "stream.reassembly_insert_limit" Warning "More separate pieces of a stream than are held.";
    InsertInvalid "stream.reassembly_insert_invalid" Warning "A segment too far from its stream to be of it.";
    UrgentLimit "stream.reassembly_urgent_oob_limit_reached" Warning "More urgent bytes than are left out of a stream.";
}

/// A set of stream events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StreamEvents(pub u128);

const _: () = assert!(StreamEvent::ALL.len() <= u128::BITS as usize);

impl StreamEvents {
    /// The set of none.
    pub const EMPTY: Self = Self(0);

    /// The set of these.
    pub const fn of(events: &[StreamEvent]) -> Self {
        let (mut set, mut rest) = (0, events);
        while let [first, after @ ..] = rest {
            set |= 1 << *first as u32;
            rest = after;
        }
        Self(set)
    }

    /// Add one.
    #[inline]
    pub fn add(&mut self, event: StreamEvent) {
        self.0 |= 1 << event as u32;
    }

    /// Without those of another set.
    #[inline]
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether it holds this one.
    #[inline]
    pub fn has(self, event: StreamEvent) -> bool {
        self.0 >> event as u32 & 1 == 1
    }

    /// Whether it holds none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those it holds, in the catalogue's order.
    pub fn iter(self) -> impl Iterator<Item = StreamEvent> {
        StreamEvent::ALL.iter().copied().filter(move |event| self.has(*event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_of_the_stream() {
        let mut names: Vec<_> = StreamEvent::ALL.iter().map(|event| event.entry().name).collect();
        assert!(names.iter().all(|name| name.starts_with("stream.")));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 71);
    }

    #[test]
    fn a_set_holds_what_was_added() {
        let mut set = StreamEvents::of(&[StreamEvent::Gap]);
        set.add(StreamEvent::UrgentLimit);
        assert_eq!(set.iter().collect::<Vec<_>>(), [StreamEvent::Gap, StreamEvent::UrgentLimit]);
        assert!(set.without(set).is_empty());
    }
}
