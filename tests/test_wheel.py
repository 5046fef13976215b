"""What is handed out: the wheel holds the package and nothing else, the source distribution the checkout and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path, PurePosixPath

import pytest
from environments import ROOT, copy_checkout

from theorylab import __version__
from theorylab.papers import catalogue

DATA = {"theorylab/py.typed", "theorylab/papers/catalogue.toml", "theorylab/report/page.html"}
LITTER = (
    "__pycache__/x.cpython-311.pyc",
    "kernels.x-1.py311.nbi",
    ".DS_Store",
    "notes.txt~",
    "data.pkl",
    "secret.pem",
    ".env",
    ".ipynb_checkpoints/x-checkpoint.ipynb",
)
WINGS = {"benchmarks", "docs", "figures", "notebooks", "paper_checks", "simulations", "tests", "theorylab", ".ci"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the checkout with litter in it."""
    copy = copy_checkout(tmp_path_factory.mktemp("build") / "checkout")
    for folder in ("theorylab", "theorylab/report", "theorylab/papers/one_step_gd", "tests", "notebooks", "results", "results/figures", "."):
        for name in LITTER:
            place = copy / folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"x")
    (copy / "results" / "evidence.json").write_text("[]", encoding="utf-8")
    # Archives keep the modes of the files, and those of a checkout depend on whose it is.
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    return copy


def _build(checkout: Path, function: str, target: Path) -> Path:
    """Call the build backend, as pip and build do, without a network."""
    code = f"import sys; from setuptools import build_meta; print(build_meta.{function}(sys.argv[1]))"
    # Without this the times of the files would stand in the archive.
    variables = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)], cwd=checkout, env=variables, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return target / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(_build(checkout, "build_wheel", tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def source(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    return tarfile.open(_build(checkout, "build_sdist", tmp_path_factory.mktemp("source")))


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile, checkout: Path) -> None:
    modules = {path.relative_to(checkout).as_posix() for path in (checkout / "theorylab").rglob("*.py")}
    assert len(modules) > 200
    information = f"theorylab-{__version__}.dist-info"
    said = {f"{information}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE")}
    names = wheel.namelist()
    assert len(names) == len(set(names))
    assert set(names) == modules | DATA | said
    assert not [name for name in names if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts]
    assert wheel.read(f"{information}/top_level.txt").split() == [b"theorylab"]


def test_the_wheel_says_what_pyproject_says(wheel: zipfile.ZipFile) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = BytesParser().parsebytes(wheel.read(f"theorylab-{__version__}.dist-info/METADATA"))
    assert (metadata["Name"], metadata["Version"], metadata["Requires-Python"]) == ("theorylab", __version__, project["requires-python"])
    assert metadata["License-Expression"] == "BSD-3-Clause"
    plain = [each for each in metadata.get_all("Requires-Dist") if "extra ==" not in each]
    assert sorted(plain) == sorted(project["dependencies"])
    assert project["version"] == __version__


def test_every_member_of_the_wheel_is_a_plain_file(wheel: zipfile.ZipFile) -> None:
    kinds = {member.external_attr >> 28 for member in wheel.infolist()}
    assert kinds <= {0o10, 0}  # regular files; some builds leave the kind out
    assert not [member.filename for member in wheel.infolist() if member.external_attr >> 16 & 0o002], "others may write it"


def test_the_source_distribution_holds_the_checkout(source: tarfile.TarFile, checkout: Path) -> None:
    top = f"theorylab-{__version__}"
    members = [member for member in source.getmembers() if not member.isdir()]
    assert all(member.isfile() for member in members)
    names = {member.name.removeprefix(f"{top}/") for member in members}
    made = {"PKG-INFO", "setup.cfg"} | {name for name in names if name.startswith("theorylab.egg-info/")}
    litter = {PurePosixPath(name).name for name in LITTER}
    wings = {file for wing in WINGS for file in (checkout / wing).rglob("*") if file.is_file() and file.name not in litter}
    expected = {file.relative_to(checkout).as_posix() for file in wings}
    own = {"pyproject.toml", "Makefile", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", ".gitignore"}
    assert names - made - own == expected
    assert own <= names


def test_the_source_distribution_builds_the_same_wheel(
    source: tarfile.TarFile, wheel: zipfile.ZipFile, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source.extractall(tmp_path, filter="data")
    again = zipfile.ZipFile(_build(tmp_path / f"theorylab-{__version__}", "build_wheel", tmp_path_factory.mktemp("again")))
    assert {name: again.read(name) for name in again.namelist()} == {name: wheel.read(name) for name in wheel.namelist()}
    # To the byte, as far as the kind of system allows it.
    assert Path(str(again.filename)).read_bytes() == Path(str(wheel.filename)).read_bytes()


def test_what_the_wheel_holds_is_enough(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    code = (
        "import theorylab; from pathlib import Path; from theorylab.papers import catalogue; from theorylab.report import write_report;"
        "write_report(Path('page/index.html'), [], Path('figures')); print(len(catalogue()), theorylab.__file__)"
    )
    variables = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(catalogue())), str(tmp_path / "site" / "theorylab" / "__init__.py")]
    assert (tmp_path / "page" / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")
