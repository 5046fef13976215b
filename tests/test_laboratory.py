"""From a sampler to a verdict: what a question costs, what it may depend on, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from theorylab.evidence.verdicts import UndecidedError
from theorylab.laboratory import Laboratory
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.samplers import SamplerError, block_size
from theorylab.quantities import Quantity
from theorylab.rows import known, sample_mean


@block_size(256)
def sample_gamma(rng: Any, size: int, *, shape: float = 2.0) -> dict[str, np.ndarray]:
    x = rng.standard_gamma(shape, size)
    twice = 2 * x + 0.1 * rng.standard_normal(size)
    return {"x": x, "twice": twice, "large": (x > shape).astype(float), "copy": x.copy(), "three": 3 * x}


@block_size(256)
def sample_heavy(rng: Any, size: int) -> np.ndarray:
    return np.exp(3 * rng.standard_normal(size))


@block_size(256)
def sample_constant(rng: Any, size: int, *, value: float = 0.1) -> np.ndarray:
    return np.full(size, value)


def outcome(verdict: Any) -> tuple[Any, ...]:
    return verdict.state, verdict.interval, verdict.replicates, verdict.needed, verdict.counterclaims, verdict.sentence()


def questions(lab: Laboratory) -> list[Any]:
    run = lab.run(sample_gamma)
    return [
        outcome(run.mean("x").agrees_with(2.0, relative=0.05, refutes={"one more": 3.0})),
        outcome((run.mean("twice") / run.mean("x")).agrees_with(2.0, relative=0.01, refutes={"half": 1.0})),
        outcome(run.probability("large").inside(0.3, 0.5)),
        outcome(run.probability_below(1.0, "x").agrees_with(1 - 2 / math.e, relative=0.1)),
        outcome((run.mean("twice") - run.mean("x")).greater_than(1.9)),
        outcome(run.mean("x").agrees_with(2.0001, relative=1e-6)),
        outcome(lab.run(sample_gamma, shape=3).mean("x").less_than(2.9)),
    ]


def sample_plain(rng: Any, size: int, *, scale: float = 1.0) -> Any:
    return scale * rng.standard_normal(size)


def test_a_verdict_depends_on_the_experiment_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    cold = questions(Laboratory(seed=4, budget=2**15))
    assert [each[0] for each in cold] == ["holds", "holds", "holds", "holds", "holds", "undecided", "refuted"]
    first = Laboratory(seed=4, budget=2**15, engine=Engine(Ledger(path)))
    assert questions(first) == cold
    # More than is needed, in another order, and after other questions.
    Laboratory(seed=4, budget=2**17, engine=first.engine).run(sample_gamma).mean("x").agrees_with(2.0, relative=0.005)
    first.engine.close()
    warm = Laboratory(seed=4, budget=2**15, engine=Engine(Ledger(path)))
    assert questions(warm) == cold
    assert warm.engine.replicates_drawn == 0
    assert questions(Laboratory(seed=5, budget=2**15)) != cold


def test_truth_of_a_verdict() -> None:
    lab = Laboratory(budget=2**13)
    mean = lab.run(sample_gamma).mean("x")
    assert mean.agrees_with(2.0, relative=0.2)
    assert not mean.agrees_with(4.0, relative=0.2)
    with pytest.raises(UndecidedError, match=r"^undecided: x agrees with 2 within 0.0001 %; estimate "):
        bool(mean.agrees_with(2.0, relative=1e-6))


def test_counterclaims_are_judged_by_the_same_data() -> None:
    lab = Laboratory()
    verdict = lab.run(sample_gamma).mean("x").agrees_with(2.0, relative=0.05, refutes={"near": 2.11, "far": 9.0})
    assert verdict.state == "holds"
    assert [each.verdict for each in verdict.counterclaims] == ["refuted", "refuted"]
    with pytest.raises(ValueError, match=r"^counterclaim 'blind' \(2.05\) lies inside the claim's band \[1.9, 2.1\]; a margin below 0.025 would"):
        lab.run(sample_gamma).mean("x").agrees_with(2.0, relative=0.05, refutes={"blind": 2.05})
    one_sided = lab.run(sample_gamma).mean("x").at_most(2.05, tightness=0.9)
    assert one_sided.state == "holds"
    assert [each.verdict for each in one_sided.counterclaims] == ["refuted"]
    assert lab.run(sample_gamma).mean("x").at_least(1.95, tightness=0.9).state == "holds"
    assert lab.run(sample_gamma).mean("x").at_most(20.0, tightness=0.9).state == "refuted"  # a bound that is ten times too large


@pytest.mark.parametrize("value", [0.1, 1 / 3, 0.0])
def test_a_sample_without_variation_is_undecided(value: float) -> None:
    lab = Laboratory(budget=2**11)
    mean = lab.run(sample_constant, value=value).mean()
    for verdict in (mean.agrees_with(value, absolute=0.5), mean.agrees_with(9.0, absolute=0.5), mean.less_than(1.0)):
        assert verdict.state == "undecided"
        assert verdict.reason == "the sample shows no variation"


def test_what_cancels_is_not_decided_by_rounding() -> None:
    lab = Laboratory(budget=2**12)
    run = lab.run(sample_gamma)
    x, copy, three = (run.mean(name) for name in ("x", "copy", "three"))
    for quantity in (x - copy, 3 * x - three, x / x, x / copy, three / x, x - x):
        assert quantity.inside(-5.0, 5.0).state == "undecided"


def test_probability_of_what_is_no_indicator_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^statistic 'x' must be an indicator, with values 0 and 1 only, to have a probability$"):
        Laboratory().run(sample_gamma).probability("x").agrees_with(0.5, absolute=0.1)


def test_error_levels_add_over_estimands_and_not_over_questions() -> None:
    lab = Laboratory(alpha=1e-5)
    run = lab.run(sample_gamma)
    assert lab.error_bound == 0.0
    for margin in (0.1, 0.05):
        run.mean("x").agrees_with(2.0, relative=margin)
        lab.run(sample_gamma, shape=2).mean("x").less_than(3.0)
        lab.exact(1.0).agrees_with(1.0, absolute=0.1)
    assert lab.estimands_asked == 1
    run.probability("large").less_than(0.9)
    lab.run(sample_gamma, shape=3).mean("x").less_than(9.0)
    assert lab.error_bound == pytest.approx(3e-5)


def test_questions_about_numbers_that_are_known_need_no_sample() -> None:
    lab = Laboratory()
    sizes = (10.0, 20.0, 40.0)
    slope = lab.exponent(sizes, [lab.exact(7.0 / size**2) for size in sizes])
    assert slope.agrees_with(-2.0, absolute=1e-12, refutes={"one power less": -1.0})
    assert (lab.exact(3.0) / lab.exact(4.0)).agrees_with(0.75, absolute=1e-15)
    assert (lab.exact(3.0) - 1.0).agrees_with(2.0, absolute=1e-15).replicates == 0
    assert (lab.exact(3.0) - 1.0).measure(absolute=0.1).estimate == 2.0
    assert not (lab.exact(3.0) - 1.0).less_than(1.0)
    assert lab.estimands_asked == 0
    for impossible in (lab.exact(1.0) / lab.exact(0.0), lab.exponent(sizes, [lab.exact(size - 20.0) for size in sizes])):
        with pytest.raises(ValueError, match="the exact numbers in question have no such ratio or logarithm"):
            impossible.less_than(1.0)


def test_the_budget_bounds_what_is_drawn() -> None:
    for budget in (1, 512, 3000, 2**14):
        lab = Laboratory(budget=budget)
        verdict = lab.run(sample_gamma).mean("x").agrees_with(2.0, relative=0.002)
        assert verdict.state == "undecided"
        # The first look of 512 is always taken, and a look that the budget does not cover is not.
        assert lab.engine.replicates_drawn == verdict.replicates <= max(512, budget)
        assert verdict.needed > verdict.replicates


def test_a_hopeless_question_stops_early() -> None:
    # The tail asks for hundreds of times the first look, more than four times the budget, so the second look is not taken.
    verdict = Laboratory(budget=2**10).run(sample_heavy).mean().less_than(1.0)
    assert verdict.state == "undecided"
    assert verdict.replicates == 512
    assert verdict.needed > 4 * 2**10
    assert "times the replicates" in verdict.sentence()


def test_statistics_recorded_together_share_their_blocks() -> None:
    lab = Laboratory()
    run = lab.run(sample_gamma, statistics=["x", "large"])
    run.mean("x").agrees_with(2.0, relative=0.1)
    drawn = lab.engine.replicates_drawn
    run.probability("large").inside(0.2, 0.6)
    assert lab.engine.replicates_drawn == drawn
    with pytest.raises(ValueError, match=r"^the run records x, large, but the question needs twice: add it to statistics=$"):
        run.mean("twice").less_than(9.0)


def test_measure_reaches_its_width() -> None:
    lab = Laboratory()
    found = lab.run(sample_gamma).mean("x").measure(relative=0.01)
    assert found.high - found.low <= 2 * 0.01 * found.estimate
    assert found.low < found.estimate < found.high
    assert lab.exact(3.0, 0.5).measure(absolute=0.1).low == 2.5
    assert Laboratory(budget=2**10).run(sample_gamma).mean("x").measure(relative=1e-4).replicates == 2**10
    # A law without a variance never gets there; seconds bound the walk as the budget does.
    assert Laboratory(seconds=1e-9).run(sample_heavy).mean().measure(relative=1e-4).replicates == 512


def test_replicates_are_those_that_questions_are_answered_from() -> None:
    lab = Laboratory(5, budget=1)
    run = lab.run(sample_gamma)
    assert list(lab.replicates(sample_gamma, least=1)) == ["x", "twice", "large", "copy", "three"]
    # The first look is at 512 replicates, two blocks.
    values = lab.replicates(sample_gamma, least=300)["x"]
    assert values.size == 2 * run.request.block
    assert run.mean("x").measure(relative=1.0).estimate == pytest.approx(values.mean(), rel=1e-12)
    more = lab.replicates(sample_gamma, least=values.size + 1)["x"]
    assert more.size == 3 * run.request.block
    np.testing.assert_array_equal(more[: values.size], values)
    assert list(lab.replicates(sample_plain, least=3)) == ["value"]
    with pytest.raises(ValueError, match=r"^least must be an integer >= 1; got 0$"):
        lab.replicates(sample_gamma, least=0)


def test_a_single_draw_is_a_function_of_seed_name_parameters_and_size() -> None:
    first = Laboratory(5).draw(sample_plain, 4)
    assert first.shape == (4,)
    np.testing.assert_array_equal(Laboratory(5).draw(sample_plain, 4), first)
    assert not np.array_equal(Laboratory(6).draw(sample_plain, 4), first)
    assert not np.array_equal(Laboratory(5).draw(sample_plain, 5)[:4], first)
    assert not np.array_equal(Laboratory(5).draw(sample_plain, 4, scale=2.0), 2.0 * first)
    with pytest.raises(ValueError, match=r"^size must be an integer >= 1; got 0$"):
        Laboratory().draw(sample_plain, 0)


def test_a_few_runs_are_a_draw_of_their_own() -> None:
    lab = Laboratory(seed=3)
    run = lab.run(sample_gamma, shape=4.0)
    values = run.few(40, "x")
    assert values.tolist() == lab.draw(sample_gamma, 40, shape=4.0)["x"].tolist()
    several = run.few(40, ("x", "x <= 4.0"))
    assert several.tolist() == [values.tolist(), (values <= 4.0).astype(float).tolist()]
    row = sample_mean(values, curve="mean")
    t = stats.ttest_1samp(values, 0.0).confidence_interval(0.99)
    assert (row["low"], row["high"]) == pytest.approx((t.low, t.high), rel=1e-12)
    assert (row["curve"], row["estimate"], row["replicates"]) == ("mean", values.mean(), 40)
    assert known(0.3, curve="exact") == {"curve": "exact", "estimate": 0.3, "low": 0.3, "high": 0.3, "replicates": 1, "waiting": ""}
    with pytest.raises(SamplerError, match="returns no statistic 'fourth'"):
        run.few(2, "fourth")
    with pytest.raises(ValueError, match="runs must be an integer >= 1; got 0"):
        run.few(0, "x")


seen_sizes: list[int] = []


@block_size(16)
def sample_watched(rng: np.random.Generator, size: int) -> np.ndarray:
    seen_sizes.append(size)
    return rng.random(size)


def test_not_more_runs_are_drawn_together_than_a_block_holds() -> None:
    seen_sizes.clear()
    lab = Laboratory(2)
    values = lab.run(sample_watched).few(40)
    assert seen_sizes == [16, 16, 8]
    assert values.shape == (40,)
    assert len(set(values.tolist())) == 40
    assert values[:16].tolist() == Laboratory(2).draw(sample_watched, 40).tolist()[:16]
    assert lab.run(sample_watched).few(40).tolist() == values.tolist()


def test_a_few_runs_are_kept_in_the_ledger(tmp_path: Path) -> None:
    def engine() -> Engine:
        return Engine(Ledger(tmp_path / "ledger.sqlite"))

    first = engine()
    drawn = Laboratory(3, engine=first).run(sample_gamma, shape=4.0).few(6, ("x", "x <= 4.0"))
    assert first.replicates_drawn == 6
    first.close()
    second = engine()
    run = Laboratory(3, engine=second).run(sample_gamma, shape=4.0)
    assert run.few(6, ("x", "x <= 4.0")).tolist() == drawn.tolist()
    assert second.replicates_drawn == 0
    assert run.few(7, "x").shape == (7,)
    assert Laboratory(4, engine=second).run(sample_gamma, shape=4.0).few(6, "x").tolist() != drawn[0].tolist()
    assert second.replicates_drawn == 13
    assert list(second.ledger.verify()) == []
    second.close()


def test_scale_chooses() -> None:
    assert Laboratory().at_scale(1, 2) == 1
    assert Laboratory(scale="full").at_scale(1, 2) == 2


# Without types, since what is asked of them below is refused by type checkers, too.
MEAN: Any = Laboratory().run(sample_gamma).mean("x")
OTHER: Any = Laboratory().run(sample_gamma).mean("x")
NAN = float("nan")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: MEAN.agrees_with(2.0), r"margin"),
        (lambda: MEAN.agrees_with(2.0, relative=0.1, absolute=0.1), r"margin"),
        (lambda: MEAN.agrees_with(2.0, relative=-0.1), r"margin"),
        (lambda: MEAN.agrees_with(2.0, relative=NAN), r"margin"),
        (lambda: MEAN.agrees_with(NAN, relative=0.1), r"^value must be finite"),
        (lambda: MEAN.agrees_with(0.0, relative=0.1), r"0 needs an absolute margin"),
        (lambda: MEAN.agrees_with(2.0, relative=0.1, refutes={"x": NAN}), r"^counterclaim 'x' must be a finite number; got nan$"),
        (lambda: MEAN.at_most(NAN, tightness=0.5), r"^bound must be finite; got nan$"),
        (lambda: MEAN.at_most(2.0, tightness=1.0), r"^tightness must be in \[0, 1\); got 1.0$"),
        (lambda: MEAN.at_least(2.0, tightness=NAN), r"^tightness must be in \[0, 1\); got nan$"),
        (lambda: MEAN.at_most(0.0, tightness=0.5), r"^tightness must be 0 for a bound of 0"),
        (lambda: MEAN.less_than(NAN), r"^value must be finite; got nan$"),
        (lambda: MEAN.greater_than(math.inf), r"^value must be finite; got inf$"),
        (lambda: MEAN.inside(2.0, 1.0), r"^low must be below high; got 2.0 and 1.0$"),
        (lambda: MEAN.inside(NAN, 1.0), r"^low must be finite; got nan$"),
        (lambda: MEAN.measure(), r"^give one half-width"),
        (lambda: MEAN.measure(relative=0.0), r"^relative half-width must be finite and > 0; got 0.0$"),
        (lambda: MEAN.measure(absolute=0.1, level=1.0), r"^level must be finite and > 0 and < 1; got 1.0$"),
        (lambda: MEAN + NAN, r"^summand must be finite; got nan$"),
        (lambda: MEAN * math.inf, r"^factor must be finite; got inf$"),
        (lambda: MEAN * MEAN, r"^quantities cannot be multiplied"),
        (lambda: MEAN / 0, r"^divisor must not be 0; got 0$"),
        (lambda: NAN / MEAN, r"^dividend must be finite; got nan$"),
        (lambda: MEAN - OTHER, r"belong to different laboratories"),
        (lambda: MEAN / OTHER, r"belong to different laboratories"),
        (lambda: (MEAN / MEAN) + 1, r"is not a linear combination of means"),
        (lambda: MEAN.lab.run(sample_gamma).probability_below(NAN, "x"), r"^threshold must be a number; got nan$"),
        (lambda: MEAN.lab.run(sample_gamma, shap=1), r"^sample_gamma has no parameter 'shap'; it takes shape$"),
        (lambda: MEAN.lab.run(lambda rng, size: rng.random(size)), r"got a lambda$"),
        (lambda: MEAN.lab.exact(NAN), r"^value must be finite; got nan$"),
        (lambda: MEAN.lab.exact(1.0, -1.0), r"^error must be finite and >= 0; got -1.0$"),
        (lambda: MEAN.lab.exponent([1, 2], [MEAN]), r"at least 2 sizes"),
        (lambda: MEAN.lab.grows_like("linear", [1, 2, 4], [MEAN] * 3), r"^law must be one of 'logarithm', 'power'; got 'linear'$"),
        (lambda: Laboratory(-1), r"^seed must be an integer >= 0; got -1$"),
        (lambda: Laboratory(scale="huge"), r"^scale must be one of 'quick', 'full'; got 'huge'$"),
        (lambda: Laboratory(alpha=0.0), r"^alpha must be finite and > 0 and < 1; got 0.0$"),
        (lambda: Laboratory(budget=0), r"^budget must be an integer >= 1; got 0$"),
        (lambda: Laboratory(seconds=-1), r"^seconds must be finite and > 0; got -1$"),
    ],
)
def test_questions_without_sense_are_refused(ask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask()
    assert MEAN.lab.assertions == []
    assert MEAN.lab.engine.replicates_drawn == 0


def test_arithmetic_of_quantities() -> None:
    lab = Laboratory()
    run = lab.run(sample_gamma)
    x, twice = run.mean("x"), run.mean("twice")

    def value(quantity: Quantity) -> float:
        return quantity.measure(absolute=10.0).estimate

    a, b = value(x), value(twice)
    assert value(3 * x - twice / 2 + 1) == pytest.approx(3 * a - b / 2 + 1)
    assert value(1 - x) == pytest.approx(1 - a)
    assert value(-x + 0) == pytest.approx(-a)
    assert value(twice / x) == pytest.approx(b / a)
    assert value(2 / x) == pytest.approx(2 / a)
    assert value((twice / x).mapped(lambda r: -math.log(r), "minus log")) == pytest.approx(-math.log(b / a))
    assert (2 * x - twice + 1).describe() == "2 x - twice + 1"
    assert (x / twice).describe() == "(x) / (twice)"
    assert x.named("the mean").describe() == "the mean"


def test_the_example_of_the_module_is_true() -> None:
    import doctest

    import theorylab.laboratory

    assert doctest.testmod(theorylab.laboratory).failed == 0
