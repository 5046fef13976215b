"""Where the wings of the project stand, and how a paper's sweeps and drawings are found there."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from theorylab.papers import find_paper

__all__ = ["ProjectError", "Results", "check_files", "load_wing", "project_root"]

WINGS = ("paper_checks", "simulations", "figures")


class ProjectError(RuntimeError):
    """The project's folders are not where they should be; the message is one line for the user."""


def project_root(start: Path | None = None) -> Path:
    """Return the folder that holds ``paper_checks/``, ``simulations/`` and ``figures/``: above ``start``, or beside the installed package.

    Raises
    ------
    ProjectError
        If there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parent.parent):
        if all((folder / wing).is_dir() for wing in WINGS):
            return folder
    raise ProjectError(f"no theorylab project here: {', '.join(wing + '/' for wing in WINGS)} are not above {here}; run this inside a checkout")


def load_wing(wing: str, slug: str, root: Path) -> ModuleType:
    """Import ``<wing>/<slug>.py`` of the project at ``root``; what it grows into stands beside it as ``<slug>_<theme>.py``.

    Raises
    ------
    ValueError
        If the slug is not in the catalogue.
    ProjectError
        If the paper has no such file.
    """
    find_paper(slug)
    if not (root / wing / f"{slug}.py").exists():
        raise ProjectError(f"paper {slug} has no {wing}/{slug}.py")
    # The wings are namespace packages of the checkout, so that worker processes can import what they hold.
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module(f"{wing}.{slug}")


def check_files(slug: str, root: Path) -> list[Path]:
    """Return the claim files of a paper: ``paper_checks/test_<slug>.py`` and ``test_<slug>_<theme>.py``."""
    find_paper(slug)
    folder = root / "paper_checks"
    files = sorted({*folder.glob(f"test_{slug}.py"), *folder.glob(f"test_{slug}_*.py")})
    if not files:
        raise ProjectError(f"paper {slug} has no paper_checks/test_{slug}.py")
    return files


class Results:
    """The folder that everything computed goes into, checked to be writable before anything is computed.

    Raises
    ------
    ProjectError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise ProjectError(f"cannot write into the results folder {folder}: {error.strerror or error}") from error

    @property
    def ledger(self) -> Path:
        """File of the ledger."""
        return self.folder / "ledger.sqlite"

    @property
    def evidence(self) -> Path:
        """File of the evidence."""
        return self.folder / "evidence.json"

    @property
    def report(self) -> Path:
        """Front page of the report."""
        return self.folder / "report" / "index.html"

    def table(self, slug: str, name: str, scale: str) -> Path:
        """File of the results of one sweep."""
        return self.folder / "sweeps" / slug / f"{name}.{scale}.json"

    def figures(self, slug: str) -> Path:
        """Folder of a paper's figures."""
        return self.folder / "figures" / slug


def relative(path: Path) -> str:
    """Return ``path`` as seen from here, if it lies below."""
    try:
        return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)
    except OSError:
        return str(path)
