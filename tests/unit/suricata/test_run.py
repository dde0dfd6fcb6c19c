"""`tmrx suricata` from its options to its files."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.support import SAMPLES
from tmrx.errors import InputError
from tmrx.suricata import run

RULE = 'alert udp any any -> any any (msg:"udp"; classtype:misc-activity; sid:1; rev:3;)\n'
CAPTURE = str(SAMPLES / "ip-in-ip.pcap")


@pytest.fixture
def rules(tmp_path: Path) -> str:
    (tmp_path / "test.rules").write_text(RULE)
    return str(tmp_path / "test.rules")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def events(folder: Path, kind: str, name: str = "eve.json") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    return [event for event in found if event["event_type"] == kind]


def configuration(folder: Path, text: str) -> str:
    (folder / "suricata.yaml").write_text(f"%YAML 1.1\n---\n{text}")
    return str(folder / "suricata.yaml")


def test_stock_outputs(out: Path, rules: str) -> None:
    assert run.main(["-r", CAPTURE, "-S", rules, "-l", str(out), "-k", "none"]) == 0
    assert {path.name for path in out.iterdir()} == {"eve.json", "fast.log", "stats.log", "suricata.log"}
    alerts = events(out, "alert")
    assert len(alerts) == len((out / "fast.log").read_text().splitlines()) > 0
    assert alerts[0]["alert"]["rev"] == 3
    assert "mirror" not in alerts[0]
    assert len(events(out, "stats")) == 1


def test_a_configuration_of_its_own(tmp_path: Path, out: Path) -> None:
    own = configuration(
        tmp_path,
        "outputs:\n- eve-log: {enabled: yes, filename: flows.json, types: [flow]}\n- eve-log: {enabled: yes}\n",
    )
    assert run.main(["-c", own, "-r", CAPTURE, "-l", str(out), "--disable-detection"]) == 0
    assert len(events(out, "flow", "flows.json")) > 0
    assert (out / "eve.json").read_bytes() == b""


def test_outputs_are_there_before_rules_fail(out: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.rules").write_text("alert nothing\n")
    bad = str(tmp_path / "bad.rules")
    assert run.main(["-r", CAPTURE, "-S", bad, "-l", str(out), "--init-errors-fatal"]) == 1
    assert (out / "eve.json").read_bytes() == b""
    assert run.main(["-r", CAPTURE, "-S", bad, "-l", str(out)]) == 0


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("-r {capture} -l {out} --nonsense", "--nonsense"),
        ("-r missing.pcap -l {out}", "missing.pcap: no such file"),
        ("-r {capture} -l missing", "missing: is no folder"),
        ("-r {capture} -l {out} -c missing.yaml", "missing.yaml: no such file"),
        ("-r {capture} -l {out} --set stream.memcap=much", "is no size"),
        ("-r {capture} -l {out} -k some", "-k some: is not all or none"),
        ("-r {capture} -l {out} --runmode fast", "is no run mode"),
        ("-l {out}", "there is nothing to read"),
    ],
)
def test_what_can_not_start_ends_with_1(line: str, why: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(line.format(capture=CAPTURE, out=out).split()) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: suricata: ")
    assert why in said


def test_a_test_writes_no_events(out: Path, rules: str, tmp_path: Path) -> None:
    assert run.main(["-T", "-S", rules, "-l", str(out)]) == 0
    (tmp_path / "bad.rules").write_text("alert nothing\n")
    assert run.main(["-T", "-S", str(tmp_path / "bad.rules"), "-l", str(out)]) == 1
    assert list(out.iterdir()) == []


def test_what_has_no_effect_is_said_once(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = configuration(tmp_path, "af-packet: {x: 1}\nmystery: 1\noutputs:\n- alert-debug: {enabled: yes}\n")
    assert run.main(["-c", own, "-r", CAPTURE, "-l", str(out), "--disable-detection", "-v", "-D"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "Warning: config: unknown settings: mystery" in said
    assert "Info: config: without effect here: af-packet, outputs.alert-debug, -D" in said


def test_analysis_of_rules(out: Path, rules: str) -> None:
    assert run.main(["--engine-analysis", "-S", rules, "-l", str(out)]) == 0
    document = json.loads((out / "rules.json").read_text())
    assert (document["id"], document["raw"], document["type"]) == (1, RULE.strip(), "ip_only")
    assert {"rules_analysis.txt", "rules_fast_pattern.txt", "patterns.json"} <= {path.name for path in out.iterdir()}


@pytest.mark.parametrize(
    ("option", "holds"),
    [
        ("-V", "tmrx"),
        ("--build-info", "core: "),
        ("--help", "USAGE: "),
        ("--list-keywords", "- content"),
        ("--list-keywords=csv", "content;"),
        ("--list-keywords=content", "= content ="),
        ("--list-app-layer-protos", "Supported App Layer Protocols"),
        ("--list-app-layer-frames", "http1.request"),
        ("--list-rule-protos", "tcp-pkt"),
        ("--list-runmodes", "autofp"),
        ("--dump-config", "outputs.1.eve-log.types.0.alert.tagged-packets = yes"),
    ],
)
def test_what_can_be_listed(option: str, holds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main([option]) == 0
    assert holds in capsys.readouterr().out


def test_only_what_an_expression_takes_in(out: Path, rules: str) -> None:
    from tmrx.filters import capture  # noqa: PLC0415

    try:
        capture.compiled("udp")
    except InputError as why:
        pytest.skip(str(why))
    assert run.main(["-r", CAPTURE, "-S", rules, "-l", str(out), "not", "udp"]) == 0
    assert events(out, "alert") == []


def capture(folder: Path, *frames: bytes, original: int = 0) -> str:
    """A classic pcap of raw IP."""
    records = [
        struct.pack("<IIII", 1, at, len(frame), original or len(frame)) + frame for at, frame in enumerate(frames)
    ]
    (folder / "raw.pcap").write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101) + b"".join(records))
    return str(folder / "raw.pcap")


def udp(payload: bytes, cut: int = 0, port: int = 9) -> bytes:
    """An IPv4 packet of which the last `cut` bytes are missing, its checksums 0."""
    addresses = bytes((10, 0, 0, 1)) + bytes((10, 0, 0, 2))
    head = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 1, 0, 64, 17, 0)
    packet = head + addresses + struct.pack(">HHHH", 7, port, 8 + len(payload), 0) + payload
    return packet[: len(packet) - cut]


def test_a_truncated_packet_is_invalid(out: Path, tmp_path: Path) -> None:
    own = configuration(
        tmp_path, "outputs:\n- eve-log:\n    enabled: yes\n    types: [flow, {anomaly: {types: {decode: yes}}}]\n"
    )
    cut = capture(tmp_path, udp(b"x" * 40), udp(b"x" * 40, cut=10), udp(b"x" * 40, cut=60), original=68)
    assert run.main(["-c", own, "-r", cut, "-l", str(out), "--disable-detection"]) == 0
    assert [event["anomaly"]["event"] for event in events(out, "anomaly")] == [
        "decoder.ipv4.trunc_pkt",
        "decoder.ipv4.pkt_too_small",
    ]
    (flow,) = events(out, "flow")
    assert flow["flow"]["pkts_toserver"] == 1


@pytest.mark.parametrize(("check", "tunnels"), [("strict", 0), ("permissive", 1)])
def test_reserved_bits_of_vxlan(check: str, tunnels: int, out: Path, tmp_path: Path, rules: str) -> None:
    frame = bytes(12) + b"\x08\x00" + udp(b"inner")
    wrapped = udp(b"\x08\x00\x01\x00" + b"\x00\x00\x07\x00" + frame, port=4789)
    line = ["-r", capture(tmp_path, wrapped), "-S", rules, "-l", str(out), "-k", "none"]
    assert run.main([*line, "--set", f"decoder.vxlan.reserved-bits-check={check}"]) == 0
    assert sum("tunnel" in alert for alert in events(out, "alert")) == tunnels


def test_a_capture_of_the_frames_as_they_came(tmp_path: Path, out: Path) -> None:
    text = "outputs:\n- stats: {enabled: yes}\n- pcap-log: {enabled: yes, limit: 1gb%s}\n"
    original = Path(CAPTURE).read_bytes()
    (first,) = struct.unpack_from("<I", original, 24)
    (tmp_path / "all").mkdir()
    own = configuration(tmp_path, text % "")
    assert run.main(["-c", own, "-r", CAPTURE, "-l", str(tmp_path / "all"), "--disable-detection"]) == 0
    assert (tmp_path / "all" / f"log.pcap.{first}").read_bytes()[24:] == original[24:]
    own = configuration(tmp_path, text % ", bpf-filter: not ip and not ip6")
    assert run.main(["-c", own, "-r", CAPTURE, "-l", str(out), "--disable-detection"]) == 0
    assert len((out / f"log.pcap.{first}").read_bytes()) == 24
    assert "pcap_log.filtered_bpf" in (out / "stats.log").read_text()


def test_files_that_rules_ask_for_are_stored_once(tmp_path: Path, out: Path) -> None:
    own = configuration(
        tmp_path,
        "outputs:\n- eve-log: {enabled: yes, types: [alert, {files: {force-magic: yes}}]}\n"
        "- file-store: {version: 2, enabled: yes, write-fileinfo: yes}\n",
    )
    rules = tmp_path / "files.rules"
    rules.write_text('alert http any any -> any any (fileext:"html"; filesize:686; filestore; sid:1;)\n')
    capture = str(SAMPLES / "vxlan-ipv4.pcap")
    assert run.main(["-c", own, "-r", capture, "-S", str(rules), "-l", str(out), "-k", "none"]) == 0
    told = [event["fileinfo"] for event in events(out, "fileinfo")]
    assert len(told) == len(events(out, "alert")) > 1
    assert {info["magic"] for info in told} == {
        "HTML document, ASCII text, with very long lines (686), with no line terminators"
    }
    (digest,) = {info["sha256"] for info in told}
    assert all(info["stored"] and info["sid"] == [1] and info["size"] == 686 for info in told)
    stored = {path.name for path in (out / "filestore").rglob("*") if path.is_file()}
    assert {name for name in stored if not name.endswith(".json")} == {digest}
    assert len(stored) == 1 + len(told)
    content = (out / "filestore" / digest[:2] / digest).read_bytes()
    assert content.startswith(b"<html><body>All quiet")
    assert len(content) == 686
