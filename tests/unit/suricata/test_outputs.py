"""`outputs:` → EVE sections, files and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata import document, outputs
from tmrx.suricata.messages import Level
from tmrx.suricata.settings import STOCK, Configuration

FOLDER = Path("out")


def read(folder: Path, text: str) -> outputs.Wanted:
    (folder / "c.yaml").write_text("%YAML 1.1\n---\n" + text)
    return outputs.read(Configuration(document.load(folder / "c.yaml")), FOLDER, "x.pcap")


def section(folder: Path, text: str) -> plan.Eve:
    indented = "".join(f"      {line}\n" for line in text.splitlines())
    wanted = read(folder, f"outputs:\n  - eve-log:\n      enabled: yes\n{indented}")
    return wanted.events[0][1]


def test_stock() -> None:
    configuration = Configuration(document.load(STOCK))
    wanted = outputs.read(configuration, FOLDER, "")
    ((path, eve),) = wanted.events
    assert (path, wanted.fast, wanted.stats) == (FOLDER / "eve.json", FOLDER / "fast.log", FOLDER / "stats.log")
    assert eve.alert == plan.AlertEvents()
    assert eve.anomaly == plan.AnomalyEvents(applayer=True)
    assert eve.flow
    assert not eve.netflow
    assert not eve.mirror
    assert list(outputs.logs(configuration, FOLDER)) == [(FOLDER / "suricata.log", Level.INFO)]


def test_nothing_is_written_unless_asked_for(tmp_path: Path) -> None:
    assert read(tmp_path, "") == outputs.Wanted()
    assert read(tmp_path, "outputs:\n  - eve-log:\n      types: [alert]\n  - fast:\n") == outputs.Wanted()
    assert section(tmp_path, "") == plan.Eve()


def test_several_sections_and_names(tmp_path: Path) -> None:
    text = "outputs:\n" + "".join(
        f"  - eve-log: {{enabled: yes, filename: {name}.json, types: [{kind}]}}\n"
        for name, kind in (("a", "flow"), ("b", "netflow"))
    )
    wanted = read(tmp_path, text)
    assert [path.name for path, _ in wanted.events] == ["a.json", "b.json"]
    assert (wanted.events[0][1].flow, wanted.events[1][1].netflow) == (True, True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("payload: yes\n    payload-buffer-size: 8kb", plan.AlertEvents(payload=True, payload_size=8192)),
        ("metadata: no", plan.AlertEvents(application=False, flow=False, rule_metadata=False)),
        ("metadata:\n      flow: no", plan.AlertEvents(flow=False)),
        ("metadata:\n      rule:\n        raw: yes\n        reference: yes",
         plan.AlertEvents(rule_text=True, references=True)),
        ("packet: true\n    tagged-packets: no", plan.AlertEvents(packet=True, tagged_packets=False)),
        ("http-body: yes\n    http-body-printable: yes", plan.AlertEvents(http_body=True, http_body_printable=True)),
        ("http: yes\n    xff:\n      enabled: no", plan.AlertEvents()),
        ("xff:\n      enabled: yes", plan.AlertEvents(xff=plan.Xff())),
        ("xff: {enabled: yes, mode: overwrite, deployment: forward, header: Client}",
         plan.AlertEvents(xff=plan.Xff(header="Client", overwrite=True, last=False))),
    ],
)  # fmt: skip
def test_parts_of_alerts(tmp_path: Path, options: str, expected: plan.AlertEvents) -> None:
    assert section(tmp_path, f"types:\n- alert:\n    {options}").alert == expected


def test_the_client_that_proxies_name_is_of_all_types_or_of_one(tmp_path: Path) -> None:
    eve = section(tmp_path, "xff: {enabled: yes}\ntypes:\n- files\n- alert: {xff: {enabled: no}}\n")
    assert eve.files == plan.FileEvents(xff=plan.Xff())
    assert eve.alert == plan.AlertEvents()
    with pytest.raises(ConfigError, match="'sideways' is none of reverse, forward"):
        section(tmp_path, "xff: {enabled: yes, deployment: sideways}\ntypes: [alert]\n")


def test_options_of_other_types(tmp_path: Path) -> None:
    eve = section(
        tmp_path,
        "ethernet: yes\ncommunity-id: true\npcap-file: yes\nmetadata: no\ntypes:\n"
        "- anomaly: {packethdr: yes, types: {decode: yes, stream: no}}\n"
        "- stats: {totals: no, deltas: yes}\n- drop: {flows: all}\n- flow: {enabled: no}\n- arp: {enabled: yes}\n"
        "- metadata\n- frame: {enabled: yes, payload-buffer-size: 1kb}\n",
    )
    assert eve.anomaly == plan.AnomalyEvents(decode=True, applayer=True, packet_header=True)
    assert eve.stats == plan.StatsEvents(totals=False, deltas=True)
    assert eve.drop == plan.DropEvents(flows="all")
    assert (eve.flow, eve.arp, eve.ethernet, eve.community_id, eve.metadata) == (False, True, True, True, False)
    assert eve.pcap_filename == "x.pcap"
    assert (eve.variables, eve.frame) == (True, plan.FrameEvents(payload_size=1024))


def test_what_is_not_written_is_named(tmp_path: Path) -> None:
    wanted = read(
        tmp_path, "outputs:\n- alert-debug: {enabled: yes}\n- eve-log: {enabled: yes, types: [smtp, alert]}\n"
    )
    assert wanted.idle == ["outputs.alert-debug", "outputs.eve-log.types.smtp"]


@pytest.mark.parametrize(
    "text",
    [
        "outputs:\n- eve-lgo: {enabled: yes}\n",
        "outputs:\n- eve-log: {enabled: yes, types: [alerts]}\n",
        "outputs:\n- eve-log: {enabled: yes, filetype: redis}\n",
        "outputs:\n- eve-log: {enabled: yes, types: [{alert: {payload-buffer-size: big}}]}\n",
        "outputs:\n- eve-log: {enabled: yes, types: [{drop: {flows: some}}]}\n",
    ],
)
def test_outputs_that_can_not_be(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read(tmp_path, text)


def test_pcap_log(tmp_path: Path) -> None:
    text = "outputs:\n  - pcap-log: {enabled: yes, limit: 10mb, max-files: 3, bpf-filter: udp, conditional: alerts}\n"
    wanted = read(tmp_path, text)
    assert (wanted.pcap, wanted.pcap_filter) == (FOLDER / "log.pcap", "udp")
    assert (wanted.rotation.size, wanted.rotation.keep, wanted.rotation.stamped) == (10 * 2**20, 3, True)
    assert wanted.idle == ["outputs.pcap-log.conditional"]
    with pytest.raises(ConfigError, match="its limit or max-files can't be"):
        read(tmp_path, "outputs:\n  - pcap-log: {enabled: yes, max-files: all}\n")
