"""The deterministic routes to the expected error of naive Bayes: against fits drawn here, their own symmetries, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from theorylab.papers.naive_bayes_logistic.monte_carlo import conditioned_class_error, inverted_class_error


def drawn_class_error(gaps: Any, own: int, other: int, variance: str, draws: int) -> tuple[float, float]:
    """Return the share of test points of one class that fitted rules miss, drawn from the definitions, and its standard error."""
    rng = np.random.default_rng(20230202)
    d = len(gaps)
    first, second = rng.standard_normal((draws, own, d)) + gaps, rng.standard_normal((draws, other, d))
    means = first.mean(axis=1), second.mean(axis=1)
    squares = ((first - means[0][:, None]) ** 2).sum(axis=1), ((second - means[1][:, None]) ** 2).sum(axis=1)
    if variance == "known":
        spreads = np.ones((draws, d)), np.ones((draws, d))
    elif variance == "pooled":
        spreads = ((squares[0] + squares[1]) / (own + other),) * 2
    else:
        spreads = squares[0] / own, squares[1] / other
    x = rng.standard_normal((draws, d)) + gaps
    scores = [
        np.log(count) - 0.5 * (np.log(spread) + (x - mean) ** 2 / spread).sum(axis=1)
        for count, spread, mean in zip((own, other), spreads, means, strict=True)
    ]
    share = float(np.mean(scores[0] < scores[1]))
    return share, np.sqrt(share * (1 - share) / draws)


@pytest.mark.parametrize(("own", "other"), [(3, 5), (6, 2)])
def test_conditioned_errors_against_drawn_fits(own: int, other: int) -> None:
    share, error = drawn_class_error(np.full(4, 0.6), own, other, "known", 200_000)
    assert abs(conditioned_class_error(1.2, 4, own, other) - share) < 5 * error
    share, error = drawn_class_error(np.array([0.9]), own, other, "pooled", 200_000)
    assert abs(conditioned_class_error(0.9, 1, own, other, degrees_of_freedom=own + other - 2) - share) < 5 * error


@pytest.mark.parametrize(("variance", "degrees"), [("pooled", (11,)), ("class", (4, 7))])
def test_inverted_errors_against_drawn_fits(variance: str, degrees: tuple[int, ...]) -> None:
    share, error = drawn_class_error(np.full(12, 0.5), 5, 8, variance, 60_000)
    value = inverted_class_error([0.5], [12], 5, 8, variance=variance, degrees_of_freedom=degrees, nodes=30, panels=60)
    assert abs(value - share) < 5 * error


def test_conditioned_errors_in_known_cases() -> None:
    for dimension in (1, 2, 7):
        # Equal counts and no difference: chance.
        assert conditioned_class_error(0.0, dimension, 3, 3) == pytest.approx(0.5, abs=1e-12)
        assert conditioned_class_error(2.0, dimension, 1e5, 1e5) == pytest.approx(ndtr(-1.0), abs=1e-4)
    fine, finer = (conditioned_class_error(1.5, 5, 2.5, 7.0, nodes=nodes) for nodes in (240, 400))
    assert fine == pytest.approx(finer, abs=1e-12)


@pytest.mark.parametrize(
    ("arguments", "details", "message"),
    [
        ((-1.0, 3, 4, 4), {}, "distance must be finite and >= 0"),
        ((1.0, 0, 4, 4), {}, "dimension must be an integer >= 1"),
        ((1.0, 3, 0.0, 4), {}, "count_own must be finite and > 0"),
        ((1.0, 3, 4, 4), {"degrees_of_freedom": 6}, "dimension must be 1 where the variance is estimated; got 3"),
    ],
)
def test_bad_input(arguments: tuple[Any, ...], details: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        conditioned_class_error(*arguments, **details)


def test_bad_input_of_the_inversion() -> None:
    with pytest.raises(ValueError, match="variance must be one of 'pooled', 'class'; got 'known'"):
        inverted_class_error([0.5], [12], 5, 8, variance="known", degrees_of_freedom=(11,))
    with pytest.raises(ValueError, match="count_other must be an integer >= 1"):
        inverted_class_error([0.5], [12], 5, 0, variance="pooled", degrees_of_freedom=(3,))
