"""Rates on synthetic moments, where every answer is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from theorylab.evidence.estimands import Combination
from theorylab.evidence.growth import exponent_of_growth, logarithmic_curvature, power_curvature
from theorylab.evidence.intervals import Interval
from theorylab.evidence.verdicts import Band, judge
from theorylab.montecarlo.moments import Moments, block_moments

SIZES = (10.0, 20.0, 50.0, 200.0)
LEVEL = 1e-4


def ladder(law: Callable[[float], float], deviation: float = 0.02) -> tuple[list[Combination], dict[object, Moments]]:
    """Independent experiments whose sample means are exactly ``law(size)``."""
    rng = np.random.default_rng(20)
    pooled: dict[object, Moments] = {}
    for size in SIZES:
        noise = rng.normal(size=1000)
        noise = np.concatenate([noise, -noise])
        pooled[size] = Moments(("x",), block_moments((law(size) * (1 + deviation * noise))[None]))
    return [Combination(((size, "x", 1.0),)) for size in SIZES], pooled


def test_the_exponent_is_the_least_squares_slope() -> None:
    points, pooled = ladder(lambda n: 3 * n**-0.7 * (1 + 1 / n))
    interval = exponent_of_growth(SIZES, points).interval(pooled, LEVEL)
    slope = np.polyfit(np.log(SIZES), np.log([3 * n**-0.7 * (1 + 1 / n) for n in SIZES]), 1)[0]
    assert interval.ready
    assert interval.estimate == pytest.approx(slope, rel=1e-9)
    exact, exactly = ladder(lambda n: 3 * n**-0.7)
    assert exponent_of_growth(SIZES, exact).interval(exactly, LEVEL).estimate == pytest.approx(-0.7, rel=1e-9)


def test_the_exponent_has_the_standard_error_of_weighted_logarithms() -> None:
    points, pooled = ladder(lambda n: n**0.5)
    interval = exponent_of_growth(SIZES, points).interval(pooled, LEVEL)
    x = np.log(SIZES)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    relative = [math.sqrt(pooled[n].combination({"x": 1.0}).variance / 2000) / n**0.5 for n in SIZES]
    error = math.sqrt(sum((w * r) ** 2 for w, r in zip(weights, relative, strict=True)))
    assert 3.9 < interval.half_width / error < 4.2  # the normal quantile of a third of 1e-4 is 3.99


@pytest.mark.parametrize("law", [lambda n: 2 + 3 * math.log(n), lambda n: 50 - 3 * math.log(n)])
def test_a_logarithm_has_no_curvature_against_the_logarithm_but_a_power_law_would(law: Callable[[float], float]) -> None:
    points, pooled = ladder(law, deviation=0.002)
    assert logarithmic_curvature(SIZES, points).interval(pooled, LEVEL).estimate == pytest.approx(0.0, abs=1e-9)
    assert judge(logarithmic_curvature(SIZES, points).interval(pooled, LEVEL), Band(-0.1, 0.1)) == "holds"
    assert judge(power_curvature(SIZES, points).interval(pooled, LEVEL), Band(0.0, 0.0)) == "refuted"


@pytest.mark.parametrize("exponent", [1.0, -0.5])
def test_a_power_has_no_curvature_in_logarithms_but_a_logarithm_would(exponent: float) -> None:
    points, pooled = ladder(lambda n: 2 * n**exponent, deviation=0.002)
    assert power_curvature(SIZES, points).interval(pooled, LEVEL).estimate == pytest.approx(0.0, abs=1e-9)
    assert judge(power_curvature(SIZES, points).interval(pooled, LEVEL), Band(-0.05, 0.05)) == "holds"
    assert judge(logarithmic_curvature(SIZES, points).interval(pooled, LEVEL), Band(0.0, 0.0)) == "refuted"


def curvature(law: Callable[[float], float], kind: Callable[..., object]) -> Interval:
    points, pooled = ladder(law, deviation=1e-4)
    return kind(SIZES, points).interval(pooled, LEVEL)  # type: ignore[attr-defined]


def test_curvatures_are_coefficients_over_the_whole_ladder() -> None:
    x = np.log(SIZES)

    def u(n: float) -> float:
        return (math.log(n) - float(x.mean())) / float(x.max() - x.min())

    assert curvature(lambda n: 9 + 2 * u(n) + 0.6 * u(n) ** 2, logarithmic_curvature).estimate == pytest.approx(
        0.6 / (2 + 0.6 * np.polyfit([u(n) for n in SIZES], [u(n) ** 2 for n in SIZES], 1)[0]), rel=1e-6
    )
    assert curvature(lambda n: math.exp(2 * u(n) + 0.6 * u(n) ** 2), power_curvature).estimate == pytest.approx(0.6, rel=1e-6)


@pytest.mark.parametrize(
    ("build", "sizes", "count", "message"),
    [
        (exponent_of_growth, (1.0,), 1, "at least 2 sizes"),
        (exponent_of_growth, (1.0, 2.0), 3, "at least 2 sizes"),
        (power_curvature, (1.0, 2.0), 2, "at least 3 sizes"),
        (logarithmic_curvature, (1.0, 2.0), 2, "at least 3 sizes"),
        (exponent_of_growth, (0.0, 2.0), 2, "positive"),
        (exponent_of_growth, (2.0, 2.0), 2, "different"),
    ],
)
def test_bad_ladders(build: Callable[..., object], sizes: tuple[float, ...], count: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(sizes, [Combination((("A", "x", 1.0),))] * count)
