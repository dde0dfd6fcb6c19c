"""Address and port fields against a naive model: every number of a small space, one by one."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmrx.plan import AddressSet, PortSet
from tmrx.rules.diagnostics import Fault
from tmrx.rules.lexer import Field
from tmrx.rules.sets import addresses, ports
from tmrx.rules.variables import Variables

NONE = Variables(addresses={}, ports={})


def address(text: str, variables: Variables = NONE) -> AddressSet:
    return addresses(Field(text, 0), variables)


def port(text: str, variables: Variables = NONE) -> PortSet:
    return ports(Field(text, 0), variables)


def v4(*pairs: str) -> tuple[tuple[int, int], ...]:
    return tuple(
        (int(ipaddress.ip_address(low)), int(ipaddress.ip_address(high)))
        for low, high in (pair.split("-") for pair in pairs)
    )


def v6(*pairs: str) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((low.to_bytes(16, "big"), high.to_bytes(16, "big")) for low, high in v4(*pairs))


ADDRESSES = {
    "any": AddressSet(any=True),
    "ANY": AddressSet(any=True),
    "[any]": AddressSet(any=True),
    "10.0.0.1": AddressSet(v4=v4("10.0.0.1-10.0.0.1")),
    "10.0.0.9/24": AddressSet(v4=v4("10.0.0.0-10.0.0.255")),
    "10.1.2.3/255.255.0.0": AddressSet(v4=v4("10.1.0.0-10.1.255.255")),
    "10.0.0.1-10.0.0.9": AddressSet(v4=v4("10.0.0.1-10.0.0.9")),
    "0.0.0.0/0": AddressSet(v4=v4("0.0.0.0-255.255.255.255")),
    "2001:db8::/32": AddressSet(v6=v6("2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")),
    "2001:db8::1-2001:db8::9": AddressSet(v6=v6("2001:db8::1-2001:db8::9")),
    "[10.0.0.0/25, 10.0.0.128/25]": AddressSet(v4=v4("10.0.0.0-10.0.0.255")),
    "[10.0.0.1,::1]": AddressSet(v4=v4("10.0.0.1-10.0.0.1"), v6=v6("::1-::1")),
    # A negation alone is of its own family.
    "!128.0.0.0/1": AddressSet(negated=True, v4=v4("0.0.0.0-127.255.255.255")),
    "![10.0.0.0/8, [11.0.0.0/8]]": AddressSet(negated=True, v4=v4("0.0.0.0-9.255.255.255", "12.0.0.0-255.255.255.255")),
    # `any` is both, so that the other family stays whole.
    "[any,!0.0.0.0/1]": AddressSet(
        negated=True,
        v4=v4("128.0.0.0-255.255.255.255"),
        v6=v6("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ),
    "[10.0.0.0/8,![10.0.0.0/9]]": AddressSet(negated=True, v4=v4("10.128.0.0-10.255.255.255")),
    "[10.0.0.0/8,!192.168.0.0/16]": AddressSet(negated=True, v4=v4("10.0.0.0-10.255.255.255")),
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses(text: str) -> None:
    assert address(text) == ADDRESSES[text]


PORTS = {
    "any": PortSet(any=True),
    "[any,80]": PortSet(any=True),
    "80": PortSet(ranges=((80, 80),)),
    "1024:": PortSet(ranges=((1024, 65535),)),
    ":80": PortSet(ranges=((0, 80),)),
    "0:65535": PortSet(ranges=((0, 65535),)),
    "[80,81,90:95]": PortSet(ranges=((80, 81), (90, 95))),
    "!80": PortSet(ranges=((0, 79), (81, 65535))),
    "[any,!80]": PortSet(ranges=((0, 79), (81, 65535))),
    "[1:100,!50:60]": PortSet(ranges=((1, 49), (61, 100))),
}


@pytest.mark.parametrize("text", PORTS)
def test_ports(text: str) -> None:
    assert port(text) == PORTS[text]


@pytest.mark.parametrize(
    ("text", "why", "at"),
    [
        ("10.0.0.256", "'10.0.0.256' is no address", 0),
        ("10.0.0.0/33", "'10.0.0.0/33' is no address", 0),
        ("10.0.0.0/0.0.0.255", "'10.0.0.0/0.0.0.255' is no address", 0),
        ("10.0.0.0/255.0.255.0", "'10.0.0.0/255.0.255.0' is no address", 0),
        ("10.0.0.9-10.0.0.1", "'10.0.0.9-10.0.0.1' is no range of addresses", 0),
        ("10.0.0.1-::1", "'10.0.0.1-::1' is no range of addresses", 0),
        ("[10.0.0.1,,10.0.0.2]", "an empty address", 10),
        ("[]", "an empty address", 1),
        ("[10.0.0.1, bad]", "'bad' is no address", 11),
        ("[10.0.0.1]x", "the brackets of the address list don't match", 0),
        ("10.0.0.1,10.0.0.2", "'10.0.0.1,10.0.0.2' is no address", 0),
        ("!!10.0.0.1", "'!10.0.0.1' is no address", 1),
        ("![any]", "the address '![any]' leaves nothing: all of it is negated", 0),
        ("[10.0.0.0/8,!10.0.0.0/8]", "the address '[10.0.0.0/8,!10.0.0.0/8]' leaves nothing: all of it is negated", 0),
        ("[" * 40 + "10.0.0.1" + "]" * 40, "the address is nested too deep", 33),
        ("[10.0.0.1,$LOOP]", "the variable $LOOP refers to itself", 10),
    ],
)
def test_wrong_addresses(text: str, why: str, at: int) -> None:
    with pytest.raises(Fault) as fault:
        address(text, Variables(addresses={"LOOP": "[10.0.0.2, $LOOP]"}, ports={}))
    assert (fault.value.why, fault.value.at) == (why, at)


@pytest.mark.parametrize("text", ["", ":", "a", "1:2:3", "-1", "99999", "٣", "2:1", "[80", "[1,!1]"])
def test_wrong_ports(text: str) -> None:
    with pytest.raises(Fault):
        port(text)


# --- the algebra

PORT = st.integers(0, 65535)
PORT_ATOM = st.one_of(
    PORT.map(str),
    st.tuples(PORT, PORT).map(lambda ends: f"{min(ends)}:{max(ends)}"),
    st.sampled_from(["any", "$A", "$B"]),
)
V4_ATOM = st.one_of(
    st.builds("{}.0.0.0/{}".format, st.integers(0, 255), st.integers(0, 8)),
    st.sampled_from(["any", "$A", "$B", "2001:db8::/32", "::/1", "8000::/1"]),
)


def trees(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A field: atoms, lists and negations, nested."""
    lists = st.recursive(
        atoms, lambda inner: st.lists(signed(inner), min_size=1, max_size=4).map(lambda items: f"[{','.join(items)}]")
    )
    return signed(lists)


