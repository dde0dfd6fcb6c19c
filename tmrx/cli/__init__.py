"""The command line: `tmrx COMMAND …`. A command is imported when it is called; `tmrx --help` imports none."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

from tmrx import __version__
from tmrx.cli import console
from tmrx.errors import InternalError, TmrxError, UsageError

# Each command: where it is, and the line that `tmrx --help` prints of it (a test holds it against the command's own).
COMMANDS: dict[str, tuple[str, str]] = {
    "listen": ("tmrx.cli.listen:listen", "Receive mirrored traffic and say what is in it."),
    "send": ("tmrx.cli.send:send", "Send a capture as a mirror would."),
    "analyze": ("tmrx.cli.analyze:analyze", "Say what is in captures of mirrored traffic."),
    "decap": ("tmrx.cli.decap:decap", "Take off what the mirror put around the frames of a capture."),
    "sessions": ("tmrx.cli.sessions:sessions", "List the mirror sessions that a capture came through."),
    "rules": ("tmrx.cli.rules:rules", "Check and list detection rules."),
    "demo": ("tmrx.cli.demo:demo", "See it work: mirror an attack to yourself, and catch it."),
    "completion": ("tmrx.cli.completion:completion", "Print what makes a shell complete tmrx's commands."),
}
_USAGE = 2
_INTERRUPTED = 130  # 128 + SIGINT, as shells count


class Lazy(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import it."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, without importing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=False)
@click.version_option(__version__, prog_name="tmrx")
def tmrx() -> None:
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
    """Run a command line; its exit code."""
    try:
        code = tmrx.main(args=args, prog_name="tmrx", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as fault:
        console.error(_usage(fault))
        return _USAGE
    except TmrxError as fault:
        console.error(fault)
        return fault.exit_code
    except BrokenPipeError:
        return _nobody_reads()
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except Exception as fault:  # the last line of defence: no traceback for users
        return _own_fault(fault)


def _usage(fault: click.ClickException) -> UsageError:
    context = getattr(fault, "ctx", None)
    path = context.command_path if context else "tmrx"
    message = fault.format_message().rstrip(".")
    return UsageError(path, message[:1].lower() + message[1:], f"see {path} --help")


def _nobody_reads() -> int:
    """The reader of our output has gone, as `head` does: the interpreter must not flush into it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _own_fault(fault: Exception) -> int:
    if os.environ.get("TMRX_DEBUG"):
        raise fault
    what = "tmrx"
    if isinstance(fault, ImportError) and fault.name == "tmrx._core":
        console.error(InternalError("tmrx._core", "is not built for this Python", "run make in tmrx's repository"))
    else:
        why = f"{type(fault).__name__}: {fault}".rstrip(": ")
        console.error(InternalError(what, why, "a fault of tmrx: TMRX_DEBUG=1 shows where; please report it"))
    return InternalError.exit_code
