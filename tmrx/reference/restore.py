"""Fragments put together, byte by byte and policy by policy (RFC 791, section 3.2; RFC 8200, section 4.5).

The policies are those of the specification's table ("Defragmentation"). What was sent counts for whether a datagram is
complete; what was captured of it up to the first hole is what it has.
"""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them
from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

from tmrx.plan import FragmentSettings
from tmrx.reference.checksum import ones_sum
from tmrx.reference.options import FRAGMENT
from tmrx.reference.packet import AUTHENTICATION, Link, Packet, Wrap
from tmrx.reference.transport import FIXED

SECOND = 1_000_000_000
MAX_DATAGRAM = 65_535
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A fragment as it is held: the bytes of the datagram that it stands for; those captured begin at `at`."""

    start: int
    end: int
    at: int
    data: bytes
    more: bool
    head: Head | None
    causes: frozenset[str]
    through: object


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in front of the payload, and what was around the fragment that it is from."""

    data: bytes
    l3: int
    ip: int
    proto: int
    link: Link
    depth: int
    wrap: Wrap | None


@dataclass(slots=True)
class Tracker:
    """A datagram that fragments are missing of."""

    held: list[Piece] = field(default_factory=list)
    received: list[tuple[int, int]] = field(default_factory=list)
    end: int | None = None
    touched: int = 0
    time: int = 0
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Datagram:
    """A datagram, whole or what there is of its beginning: `original` bytes long, of the frame that came last."""

    data: bytes
    original: int
    head: Head
    causes: frozenset[str]
    time: int
    frame: int


class Restorer:
    """The datagrams that wait for fragments, those whose latest fragment is oldest first."""

    def __init__(self, settings: FragmentSettings) -> None:
        self.settings = settings
        self.trackers: dict[Key, Tracker] = {}

    def expire(self, now: int) -> list[Datagram]:
        """What there is of the datagrams whose time is over."""
        over = [key for key, t in self.trackers.items() if t.touched + self.settings.timeout * SECOND <= now]
        return self._give_up(over)

    def end(self) -> list[Datagram]:
        """What there is of the oldest datagram that has a beginning, at the end of the run; empty: there is no more."""
        found: list[Datagram] = []
        while self.trackers and not found:
            found = self._give_up([next(iter(self.trackers))])
        return found

    def _give_up(self, keys: list[Key]) -> list[Datagram]:
        found = [_put_together(self.trackers.pop(key), complete=False) for key in keys]
        return [datagram for datagram in found if datagram is not None]

    def take(self, p: Packet, now: int) -> Datagram | None:
        """Take a packet that is a fragment; the datagram, where it was the last one missing."""
        read = _read(p)
        if read is None:
            return None
        key, piece = read
        if p.ip == 6 and piece.more and (piece.end - piece.start) % 8:
            p.anomalies.add("ipv6.fragment_length")
            return None
        if f"ipv{p.ip}.fragment_too_large" in p.anomalies:
            return None
        tracker = self.trackers.pop(key, None) or Tracker()
        self.trackers[key] = tracker  # now the youngest
        tracker.touched, tracker.time, tracker.frame = now, p.time, p.frame
        if not _is_copied(tracker, piece):
            p.anomalies |= _remarks(tracker, piece, p.ip)
            tracker.received.append((piece.start, piece.end))
            if not piece.more and tracker.end is None:
                tracker.end = piece.end
            tracker.held = insert(tracker.held, piece, self.settings.policy)
        return self._complete(key, p)

    def _complete(self, key: Key, p: Packet) -> Datagram | None:
        if not _is_complete(self.trackers[key]):
            return None
        datagram = _put_together(self.trackers.pop(key), complete=True)
        if datagram is None:
            p.anomalies.add(f"ipv{p.ip}.fragment_too_large")
        return datagram


def _is_copied(tracker: Tracker, new: Piece) -> bool:
    """The same fragment came through another mirror session: nothing odd about that."""
    return any(
        (old.start, old.end, old.at, old.more, old.data) == (new.start, new.end, new.at, new.more, new.data)
        and old.through != new.through
        for old in tracker.held
    )


