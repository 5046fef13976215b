"""The fingerprint changes with the code that a sampler runs, and with nothing else."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from theorylab.montecarlo.fingerprint import fingerprint
from theorylab.papers.one_step_gd.closed_form import icl_excess

SAMPLERS = '''"""A module."""
from __future__ import annotations

import numpy as np
from theorylab.montecarlo.samplers import block_size

from {package}.parts import offset
from {package} import tables
from . import relative
from .deep.inner import factor
import {package}_neighbour

# A comment.
@block_size(256)
def sample(rng, size, *, scale=1.0):
    """Draw."""
    return factor * scale * rng.standard_normal(size) + offset() + tables.TABLE[0]
'''


class Project:
    """A small package on disk that can be edited and loaded anew."""

    def __init__(self, root: Path, package: str) -> None:
        self.root, self.package = root, package
        self.files = {
            f"{package}/__init__.py": "",
            f"{package}/samplers.py": SAMPLERS.format(package=package),
            f"{package}/parts.py": "from .chain import offset\n",
            f"{package}/chain.py": "def offset():\n    return 0.0\n",
            f"{package}/tables.py": "TABLE = [0.0]\n",
            f"{package}/relative.py": "VALUE = 1\n",
            f"{package}/deep/__init__.py": "",
            f"{package}/deep/inner.py": "from ..relative import VALUE\nfactor = VALUE\n",
            f"{package}/unused.py": "VALUE = 1\n",
            f"{package}_neighbour.py": "VALUE = 1\n",
        }
        for name, text in self.files.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def forget(self) -> None:
        for name in [name for name in sys.modules if name.split(".")[0] in (self.package, f"{self.package}_neighbour")]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def load(self) -> Callable[..., Any]:
        self.forget()
        # Two versions of one length within the clock tick of the file system would share a .pyc.
        sys.dont_write_bytecode = True
        return importlib.import_module(f"{self.package}.samplers").sample

    def fingerprint(self) -> str | None:
        return fingerprint(self.load())

    def edited(self, name: str, text: str) -> str | None:
        self.write(f"{self.package}{name}", text)
        try:
            return self.fingerprint()
        finally:
            self.write(f"{self.package}{name}", self.files[f"{self.package}{name}"])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    built = Project(tmp_path, f"studied_{tmp_path.name.replace('-', '_')}")
    yield built
    built.forget()


def test_words_do_not_count(project: Project) -> None:
    original = project.fingerprint()
    assert original is not None
    assert len(original) == 32
    assert project.fingerprint() == original
    text = project.files[f"{project.package}/samplers.py"]
    for old, new in [
        ('"""Draw."""', '"""Draw, and more."""'),
        ('    """Draw."""\n', ""),
        ('"""A module."""', "# no words\n"),
        ("# A comment.", "# Another one.\n\n\n"),
        ("factor * scale", "factor  *  (scale)"),
        ("256", "0x100"),
    ]:
        assert text.count(old) == 1
        assert project.edited("/samplers.py", text.replace(old, new)) == original
    assert project.edited("/chain.py", '"""New."""\ndef offset():\n    """Words."""\n    return 0.0  # nothing\n') == original


def test_code_counts_wherever_it_is_imported_from(project: Project) -> None:
    original = project.fingerprint()
    text = project.files[f"{project.package}/samplers.py"]
    edits = {
        "scale": project.edited("/samplers.py", text.replace("scale=1.0", "scale=2.0")),
        "block": project.edited("/samplers.py", text.replace("256", "512")),
        "transitive": project.edited("/chain.py", "def offset():\n    return 1.0\n"),
        "from package import module": project.edited("/tables.py", "TABLE = [1.0]\n"),
        "relative import": project.edited("/relative.py", "VALUE = 2\n"),
        "deep relative import": project.edited("/deep/inner.py", "from ..relative import VALUE\nfactor = VALUE + 1\n"),
        "a module beside the package": project.edited("_neighbour.py", "VALUE = 2\n"),
    }
    assert len({original, *edits.values()}) == len(edits) + 1
    assert project.fingerprint() == original


def test_code_that_is_not_imported_does_not_count(project: Project) -> None:
    assert project.fingerprint() == project.edited("/unused.py", "VALUE = 2\n")


def test_an_edit_after_loading_changes_nothing_for_this_process(project: Project) -> None:
    # The loaded code goes on running, so its blocks must not be recorded as those of the edited file.
    sampler = project.load()
    original = fingerprint(sampler)
    project.write(f"{project.package}/chain.py", "def offset():\n    return 1.0\n")
    assert fingerprint(sampler) == original
    assert project.fingerprint() != original  # loaded anew
    assert fingerprint(sampler) == original


def test_a_function_whose_code_was_exchanged_is_looked_at_anew(project: Project) -> None:
    # What the autoreload of a notebook does.
    sampler = project.load()
    original = fingerprint(sampler)
    text = project.files[f"{project.package}/samplers.py"].replace("scale=1.0", "scale=1.5")
    project.write(f"{project.package}/samplers.py", text)
    namespace = {"__name__": f"{project.package}.samplers", "__package__": project.package}
    exec(compile(text, "samplers.py", "exec"), namespace)
    fresh = namespace["sample"]
    assert isinstance(sampler, FunctionType)
    assert isinstance(fresh, FunctionType)
    sampler.__code__ = fresh.__code__
    assert fingerprint(sampler) not in (None, original)


def test_what_no_file_stands_for_has_none(project: Project) -> None:
    sampler = project.load()

    def nested(rng: Any, size: int) -> None: ...

    assert fingerprint(nested) is None

    typed: dict[str, Any] = {"__name__": "__main__"}
    exec("def sample(rng, size): return rng.random(size)", typed)
    assert fingerprint(typed["sample"]) is None

    typed = {"__name__": sampler.__module__}
    exec("def sample(rng, size): return rng.random(size)", typed)
    assert fingerprint(typed["sample"]) is None  # another function under the name of one in a file


def test_samplers_of_one_module_share_a_fingerprint_and_papers_depend_on_the_bench() -> None:
    from theorylab.papers.one_step_gd import monte_carlo

    samplers = [value for name, value in vars(monte_carlo).items() if name.startswith("sample_")]
    assert len(samplers) > 5
    prints: dict[str, set[str | None]] = {sampler.__module__: set() for sampler in samplers}
    for sampler in samplers:
        prints[sampler.__module__].add(fingerprint(sampler))
    assert all(len(found) == 1 and None not in found for found in prints.values())
    assert fingerprint(icl_excess) not in set.union(*prints.values())


def test_looking_at_imports_imports_nothing() -> None:
    """A sampler's modules may name optional packages; to fingerprint them must not load these."""
    code = (
        "import sys\n"
        "from theorylab.montecarlo.fingerprint import fingerprint\n"
        "from theorylab.papers.one_step_gd.monte_carlo import sample_wishart_traces\n"
        "import theorylab.montecarlo.executors\n"
        "from theorylab.montecarlo.fingerprint import _followed\n"
        "assert fingerprint(sample_wishart_traces)\n"
        "assert not _followed('distributed.comm.addressing', ('theorylab',))\n"
        "assert 'distributed' not in sys.modules and 'dask' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
