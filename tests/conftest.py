"""Settings of the unit tests."""

from __future__ import annotations

pytest_plugins = ["pytester"]
