//! fast.log: one line an alert.

use crate::frame::Addr;
use crate::packet::Packet;
use crate::plan::Action;
use crate::table::eve::Matched;
use crate::table::json::number;
use crate::table::text::{self, Clock};
use std::io::Write;

/// Writes lines of fast.log.
#[derive(Debug, Default)]
pub struct Fast {
    clock: Clock,
}

impl Fast {
    /// Append the line of an alert, in the packet's orientation.
    pub fn alert(&mut self, out: &mut Vec<u8>, packet: &Packet, matched: &Matched<'_>) {
        let rule = matched.rule;
        let category = if rule.category.is_empty() { "(null)" } else { &rule.category };
        self.clock.fast(out, packet.time);
        out.extend_from_slice(match matched.action {
            Action::Drop | Action::Reject if matched.inline => b"  [Drop]",
            Action::Drop | Action::Reject => b"  [wDrop]",
            _ => b" ",
        });
        print(out, format_args!(" [**] [{}:{}:{}] {} [**] ", rule.gid, rule.sid, rule.rev, rule.msg));
        print(out, format_args!("[Classification: {category}] [Priority: {}] {{", rule.priority));
        match text::protocol(packet.proto) {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => print(out, format_args!("PROTO:{:03}", packet.proto)),
        }
        out.extend_from_slice(b"} ");
        side(out, packet, &packet.src, packet.sport);
        out.extend_from_slice(b" -> ");
        side(out, packet, &packet.dst, packet.dport);
        out.push(b'\n');
    }
}

fn side(out: &mut Vec<u8>, packet: &Packet, address: &Addr, port: u16) {
    text::address(out, address, packet.ip);
    if packet.has_ports() {
        out.push(b':');
        number(out, port);
    }
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory can't fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Layer;
    use crate::plan::Rule;
    use crate::table::testing::{V6, packet, rule};

    fn line(packet: &Packet, rule: &Rule) -> String {
        said(packet, &Matched::of(rule))
    }

    fn said(packet: &Packet, matched: &Matched<'_>) -> String {
        let mut out = Vec::new();
        Fast::default().alert(&mut out, packet, matched);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_dropped_and_what_would_be() {
        let rule = Rule { action: Action::Drop, ..rule() };
        for (inline, want) in [(true, "  [Drop] [**] [1:"), (false, "  [wDrop] [**] [1:")] {
            let line = said(&packet(), &Matched { inline, ..Matched::of(&rule) });
            assert!(line.contains(want), "{line}");
        }
    }

    #[test]
    fn lines() {
        assert_eq!(
            line(&packet(), &rule()),
            "05/27/2016-06:56:11.304062  [**] [1:2000001:3] GET \"it\" [**] [Classification: A Network Trojan was detected] [Priority: 1] {TCP} 10.0.0.1:40000 -> 10.0.0.2:80\n"
        );
        let other = Packet { layer: Layer::Other, proto: 253, ip: 6, src: V6, dst: V6, ..packet() };
        let plain = Rule { category: String::new(), ..rule() };
        assert_eq!(
            line(&other, &plain),
            "05/27/2016-06:56:11.304062  [**] [1:2000001:3] GET \"it\" [**] [Classification: (null)] [Priority: 1] {PROTO:253} 2001:0db8:0000:0000:0000:0000:0000:0001 -> 2001:0db8:0000:0000:0000:0000:0000:0001\n"
        );
    }
}
