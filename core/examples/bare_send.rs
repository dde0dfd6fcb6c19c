//! What the sender is measured against: `bare_send OUTER.pcap ADDR:PORT`. It sends the UDP payloads of a capture of outer
//! frames (IPv4, as `tmrx send -w` writes them) by sendmmsg(2), 64 at a time from one connected socket, and does nothing
//! else. It prints how many.

// A tool of the project: a fault may end it.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, unsafe_code)]

use std::fs::File;
use std::io::Read;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

const SLAB: usize = 256 << 10;
const RUN: usize = 64;
const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
/// Ethernet, IPv4, UDP.
const HEADERS: usize = 42;

/// Send a run of payloads, given where each begins and how long it is.
fn send(socket: &UdpSocket, slab: &[u8], run: &[(usize, usize)]) {
    let payload = |&(at, length): &(usize, usize)| {
        let bytes = &slab[at..at + length];
        libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: length }
    };
    let mut vectors: Vec<libc::iovec> = run.iter().map(payload).collect();
    // SAFETY: plain numbers and pointers, for which all zeros are valid.
    let mut messages: [libc::mmsghdr; RUN] = unsafe { std::mem::zeroed() };
    for (message, vector) in messages.iter_mut().zip(&mut vectors) {
        message.msg_hdr.msg_iov = vector;
        message.msg_hdr.msg_iovlen = 1;
    }
    let mut done = 0;
    while done < run.len() {
        let left = (run.len() - done) as u32;
        // SAFETY: `left` headers follow, which point to vectors and those into the slab; all outlive the call.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), messages[done..].as_mut_ptr(), left, 0) };
        done += usize::try_from(sent).expect("sendmmsg");
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, to] = &arguments[..] else {
        eprintln!("usage: bare_send OUTER.pcap ADDR:PORT");
        std::process::exit(2);
    };
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(to).unwrap();
    let mut file = File::open(path).unwrap();
    let (mut slab, mut kept, mut skip, mut total) = (vec![0; SLAB + (128 << 10)], 0, FILE_HEADER, 0u64);
    let mut run = Vec::with_capacity(RUN);
    loop {
        let read = file.read(&mut slab[kept..kept + SLAB]).unwrap();
        if read == 0 {
            break;
        }
        let (end, mut at) = (kept + read, skip);
        skip = 0;
        while at + RECORD_HEADER <= end {
            let length = u32::from_le_bytes(*slab[at + 8..].first_chunk().unwrap()) as usize;
            if at + RECORD_HEADER + length > end {
                break;
            }
            run.push((at + RECORD_HEADER + HEADERS, length - HEADERS));
            at += RECORD_HEADER + length;
            if run.len() == RUN {
                send(&socket, &slab, &run);
                total += RUN as u64;
                run.clear();
            }
        }
        send(&socket, &slab, &run);
        total += run.len() as u64;
        run.clear();
        slab.copy_within(at..end, 0);
        kept = end - at;
    }
    println!("{total}");
}
