"""Environments with other versions of the dependencies: a copy of the checkout installed in each, its claims checked and its unit tests run there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LEDGER = "ledger.sqlite"
PINS = Path(".ci") / "constraints.txt"
ENVIRONMENTS = ("pinned", "lowest", "newest")
_CACHES = (".hypothesis", ".benchmarks", ".ipynb_checkpoints", ".*_cache", "__pycache__")
_NEVER_COPIED = (".git", ".venv", "results", "build", "dist", "*.egg-info", *_CACHES)


def lowest_versions(pyproject: Path, extra: str = "test") -> list[str]:
    """Return one constraint ``name==version`` for every lower bound of the dependencies and of an extra.

    Raises
    ------
    ValueError
        If a requirement has no lower bound: then nobody knows what the package needs.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    bounds: dict[str, str] = {}
    for requirement in [*project["dependencies"], *project["optional-dependencies"][extra]]:
        found = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?>=([0-9.]+)", requirement.replace(" ", ""))
        if found is None:
            raise ValueError(f"requirement must be of the form name>=version; got {requirement!r}")
        name, version = found.groups()
        if bounds.setdefault(name, version) != version:
            raise ValueError(f"requirement {name} has two lower bounds, {bounds[name]} and {version}")
    return [f"{name}=={version}" for name, version in bounds.items()]


def constraints_of(name: str, source: Path) -> list[str]:
    """Return what pip is held to in an environment: the lower bounds, the pinned versions, or nothing.

    Raises
    ------
    ValueError
        If there is no environment of this name.
    """
    if name not in ENVIRONMENTS:
        raise ValueError(f"environment must be one of {', '.join(ENVIRONMENTS)}; got {name!r}")
    if name == "newest":
        return []
    return lowest_versions(source / "pyproject.toml") if name == "lowest" else (source / PINS).read_text(encoding="utf-8").splitlines()


def copy_checkout(target: Path, source: Path = ROOT) -> Path:
    """Copy the checkout, without what was installed, built or computed in it; return the copy."""
    return shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_NEVER_COPIED))


def _run(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], text=True, check=False, **options)


def make_environment(folder: Path, source: Path, python: str, constraints: list[str]) -> Path:
    """Make a virtual environment with a copy of the checkout at ``source`` installed in it; return its folder of programs."""
    checkout, programs = copy_checkout(folder / "checkout", source), folder / "environment" / "bin"
    given = folder / "constraints.txt"
    given.write_text("".join(f"{line}\n" for line in constraints), encoding="utf-8")
    # From wheels alone: what must be built here says more about this machine than about the versions.
    install = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--constraint", given]
    for command in ([python, "-m", "venv", folder / "environment"], [*install, "--editable", f"{checkout}[test]"]):
        done = _run(*command, capture_output=True)
        if done.returncode:
            print(*(done.stdout + done.stderr).strip().splitlines()[-20:], sep="\n", file=sys.stderr)
            raise RuntimeError(f"cannot make the environment {folder.name}; see what pip says above")
    return programs


def installed_versions(programs: Path, names: list[str]) -> dict[str, str]:
    """Return the versions of packages in an environment."""
    code = "import sys, importlib.metadata as m; print(*(m.version(name) for name in sys.argv[1:]))"
    return dict(zip(names, _run(programs / "python", "-c", code, *names, capture_output=True).stdout.split(), strict=True))


def _in_environment(folder: Path, *command: object, cwd: Path | None = None, **variables: str) -> int:
    """Run a command, by default in the copy of the checkout, print the end of its output, and return its exit code."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    path = f"{Path(str(command[0])).parent}{os.pathsep}{inherited.get('PATH', '')}"
    given = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PATH": path, **variables}
    done = _run(*command, cwd=cwd or folder / "checkout", env=inherited | given, stdout=subprocess.PIPE)
    lines = done.stdout.strip().splitlines() or ["no output"]
    print(f"{folder.name}: {lines[-1]}", *(lines[-60:-1] if done.returncode else []), sep="\n", flush=True)
    return done.returncode


def check_papers(folder: Path, programs: Path, papers: list[str], seed: int, *options: object, **place: Any) -> list[dict[str, Any]]:
    """Check papers in an environment, from nothing, with what it finds kept in ``folder``; return the evidence."""
    results = folder / "results"
    words = ["check", *papers, "--seed", seed, "--results", results, "--ledger", results / LEDGER, *options]
    code = _in_environment(folder, programs / "theorylab", *words, **place)
    if code not in (0, 1):
        raise RuntimeError(f"theorylab check ended with exit code {code} in the environment {folder.name}")
    records: list[dict[str, Any]] = json.loads((results / "evidence.json").read_text(encoding="utf-8"))
    return records


def check_elsewhere(folder: Path, programs: Path, papers: list[str], seed: int) -> list[dict[str, Any]]:
    """Check papers from another folder, with two processes, and with another time zone, locale, hash seed and number of BLAS threads."""
    folder.mkdir()
    variables = {"TZ": "Pacific/Kiritimati", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONHASHSEED": "12345"}
    return check_papers(folder, programs, papers, seed, "--jobs", 2, cwd=folder, **variables, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2")


def run_unit_tests(folder: Path, programs: Path) -> bool:
    """Run the unit tests in an environment; tell whether all passed."""
    return _in_environment(folder, programs / "python", "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider", "tests") == 0
