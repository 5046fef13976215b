"""Where the wings of the project stand, and how a paper's sweeps and drawings are found there."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from theorylab.names import file_name, file_path
from theorylab.papers import find_paper

__all__ = ["ProjectError", "Results", "check_files", "load_wing", "project_root", "relative"]

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
    here = (Path.cwd() if start is None else file_path("start", start)).resolve()
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
    root = file_path("root", root)
    if not isinstance(wing, str) or wing not in WINGS:
        raise ValueError(f"wing must be one of {', '.join(WINGS)}; got {wing!r:.80}")
    if not (root / wing / f"{slug}.py").exists():
        raise ProjectError(f"paper {slug} has no {wing}/{slug}.py")
    # The wings are namespace packages of the checkout, so that worker processes can import what they hold.
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module(f"{wing}.{slug}")


def check_files(slug: str, root: Path) -> list[Path]:
    """Return the claim files of a paper: ``paper_checks/test_<slug>.py`` and ``test_<slug>_<theme>.py``.

    Raises
    ------
    ValueError
        If the slug is not in the catalogue.
    ProjectError
        If the paper has no such file.
    """
    find_paper(slug)
    folder = file_path("root", root) / "paper_checks"
    files = sorted({*folder.glob(f"test_{slug}.py"), *folder.glob(f"test_{slug}_*.py")})
    if not files:
        raise ProjectError(f"paper {slug} has no paper_checks/test_{slug}.py")
    return files


class Results:
    """The folder that everything computed goes into, checked to be writable before anything is computed.

    Nothing is written outside it: names that are more than one step of a path are refused, and so are links that lead out of it. The folder
    itself may be a link.

    Raises
    ------
    ProjectError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        if not isinstance(folder, str | Path):
            raise ValueError(f"folder must be the path of one; got {folder!r:.80}")
        self.folder = folder = Path(folder)
        if "\0" in str(folder):
            raise ProjectError(f"the name of the results folder must not hold a NUL character; got {str(folder)!r}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise ProjectError(f"cannot write into the results folder {folder}: {error.strerror or error}") from error

    @property
    def ledger(self) -> Path:
        """File of the ledger."""
        return self._inside("ledger.sqlite")

    @property
    def evidence(self) -> Path:
        """File of the evidence."""
        return self._inside("evidence.json")

    @property
    def report(self) -> Path:
        """Front page of the report."""
        return self._inside("report", "index.html")

    def table(self, slug: str, name: str, scale: str) -> Path:
        """File of the results of one sweep."""
        return self._inside("sweeps", file_name("slug", slug), f"{file_name('name', name)}.{file_name('scale', scale)}.json")

    def figures(self, slug: str) -> Path:
        """Folder of a paper's figures."""
        return self._inside("figures", file_name("slug", slug))

    def _inside(self, *steps: str) -> Path:
        path = self.folder.joinpath(*steps)
        try:
            inside = path.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError):  # a link that leads to itself
            inside = False
        if not inside:
            raise ProjectError(f"{path} is a link that leads out of the results folder; remove it, or name the place itself with an option")
        return path


def relative(path: Path) -> str:
    """Return ``path`` as seen from here, if it lies below."""
    path = file_path("path", path)
    try:
        return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)
    except OSError:
        return str(path)
