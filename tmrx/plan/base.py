"""What all parts of the plan have in common."""

from __future__ import annotations

import msgspec

SCHEMA_VERSION = 1

NO_LIMIT = 0


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the plan's structs: immutable, compared by value."""
