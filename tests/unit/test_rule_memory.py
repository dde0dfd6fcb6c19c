"""What rules remember, from their text to the events: through the compiler and the core."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests import packets
from tests.packets import ethernet, ip
from tmrx import plan
from tmrx._core import Batch, Capture, Engine
from tmrx.config import Settings as Config
from tmrx.mirror import Mirror
from tmrx.pipeline import make_plan
from tmrx.rules import Settings, datasets, load, reputation

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
SECOND = 1_000_000_000
Frame = tuple[int, bytes, int]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def udp(time: float, src: str = A, dst: str = B, payload: bytes = b"x", ports: tuple[int, int] = (1000, 53)) -> Frame:
    """A frame with a datagram; no checksums."""
    datagram = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0)
    packet = head + ip_address(src).packed + ip_address(dst).packed + datagram
    frame = bytes(12) + b"\x08\0" + packet
    return round(time * SECOND), frame, len(frame)


def write_capture(path: Path, frames: list[Frame]) -> None:
    """A capture of frames, with their times."""
    records = [struct.pack("<IIII", *divmod(time, SECOND), size, size) + data for time, data, size in frames]
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 0x40000, 1) + b"".join(records))


def all_at_once(engine: Engine, frames: list[Frame], _: Path) -> Iterator[Batch]:
    yield engine.push(frames)


def one_by_one(engine: Engine, frames: list[Frame], _: Path) -> Iterator[Batch]:
    for frame in frames:
        yield engine.push([frame])


def with_workers(engine: Engine, _: list[Frame], capture: Path) -> Iterator[Batch]:
    source = Capture(str(capture))
    ended = False
    while not ended:
        batch = engine.run(source)
        yield batch
        ended = batch.ended


Run = Callable[..., list[dict[str, object]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Events of rules over frames, whatever the batches and the number of workers."""

    def over(text: str, frames: list[Frame], **settings: object) -> list[dict[str, object]]:
        file = tmp_path / "t.rules"
        file.write_text(text)
        rules = load([file], Settings(**settings), strict=True)  # type: ignore[arg-type]
        outputs = plan.Outputs(eve=(plan.EVERYTHING,))
        made = make_plan(mirror=Mirror(), settings=Config({}), outputs=outputs, streams=True)
        encoded = made.encode(rules.encoded)
        write_capture(tmp_path / "t.pcap", frames)
        outcomes = []
        for feed in (all_at_once, one_by_one, with_workers):
            engine = Engine(encoded, 3)
            batches = [*feed(engine, frames, tmp_path / "t.pcap"), engine.finish()]
            lines = b"".join(batch.eve[0] for batch in batches).splitlines()
            kept = [{"event_type": "dataset", saved.name: engine.dataset(saved.name)} for saved in rules.saved]
            outcomes.append([*map(json.loads, lines), *kept])
        assert outcomes[0] == outcomes[1] == outcomes[2]
        return outcomes[0]

    return over


def alerts(events: list[dict[str, object]], sid: int = 1) -> list[object]:
    """The packets on which a rule alerted, from 1; None: at a flow's end."""
    return [
        event.get("pcap_cnt")
        for event in events
        if event["event_type"] == "alert" and event["alert"]["signature_id"] == sid  # type: ignore[index]
    ]


# Suricata's verified example: one flow, packets at 0 to 11 and at 20 to 23 seconds.
EXAMPLE = [udp(time) for time in (*range(12), *range(20, 24))]


@pytest.mark.parametrize(
    ("option", "packets"),
    [
        ("threshold:type limit, track by_src, count 2, seconds 5", [1, 2, 7, 8, 13, 14]),
        ("threshold:type limit, track by_flow, count 1, seconds 3", [1, 5, 9, 13]),
        ("threshold:type threshold, track by_dst, count 3, seconds 5", [3, 6, 9, 12, 15]),
        ("threshold:type both, track by_both, count 3, seconds 5", [3, 9, 15]),
        ("threshold:type backoff, track by_flow, count 1, multiplier 2", [1, 2, 4, 8, 16]),
        ("threshold:type backoff, track by_flow, count 2, multiplier 3", [2, 6]),
        ("detection_filter:track by_src, count 3, seconds 5", [4, 5, 6, 10, 11, 12, 16]),
    ],
)
def test_thresholds(run: Run, option: str, packets: list[int]) -> None:
    events = run(f'alert udp any any -> any any (content:"x"; {option}; sid:1;)', EXAMPLE)
    assert alerts(events) == packets
    detect = next(event["stats"]["detect"] for event in events if event["event_type"] == "stats")  # type: ignore[index]
    assert (detect["alert"], detect["alerts_suppressed"]) == (len(packets), len(EXAMPLE) - len(packets))


