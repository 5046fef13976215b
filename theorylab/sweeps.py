"""Sweeps and drawings: running the parameter grids of a paper, keeping their tables, and drawing figures from them.

``simulations/<slug>.py`` holds ``SWEEPS``, a mapping from the name of a figure to a function ``(lab) -> rows``; ``figures/<slug>.py`` holds
``FIGURES``, a mapping from the same names to functions ``(rows) -> matplotlib Figure``. Rows are dictionaries of numbers, texts and lists.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from theorylab import __version__
from theorylab.evidence.store import write_json
from theorylab.laboratory import Laboratory
from theorylab.montecarlo.fingerprint import fingerprint
from theorylab.names import file_path
from theorylab.project import ProjectError, Results, load_wing
from theorylab.rows import Rows
from theorylab.validation import instance, items

__all__ = ["draw_figures", "figure_names", "is_current", "load_rows", "run_sweep", "sweep_names"]


@dataclass(frozen=True)
class Drawn:
    """A figure that was written: its name, files, and the seconds it took."""

    name: str
    files: tuple[Path, ...]
    seconds: float


def _choose(kind: str, slug: str, known: dict[str, Any], wanted: Sequence[str]) -> list[str]:
    for name in items("wanted", wanted, str):
        if name not in known:
            raise ValueError(f"unknown {kind} {name!r} of {slug}; known are {', '.join(known)}")
    return list(wanted) or list(known)


def sweep_names(slug: str, root: Path, wanted: Sequence[str] = ()) -> list[str]:
    """Return the names of a paper's sweeps, or ``wanted`` if all of them exist.

    Raises
    ------
    ValueError
        If the paper or a name is unknown.
    ProjectError
        If the paper has no sweeps at ``root``.
    """
    return _choose("sweep", slug, load_wing("simulations", slug, root).SWEEPS, wanted)


def figure_names(slug: str, root: Path, wanted: Sequence[str] = ()) -> list[str]:
    """Return the names of a paper's figures, or ``wanted`` if all of them exist.

    Raises
    ------
    ValueError
        If the paper or a name is unknown.
    ProjectError
        If the paper has no drawings at ``root``.
    """
    return _choose("figure", slug, load_wing("figures", slug, root).FIGURES, wanted)


def _plain(value: Any) -> Any:
    """Turn numpy values into JSON's."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _checksum(rows: Any) -> str:
    """Return what tells rows from any others, as they stand in a file."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def run_sweep(slug: str, name: str, lab: Laboratory, root: Path, results: Results) -> Path:
    """Run one sweep and keep its table; return the table's file.

    Raises
    ------
    ValueError
        If the paper or the sweep is unknown.
    """
    instance("lab", lab, Laboratory)
    instance("results", results, Results)
    known: dict[str, Callable[[Laboratory], Rows]] = load_wing("simulations", slug, root).SWEEPS
    _choose("sweep", slug, known, [name])
    begin = time.perf_counter()
    rows = known[name](lab)
    path = results.table(slug, name, lab.scale)
    plain_rows = [{key: _plain(value) for key, value in row.items()} for row in rows]
    table = {
        "paper": slug,
        "sweep": name,
        "seed": lab.seed,
        "scale": lab.scale,
        "backend": lab.engine.backend,
        "version": __version__,
        "code": fingerprint(known[name]),
        "seconds": round(time.perf_counter() - begin, 3),
        "checksum": _checksum(json.loads(json.dumps(plain_rows))),
        "rows": plain_rows,
    }
    write_json(path, table)
    return path


def is_current(slug: str, name: str, scale: str, root: Path, results: Results) -> bool:
    """Tell whether the table of a sweep is there, whole, and was made by the code that stands here now."""
    path = instance("results", results, Results).table(slug, name, scale)
    file_path("root", root)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        same = table["code"] == fingerprint(load_wing("simulations", slug, root).SWEEPS[name])
        return bool(same and table["checksum"] == _checksum(table["rows"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def load_rows(path: Path) -> Rows:
    """Return the rows of a table.

    Raises
    ------
    ProjectError
        If the file cannot be read, or its rows are not those that were written.
    """
    path = file_path("path", path)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        rows: Rows = table["rows"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TypeError("its rows are no list of records")
        if table["checksum"] != _checksum(rows):
            raise ValueError("its rows were changed")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProjectError(f"{path} cannot be read as the table of a sweep ({error}); simulate it again") from error
    return rows


def draw_figures(slug: str, names: Sequence[str], scale: str, root: Path, results: Results, formats: Sequence[str] = ("png", "pdf")) -> list[Drawn]:
    """Draw figures from the tables of their sweeps and write them in every format.

    Raises
    ------
    ProjectError
        If a table is missing or unreadable, or was made by other code and lacks what is drawn.
    """
    from theorylab.plotting import save_figure, style

    instance("results", results, Results)
    names = items("names", names, str)
    drawings: dict[str, Callable[[Rows], Any]] = load_wing("figures", slug, root).FIGURES
    drawn = []
    for name in _choose("figure", slug, drawings, names):
        begin = time.perf_counter()
        table = results.table(slug, name, scale)
        if not table.exists():
            raise ProjectError(f"figure {name} of {slug} has no results at scale {scale}: run theorylab simulate {slug} --scale {scale}")
        rows = load_rows(table)
        with style():
            try:
                figure = drawings[name](rows)
            except (LookupError, TypeError, ValueError) as error:
                # A drawing that fails on what its own sweep made is a fault of the drawing, and shows where.
                if is_current(slug, name, scale, root, results):
                    raise
                raise ProjectError(
                    f"{table} was made by other code and cannot be drawn ({type(error).__name__}: {error}); simulate it again"
                ) from error
            files = save_figure(figure, results.figures(slug), name, formats)
        drawn.append(Drawn(name, files, time.perf_counter() - begin))
    return drawn
