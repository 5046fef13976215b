"""The command line."""

from __future__ import annotations

from theorylab.cli.main import main

__all__ = ["main"]
