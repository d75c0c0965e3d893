"""Command line: ``crlocal``."""

from .main import main

__all__ = ["main"]
