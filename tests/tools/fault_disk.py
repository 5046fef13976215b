"""Fill the disk, or make it read-only, under the program, and see that nothing is lost.

This needs mounts of its own, so it runs itself in a namespace where it may make them (``unshare``, where the system allows it)::

    python tests/tools/fault_disk.py [--quick]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fault_interrupts import check_ledger
from fault_project import SLUG, complaint, make_project, record_of, run

INSIDE, QUICK = "--inside", "--quick"
SIMULATE, FIGURE, CHECK = ("simulate", SLUG, "--name", "slow"), ("figure", SLUG, "--name", "slow"), ("check", SLUG)
# Kilobytes of the disk: too few for an empty ledger, for the log, for a part of the blocks.
SIZES = (8, 80, 110)


def allowed() -> bool:
    """Tell whether this system lets a user mount something in a namespace."""
    if shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", folder], capture_output=True, check=False).returncode == 0


def mount(*words: object) -> None:
    """Mount something, in this namespace."""
    subprocess.run(["mount", *map(str, words)], check=True)


def fill(folder: Path) -> Path:
    """Write into a folder until its disk is full; return the file."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(1024))
        except OSError:
            return path


def on_small_disks(project: Path, folder: Path, expected: dict[str, object]) -> int:
    """Run a sweep on disks that are too small; make room and run it again."""
    sizes = SIZES[1:2] if QUICK in sys.argv else SIZES
    for size in sizes:
        disk = folder / f"disk of {size}"
        disk.mkdir()
        mount("-t", "tmpfs", "-o", f"size={size}k", "none", disk)
        code, _, errors = run(project, *SIMULATE, "--results", disk / "results")
        line = complaint(code, errors)
        assert any(reason in line for reason in ("full", "No space left", "disk I/O error", "unable to open")), line
        print(f"disk of {size} kB: {line}", end="")
        mount("-o", "remount,size=64m", disk)
        kept = check_ledger(disk / "results" / "ledger.sqlite")
        code, output, errors = run(project, *SIMULATE, "--results", disk / "results")
        assert (code, errors) == (0, ""), errors
        assert record_of(disk / "results") == expected
        print(f"  {kept} blocks were kept; with more room: {output}", end="")
    return len(sizes)


def on_full_disks(project: Path, folder: Path) -> int:
    """Fill the disk between one command and the next: the table, the figure and the evidence find no room."""
    disk = folder / "full"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m", "none", disk)
    results = disk / "results"
    pairs = ((SIMULATE, SIMULATE), (SIMULATE, FIGURE), (CHECK, CHECK))[: 0 if QUICK in sys.argv else 3]
    for first, then in pairs:
        assert run(project, *first, "--results", results)[0] == 0
        before = record_of(results)
        filler = fill(disk)
        code, output, errors = run(project, *then, "--results", results)
        if then is CHECK:
            # The verdicts are there, only not on the disk; pytest's own words are in the output.
            assert "cannot write" in output + errors, (output, errors)
        line = complaint(code, errors)
        print(f"{then[0]} on a full disk: {line}", end="")
        filler.unlink()
        assert record_of(results) == before
        assert run(project, *then, "--results", results)[0] == 0
        assert record_of(results) == before
        assert not list(results.rglob(".*")), "a draft was left behind"
    return len(pairs)


def read_only(project: Path, folder: Path, expected: dict[str, object]) -> int:
    """Let the ledger lie in a folder, or be a file, that nobody may write."""
    places = ("file",) if QUICK in sys.argv else ("folder", "file")
    for place in places:
        home = folder / f"read-only {place}"
        home.mkdir()
        ledger = home / "ledger.sqlite"
        assert run(project, "simulate", SLUG, "--name", "nan", "--ledger", ledger, "--results", folder / "other")[0] == 2
        before, content = check_ledger(ledger), ledger.read_bytes()
        assert before > 0
        target = home if place == "folder" else ledger
        mount("--bind", target, target)
        mount("-o", "remount,bind,ro", target)
        results = folder / f"results of {place}"
        code, _, errors = run(project, *SIMULATE, "--ledger", ledger, "--results", results)
        print(f"read-only {place}: {complaint(code, errors)}", end="")
        subprocess.run(["umount", str(target)], check=True)
        assert ledger.read_bytes() == content
        assert run(project, *SIMULATE, "--ledger", ledger, "--results", results)[0] == 0
        assert check_ledger(ledger) == before + len(expected["blocks"])  # type: ignore[arg-type]
        assert record_of(results)["slow.quick.json"] == expected["slow.quick.json"]
    results = folder / "read-only results"
    results.mkdir()
    mount("--bind", results, results)
    mount("-o", "remount,bind,ro", results)
    commands = (CHECK,) if QUICK in sys.argv else (SIMULATE, CHECK, FIGURE)
    for words in commands:
        code, _, errors = run(project, *words, "--results", results)
        print(f"read-only results, {words[0]}: {complaint(code, errors)}", end="")
    return len(places) + len(commands)


def inside() -> None:
    """Do all this in the namespace."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_project(folder / "project")
        assert run(project, *SIMULATE, "--results", folder / "undisturbed")[0] == 0
        expected = record_of(folder / "undisturbed")
        disk = folder / "mounts"
        disk.mkdir()
        try:
            trials = on_small_disks(project, disk, expected) + on_full_disks(project, disk) + read_only(project, disk, expected)
            print(f"{trials} trials, no block lost")
        finally:
            for place in reversed(Path("/proc/mounts").read_text(encoding="utf-8").splitlines()):
                point = place.split()[1].replace("\\040", " ")
                if point.startswith(name):
                    subprocess.run(["umount", point], check=True)


def main() -> int:
    """Run inside a namespace, or say that there can be none."""
    if INSIDE in sys.argv:
        inside()
        return 0
    if not allowed():
        print("this system does not let a user mount anything: nothing was tried")
        return 2
    command = ["unshare", "-rm", sys.executable, __file__, INSIDE, *sys.argv[1:]]
    return subprocess.run(command, check=False, env={**os.environ, "PYTHONUNBUFFERED": "1"}).returncode


if __name__ == "__main__":
    raise SystemExit(main())
