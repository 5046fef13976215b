"""The calibration measures what verdicts really do, and a small one already finds the rates below nominal."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from theorylab.evidence.calibration.__main__ import main
from theorylab.evidence.calibration.composite import COMPOSITES, composite_ends
from theorylab.evidence.calibration.laws import LAWS, TILTED_LAWS, BernoulliLaw, Law, TiltedLaw
from theorylab.evidence.calibration.measure import Calibration, SequentialRow
from theorylab.evidence.calibration.page import markdown_table
from theorylab.evidence.calibration.sequential import (
    HAIR,
    WIDE,
    MeanWalk,
    Rate,
    Tally,
    judge_runs,
    proportion_ends,
    walk_counts,
    walk_means,
)
from theorylab.evidence.calibration.tilted import Exclusion, measure_exclusion, waiting_size
from theorylab.evidence.estimands import Combination
from theorylab.evidence.intervals import look_level, look_replicates
from theorylab.evidence.verdicts import Band, judge
from theorylab.montecarlo.moments import Moments, block_moments

BY_NAME = {law.name: law for law in LAWS}
TILTED_BY_NAME = {law.name: law for law in TILTED_LAWS}


class Tape:
    """A law that plays the rows of an array, so that its draws are known."""

    def __init__(self, rows: np.ndarray, mean: float) -> None:
        self.rows, self.position = rows, 0
        self.law = Law("tape", mean, 1.0, self.draw)

    def draw(self, rng: np.random.Generator, shape: int | tuple[int, ...]) -> np.ndarray:
        runs, width = shape  # type: ignore[misc]
        assert runs == len(self.rows)
        self.position += width
        return self.rows[:, self.position - width : self.position]


def test_a_vectorised_walk_is_the_walk_of_verdicts() -> None:
    """Same draws, same intervals and same verdicts as the estimand of a mean and the judge give run by run."""
    rows = np.random.default_rng(0).exponential(size=(25, 4096))
    looks, alpha = 4, 0.2
    walk = walk_means(Tape(rows, 1.0).law, 25, looks, np.random.default_rng(1))
    above, below = Band(1 + HAIR, 1 + WIDE), Band(1 - WIDE, 1 - HAIR)
    excluded = 0
    ended: dict[int, list[str]] = {0: [], 1: []}
    for run in range(25):
        states = ["undecided", "undecided"]
        wrong = False
        for look in range(looks):
            level = look_level(alpha, look)
            columns = rows[run : run + 1, : look_replicates(1, look)]
            interval = Combination((("A", "x", 1.0),)).interval({"A": Moments(("x",), block_moments(columns))}, level)
            low, high, ready = (part[run] for part in walk.ends(look, level))
            assert (low, high) == pytest.approx((interval.low, interval.high), rel=1e-9)
            assert ready == interval.ready
            wrong |= interval.ready and not interval.low <= 1.0 <= interval.high
            for place, band in enumerate((above, below)):
                if states[place] == "undecided":
                    states[place] = judge(interval, band)
        excluded += wrong
        for place in (0, 1):
            ended[place].append(states[place])
    (tally,) = judge_runs(walk.ends, 1.0, 1.0, (alpha,), looks)
    assert [rate.wrong for rate in tally.rates] == [excluded, ended[0].count("holds"), ended[1].count("holds")]
    assert excluded > 0


def test_judged_runs_are_counted_once_and_at_their_first_decision() -> None:
    """Four scripted runs over two looks about the truth 0: above twice, below late, never ready, ready late and right."""
    low = np.array([[0.1, -1.0, 5.0, 9.0], [0.2, -1.0, 5.0, -0.1]])
    high = np.array([[0.3, 1.0, 6.0, 9.5], [0.4, -0.5, 6.0, 0.1]])
    ready = np.array([[True, True, False, False], [True, True, False, True]])
    (tally,) = judge_runs(lambda look, level: (low[look], high[look], ready[look]), 0.0, 1.0, (0.05,), 2)
    assert [rate.wrong for rate in tally.rates] == [2, 1, 1]
    assert tally.waiting == 0.25
    assert tally.median_ready == 768
    assert tally.refutation.runs == 4


def test_a_run_without_variation_is_not_ready() -> None:
    law = BernoulliLaw("rare", 1e-9)
    walk = walk_means(law, 5, 2, np.random.default_rng(2))
    low, _, ready = walk.ends(0, 0.05)
    assert not ready.any()
    assert np.isfinite(low).all()


def test_bernoulli_sums_have_the_moments_of_their_ones_and_zeros() -> None:
    rng, again = np.random.default_rng(3), np.random.default_rng(3)
    walk, counts = walk_means(BernoulliLaw("coin", 0.3), 4, 3, rng), walk_counts(0.3, 4, 3, again)
    n = look_replicates(1, 2)
    for run in range(4):
        x = np.repeat([1.0, 0.0], [counts[2, run], n - counts[2, run]])
        found = [part[2, run] for part in (walk.value, walk.standard_error, walk.skewness, walk.excess_kurtosis)]
        assert found == pytest.approx([x.mean(), stats.sem(x), stats.skew(x) / math.sqrt(n), stats.kurtosis(x) / n], rel=1e-9)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_laws_have_the_mean_and_deviation_that_they_state(law: Law | BernoulliLaw) -> None:
    frozen = {
        "normal": stats.norm(),
        "exponential": stats.expon(),
        "Laplace": stats.laplace(),
        "chi-squared(1)": stats.chi2(1),
        "Student t(5)": stats.t(5),
        "Bernoulli(0.01)": stats.bernoulli(0.01),
        "lognormal(1)": stats.lognorm(1.0),
        "lognormal(1.5)": stats.lognorm(1.5),
    }
    if law.name in frozen:
        assert (law.mean, law.deviation) == pytest.approx((frozen[law.name].mean(), frozen[law.name].std()), rel=1e-9, abs=1e-12)
        if isinstance(law, Law):
            # Below a probability of 1e-9 by the Kolmogorov-Smirnov law of the right sampler.
            assert stats.kstest(law.draw(np.random.default_rng(), 20_000), frozen[law.name].cdf).pvalue > 1e-9
    else:
        assert isinstance(law, Law)
        draws = law.draw(np.random.default_rng(), 20_000) ** (1 / 3)  # the sixth power's cube root is chi-squared(1)
        assert stats.kstest(draws, stats.chi2(1).cdf).pvalue > 1e-9
        assert (law.mean, law.deviation) == pytest.approx((15, math.sqrt(10395 - 225)))


@pytest.mark.parametrize("law", TILTED_LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("theta", [-0.3, 0.0, 0.2])
def test_tilted_moments_are_derivatives_of_the_logarithm(law: TiltedLaw, theta: float) -> None:
    step = 0.01
    values = np.array([law.logarithm(theta + place * step) for place in range(-4, 5)])
    fit = np.polynomial.Polynomial.fit(step * np.arange(-4, 5), values, 8).convert().coef
    cumulants = [fit[order] * math.factorial(order) for order in range(1, 5)]
    mean, variance, skewness, kurtosis = law.moments(theta)
    assert [mean, variance] == pytest.approx(cumulants[:2], rel=1e-6, abs=1e-8)
    assert skewness == pytest.approx(cumulants[2] / variance**1.5, rel=1e-3, abs=1e-3)
    assert kurtosis == pytest.approx(cumulants[3] / variance**2, rel=2e-2, abs=1e-2)
    assert law.logarithm(0.0) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("law", [law for law in TILTED_LAWS if law.draw is not None], ids=lambda law: law.name)
def test_tilted_draws_have_the_tilted_moments(law: TiltedLaw) -> None:
    assert law.draw is not None
    draws = law.draw(np.random.default_rng(), 0.2, 40_000)
    mean, variance, _, kurtosis = law.moments(0.2)
    # Seven standard errors: less than 1e-11 for the mean, and still far out for the variance.
    assert abs(draws.mean() - mean) < 7 * math.sqrt(variance / 40_000)
    assert abs(draws.var() - variance) < 10 * variance * math.sqrt((kurtosis + 2) / 40_000)


def test_a_rate_knows_its_interval_and_its_excess() -> None:
    rate = Rate(7, 100)
    assert rate.value == 0.07
    exact = stats.binomtest(7, 100).proportion_ci(0.95, "exact")
    assert (rate.interval.low, rate.interval.high) == pytest.approx((exact.low, exact.high), rel=1e-9)
    assert rate.excess(0.05) == pytest.approx(stats.binom.sf(6, 100, 0.05), rel=1e-9)
    assert Rate(0, 100).excess(0.05) == 1.0


# Small calibrations ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["normal", "exponential", "Student t(5)"])
def test_false_refutations_of_means_are_rarer_than_nominal(name: str) -> None:
    """If a rate were exactly nominal, an assertion would fail with probability below 1e-6."""
    law = BY_NAME[name]
    walk = walk_means(law, 2000, 5, np.random.default_rng())
    (tally,) = judge_runs(walk.ends, law.mean, law.deviation, (0.05,), 5)
    assert all(rate.excess(0.05) > 1e-6 / 3 for rate in tally.rates)
    # Intervals that are never wrong would pass as well, so errors must also be seen: about 45 are usual, fewer than 5 improbable beyond 1e-12.
    assert tally.refutation.wrong >= 5


def test_false_refutations_of_proportions_are_rarer_than_nominal() -> None:
    counts = walk_counts(0.05, 5000, 8, np.random.default_rng())
    (tally,) = judge_runs(proportion_ends(counts), 0.05, 0.2, (0.05,), 8)
    assert all(rate.excess(0.05) > 1e-6 / 3 for rate in tally.rates)
    assert tally.refutation.wrong > 0


@pytest.mark.parametrize("composite", COMPOSITES, ids=lambda composite: composite.name)
def test_false_refutations_of_composites_are_rarer_than_nominal(composite) -> None:  # type: ignore[no-untyped-def]
    ends = composite_ends(composite, 100, 3, np.random.default_rng())
    (tally,) = judge_runs(ends, composite.truth, composite.deviation, (0.05,), 3)
    assert all(rate.excess(0.05) > 1e-6 / 3 for rate in tally.rates)
    low, high, ready = ends(2, 0.05)
    # The true value is where the intervals are: their middles scatter about it.
    middles = (low + high)[ready] / 2
    assert abs(middles.mean() - composite.truth) < 8 * middles.std() / math.sqrt(len(middles))


def test_the_plain_t_interval_would_be_caught() -> None:
    """The calibration has teeth: without correction and waiting a skewed law is refuted too often."""
    law = BY_NAME["normal^6"]
    walk = walk_means(law, 1000, 3, np.random.default_rng())
    plain = MeanWalk(walk.value, walk.standard_error, 0 * walk.skewness, 0 * walk.excess_kurtosis)
    (tally,) = judge_runs(plain.ends, law.mean, law.deviation, (0.05,), 3)
    assert tally.refutation.excess(0.05) < 1e-6
    row = SequentialRow("mean", law.name, True, 2048, tally)
    assert any("false refutation" in line for line in Calibration((row,), ()).broken())
    assert Calibration((), (Exclusion("x", 5e-7, 512, 1.2, 0.01, 1.2),)).broken() == ["x at level 5e-07 and n = 512: 1.20 times the nominal level"]
    assert Calibration((), (Exclusion("x", 5e-7, 512, 1.2, 0.1, 1.2),)).broken() == []


def test_tilted_sampling_finds_the_exact_tail_of_the_t_statistic() -> None:
    """For a normal law and no sample skewness in play the answer is known: two thirds of the level, up to the skewness correction."""
    found = measure_exclusion(TILTED_BY_NAME["normal"], 5e-7, 2048, 4000, np.random.default_rng())
    assert abs(found.ratio - 2 / 3) < 6 * found.error + 0.05
    assert 0 < found.error < 0.05


def test_tilted_sampling_finds_an_exact_binomial_tail() -> None:
    """For a Bernoulli law the same probability is a sum over counts."""
    law, count, level = TILTED_BY_NAME["Bernoulli(0.05)"], 20_000, 5e-7
    found = measure_exclusion(law, level, count, 20_000, np.random.default_rng())
    ones = np.arange(1, count)
    x = ones / count
    variance = x * (1 - x)
    skewness, kurtosis = (1 - 2 * x) / np.sqrt(variance * count), (1 - 6 * variance) / variance / count
    t, z = stats.t.isf(level / 3, count - 1), stats.norm.isf(level / 3)
    shift = skewness * (2 * t**2 + 1) / 6
    error = np.sqrt(variance / (count - 1))
    excluded = (x + error * (shift - t) > 0.05) | (x + error * (shift + t) < 0.05)
    ready = ((skewness * z**3 / 4) ** 2 <= 1) & (np.abs(kurtosis) * z**4 / 4 <= math.log(1.5))
    probability = stats.binom.pmf(ones, count, 0.05)
    assert abs(found.ratio - probability[excluded & ready].sum() / level) < 6 * found.error
    assert found.unready_ratio == pytest.approx(probability[excluded].sum() / level, rel=0.15)


@pytest.mark.parametrize(("name", "multiple"), [("exponential", 1.3), ("Laplace", 1.3), ("Laplace", 2.0), ("normal with lopsided spikes", 1.3)])
def test_at_the_real_level_false_exclusions_are_rarer_than_nominal(name: str, multiple: float) -> None:
    """Fails with probability below 1e-6 if the ratio were exactly one; what is measured lies near 0.7 to 0.9."""
    law = TILTED_BY_NAME[name]
    count = round(multiple * waiting_size(law, 5e-7))
    found = measure_exclusion(law, 5e-7, count, 1500, np.random.default_rng())
    assert found.ratio - 5 * found.error < 1.0
    assert found.ratio + 7 * found.error > 0.4


def test_without_waiting_a_heavy_tail_would_be_caught() -> None:
    found = measure_exclusion(TILTED_BY_NAME["Laplace"], 5e-7, 512, 4000, np.random.default_rng())
    assert found.unready_ratio > 1.2
    assert found.ratio < 0.3


def test_waiting_ends_where_the_reserve_is_spent() -> None:
    laplace = TILTED_BY_NAME["Laplace"]
    z = stats.norm.isf(5e-7 / 3)
    # Two thirds of the level times exp(kurtosis z^4 / (4 n)) is the level.
    assert 2 / 3 * math.exp(3 * z**4 / (4 * waiting_size(laplace, 5e-7))) == pytest.approx(1.0, rel=1e-3)
    assert waiting_size(TILTED_BY_NAME["normal"], 5e-7) == 512


def test_the_logarithm_of_a_spiked_law_is_that_of_its_density() -> None:
    law = TILTED_BY_NAME["normal with lopsided spikes"]

    def weighted(x: float) -> float:
        return math.exp(0.3 * x) * (0.95 * stats.norm.pdf(x) + 0.05 * stats.norm.pdf(x, 2, 3))

    assert law.logarithm(0.3) == pytest.approx(math.log(integrate.quad(weighted, -40, 60, limit=200)[0]), rel=1e-8)


# The page --------------------------------------------------------------------------------------------------------------------------------


def test_tables_are_aligned() -> None:
    assert markdown_table(("law", "rate"), [["normal", "0.5"], ["x", "12.25"]]).splitlines() == [
        "| law    |  rate |",
        "| ------ | ----: |",
        "| normal |   0.5 |",
        "| x      | 12.25 |",
    ]


def test_the_command_writes_the_page_and_says_how(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("theorylab.evidence.calibration.measure.LAWS", LAWS[:1])
    monkeypatch.setattr("theorylab.evidence.calibration.measure.TILTED_LAWS", TILTED_LAWS[:1])
    path = tmp_path / "page.md"
    assert main(["--runs", "20", "--seed", "5", "--write", str(path)]) == 0
    page = path.read_text(encoding="utf-8")
    assert f"--runs 20 --seed 5 --write {path}" in page
    assert "No rate on this page exceeds its nominal level" in page
    assert page.count("| normal") == 3 + 4
    assert capsys.readouterr().out == f"wrote {path}\n"
    assert main(["--runs", "20", "--seed", "5"]) == 0
    # Same seed, same numbers.
    assert capsys.readouterr().out.split("## Means")[1] == page.split("## Means")[1]


def test_a_broken_rate_fails_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Tally(0.05, Rate(50, 100), Rate(0, 100), Rate(0, 100), 512.0, 0.0)
    rows = tuple(SequentialRow(kind, "law", False, 512, wrong) for kind in ("mean", "proportion", "other"))
    monkeypatch.setattr(
        "theorylab.evidence.calibration.__main__.calibrate",
        lambda runs, rng, report: Calibration(rows, (Exclusion("law", 5e-7, 512, 0.5, 0.1, 0.5),)),
    )
    assert main(["--runs", "20"]) == 1
    output = capsys.readouterr()
    assert "larger than nominal: law (mean) at alpha 0.05: false refutation in 50 of 100 runs" in output.err
    assert "exceed their nominal level beyond chance: law (mean)" in output.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--runs", "0"], "argument --runs: must be an integer >= 10; got '0'"),
        (["--runs", "many"], "argument --runs"),
        (["--seed", "-1"], "argument --seed: must be a non-negative integer or 'random'; got '-1'"),
        (["--write", "no/such/folder/page.md"], "argument --write: there is no folder no/such/folder"),
    ],
)
def test_bad_arguments(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
