//! Everything that an interface shows, decoded.

use super::lab::within;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tmrx_core::decode::decode;
use tmrx_core::frame::{Batch, Link};
use tmrx_core::io::{Fill, Live, Source};
use tmrx_core::packet::Packet;
use tmrx_core::verify::verify;

/// A frame and what is in it.
#[derive(Debug)]
pub struct Kept {
    pub time: i64,
    pub bytes: Vec<u8>,
    pub packet: Packet,
}

impl Kept {
    pub fn new(time: i64, bytes: &[u8], link: Link) -> Self {
        let length = bytes.len() as u32;
        let mut packet = Packet { captured: length, original: length, ..Packet::EMPTY };
        decode(bytes, link, &mut packet);
        verify(bytes, &mut packet);
        Self { time, bytes: bytes.to_vec(), packet }
    }

    /// What follows the transport header.
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(usize::from(self.packet.payload)..).unwrap_or_default()
    }
}

/// What was seen.
pub struct Seen {
    pub frames: Vec<Kept>,
    pub dropped: u64,
    pub uncut: u64,
    pub warning: Option<String>,
}

impl Seen {
    /// Payloads of the datagrams to a port.
    pub fn sent_to(&self, port: u16) -> Vec<&[u8]> {
        self.frames.iter().filter(|frame| frame.packet.dport == port).map(Kept::payload).collect()
    }
}

/// A capture under way.
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

impl Watch {
    pub fn start(namespace: &str, interface: &str) -> Self {
        let live = within(namespace, || Live::open(interface).unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        Self { stop, thread: std::thread::spawn(move || watch(live, &flag)) }
    }

    /// End it once nothing more comes.
    pub fn stop(self) -> Seen {
        std::thread::sleep(Duration::from_millis(50));
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn watch(mut live: Live, stop: &AtomicBool) -> Seen {
    let mut batch = Batch::default();
    let mut frames = Vec::new();
    loop {
        let stopping = stop.load(Ordering::Relaxed);
        let fill = live.fill(&mut batch).unwrap();
        assert_eq!(fill == Fill::More, !batch.frames.is_empty());
        for frame in &batch.frames {
            assert_eq!(frame.captured, frame.original);
            frames.push(Kept::new(frame.time, batch.bytes(frame), frame.link));
        }
        if stopping && fill == Fill::Idle {
            let warning = live.warning().map(str::to_owned);
            return Seen { frames, dropped: live.dropped(), uncut: live.uncut(), warning };
        }
    }
}
