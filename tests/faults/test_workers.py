"""A worker that dies, hangs or lies, and a worker whose program dies: one line, nothing lost, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import bench_samplers
import fault_workers
import numpy as np
import pytest
from fault_project import hear_control_c

from theorylab.montecarlo.engine import Engine, Experiment, WorkerError
from theorylab.montecarlo.executors import Choice, SerialExecutor, Workers
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.samplers import SamplerError, make_request
from theorylab.montecarlo.tasks import TaskResult

BLOCKS = 60


def plain(engine: Engine) -> Experiment:
    return engine.experiment(make_request(bench_samplers.sample_gamma_pair, {}), ("first", "second"), 4)


def undisturbed() -> bytes:
    engine = Engine()
    return engine.moments(plain(engine), BLOCKS).vector.tobytes()


class Liar(Executor):
    """Returns what a worker with damaged memory, or other code, might."""

    def __init__(self, lie: Callable[[TaskResult], TaskResult]) -> None:
        self._lie, self._tasks = lie, 0

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._tasks += 1
        future = SerialExecutor().submit(function, *args, **kwargs)
        if self._tasks < 4:
            return future
        changed: Future[Any] = Future()
        changed.set_result(self._lie(future.result()))
        return changed


class Lied(Workers):
    """Has its work done by a liar."""

    def __init__(self, lie: Callable[[TaskResult], TaskResult]) -> None:
        super().__init__()
        self._liar = Liar(lie)

    def choose(self, expected_seconds: float, portable: bool = True) -> Choice:
        return Choice(self._liar, 1, 1, 1e-4)


def _changed(result: TaskResult, vectors: Any) -> TaskResult:
    return TaskResult(result.first, vectors, result.seconds, result.failure)


LIES = {
    "nan": lambda vectors: vectors * np.nan,
    "infinite": lambda vectors: np.where(vectors > 2.0, np.inf, vectors),
    "too short": lambda vectors: vectors[:, :-1],
    "flat": np.ravel,
    "single precision": lambda vectors: vectors.astype(np.float32),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_no_moments_is_not_believed(tmp_path: Path, lie: str) -> None:
    path = tmp_path / "ledger.sqlite"
    engine = Engine(Ledger(path), Lied(lambda result: _changed(result, LIES[lie](result.vectors))))
    with pytest.raises(SamplerError, match=r"^block \d+ of sample_gamma_pair\(.*\) failed: the worker returned no moments: an array of float"):
        engine.moments(plain(engine), BLOCKS)
    kept = engine.ledger.info().blocks
    assert 3 <= kept < BLOCKS
    engine.close()
    engine = Engine(Ledger(path))
    assert engine.moments(plain(engine), BLOCKS).vector.tobytes() == undisturbed()
    assert engine.replicates_drawn == (BLOCKS - kept) * 256


def test_a_worker_killed_for_its_memory_is_one_line(tmp_path: Path) -> None:
    # The system ends a process that takes too much memory with SIGKILL.
    flag, path = tmp_path / "flag", tmp_path / "ledger.sqlite"
    flag.touch()
    workers = Workers(2, worth_seconds=0.0)
    engine = Engine(Ledger(path), workers)
    experiment = engine.experiment(make_request(bench_samplers.sample_suicidal, {"flag": str(flag)}), ("value",), 0)
    with pytest.raises(WorkerError, match=r"^a worker died while drawing .*; finished blocks are kept, run again to go on$"):
        engine.moments(experiment, 24)
    kept = engine.ledger.info().blocks
    assert kept > 0
    resumed = engine.moments(experiment, 24).vector.tobytes()
    engine.close()
    assert resumed == Engine().moments(experiment, 24).vector.tobytes()
    assert path.exists()


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A program whose workers hang after a few blocks."""
    command = [sys.executable, fault_workers.__file__, str(tmp_path / "ledger.sqlite"), str(tmp_path / "marks")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, **pipes, text=True, start_new_session=True, preexec_fn=hear_control_c)  # type: ignore[call-overload]
    marks = tmp_path / "marks"
    deadline = time.monotonic() + 100
    while len(list(marks.glob("hangs-*"))) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield process, marks
    for number in (process.pid, *fault_workers.workers(marks)):
        if fault_workers.lives(number):
            os.kill(number, signal.SIGKILL)
    process.communicate()


def gone(marks: Path) -> bool:
    """Wait until no worker is left."""
    deadline = time.monotonic() + 20
    while any(fault_workers.lives(number) for number in fault_workers.workers(marks)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("whole_group", [True, False])
def test_control_c_ends_workers_that_hang(hanging: tuple[subprocess.Popen[str], Path], whole_group: bool) -> None:
    process, marks = hanging
    begin = time.monotonic()
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert time.monotonic() - begin < 20
    assert (process.returncode, errors) == (130, "")
    assert output.splitlines()[-1] == "interrupted"
    assert gone(marks)
    fault_workers.check_resumed(marks)


def test_workers_end_with_the_program_that_was_killed(hanging: tuple[subprocess.Popen[str], Path]) -> None:
    process, marks = hanging
    process.kill()
    process.communicate(timeout=30)
    assert gone(marks)
    fault_workers.check_resumed(marks)
