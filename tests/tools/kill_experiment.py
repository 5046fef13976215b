"""Kill a simulation with SIGKILL, again and again, and show that its numbers do not notice.

A child process answers a question of a few seconds, blocks going into a ledger in a file. It is killed at random moments, started again, and
in the end left alone. The pooled moments must be those of an undisturbed run in another ledger, bit for bit, and no finished block may have
been drawn twice::

    python tests/tools/kill_experiment.py [--kills 20] [--seconds 3] [--jobs 1]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.executors import Workers
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.samplers import make_request

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench_samplers import sample_slowly

BLOCK_SECONDS = 0.01


@dataclass(frozen=True)
class Outcome:
    """What one run of the child came to."""

    killed_after: float | None
    blocks_before: int
    blocks_after: int


def draw(path: Path, blocks: int, jobs: int) -> tuple[bytes, int]:
    """Answer the question on the ledger at ``path``; return the bytes of the pooled moments and the number of blocks drawn."""
    engine = Engine(Ledger(path), Workers(jobs, worth_seconds=0.0))
    experiment = engine.experiment(make_request(sample_slowly, {"seconds": BLOCK_SECONDS}), ("value",), 11)
    vector = engine.moments(experiment, blocks).vector.tobytes()
    drawn = engine.replicates_drawn // experiment.request.block
    engine.close()
    return vector, drawn


def blocks_in(path: Path) -> int:
    """Return how many blocks a ledger holds, and complain of anything that is wrong with it."""
    if not path.exists():
        return 0
    ledger = Ledger(path)
    faults = list(ledger.verify())
    count = ledger.info().blocks
    ledger.close()
    if faults:
        raise SystemExit(f"the ledger is damaged: {faults}")
    return count


def start_child(path: Path, blocks: int, jobs: int) -> subprocess.Popen[bytes]:
    """Start a process that answers the question, in a group of its own so that its workers die with it."""
    command = [sys.executable, __file__, "--child", str(path), "--blocks", str(blocks), "--jobs", str(jobs)]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)


def experiment(folder: Path, kills: int, seconds: float, jobs: int = 1) -> tuple[list[Outcome], bool, int]:
    """Kill a child ``kills`` times; return what happened, whether the moments are those of an undisturbed run, and the blocks drawn last."""
    blocks = max(8, int(seconds / BLOCK_SECONDS))
    expected, _ = draw(folder / "undisturbed.sqlite", blocks, 1)
    path = folder / "killed.sqlite"
    outcomes: list[Outcome] = []
    while sum(outcome.killed_after is not None for outcome in outcomes) < kills:
        before = blocks_in(path)
        if before == blocks:
            # The question was answered between two kills: begin anew, with nothing.
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            before = 0
        child = start_child(path, blocks, jobs)
        # Anywhere from the start of the interpreter to long after the first blocks.
        moment = random.uniform(0.05, 1.0 + seconds / 2)
        try:
            _, errors = child.communicate(timeout=moment)
            if child.returncode != 0:
                raise SystemExit(f"the child failed by itself: {errors.decode()}")
            outcomes.append(Outcome(None, before, blocks_in(path)))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            outcomes.append(Outcome(moment, before, blocks_in(path)))
    held = blocks_in(path)
    resumed, drawn = draw(path, blocks, 1)
    return outcomes, resumed == expected and drawn == blocks - held, drawn


def main() -> int:
    """Run the experiment and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3.0, help="sampling time of the question")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--blocks", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        draw(options.child, options.blocks, options.jobs)
        return 0
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcomes, same, drawn = experiment(Path(folder), options.kills, options.seconds, options.jobs)
    print(f"{'run':>4} {'killed after':>13} {'blocks before':>14} {'blocks after':>13}")
    for number, outcome in enumerate(outcomes, 1):
        moment = "not killed" if outcome.killed_after is None else f"{outcome.killed_after:.3f} s"
        print(f"{number:>4} {moment:>13} {outcome.blocks_before:>14} {outcome.blocks_after:>13}")
    print(f"last run drew the {drawn} blocks that were missing; {time.perf_counter() - begin:.0f} s in all")
    print("moments bit-identical to an undisturbed run" if same else "MOMENTS DIFFER from an undisturbed run")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
