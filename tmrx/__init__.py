"""tmrx: the receiving end of cloud traffic mirroring."""

__version__ = "0.1.0"