def test_what_is_suppressed_has_its_effects_and_no_alert(run: Run, tmp_path: Path) -> None:
    (tmp_path / "threshold.config").write_text("suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.1\n")
    text = (
        'alert udp any any -> any any (content:"a"; flowbits:set,seen; sid:1;)\n'
        'alert udp any any -> any any (content:"b"; flowbits:isset,seen; threshold:type limit, track by_rule, count 1, '
        "seconds 99; sid:2;)\n"
    )
    frames = [udp(0, payload=b"b"), udp(1, payload=b"a"), udp(2, A, C, b"a"), udp(3, payload=b"b"), udp(4, A, C, b"b")]
    events = run(text, frames, thresholds=str(tmp_path / "threshold.config"))
    assert (alerts(events, 1), alerts(events, 2)) == ([], [4])
    flows = {event["dest_ip"]: event["flow"] for event in events if event["event_type"] == "flow"}
    assert [flows[host]["alerted"] for host in (B, C)] == [True, False]  # type: ignore[index]


def test_bits_of_addresses(run: Run) -> None:
    text = (
        'alert udp any any -> any any (content:"s"; xbits:set,seen,track ip_src,expire 3; sid:1;)\n'
        'alert udp any any -> any any (content:"s"; xbits:isset,seen,track ip_src; sid:2;)\n'
        'alert udp any any -> any any (content:"t"; hostbits:isset,seen,dst; sid:3;)\n'
    )
    # The specification's example; then other flows of the same host, whichever worker has them.
    frames = [udp(time, payload=b"s") for time in range(9)] + [
        udp(9, C, A, b"t"),
        udp(9, B, C, b"t"),
        udp(12, C, A, b"t"),
    ]
    events = run(text, frames)
    assert alerts(events, 2) == [2, 3, 4, 6, 7, 8]
    assert alerts(events, 3) == [10]


def test_variables_of_flows(run: Run) -> None:
    text = (
        'alert udp any any -> any any (content:"x"; flowint:count,+,1; noalert; sid:1;)\n'
        'alert udp any any -> any any (content:"x"; flowint:count,>=,3; flowint:count,<,5; sid:2;)\n'
        'alert udp any any -> any any (content:"x"; flowint:count,==,4; flowint:other,isnotset; sid:3;)\n'
    )
    events = run(text, EXAMPLE[:6])
    assert (alerts(events, 2), alerts(events, 3)) == ([3, 4], [4])


def test_scores_of_addresses(run: Run, tmp_path: Path) -> None:
    (tmp_path / "categories").write_text("1,Bad,bad hosts\n2,Spam,spam\n")
    (tmp_path / "scores").write_text("10.0.0.2,1,50\n10.0.0.0/24,2,10\n")
    text = (
        "alert ip any any -> any any (iprep:dst,Bad,>,40; sid:1;)\n"
        "alert ip any any -> any any (iprep:any,Spam,=,10; sid:2;)\n"
        "alert ip any any -> any any (iprep:src,Bad,isnotset; sid:3;)\n"
    )
    files = reputation.Files(categories=str(tmp_path / "categories"), scores=(str(tmp_path / "scores"),))
    events = run(text, [udp(0, A, B), udp(1, B, "8.8.8.8")], reputation=files)
    assert [alerts(events, sid) for sid in (1, 2, 3)] == [[1], [1], [1]]


def test_datasets(run: Run, tmp_path: Path) -> None:
    (tmp_path / "known.lst").write_text("10.0.0.3\n")
    text = (
        "alert udp any any -> any any (ip.src; dataset:isset,known,type ip,load known.lst; sid:1;)\n"
        "alert udp any any -> any any (ip.dst; dataset:set,seen,type ip,save seen.csv; sid:2;)\n"
    )
    frames = [udp(0, A, B), udp(1, A, B), udp(2, C, B), udp(3, B, C)]
    events = run(text, frames, datasets=datasets.Settings(folder=str(tmp_path)))
    assert (alerts(events, 1), alerts(events, 2)) == ([3], [1, 4])
    kept = [bytes(10) + b"\xff\xff" + ip_address(host).packed for host in (B, C)]
    assert events[-1] == {"event_type": "dataset", "seen": kept}


