"""Press Ctrl-C, or kill, at random moments of the program's commands, again and again, and show that nothing is lost and nothing changes.

Each command is started, stopped somewhere between its first instant and its end, and started again with the same words until it ends by itself.
What it has found then must be that of a run that nobody disturbed, to the last bit. After every stop the ledger must be whole and hold at least
what it held before; after Ctrl-C the program must have said so in one line, with exit code 130::

    python tests/tools/fault_interrupts.py [--signal INT|KILL] [--stops 50] [--jobs 1]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fault_project import SLUG, blocks_in, make_project, record_of, run, start

from theorylab.montecarlo.ledger import Ledger

COMMANDS = {"simulate": ("simulate", SLUG, "--name", "slow"), "check": ("check", SLUG), "figure": ("figure", SLUG, "--name", "slow")}
MISSED = "had ended before"
LINE = re.compile(r"theorylab: interrupted; [^\n]+\n")


@dataclass(frozen=True)
class Stop:
    """One stop: of which command, when, to one process or to its whole group, what the program said, and blocks before and after."""

    command: str
    moment: float
    whole_group: bool
    code: int
    errors: str
    before: int
    after: int

    @property
    def kind(self) -> str:
        """What came of it; anything else than these is a fault."""
        if self.code == 0 and self.errors == "":
            return MISSED
        if self.code == -signal.SIGKILL:
            return "killed"
        if self.code == 130 and LINE.fullmatch(self.errors):
            return "one line, exit code 130"
        # The interpreter reads its own files for some 30 ms before it comes to the program; until then the line is Python's.
        if self.code in (1, 130, -signal.SIGINT) and "theorylab/cli/main.py" not in self.errors and self.after == self.before:
            return "Python had not yet come to the program"
        return "FAULT"


def check_ledger(path: Path) -> int:
    """Return how many blocks a ledger holds, each having been looked at."""
    if not path.exists():
        return 0
    ledger = Ledger(path)
    faults = list(ledger.verify())
    ledger.close()
    assert not faults, faults
    return len(blocks_in(path))


def stop_once(project: Path, words: tuple[str, ...], results: Path, number: int, moment: float, *, whole_group: bool) -> tuple[int, str]:
    """Start a command and send it a signal after so many seconds; return exit code and errors."""
    process = start(project, *words, "--results", results)
    try:
        _, errors = process.communicate(timeout=moment)
        return process.returncode, errors
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if whole_group else os.kill)(process.pid, number)
    try:
        _, errors = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, errors = process.communicate()
        return -1, f"did not end within 60 s: {errors}"
    return process.returncode, errors


def experiment(folder: Path, stops: int, number: int, jobs: int = 1, commands: tuple[str, ...] = tuple(COMMANDS)) -> list[Stop]:
    """Stop commands by turns; return what happened, having required that what they find is what an undisturbed run finds."""
    project = make_project(folder / "project")
    expected, seconds = {}, {}
    for command in commands:
        results = folder / f"{command} undisturbed"
        begin = time.perf_counter()
        code, _, errors = run(project, *COMMANDS[command], "--results", results, "--jobs", jobs)
        seconds[command] = time.perf_counter() - begin
        assert (code, errors) == (0, "")
        expected[command] = record_of(results)
        assert len(expected[command]["blocks"]) > 30
    happened: list[Stop] = []

    def finish(command: str) -> None:
        results = folder / command
        words = (*COMMANDS[command], "--jobs", str(jobs))
        code, output, errors = run(project, *words, "--results", results)
        assert (code, errors) == (0, ""), (code, output, errors)
        found = record_of(results)
        different = [key for key in {**found, **expected[command]} if found.get(key) != expected[command].get(key)]
        assert not different, f"{command}: what was found differs in {different}"
        shutil.rmtree(results)

    # One that comes after the end of a command stops nothing, and does not count.
    while sum(stop.kind != MISSED for stop in happened) < stops:
        command = commands[len(happened) % len(commands)]
        results, words = folder / command, (*COMMANDS[command], "--jobs", str(jobs))
        before = check_ledger(results / "ledger.sqlite")
        moment, whole_group = random.uniform(0.0, 0.9 * seconds[command]), number != signal.SIGINT or len(happened) % 4 != 3
        code, errors = stop_once(project, words, results, number, moment, whole_group=whole_group)
        after = check_ledger(results / "ledger.sqlite")
        happened.append(Stop(command, moment, whole_group, code, errors, before, after))
        assert after >= before, happened[-1]
        left = [file.name for file in results.rglob("*") if ".damaged-" in file.name] if results.exists() else []
        assert not left, left
        if code == 0 or after == len(expected[command]["blocks"]):
            finish(command)
    for command in commands:
        if (folder / command).exists():
            finish(command)
    return happened


def main() -> int:
    """Run the experiment and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signal", choices=("INT", "KILL"), default="INT")
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        happened = experiment(Path(folder), options.stops, signal.Signals[f"SIG{options.signal}"], options.jobs)
    for stop in happened:
        if stop.kind == "FAULT":
            print(f"{stop.command} after {stop.moment:.3f} s (group: {stop.whole_group}): exit code {stop.code}, {stop.errors}")
    kinds = Counter(stop.kind for stop in happened)
    print(f"{len(happened)} stops by SIG{options.signal}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    print("every command came to what an undisturbed run finds, bit for bit")
    return 1 if kinds["FAULT"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
