"""A program whose workers hang, for the tests of faults.

Run as a script it draws until somebody ends it::

    python tests/tools/fault_workers.py LEDGER MARKS
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from theorylab.montecarlo.engine import Engine, Experiment
from theorylab.montecarlo.executors import Workers
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.samplers import block_size, make_request

BLOCKS = 40
_drawn = 0


@block_size(64)
def sample_hanging(rng: Any, size: int, *, folder: str) -> np.ndarray:
    """A normal; in a worker the fifth block takes as long as nobody ends it, and while it does a mark says so."""
    global _drawn
    _drawn += 1
    time.sleep(0.05)
    if _drawn == 5 and not (Path(folder) / "healed").exists():
        (Path(folder) / f"hangs-{os.getpid()}").touch()
        while True:
            time.sleep(1000)
    return rng.standard_normal(size)


def experiment(engine: Engine, folder: Path) -> Experiment:
    """Return the experiment that hangs."""
    import fault_workers

    return engine.experiment(make_request(fault_workers.sample_hanging, {"folder": str(folder)}), ("value",), 0)


def workers(folder: Path) -> list[int]:
    """Return the processes that have left a mark."""
    return [int(path.name.removeprefix("hangs-")) for path in folder.glob("hangs-*")]


def lives(number: int) -> bool:
    """Tell whether a process is there, and not only its entry."""
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def check_resumed(folder: Path) -> None:
    """Require that the ledger beside ``folder`` holds whole blocks and leads to the moments of an undisturbed run."""
    (folder / "healed").touch()
    ledger = Ledger(folder.parent / "ledger.sqlite")
    assert list(ledger.verify()) == []
    kept = ledger.info().blocks
    assert kept > 0
    engine, alone = Engine(ledger), Engine()
    assert engine.moments(experiment(engine, folder), BLOCKS).vector.tobytes() == alone.moments(experiment(alone, folder), BLOCKS).vector.tobytes()
    assert engine.replicates_drawn == (BLOCKS - kept) * 64
    engine.close()


def main() -> int:
    """Draw with two workers until Ctrl-C."""
    path, folder = map(Path, sys.argv[1:])
    folder.mkdir()
    engine = Engine(Ledger(path), Workers(2, worth_seconds=0.0))
    try:
        engine.moments(experiment(engine, folder), BLOCKS)
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    finally:
        engine.close()
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