def test_order_over_all_shards(run: Run) -> None:
    text = (
        "alert udp any any -> any any (dsize:1; xbits:isset,last,track ip_dst; sid:1;)\n"
        "alert udp any any -> any any (dsize:1; xbits:toggle,last,track ip_dst,expire 9999; sid:2;)\n"
        "alert udp any any -> any any (dsize:1; threshold:type threshold,track by_dst,count 5,seconds 9999; sid:3;)\n"
    )
    frames = [udp(time / 10, f"10.1.{time % 7}.{time % 11}", "10.9.9.9") for time in range(300)]
    events = run(text, frames)
    assert alerts(events, 1) == list(range(2, 301, 2))
    assert alerts(events, 3) == list(range(5, 301, 5))


def test_tagged_packets(run: Run) -> None:
    text = (
        'alert udp any any -> any any (content:"s"; tag:session,2,packets; sid:1;)\n'
        'alert udp any any -> any any (content:"h"; tag:host,5,seconds,src; sid:2;)\n'
    )
    frames = [udp(0, payload=b"s"), *(udp(time) for time in (1, 2, 3)), udp(4, C, B, b"h"), udp(9, A, C), udp(10, A, C)]
    events = run(text, frames)
    assert [event["pcap_cnt"] for event in events if event["event_type"] == "packet"] == [2, 3, 6]


def test_what_json_says_is_in_the_alert(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('[{"ip": "10.0.0.1", "why": {"since": 2005}}, {"ip": "10.0.0.1", "why": 1}]')
    options = "type ip,load bad.json,format json,value_key ip,context_key bad"
    events = run(f"alert udp any any -> any any (ip.src; dataset:isset,bad,{options}; sid:1;)", [udp(0)])
    [alert] = [event["alert"] for event in events if event["event_type"] == "alert"]
    assert alert["context"] == {"bad": {"ip": "10.0.0.1", "why": {"since": 2005}}}  # type: ignore[index]


def test_a_rate_changes_the_action(run: Run, tmp_path: Path) -> None:
    line = "rate_filter gen_id 1, sig_id 1, track by_src, count 2, seconds 5, new_action reject, timeout 3\n"
    (tmp_path / "threshold.config").write_text(line)
    events = run(
        'alert udp any any -> any any (content:"x"; sid:1;)', EXAMPLE, thresholds=str(tmp_path / "threshold.config")
    )
    actions = [event["alert"]["action"] for event in events if event["event_type"] == "alert"]  # type: ignore[index]
    assert "".join("b" if action == "blocked" else "a" for action in actions) == "aabbbbaabbbbaabb"


def test_effects_come_once_a_packet(run: Run) -> None:
    def tcp(time: float, payload: bytes, flags: int, at: tuple[int, int], *, client: bool = True) -> Frame:
        ports, ends = ((1000, 80), (A, B)) if client else ((80, 1000), (B, A))
        frame = ethernet(bytes(6), bytes(6), ip(*ends, packets.TCP, packets.tcp(*ports, payload, flags, *at)))
        return round(time * SECOND), frame, len(frame)

    text = (
        'alert tcp any any -> any any (content:"GET"; depth:3; flowint:count,+,1; sid:1;)\n'
        'alert tcp any any -> any any (content:"END"; flowint:count,==,2; sid:2;)\n'
    )
    frames = [
        tcp(0, b"", 2, (0, 0)),
        tcp(1, b"", 18, (0, 1), client=False),
        tcp(2, b"", 16, (1, 1)),
        tcp(3, b"GET a", 24, (1, 1)),
        tcp(4, b"", 16, (1, 6), client=False),
        # Both the packet and what the stream has by now match.
        tcp(5, b"GET b", 24, (6, 1)),
        tcp(6, b"", 16, (1, 11), client=False),
    ]
    events = run(text, frames)
    counts = [event.get("metadata", {}) for event in events if event["event_type"] == "flow"]
    # The third is at the flow's end, which is no packet.
    assert alerts(events) == [4, 6, None]
    assert counts == [{"flowints": {"count": 3}}]
