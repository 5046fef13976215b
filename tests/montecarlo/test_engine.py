"""The engine draws what is missing, keeps what is finished, and its numbers depend on nothing but the experiment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bench_samplers
import numpy as np
import pytest

from theorylab.backend import generator
from theorylab.montecarlo.engine import Engine, Progress
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.moments import block_moments, pool_blocks
from theorylab.montecarlo.samplers import SamplerError, make_request

PAIR = ("first", "second")


def pooled(engine: Engine, blocks: int, *, seed: int = 0, statistics: tuple[str, ...] = PAIR, **parameters: Any) -> np.ndarray:
    request = make_request(bench_samplers.sample_gamma_pair, parameters)
    return engine.moments(engine.experiment(request, statistics, seed), blocks).vector


def test_moments_are_those_of_the_stream() -> None:
    engine = Engine()
    request = make_request(bench_samplers.sample_gamma_pair, {"shape": 3})
    experiment = engine.experiment(request, PAIR, 5)
    vectors = []
    for block in range(6):
        values = bench_samplers.sample_gamma_pair(generator("numpy", experiment.key, block), 256, shape=3)
        vectors.append(block_moments(np.array([values[name] for name in PAIR])))
    assert engine.moments(experiment, 6).vector.tobytes() == pool_blocks(np.array(vectors), 2).tobytes()
    assert engine.moments(experiment, 6).statistics == PAIR
    assert engine.replicates_drawn == 6 * 256
    assert engine.moments(experiment, 4).vector.tobytes() == pool_blocks(np.array(vectors[:4]), 2).tobytes()
    assert engine.replicates_drawn == 6 * 256


def test_what_the_ledger_holds_does_not_matter(tmp_path: Path) -> None:
    cold = pooled(Engine(), 40)
    assert pooled(Engine(), 40, seed=1).tobytes() != cold.tobytes()
    path = tmp_path / "ledger.sqlite"
    for blocks in (3, 17, 40, 100):  # warmer each time, and in the end warmer than needed
        engine = Engine(Ledger(path))
        pooled(engine, blocks)
        assert pooled(engine, 40).tobytes() == cold.tobytes()
        engine.close()
    engine = Engine(Ledger(path))
    assert pooled(engine, 40).tobytes() == cold.tobytes()
    assert engine.replicates_drawn == 0
    # Holes in the middle are filled with what was there.
    with engine.ledger._transaction():
        engine.ledger._connection.execute("DELETE FROM block WHERE number IN (0, 7, 8, 9, 33)")
    assert pooled(engine, 40).tobytes() == cold.tobytes()
    assert engine.replicates_drawn == 5 * 256


def test_records_are_told_apart() -> None:
    engine = Engine()
    request = make_request(bench_samplers.sample_gamma_pair, {})
    base = engine.experiment(request, PAIR, 0)
    others = [
        engine.experiment(request, PAIR, 1),
        engine.experiment(request, ("second", "first"), 0),
        engine.experiment(request, ("first",), 0),
        engine.experiment(make_request(bench_samplers.sample_gamma_pair, {"shape": 2.5}), PAIR, 0),
        engine.experiment(make_request(bench_samplers.sample_slowly, {}), ("value",), 0),
    ]
    assert len({base.identity, *(other.identity for other in others)}) == 6
    assert base.key == others[1].key == others[2].key  # other statistics of the same replicates
    assert len({base.key, others[0].key, others[3].key, others[4].key}) == 4
    assert engine.experiment(make_request(bench_samplers.sample_gamma_pair, {"shape": np.int64(2)}), PAIR, 0) == base
    identity = json.loads(base.identity)
    assert set(identity) == {"sampler", "parameters", "seed", "statistics", "block", "backend", "fingerprint"}
    assert identity["fingerprint"] == base.code
    joint = engine.moments(base, 8)
    alone = engine.moments(others[2], 8)
    assert joint.mean("first") == pytest.approx(alone.mean("first"), rel=1e-14)


@pytest.mark.parametrize("names", [(), ("a", "a"), tuple("abcdefghi")])
def test_statistics_must_be_one_to_eight_different_names(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"^statistics must be 1 to 8 different names \(or up to 512 with separate=True\); got "):
        Engine().experiment(make_request(bench_samplers.sample_gamma_pair, {}), names, 0)


@pytest.mark.parametrize("how", ["raise", "nan"])
def test_a_failing_block_is_named_kept_as_a_failure_and_tried_again(tmp_path: Path, how: str) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    engine = Engine(Ledger(tmp_path / "ledger.sqlite"))
    request = make_request(bench_samplers.sample_failing, {"flag": str(flag), "how": how})
    experiment = engine.experiment(request, ("value",), 0)
    reason = "RuntimeError: the dog ate it" if how == "raise" else "SamplerError: statistic 'value' has 1 of 64 values that are not finite"
    for _ in range(2):
        with pytest.raises(SamplerError, match=r"^block 3 of sample_failing\(.*(\)|\.\.\.) failed: " + reason + "$"):
            engine.moments(experiment, 8)
        record = engine.ledger.record(experiment.identity)
        assert engine.ledger.missing(record, 8) == [3, 4, 5, 6, 7]  # the blocks before it are kept
        assert engine.ledger.info().failures == 1
    flag.unlink()
    assert engine.moments(experiment, 8).count == 8 * 64
    assert engine.ledger.info().failures == 0
    undisturbed = engine.experiment(make_request(bench_samplers.sample_failing, {"flag": str(flag), "how": how}), ("value",), 0)
    fresh = Engine()
    assert fresh.moments(undisturbed, 8).vector.tobytes() == engine.moments(experiment, 8).vector.tobytes()


def test_a_missing_statistic_fails_the_first_block() -> None:
    engine = Engine()
    experiment = engine.experiment(make_request(bench_samplers.sample_gamma_pair, {}), ("third",), 0)
    with pytest.raises(SamplerError, match=r"^block 0 of .* failed: SamplerError: the sampler returns no statistic 'third'; it returns 'first', "):
        engine.moments(experiment, 2)


def test_interrupted_and_resumed_is_undisturbed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    request = make_request(bench_samplers.sample_slowly, {"seconds": 0.002})
    undisturbed = Engine()
    expected = undisturbed.moments(undisturbed.experiment(request, ("value",), 0), 200).vector

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    kept = 0
    for _ in range(3):
        engine = Engine(Ledger(path), progress=interrupt)
        experiment = engine.experiment(request, ("value",), 0)
        with pytest.raises(KeyboardInterrupt):
            engine.moments(experiment, 200)
        there = 200 - len(engine.ledger.missing(engine.ledger.record(experiment.identity), 200))
        assert there > kept
        kept = there
        engine.close()
    engine = Engine(Ledger(path))
    assert engine.moments(experiment, 200).vector.tobytes() == expected.tobytes()
    assert engine.replicates_drawn == (200 - kept) * 64


def test_progress_counts_replicates() -> None:
    seen: list[Progress] = []
    engine = Engine(progress=seen.append)
    request = make_request(bench_samplers.sample_slowly, {"seconds": 0.001})
    engine.moments(engine.experiment(request, ("value",), 0), 10)
    engine.moments(engine.experiment(request, ("value",), 0), 30)
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert (seen[-1].done, seen[-1].wanted) == (30 * 64, 30 * 64)
    # A block of 64 takes a millisecond at least.
    assert all(0 < progress.replicates_per_second < 64_000 and progress.label.startswith("sample_slowly(seconds=0.001") for progress in seen)


def test_a_label_says_whose_blocks_they_are_and_is_not_too_long() -> None:
    engine = Engine()
    short = engine.experiment(make_request(bench_samplers.sample_slowly, {"seconds": 0.001}), ("value",), 0)
    assert short.label == "sample_slowly(seconds=0.001, matter=0.0)"
    long = engine.experiment(make_request(bench_samplers.sample_slowly, {"seconds": tuple(range(100))}), ("value",), 0)
    assert len(long.label) == 120
    assert long.label.startswith("sample_slowly(seconds=(0, 1, 2,")
    assert long.label.endswith("...")


def test_a_sampler_typed_anew_under_its_old_name_is_a_new_experiment(tmp_path: Path) -> None:
    # What happens in a notebook: the cell is edited and run again, the laboratory is still there.
    engine = Engine(Ledger(tmp_path / "ledger.sqlite"))
    means = []
    for shift in (0.0, 5.0):
        cell: dict[str, Any] = {"__name__": "__main__"}
        exec(f"def sample(rng, size): return rng.standard_normal(size) + {shift}", cell)
        experiment = engine.experiment(make_request(cell["sample"], {}), ("value",), 0)
        first = engine.moments(experiment, 2)
        again = engine.experiment(make_request(cell["sample"], {}), ("value",), 0)
        assert again == experiment
        assert engine.moments(again, 2).vector.tobytes() == first.vector.tobytes()
        means.append(first.mean("value"))
    assert means[1] == pytest.approx(means[0] + 5.0, rel=1e-12)
    assert engine.ledger.info().blocks == 0  # and nothing of it outlives the process
    assert engine.replicates_drawn == 2 * 2 * 4096
