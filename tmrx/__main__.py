"""`python -m tmrx` is `tmrx`."""

from tmrx.cli import main

main()
