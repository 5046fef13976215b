"""Try every fault in numbers, and print what came of it as a table::

    python tests/tools/faults.py [--kills 50] [--interrupts 50] [--truncations 300] [--flips 1000]

The small version of all this is ``tests/faults``, whose tests are run and counted here too.
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import fault_bytes
import fault_disk
import fault_interrupts
import kill_experiment

TOOLS = Path(__file__).resolve().parent
# What a file of tests tries, and what is required of the program there.
TESTS = {
    "test_damage": ("a ledger cut or changed", "no wrong moment read; whole blocks kept, damaged ones drawn anew"),
    "test_kill": ("a killed process", "record of an undisturbed run, bit for bit"),
    "test_interrupts": ("Ctrl-C", "one line, exit code 130; same record"),
    "test_disk": ("a full or read-only disk", "one line; nothing lost; goes on when there is room"),
    "test_two_at_once": ("two processes on one ledger; one killed, stopped or interrupted holding the lock", "same record; one line after the wait"),
    "test_workers": ("a worker that dies, hangs, or returns no moments; a program that dies", "one line; nothing lost; no worker left behind"),
    "test_broken_samplers": (
        "a sampler that raises, exits or returns nonsense; too little memory",
        "one line naming the block; same record when mended",
    ),
    "test_clock": ("a clock that runs backwards", "nothing changes but dates"),
    "test_schemas": ("an older, newer or foreign ledger, text, a folder", "upgraded, or left as it is with one line"),
}
Row = tuple[str, str, int, str]


def kills(options: argparse.Namespace, folder: Path) -> Row:
    """Kill a process that fills a ledger."""
    outcomes, same, _ = kill_experiment.experiment(folder, options.kills, 3.0)
    killed = sum(outcome.killed_after is not None for outcome in outcomes)
    return "SIGKILL", "process that draws, at random moments", killed, "moments bit-identical, no block drawn twice" if same else "DIFFERENT"


def stops(number: signal.Signals, count: int, jobs: int, folder: Path) -> Row:
    """Stop the program's commands."""
    kinds = Counter(stop.kind for stop in fault_interrupts.experiment(folder, count, number, jobs))
    how = "simulate, check and figure at random moments" + (f", {jobs} processes" if jobs > 1 else "")
    missed = kinds.pop(fault_interrupts.MISSED, 0)
    told = ", ".join(f"{many} {kind}" for kind, many in kinds.most_common()) + (f" ({missed} more came after the end)" if missed else "")
    return number.name, how, sum(kinds.values()), f"{told}; same record bit for bit"


def damage(name: str, count: int, folder: Path) -> Row:
    """Cut or change a ledger and its log."""
    image = fault_bytes.make_image(folder, random.randrange(2**32))
    cases = (fault_bytes.truncations if name == "truncation" else fault_bytes.flips)(image, count, random.Random())
    trials = fault_bytes.experiment(cases, image)
    return name, "ledger file and write-ahead log, at random places and in headers", len(trials), fault_bytes.summary(trials).partition(", ")[2]


def disks(folder: Path) -> Row:
    """Fill disks and make them read-only."""
    done = subprocess.run([sys.executable, fault_disk.__file__], capture_output=True, text=True, check=False)
    found = re.search(r"^(\d+) trials", done.stdout, re.M)
    if not found or done.returncode:
        return "full and read-only disk", "small disks in a namespace", 0, (done.stdout + done.stderr).splitlines()[-1]
    return (
        "full and read-only disk",
        "small and read-only mounts in a namespace",
        int(found[1]),
        "one line each, no block lost, same record with room",
    )


def tests(folder: Path) -> list[Row]:
    """Run the tests and count them by file."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:benchmark", f"--junitxml={report}", str(TOOLS.parent / "faults")]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False, cwd=TOOLS.parents[1])
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.get("classname", "").rpartition(".")[2]
        (failed if case.find("failure") is not None or case.find("error") is not None else passed)[file] += 1
    rows = []
    for file, (fault, outcome) in TESTS.items():
        trouble = f"; {failed[file]} FAILED" if failed[file] else ""
        rows.append((fault, f"tests/faults/{file}.py", passed[file] + failed[file], outcome + trouble))
    return rows


def main() -> int:
    """Run all of it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--interrupts", type=int, default=50)
    parser.add_argument("--truncations", type=int, default=300)
    parser.add_argument("--flips", type=int, default=1000)
    options = parser.parse_args()
    steps: list[Callable[[Path], Row | list[Row]]] = [
        lambda folder: kills(options, folder),
        lambda folder: stops(signal.SIGKILL, options.kills // 2, 1, folder),
        lambda folder: stops(signal.SIGINT, options.interrupts, 1, folder),
        lambda folder: stops(signal.SIGINT, options.interrupts // 5, 2, folder),
        lambda folder: damage("truncation", options.truncations, folder),
        lambda folder: damage("bit flips", options.flips, folder),
        disks,
        tests,
    ]
    begin = time.perf_counter()
    print("| fault | how it was tried | trials | outcome |\n| --- | --- | ---: | --- |")
    bad = False
    for step in steps:
        with tempfile.TemporaryDirectory() as folder:
            rows = step(Path(folder))
        for row in rows if isinstance(rows, list) else [rows]:
            print(f"| {row[0]} | {row[1]} | {row[2]:,} | {row[3]} |", flush=True)
            bad |= bool(re.search(r"FAULT|FAILED|DIFFERENT|[1-9]\d* whole blocks lost", row[3])) or row[2] == 0
    print(f"\n{time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
