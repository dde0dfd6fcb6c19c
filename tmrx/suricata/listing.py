"""What can be listed: keywords, application protocols, run modes, the version."""

from __future__ import annotations

from collections.abc import Callable

from tmrx import __version__


def version(_: str) -> str:
    """`-V`."""
    return f"This is tmrx {__version__}, which takes Suricata's options, configuration and rules"


def build_info(_: str) -> str:
    """`--build-info`."""
    from tmrx import _core  # noqa: PLC0415

    return "\n".join((version(""), f"core: {'debug' if _core.DEBUG else 'release'}"))


def keywords(which: str) -> str:
    """`--list-keywords`: names; `csv` and `all` say more; a name is one of them."""
    from tmrx.rules import catalogue, options  # noqa: PLC0415

    known = {keyword.name: keyword for keyword in catalogue.keywords().values()}
    if which == "csv":
        rows = [f"{name};{word.value};{word.kind};{_state(name in options.HANDLERS)}" for name, word in known.items()]
        return "\n".join(("name;value;kind;state", *sorted(rows)))
    if which in known:
        word = known[which]
        return f"= {which} =\n\tvalue: {word.value}\n\tkind: {word.kind}\n\t{_state(which in options.HANDLERS)}"
    return "\n".join(("=====Supported keywords=====", *(f"- {n}" for n in sorted(known) if n in options.HANDLERS)))


def _state(supported: bool) -> str:
    return "supported" if supported else "known, not supported yet"


def applications(_: str) -> str:
    """`--list-app-layer-protos`."""
    from tmrx import _core  # noqa: PLC0415

    names: list[str] = getattr(_core, "applications", list)()
    return "\n".join(("=========Supported App Layer Protocols=========", *sorted(names)))


def protocols(_: str) -> str:
    """`--list-rule-protos`."""
    from tmrx.rules import protocols as known  # noqa: PLC0415

    return "\n".join(sorted(known.PROTOCOLS)) if hasattr(known, "PROTOCOLS") else ""


def run_modes(_: str) -> str:
    """`--list-runmodes`."""
    return "single\nautofp\nworkers"


def frames(_: str) -> str:
    """`--list-app-layer-frames`: as rules name them."""
    from tmrx.rules import supported  # noqa: PLC0415

    names = (name.removeprefix("frame.") for name in supported.buffers() if name.startswith("frame."))
    return "\n".join(("=========Supported App Layer Frames=========", *sorted(names)))


def nothing(_: str) -> str:
    """What comes with the application protocols."""
    return ""


LISTS: dict[str, Callable[[str], str]] = {
    "V": version,
    "build-info": build_info,
    "list-keywords": keywords,
    "list-app-layer-protos": applications,
    "list-app-layer-hooks": nothing,
    "list-app-layer-frames": frames,
    "list-rule-protos": protocols,
    "list-runmodes": run_modes,
}
