"""How applications are parsed, and what is kept of their files (`core/src/plan/applications.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import Struct


class BodySettings(Struct, frozen=True, kw_only=True):
    """How much of one direction's bodies is kept, in bytes; `limit` 0: all of it.

    Rules look once `minimum` bytes are there, and from then on at what is new with `window` bytes around it.
    """

    limit: int
    minimum: int
    window: int


class HttpSettings(Struct, frozen=True, kw_only=True):
    """HTTP/1; the specification's `app-layer.protocols.http.libhtp.default-config`."""

    request: BodySettings = BodySettings(limit=102_400, minimum=32_768, window=4_096)
    response: BodySettings = BodySettings(limit=102_400, minimum=40_960, window=16_384)
    # Encodings of a body that are undone one after the other.
    decompress_layers: int = 2
    lzma: bool = False
    bomb_limit: int = 1 << 20
    double_decode_path: bool = False
    double_decode_query: bool = False
    uri_include_all: bool = False
    meta_field_limit: int = 18_000


class Http2Settings(Struct, frozen=True, kw_only=True):
    """HTTP/2: open streams, bytes of a direction's table of fields, frames of a stream's direction, bytes of a block of
    fields, and bytes from which on a body that grows much is no longer unpacked."""

    max_streams: int = 4_096
    max_table_size: int = 65_536
    max_frames: int = 65_536
    max_reassembly_size: int = 102_400
    bomb_limit: int = 1 << 20


class TlsSettings(Struct, frozen=True, kw_only=True):
    """TLS; fingerprints are made where something asks for them. `after`: what becomes of encrypted data."""

    ja3: bool = False
    ja4: bool = False
    after: Literal["track_only", "full", "bypass"] = "track_only"


class FtpSettings(Struct, frozen=True, kw_only=True):
    """FTP's control connections: the most bytes of a line that are looked at, and the most open transactions."""

    max_line_length: int = 4_096
    max_transactions: int = 1_024


class SshSettings(Struct, frozen=True, kw_only=True):
    """SSH; `hassh`: fingerprints of key exchanges are made. `after`: what becomes of encrypted data."""

    hassh: bool = False
    after: Literal["track_only", "full", "bypass"] = "track_only"


class FileSettings(Struct, frozen=True, kw_only=True):
    """Files: what is found out about each whatever rules ask, and what is stored; `store_all`: not just for rules."""

    magic: bool = False
    hashes: tuple[Literal["md5", "sha1", "sha256"], ...] = ()
    store: bool = False
    store_all: bool = False
    # Bytes of a stream that are looked at for a file that a rule has stored; 0: all; None: as many as of any.
    stream_depth: int | None = None


class DetectionPorts(Struct, frozen=True, kw_only=True):
    """The ports at which a protocol that has no pattern of its own is looked for, in place of its usual ones."""

    protocol: str
    udp: bool
    ports: tuple[int, ...]


class Applications(Struct, frozen=True, kw_only=True):
    """Each protocol's own settings. `off`: protocols that are not looked for; `named`: those that are not parsed."""

    off: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    ports: tuple[DetectionPorts, ...] = ()
    http: HttpSettings = HttpSettings()
    http2: Http2Settings = Http2Settings()
    tls: TlsSettings = TlsSettings()
    ftp: FtpSettings = FtpSettings()
    ssh: SshSettings = SshSettings()
    files: FileSettings = FileSettings()