def _remarks(tracker: Tracker, new: Piece, ip: int) -> set[str]:
    found = set()
    if any(start < new.end and new.start < end for start, end in tracker.received):
        found.add(f"ipv{ip}.fragment_overlap")
    highest = max((end for _, end in tracker.received), default=0)
    if tracker.end is None:
        disagrees = not new.more and new.end < highest
    else:
        disagrees = new.end > tracker.end or (not new.more and new.end != tracker.end)
    return found | ({f"ipv{ip}.fragment_end"} if disagrees else set())


def _is_complete(tracker: Tracker) -> bool:
    """Whether all is there up to the fragment that ends the datagram or, where the policy wanted none such, at all."""
    last = _assembled(tracker.held)[-1:]
    if last and not last[0].more:
        return _covers(tracker.received, last[0].start)
    return tracker.end is not None and _covers(tracker.received, max(end for _, end in tracker.received))


def _covers(received: list[tuple[int, int]], end: int) -> bool:
    """Whether all bytes from 0 to `end` were received."""
    reached = 0
    for start, stop in sorted(received):
        if start > reached:
            break
        reached = max(reached, stop)
    return reached >= end


# ------------------------------------------------------------------------------------------------------------ policies


def insert(held: list[Piece], new: Piece, policy: str) -> list[Piece]:
    """The held fragments with a new one among them, as the policy has it.

    It is compared with those that it overlaps, in order of offset, from the one just below it on; the first rule that
    applies ends that, but for Linux's first one.
    """
    held = list(held)
    below = max((at for at, old in enumerate(held) if old.start < new.start), default=0)
    at = below
    while at < len(held) and held[at].start < new.end and new.start < new.end:
        old = held[at]
        if old.end <= new.start or policy == "bsd-right":
            at += 1
            continue
        changed = _rule(policy, new, old)
        if changed is None:
            at += 1
            continue
        new, kept = changed
        held[at : at + 1] = kept
        if policy == "bsd" and at + len(kept) < len(held):  # the following one is cut too
            after = at + len(kept)
            if held[after].start < new.end:
                held[after] = replace(held[after], start=min(new.end, held[after].end))
        if policy == "linux" and kept == [old]:
            at += 1
            continue
        break
    held = [old for old in held if old.start < old.end]
    if new.start < new.end:
        held = [*held, new]
    return sorted(held, key=lambda piece: piece.start)  # stable: of two at one offset the later one comes last


def _rule(policy: str, new: Piece, old: Piece) -> tuple[Piece, list[Piece]] | None:
    """What a policy's table makes of a new fragment and one that it overlaps; None: no rule applies."""
    s, e, ps, pe = new.start, new.end, old.start, old.end
    drop_new = replace(new, start=e), [old]
    cut_new = replace(new, start=min(pe, e)), [old]
    cut_old = new, [replace(old, start=min(e, pe))]
    keep = new, [old]
    drop_old: tuple[Piece, list[Piece]] = new, []
    inside = s >= ps and e <= pe
    rules = {
        "bsd": ((ps <= s and pe > e, drop_new), (ps <= s, cut_new), (True, cut_old)),
        "linux": ((ps < s, cut_new), (s < ps and e < pe, cut_old), (s <= ps and e >= pe, drop_old)),
        "windows": ((inside, drop_new), (s < ps and e > pe, drop_old), (s >= ps, cut_new)),
        "solaris": ((s >= ps, cut_new), (e >= pe, drop_old), (True, keep)),
        "first": ((inside, drop_new), (s < ps, keep), (True, cut_new)),
        "last": ((s <= ps and e > ps, cut_old),),
    }
    return next((outcome for applies, outcome in rules[policy] if applies), None)


# ------------------------------------------------------------------------------------------------------------ datagram


def _assembled(held: list[Piece]) -> list[Piece]:
    """The fragments up to the one that ends the datagram: without a follower, and none behind it at the same offset."""
    for at, piece in enumerate(held):
        if not piece.more and (at + 1 == len(held) or held[at + 1].start != piece.start):
            return held[: at + 1]
    return held


