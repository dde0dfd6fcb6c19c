"""`tmrx completion`: what makes a shell complete tmrx's commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete tmrx's commands.

    \b
    Examples:
      eval "$(tmrx completion bash)"
      tmrx completion fish > ~/.config/fish/completions/tmrx.fish
    """
    from tmrx.cli import cli  # noqa: PLC0415 -- the group imports this command

    of = get_completion_class(shell)
    if of is not None:
        click.echo(of(cli, {}, "tmrx", "_TMRX_COMPLETE").source())
