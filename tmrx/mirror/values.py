"""What the values of a mirror's configuration may be, and the base of its models."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1)]
Address = Annotated[str, Meta(extra={"format": "an IP address"})]
Cidr = Annotated[str, Meta(extra={"format": "a CIDR block"})]
Mac = Annotated[str, Meta(extra={"format": "a MAC address"})]
# A protocol's number as text, `-1` for all: the tables of security groups and network ACLs have it so.
IpProtocol = Annotated[str, Meta(extra={"format": "an IP protocol"})]
Port = Annotated[int, Meta(ge=0, le=65_535)]
# `aws:` begins the tags that AWS makes itself.
TagKey = Annotated[str, Meta(max_length=127, extra={"reserved": "aws:"})]
TagValue = Annotated[str, Meta(max_length=256)]


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Base: immutable, compared by value, spelled in PascalCase in AWS's JSON."""


class Tag(Model, frozen=True, kw_only=True):
    """A tag; only `Name` means something to tmrx."""

    key: TagKey
    value: TagValue = ""