def _put_together(tracker: Tracker, complete: bool) -> Datagram | None:
    """In order of offset, later bytes over earlier ones; none without a beginning, or where no length field can say."""
    pieces = _assembled(tracker.held)
    head = next((piece.head for piece in tracker.held if piece.start == 0 and piece.head), None)
    if head is None:
        return None
    highest = max((end for _, end in tracker.received), default=0)
    end = max(piece.end for piece in pieces) if complete else max(tracker.end or 0, highest)
    there: dict[int, int] = {}
    for piece in pieces:
        for at, byte in enumerate(piece.data[piece.start - piece.at :], piece.start):
            there[at] = byte
    hole = next(at for at in range(len(there) + 1) if at not in there)
    payload = bytes(there[at] for at in range(hole))
    headers = _finished(head, end)
    if headers is None or (not complete and len(payload) < FIXED.get(head.proto, 0)):
        return None
    causes = frozenset().union(*(piece.causes for piece in pieces))
    return Datagram(headers + payload, len(headers) + end, head, causes, tracker.time, tracker.frame)


def _finished(head: Head, payload: int) -> bytes | None:
    """The headers of a datagram with a payload of that length."""
    data = bytearray(head.data)
    length = len(data) - head.l3 + payload - (0 if head.ip == 4 else 40)
    if length > MAX_DATAGRAM:
        return None
    if head.ip == 6:
        data[head.l3 + 4 : head.l3 + 6] = struct.pack(">H", length)
        return bytes(data)
    data[head.l3 + 2 : head.l3 + 4] = struct.pack(">H", length)
    data[head.l3 + 10 : head.l3 + 12] = bytes(2)
    data[head.l3 + 10 : head.l3 + 12] = struct.pack(">H", 0xFFFF ^ ones_sum(bytes(data[head.l3 :])))
    return bytes(data)


# ------------------------------------------------------------------------------------------------------------ fragment


def _read(p: Packet) -> tuple[Key, Piece] | None:
    """A fragment's datagram, and the fragment; None where its headers are cut, or it carries nothing."""
    found = _ipv4(p) if p.ip == 4 else _ipv6(p)
    if found is None:
        return None
    head, number, offset, more = found
    payload = len(head.data) if p.ip == 4 else len(head.data) + 8
    size = p.original - payload
    if size <= 0:
        return None
    key = (p.domain, *sorted((p.src, p.dst)), number, head.proto, p.ip, tuple(p.vlans))
    data = p.data[payload : p.captured]
    head_of_first = head if offset == 0 else None
    causes = frozenset(p.truncated)
    through = p.identity or (p.wrap and (p.wrap.family, p.wrap.vni, p.wrap.outer_src, p.wrap.endpoint))
    return key, Piece(offset, offset + size, offset, data, more, head_of_first, causes, through)


def _ipv4(p: Packet) -> tuple[Head, int, int, bool] | None:
    at = p.offset("l3")
    ip = p.data[at : p.captured]
    if len(ip) < 20 or len(ip) < (ip[0] & 15) * 4:
        return None
    number, word = struct.unpack(">HH", ip[4:8])
    data = p.data[:at] + ip[:6] + bytes(2) + ip[8 : (ip[0] & 15) * 4]
    return _head(p, data, ip[9]), number, (word & 0x1FFF) * 8, bool(word & 0x2000)


def _ipv6(p: Packet) -> tuple[Head, int, int, bool] | None:
    """The headers up to the first fragment header that is not an atomic fragment's, which is left out."""
    at = p.offset("l3")
    ip = p.data[at : p.captured]
    named, position = 6, 40
    while len(ip) >= position + 8:
        kind = ip[named]
        if kind == FRAGMENT:
            word, number = struct.unpack(">HI", ip[position + 2 : position + 8])
            if word & 0xFFF9:
                data = bytearray(p.data[: at + position])
                data[at + named] = ip[position]
                return _head(p, bytes(data), ip[position]), number, word & 0xFFF8, bool(word & 1)
        elif kind not in (0, 43, AUTHENTICATION, 60, 135, 139, 140):
            return None
        units = ip[position + 1]
        size = {FRAGMENT: 8, AUTHENTICATION: (units + 2) * 4}.get(kind, (units + 1) * 8)
        named, position = position, position + size
    return None


def _head(p: Packet, data: bytes, proto: int) -> Head:
    return Head(data, p.offset("l3"), p.ip, proto, p.link, p.depth, p.wrap)
