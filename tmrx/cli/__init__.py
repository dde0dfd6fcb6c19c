"""The command line: `tmrx COMMAND …`. A command is imported when it is called; `tmrx --help` imports none."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from tmrx import __version__
from tmrx.cli import errors
from tmrx.cli.lazy import Lazy
from tmrx.errors import InternalError, TmrxError, UsageError

# Each command: where it is, and the line that `tmrx --help` prints of it (a test holds it against the command's own).
COMMANDS: dict[str, tuple[str, str]] = {
    "listen": ("tmrx.cli.listen:listen", "Receive mirrored traffic and say what is in it."),
    "send": ("tmrx.cli.send:send", "Mirror traffic, as the sources of a mirror do."),
    "analyze": ("tmrx.cli.analyze:analyze", "Say what is in captures of mirrored traffic."),
    "decap": ("tmrx.cli.decap:decap", "Take off what the mirror put around the frames of a capture."),
    "packets": ("tmrx.cli.packets:packets", "Print a line for each packet of a capture."),
    "sessions": ("tmrx.cli.sessions:sessions", "List the mirror sessions that a capture came through."),
    "mirror": ("tmrx.cli.mirror:mirror", "Show and check what a mirror is, and explain what it does."),
    "rules": ("tmrx.cli.rules:rules", "Check, list, explain and count rules."),
    "suricata": (
        "tmrx.cli.suricata:suricata",
        "Run as Suricata: its options, its suricata.yaml, its rules, its outputs.",
    ),
    "demo": ("tmrx.cli.demo:demo", "See it work: mirror an attack to yourself, and catch it."),
    "completion": ("tmrx.cli.completion:completion", "Print what makes a shell complete tmrx's commands."),
}
_INTERRUPTED = 130  # 128 + SIGINT, as shells count


@click.group(cls=Lazy, table=COMMANDS)
@click.version_option(__version__, prog_name="tmrx")
def cli() -> None:
    """Receive mirrored cloud traffic: take off what the mirror put around it, tell what the mirror did to it, and say
    what is in it.

    \b
    Examples:
      tmrx demo                                          see it work
      tmrx analyze capture.pcap                          a summary
      tmrx analyze capture.pcap -S rules --eve eve.json  alerts and events
      tmrx listen --mirror sessions.json -S rules        live, on UDP 4789 and 6081
      tmrx decap mirrored.pcap -w - | tcpdump -nr -      the frames inside
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run a command line and exit: 0 done, 1 a check does not hold, 2 bad usage or input, 3 an error of tmrx itself."""
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run a command line; its exit code. What went wrong is printed, never raised."""
    try:
        code = cli.main(args=args, prog_name="tmrx", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        return _nobody_reads()
    except SystemExit as ended:
        # click's own way out: 1 for a reader of our output that has gone, as `head` does; else of shell completion.
        return _nobody_reads() if ended.code == 1 else 0
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except Exception as fault:
        return _failed(fault)


def _failed(fault: Exception) -> int:
    told = _told(fault)
    errors.faults(told)
    return told.exit_code


def _told(fault: Exception) -> TmrxError:
    """A fault as users are told of it."""
    if isinstance(fault, TmrxError):
        return fault
    if isinstance(fault, click.ClickException):
        return _usage(fault)
    if isinstance(fault, ModuleNotFoundError) and fault.name == "tmrx._core":
        return InternalError("tmrx._core", "is not built for this Python", "run make build in tmrx's repository")
    if os.environ.get("TMRX_DEBUG"):
        raise fault
    why = f"{type(fault).__name__}: {fault}".rstrip(": ")
    return InternalError("tmrx", why, "a fault of tmrx: TMRX_DEBUG=1 shows where; please report it")


def _usage(fault: click.ClickException) -> UsageError:
    context = getattr(fault, "ctx", None)
    path = context.command_path if context else "tmrx"
    message = fault.format_message().rstrip(".")
    return UsageError(path, message[:1].lower() + message[1:], f"see {path} --help")


def _nobody_reads() -> int:
    """The reader of our output has gone: the interpreter must not flush into it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
