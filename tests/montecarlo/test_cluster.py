"""A cluster of real processes draws the same bits, whoever of it dies; when all of it is lost, that is one error soon, and nothing drawn is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bench_samplers
import cluster_samplers
import pytest
from local_cluster import LocalProcesses, local_processes

import theorylab.montecarlo.cluster as cluster_module
from theorylab.montecarlo.cluster import ClusterError, cluster_task_seconds
from theorylab.montecarlo.engine import Engine, Experiment, Progress, WorkerError
from theorylab.montecarlo.executors import Workers
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.samplers import SamplerError, make_request

pytest.importorskip("distributed")

# Long enough for one test; what is in the way of a test ends it long before.
BLOCKS = 400


@pytest.fixture
def impatient() -> Iterator[None]:
    """For tests that wait for the end of patience; all others leave a busy machine its time."""
    import dask

    with dask.config.set({"theorylab.patience": "3 s"}):
        yield


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalProcesses]:
    with local_processes(tmp_path_factory.mktemp("cluster")) as processes:
        processes.wait_for_workers(2)
        yield processes


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    (folder / "slow").touch()
    return folder


def traced(engine: Engine, marks: Path) -> Experiment:
    return engine.experiment(make_request(cluster_samplers.sample_traced, {"folder": str(marks)}), ("value",), 3)


def drawn_by(marks: Path, process: int) -> int:
    path = marks / str(process)
    return path.stat().st_size if path.exists() else 0


def undisturbed(marks: Path, blocks: int = BLOCKS) -> bytes:
    (marks / "slow").unlink(missing_ok=True)
    engine = Engine()
    return engine.moments(traced(engine, marks), blocks).vector.tobytes()


def once_under_way(action: Callable[[], None]) -> Callable[[Progress], None]:
    """Act when some blocks are in the ledger, and others are being drawn."""
    acted = []

    def look(progress: Progress) -> None:
        if not acted and progress.done >= 10 * 64:
            acted.append(True)
            action()

    return look


def kept(engine: Engine, experiment: Experiment) -> int:
    assert list(engine.ledger.verify()) == []
    return BLOCKS - len(engine.ledger.missing(engine.ledger.record(experiment.identity), BLOCKS))


def test_two_processes_draw_the_same_bits_as_this_one(cluster: LocalProcesses, marks: Path) -> None:
    (marks / "slow").unlink()
    for scheduler in (str(cluster.scheduler_file), cluster.address):
        workers = Workers(scheduler=scheduler)
        assert workers.jobs == 2
        for sampler, statistics in ((bench_samplers.sample_gamma_pair, ("first", "second", "large")), (bench_samplers.sample_products, ("value",))):
            vectors = []
            for engine in (Engine(workers=workers), Engine()):
                experiment = engine.experiment(make_request(sampler, {}), statistics, 7)
                vectors.append(engine.moments(experiment, 60).vector.tobytes())
            assert vectors[0] == vectors[1]
        workers.close()


def test_both_workers_are_used_and_tasks_shorten_towards_the_end(cluster: LocalProcesses, marks: Path) -> None:
    engine = Engine(workers=Workers(scheduler=str(cluster.scheduler_file)))
    engine.moments(traced(engine, marks), 40)
    shares = [drawn_by(marks, worker.pid) for worker in cluster.workers]
    assert sum(shares) == 40
    assert min(shares) >= 10
    assert drawn_by(marks, os.getpid()) == 0
    engine.close()


def test_a_failing_block_is_named(cluster: LocalProcesses, tmp_path: Path) -> None:
    (tmp_path / "flag").touch()
    engine = Engine(workers=Workers(scheduler=str(cluster.scheduler_file)))
    request = make_request(bench_samplers.sample_failing, {"flag": str(tmp_path / "flag"), "after": 0})
    with pytest.raises(SamplerError, match=r"^block 0 of sample_failing\(.*(\)|\.\.\.) failed: RuntimeError: the dog ate it$"):
        engine.moments(engine.experiment(request, ("value",), 0), 4)
    engine.close()


def test_a_dead_worker_is_replaced_by_one_that_joins_late(tmp_path: Path, marks: Path) -> None:
    with local_processes(tmp_path / "cluster") as cluster:
        cluster.wait_for_workers(2)
        late: list[int] = []

        def replace() -> None:
            cluster.kill_workers(1)
            late.append(cluster.add_worker().pid)

        begin = once_under_way(replace)

        def look(progress: Progress) -> None:
            begin(progress)
            if late and drawn_by(marks, late[0]):  # it has come; no need to be slow any longer
                (marks / "slow").unlink(missing_ok=True)

        engine = Engine(Ledger(tmp_path / "ledger.sqlite"), Workers(scheduler=str(cluster.scheduler_file)), progress=look)
        vector = engine.moments(traced(engine, marks), BLOCKS).vector.tobytes()
        engine.close()
        assert drawn_by(marks, late[0]) > 0
    assert vector == undisturbed(marks)


def test_a_cluster_without_workers_is_one_error_and_goes_on_when_one_comes(tmp_path: Path, marks: Path, impatient: None) -> None:
    with local_processes(tmp_path / "cluster") as cluster:
        cluster.wait_for_workers(2)
        workers = Workers(scheduler=str(cluster.scheduler_file))
        engine = Engine(Ledger(tmp_path / "ledger.sqlite"), workers, progress=once_under_way(cluster.kill_workers))
        experiment = traced(engine, marks)
        begin = time.monotonic()
        with pytest.raises(WorkerError) as caught:
            engine.moments(experiment, BLOCKS)
        assert time.monotonic() - begin < 30
        assert str(caught.value).startswith("the cluster failed while drawing sample_traced(")
        assert f"the scheduler at {cluster.address} has had no workers for 3 s (DASK_THEORYLAB__PATIENCE=600 would" in str(caught.value)
        assert "\n" not in str(caught.value)
        before = kept(engine, experiment)
        assert 10 <= before < BLOCKS
        with pytest.raises(WorkerError, match="has had no workers for 3 s"):  # still none
            engine.moments(experiment, BLOCKS)

        (marks / "slow").unlink()
        cluster.add_worker()
        cluster.wait_for_workers(1)
        engine.replicates_drawn = 0
        vector = engine.moments(experiment, BLOCKS).vector.tobytes()
        assert engine.replicates_drawn == (BLOCKS - before) * 64
        engine.close()
    assert vector == undisturbed(marks)


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_scheduler_that_goes_away_is_one_error(tmp_path: Path, marks: Path, impatient: None, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    with local_processes(tmp_path / "cluster", workers=1) as cluster:
        cluster.wait_for_workers(1)
        action = cluster.kill_scheduler if how == "killed" else lambda: os.kill(cluster.scheduler.pid, signal.SIGSTOP)
        engine = Engine(Ledger(tmp_path / "ledger.sqlite"), Workers(scheduler=str(cluster.scheduler_file)), progress=once_under_way(action))
        experiment = traced(engine, marks)
        begin = time.monotonic()
        reason = "is lost" if how == "killed" else "has not answered for 3 s"
        with pytest.raises(WorkerError, match=rf"^the cluster failed while drawing .* \(the scheduler at {cluster.address} {reason}") as caught:
            engine.moments(experiment, BLOCKS)
        assert "\n" not in str(caught.value)
        assert time.monotonic() - begin < 30
        before = kept(engine, experiment)
        assert 10 <= before < BLOCKS
        answer = "Timed out trying to connect" if how == "killed" else "it accepts connections but does not answer"
        monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 1.0)
        with pytest.raises(WorkerError, match=r"\(cannot reach a scheduler at '.*', the address in .*, within 1 s \(.*" + answer):
            engine.moments(experiment, BLOCKS)
        engine.close()
    # Go on without a cluster, from the same file.
    (marks / "slow").unlink()
    engine = Engine(Ledger(tmp_path / "ledger.sqlite"))
    vector = engine.moments(experiment, BLOCKS).vector.tobytes()
    assert engine.replicates_drawn == (BLOCKS - before) * 64
    assert vector == undisturbed(marks)


def test_a_block_that_kills_its_workers_is_given_up(tmp_path: Path, marks: Path) -> None:
    with local_processes(tmp_path / "cluster", workers=5) as cluster:
        cluster.wait_for_workers(5)
        engine = Engine(workers=Workers(scheduler=str(cluster.scheduler_file)))
        experiment = engine.experiment(make_request(cluster_samplers.sample_deadly, {"folder": str(marks)}), ("value",), 0)
        with pytest.raises(WorkerError, match=r"\(KilledWorker: Attempted to run task .* on 4 different workers"):
            engine.moments(experiment, 1)
        engine.close()
        assert len(list(marks.iterdir())) == 1 + 4


def test_zero_workers_at_the_start_are_waited_for_and_then_said(tmp_path: Path, impatient: None) -> None:
    with local_processes(tmp_path / "cluster", workers=0) as cluster:
        with pytest.raises(ClusterError, match=rf"^the scheduler at {cluster.address} has had no workers for 3 s \([^\n]+\)$"):
            Workers(scheduler=str(cluster.scheduler_file))
        import dask

        cluster.add_worker()
        with dask.config.set({"theorylab.patience": 60}):
            workers = Workers(scheduler=str(cluster.scheduler_file))
        assert workers.jobs == 1
        workers.close()


def shadow(folder: Path, name: str, text: str) -> dict[str, str]:
    """Return an environment in which workers find another module than this process."""
    folder.mkdir()
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def test_workers_with_other_code_or_none_are_refused(tmp_path: Path, marks: Path) -> None:
    other = Path(cluster_samplers.__file__).read_text(encoding="utf-8").replace("standard_normal(size)", "standard_normal(size) + 1.0")
    environments = {
        "the worker has other code than this process": shadow(tmp_path / "other", "cluster_samplers", other),
        "its workers must be able to import what this process imports; .*No module named 'theorylab'": shadow(
            tmp_path / "none", "theorylab", "raise ModuleNotFoundError(\"No module named 'theorylab'\")"
        ),
    }
    with local_processes(tmp_path / "cluster", workers=0) as cluster:
        for message, environment in environments.items():
            cluster.add_worker(environment=environment)
            cluster.wait_for_workers(1)
            engine = Engine(workers=Workers(scheduler=str(cluster.scheduler_file)))
            with pytest.raises((WorkerError, SamplerError), match=message) as caught:
                engine.moments(traced(engine, marks), 4)
            assert "\n" not in str(caught.value)
            engine.close()
            cluster.kill_workers()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "JSONDecodeError: "), ("{", "JSONDecodeError: "), ("[]", "TypeError: "), ("{}", "KeyError: 'address'"), ('{"address": 5}', "address is 5")],
)
def test_a_scheduler_file_without_an_address_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "scheduler.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ClusterError, match=rf"^{path} is no scheduler file, as written by dask scheduler --scheduler-file \(.*{reason}.*\)$"):
        Workers(scheduler=str(path))


def test_a_scheduler_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"is not the address of a scheduler, such as tcp://host:8786 \(.*no scheduler file of that name\)$"):
        Workers(scheduler=str(tmp_path / "scheduler.json"))


def test_an_old_scheduler_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.5)
    path = tmp_path / "scheduler.json"
    path.write_text('{"address": "tcp://127.0.0.1:1"}', encoding="utf-8")
    with pytest.raises(ClusterError, match=rf"^cannot reach a scheduler at 'tcp://127.0.0.1:1', the address in {path}, within 0.5 s \("):
        Workers(scheduler=str(path))


@pytest.mark.parametrize("patience", [0, -1, "soon", [], float("nan")])
def test_patience_must_be_a_positive_time(patience: object) -> None:
    import dask

    with (
        dask.config.set({"theorylab.patience": patience}),
        pytest.raises(ClusterError, match=r"^DASK_THEORYLAB__PATIENCE must be a positive time"),
    ):
        Workers(scheduler="tcp://127.0.0.1:1")


def test_tasks_grow_with_the_cluster_so_that_the_scheduler_keeps_up() -> None:
    assert cluster_task_seconds(1) == cluster_task_seconds(50) == 0.5
    assert cluster_task_seconds(1000) == 10.0
    assert all(workers / cluster_task_seconds(workers) <= 100.0 for workers in (1, 10, 100, 1000, 5000))
