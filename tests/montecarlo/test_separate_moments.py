"""Statistics that are recorded each by itself have the moments that they have alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.moments import block_moments, pooled_moments
from theorylab.montecarlo.samplers import entries
from theorylab.montecarlo.separate_moments import MAXIMUM_SEPARATE, SeparateMoments, pool_separate_blocks, separate_block_moments


def sample_curve(rng: Any, size: int, *, length: int) -> dict[str, Any]:
    """Powers 1 to ``length`` of one uniform variable, and the variable."""
    uniform = rng.random(size)
    return {"power": uniform[:, None] ** np.arange(1, length + 1), "uniform": uniform}


@settings(max_examples=30, deadline=None)
@given(k=st.integers(1, 12), blocks=st.integers(1, 5), offset=st.sampled_from([0.0, -3.0, 1e5]), seed=st.integers(0, 2**32))
def test_each_statistic_has_the_moments_that_it_has_alone(k: int, blocks: int, offset: float, seed: int) -> None:
    data = np.random.default_rng(seed).exponential(size=(k, blocks, 64)) + offset
    names = tuple(f"s{number}" for number in range(k))
    separate = SeparateMoments(names, np.array([separate_block_moments(data[:, block]) for block in range(blocks)]))
    for name, row in zip(names, data, strict=True):
        alone = pooled_moments((name,), np.array([block_moments(row[block][None]) for block in range(blocks)]))
        got, expected = separate.combination({name: -2.0}), alone.combination({name: -2.0})
        assert separate.count == alone.count == blocks * 64
        assert separate.mean(name) == alone.mean(name)
        assert got.variance == pytest.approx(expected.variance, rel=1e-11)
        assert got.skewness == pytest.approx(expected.skewness, rel=1e-9)
        assert got.excess_kurtosis == pytest.approx(expected.excess_kurtosis, rel=1e-9)


def test_constants_indicators_and_values_out_of_range() -> None:
    data = np.stack([np.full(32, 0.1), np.arange(32) < 5, np.arange(32.0)])
    pooled = SeparateMoments(("constant", "flag", "x"), np.array([separate_block_moments(data)] * 3))
    assert pooled.combination({"constant": 1.0}).variance == 0.0
    assert pooled.tally("flag") == 15
    with pytest.raises(ValueError, match="must be an indicator"):
        pooled.tally("x")
    with pytest.raises(ValueError, match=r"^'flag', 'x' were recorded separately, so they cannot be combined: record them without separate=True$"):
        pooled.combination({"flag": 1.0, "x": 1.0})
    with pytest.raises(ValueError, match=r"^statistic must be one of 'constant', 'flag', 'x'; got 'y'$"):
        pooled.mean("y")
    for wrong in (1e100, 1e-100):
        with pytest.raises(ValueError, match="leave the range of floating point"):
            separate_block_moments(np.array([[0.0, wrong]]))
    for count in (0, MAXIMUM_SEPARATE + 1):
        with pytest.raises(ValueError, match=rf"^columns: a record holds 1 to {MAXIMUM_SEPARATE} separate statistics; got {count}$"):
            separate_block_moments(np.zeros((count, 4)))


def test_a_curve_is_asked_point_by_point_from_one_set_of_blocks(tmp_path: Path) -> None:
    length = 40
    lab = Laboratory(3, engine=Engine(Ledger(tmp_path / "ledger.sqlite")))
    run = lab.run(sample_curve, length=length, statistics=entries("power", length), separate=True)
    for number in range(length):
        verdict = run.mean(f"power[{number}]").agrees_with(1.0 / (number + 2), relative=0.2, refutes={"one power more": 1.0 / (number + 3.0) * 0.7})
        assert verdict.state == "holds"
    drawn = lab.engine.replicates_drawn
    # As many replicates as the slowest point needs, not forty times as many.
    assert drawn == max(verdict.replicates for verdict in lab.assertions)
    assert run.probability_below(0.25, "power[1]") is not None
    lab.engine.close()
    again = Laboratory(3, engine=Engine(Ledger(tmp_path / "ledger.sqlite")))
    warm = again.run(sample_curve, length=length, statistics=entries("power", length), separate=True)
    assert warm.mean("power[7]").agrees_with(1.0 / 9.0, relative=0.2, refutes={"other": 0.05}).interval == lab.assertions[7].interval
    assert again.engine.replicates_drawn == 0
    again.engine.close()


def test_what_separate_statistics_cannot_do_is_refused() -> None:
    lab = Laboratory()
    run = lab.run(sample_curve, length=9, statistics=entries("power", 9), separate=True)
    with pytest.raises(ValueError, match=r"^the run records power\[0\], power\[1\] separately, but the question combines them"):
        (run.mean("power[0]") - run.mean("power[1]")).greater_than(0.0)
    with pytest.raises(ValueError, match=r"^separate=True needs statistics="):
        lab.run(sample_curve, length=9, separate=True)
    with pytest.raises(ValueError, match=r"^statistics must be 1 to 8 different names \(or up to 512 with separate=True\); got"):
        lab.run(sample_curve, length=9, statistics=entries("power", 9)).mean("power[0]").less_than(1.0)
    # Joint and separate moments of the same statistics are two records of one stream.
    joint = lab.run(sample_curve, length=9, statistics=("power[0]", "uniform")).mean("uniform").measure(relative=0.01)
    alone = lab.run(sample_curve, length=9, statistics=("power[0]", "uniform"), separate=True).mean("uniform").measure(relative=0.01)
    assert alone.replicates == joint.replicates
    assert alone.estimate == pytest.approx(joint.estimate, rel=1e-14)


def test_separate_statistics_pool_together_as_each_would_alone() -> None:
    vectors = np.array([separate_block_moments(np.random.default_rng(seed).standard_gamma(2.0, (3, 8))) for seed in range(5)])
    together = SeparateMoments(("a", "b", "c"), pool_separate_blocks(vectors)[None, :])
    apart = SeparateMoments(("a", "b", "c"), vectors)
    assert together.count == apart.count == 40
    for name in "abc":
        assert together.combination({name: 2.0}) == apart.combination({name: 2.0})
