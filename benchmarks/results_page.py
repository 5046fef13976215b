"""The page of results: each part of the suite writes a section of its own and leaves the others as they are."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from threadpoolctl import threadpool_info

from theorylab.evidence.calibration.page import markdown_table

__all__ = ["PAGE", "machine", "markdown_table", "write_section"]

PAGE = Path(__file__).with_name("RESULTS.md")
# In this order they stand on the page.
SECTIONS = ("contests", "limits", "overhead", "growth", "cluster", "gpu", "widths")
PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "statsmodels", "cvxpy", "distributed", "sempler", "causalicp", "cupy-cuda12x")
_HEAD = """# Measured

Each section is made by the command that stands in it; do not edit, run the command again. `make bench` makes all of them that this machine can make.
"""


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1] if match else platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def machine() -> str:
    """Return hardware and versions in a sentence or two."""
    kernels = sorted(
        {f"{entry['internal_api']} {entry.get('architecture', '')}".strip() for entry in threadpool_info() if entry["user_api"] == "blas"}
    )
    versions = ", ".join(f"{package} {version}" for package in PACKAGES if (version := _version(package)))
    return (
        f"{os.cpu_count()} cores of {_processor()} ({platform.machine()}, {platform.system()}), BLAS {', '.join(kernels) or 'unknown'}; "
        f"Python {platform.python_version()}, {versions}."
    )


def write_section(name: str, title: str, command: str, paragraphs: Sequence[str], page: Path = PAGE) -> None:
    """Write one section, with the command that makes it and the machine that it was made on, in place of its older self.

    Raises
    ------
    ValueError
        If there is no section of that name.
    """
    if name not in SECTIONS:
        raise ValueError(f"name must be one of {', '.join(SECTIONS)}; got {name!r}")
    sections = _sections(page)
    origin = f"`{command}`, {date.today().isoformat()}, on {machine()}"
    sections[name] = "\n\n".join([f"## {title}", origin, *paragraphs])
    body = "".join(f"\n<!-- {key} -->\n{sections[key]}\n" for key in SECTIONS if key in sections)
    page.write_text(_HEAD + body, encoding="utf-8")
    print(f"wrote section {name} of {page.name}", file=sys.stderr)


def _sections(page: Path) -> dict[str, str]:
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = re.split(r"^<!-- (\w+) -->\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}
