"""Suricata's options, as getopt reads them."""

from __future__ import annotations

import pytest

from tmrx.errors import UsageError
from tmrx.suricata import arguments


@pytest.mark.parametrize(
    ("line", "given", "words"),
    [
        ("-r a.pcap -S x.rules -l out", {"r": ["a.pcap"], "S": ["x.rules"], "l": ["out"]}, ()),
        ("-ra.pcap -knone -vvv", {"r": ["a.pcap"], "k": ["none"], "v": ["", "", ""]}, ()),
        ("--set=a=b --set c=d --runmode single", {"set": ["a=b", "c=d"], "runmode": ["single"]}, ()),
        ("-r a.pcap tcp and port 80", {"r": ["a.pcap"]}, ("tcp", "and", "port", "80")),
        ("--list-keywords", {"list-keywords": [""]}, ()),
        ("--list-keywords=csv -V", {"list-keywords": ["csv"], "V": [""]}, ()),
        ("--disable-det --init-errors", {"disable-detection": [""], "init-errors-fatal": [""]}, ()),
    ],
)
def test_options_in_any_order(line: str, given: dict[str, list[str]], words: tuple[str, ...]) -> None:
    read = arguments.read(line.split())
    assert (read.given, read.words) == (given, words)


def test_the_last_one_wins() -> None:
    assert arguments.read(["-l", "a", "-l", "b"]).last("l") == "b"


@pytest.mark.parametrize("line", ["--no-such-option", "-r", "--set", "-T=x -?"])
def test_an_unknown_option_is_an_error(line: str) -> None:
    with pytest.raises(UsageError):
        arguments.read(line.split())


def test_options_without_effect_are_named() -> None:
    assert arguments.read(["-D", "--pidfile", "x", "-v"]).idle == ["-D", "--pidfile"]


def test_usage_lists_what_has_an_effect() -> None:
    assert "--engine-analysis" in arguments.usage()
    assert "--pidfile" not in arguments.usage()
