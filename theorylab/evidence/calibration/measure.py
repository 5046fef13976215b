"""The whole calibration as rows of tables: which laws, levels and sizes, and which of them break their word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theorylab.evidence.calibration.composite import COMPOSITES, composite_ends
from theorylab.evidence.calibration.laws import LAWS, TILTED_LAWS, BernoulliLaw, TiltedLaw
from theorylab.evidence.calibration.sequential import Tally, check_walk, judge_runs, proportion_ends, walk_counts, walk_means
from theorylab.evidence.calibration.tilted import Exclusion, measure_exclusion, waiting_size
from theorylab.evidence.intervals import look_level, look_replicates
from theorylab.validation import function

__all__ = ["ALPHAS", "Calibration", "SequentialRow", "calibrate"]

ALPHAS = (0.05, 0.01, 0.001)
# The level that verdicts really use.
REAL_ALPHA = 1e-6
# Looks of continuous laws, of estimands asked one by one, and of Bernoulli laws, whose sums cost nothing.
LOOKS, FEW_LOOKS, MANY_LOOKS = 7, 5, 10
# A rate is called too large if so many errors would be this improbable at the nominal rate.
IMPROBABLE = 1e-6
# The same in standard errors of a normal estimate.
STANDARD_ERRORS = 4.75


@dataclass(frozen=True)
class SequentialRow:
    """One line of a table of sequential verdicts: how the estimand is asked (mean, proportion, other), of what, and what came out."""

    kind: str
    name: str
    hard: bool
    last_look: int
    tally: Tally


@dataclass(frozen=True)
class Calibration:
    """All measurements of one run of the command."""

    sequential: tuple[SequentialRow, ...]
    tilted: tuple[Exclusion, ...]

    def broken(self) -> list[str]:
        """Return one line for every rate that is larger than its nominal level beyond chance."""
        lines = []
        for row in self.sequential:
            for what, rate in zip(("false refutation", "false holds above", "false holds below"), row.tally.rates, strict=True):
                if rate.excess(row.tally.alpha) < IMPROBABLE:
                    lines.append(f"{row.name} ({row.kind}) at alpha {row.tally.alpha:g}: {what} in {rate.wrong} of {rate.runs} runs")
        return lines + [
            f"{entry.name} at level {entry.level:.2g} and n = {entry.count}: {entry.ratio:.2f} times the nominal level"
            for entry in self.tilted
            if entry.ratio - STANDARD_ERRORS * entry.error > 1.0
        ]


def calibrate(runs: int, rng: np.random.Generator, report: Callable[[str], None] = lambda text: None) -> Calibration:
    """Measure everything.

    Parameters
    ----------
    runs
        Sequential verdicts per law; a tenth of it for estimands that are asked one by one.
    rng
        Source of random numbers.
    report
        Called with the name of each part as it begins.
    """
    runs, _ = check_walk(runs, MANY_LOOKS, rng)
    function("report", report)
    rows: list[SequentialRow] = []

    def add(kind: str, name: str, hard: bool, looks: int, tallies: list[Tally]) -> None:
        rows.extend(SequentialRow(kind, name, hard, look_replicates(1, looks - 1), tally) for tally in tallies)

    for law in LAWS:
        report(f"mean of {law.name}")
        looks = MANY_LOOKS if isinstance(law, BernoulliLaw) else LOOKS
        walk = walk_means(law, runs, looks, rng)
        hard = not isinstance(law, BernoulliLaw) and law.hard
        add("mean", law.name, hard, looks, judge_runs(walk.ends, law.mean, law.deviation, ALPHAS, looks))
    for probability in (0.01, 0.5):
        coin = BernoulliLaw(f"Bernoulli({probability:g})", probability)
        report(f"proportion of {coin.name}")
        counts = walk_counts(probability, runs, MANY_LOOKS, rng)
        add("proportion", coin.name, False, MANY_LOOKS, judge_runs(proportion_ends(counts), probability, coin.deviation, ALPHAS, MANY_LOOKS))
    for composite in COMPOSITES:
        report(composite.name)
        ends = composite_ends(composite, max(1, runs // 10), FEW_LOOKS, rng)
        add("other", composite.name, False, FEW_LOOKS, judge_runs(ends, composite.truth, composite.deviation, ALPHAS, FEW_LOOKS))
    tilted = []
    for family in TILTED_LAWS:
        report(f"tilted {family.name}")
        tilted += [measure_exclusion(family, level, count, _samples(runs, family, count), rng) for level, count in _tilted_points(family)]
    return Calibration(tuple(rows), tuple(tilted))


def _tilted_points(law: TiltedLaw) -> list[tuple[float, int]]:
    """Return (level, sample size): around the size at which waiting ends, at the first look and at the sixth."""
    points: dict[tuple[float, int], None] = {}
    for look, multiples in ((0, (0.5, 1.0, 1.5, 2.5)), (5, (1.5,))):
        level = look_level(REAL_ALPHA, look)
        for multiple in multiples:
            count = max(look_replicates(1, 0), round(multiple * waiting_size(law, level)))
            points[level, count] = None
    return list(points)


def _samples(runs: int, law: TiltedLaw, count: int) -> int:
    """Return how many tilted samples of ``count`` replicates fit the effort that ``runs`` asks for."""
    return runs if law.draw is None else max(10, min(runs, 2500 * runs // count))