def signed(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{}{}".format, st.sampled_from(["", "!"]), texts)


def model(text: str, variables: dict[str, str], negated: bool = False) -> tuple[list[str], list[str]]:
    """The atoms that are in and those that are out: what stands under an even and an odd number of negations."""
    if text.startswith("!"):
        negated, text = not negated, text[1:]
    if text.startswith("$"):
        return model(variables[text[1:]], variables, negated)
    if not text.startswith("["):
        return ([], [text]) if negated else ([text], [])
    inside, outside, depth, item = [], [], 0, ""
    for char in text[1:-1] + ",":
        depth += (char == "[") - (char == "]")
        if char == "," and depth == 0:
            more_in, more_out = model(item, variables, negated)
            inside, outside, item = inside + more_in, outside + more_out, ""
        else:
            item += char
    return inside, outside


@given(trees(PORT_ATOM))
def test_ports_agree_with_the_model(text: str) -> None:
    variables = {"A": "[80,!443]", "B": "!1024:"}

    def members(atoms: list[str]) -> set[int]:
        out: set[int] = set()
        for atom in atoms:
            low, _, high = ("0:65535" if atom == "any" else atom).partition(":")
            out |= set(range(int(low), int(high or (65535 if atom.endswith(":") else low)) + 1))
        return out

    inside, outside = (members(atoms) for atoms in model(text, variables))
    expected = (inside if model(text, variables)[0] else set(range(65536))) - outside
    try:
        found = port(text, Variables(addresses={}, ports=variables))
    except Fault:
        assert expected == set()
        return
    assert expected == {n for low, high in found.ranges or ((0, 65535),) for n in range(low, high + 1)}
    assert found.any == ("any" in model(text, variables)[0] and not model(text, variables)[1])


PROBES = [f"{n}.{m}.3.4" for n in range(0, 256, 5) for m in (0, 255)]
PROBES += ["::", "::1", "2001:db8::1", "2001:db9::", "7fff::", "8000::", "ffff::1"]


@given(trees(V4_ATOM))
def test_addresses_agree_with_the_model(text: str) -> None:
    variables = {"A": "[10.0.0.0/8,!10.0.0.0/9]", "B": "!2001:db8::/33"}
    atoms = {"any": ("0.0.0.0/0", "::/0")}
    inside, outside = (
        [ipaddress.ip_network(net, strict=False) for atom in side for net in atoms.get(atom, (atom,))]
        for side in model(text, variables)
    )

    def expected(probe: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        in_family = [net for net in inside if net.version == probe.version]
        out_family = [net for net in outside if net.version == probe.version]
        asked = any(probe in net for net in in_family) if in_family else bool(out_family)
        return asked and not any(probe in net for net in out_family)

    probes = [ipaddress.ip_address(probe) for probe in PROBES]
    try:
        found = address(text, Variables(addresses=variables, ports={}))
    except Fault:
        assert not any(expected(probe) for probe in probes)
        return
    for probe in probes:
        if found.any:
            held = True
        elif probe.version == 4:
            held = any(low <= int(probe) <= high for low, high in found.v4)
        else:
            held = any(low <= probe.packed <= high for low, high in found.v6)
        assert held == expected(probe), probe
    assert found.negated == bool(outside)
