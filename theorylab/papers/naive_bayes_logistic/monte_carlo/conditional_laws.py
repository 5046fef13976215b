"""Random conditional laws of a class, with predictions, for searches that try to break a bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.backend import check_draw
from theorylab.montecarlo.samplers import fetch
from theorylab.validation import real, whole_number

__all__ = ["draw_conditional_laws", "draw_scored_distributions"]


def _dirichlet(rng: Any, shape: tuple[int, ...], concentration: float) -> np.ndarray:
    """Draw symmetric Dirichlet laws along the last axis of `shape`; entries below 1e-300 become 0."""
    weights = fetch(rng.standard_gamma(concentration, shape))
    weights = np.where(weights < 1e-300, 0.0, weights)
    # All weights of a law underflow together with a probability near 0.01^K at the least concentration allowed: it becomes uniform.
    weights = np.where(weights.sum(axis=-1, keepdims=True) > 0.0, weights, 1.0)
    laws: np.ndarray = weights / weights.sum(axis=-1, keepdims=True)
    return laws


def draw_conditional_laws(rng: Any, size: int, *, class_count: int, concentration: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw laws of K classes and predicted classes.

    Parameters
    ----------
    rng, size
        Generator and number of laws.
    class_count
        K >= 2.
    concentration
        Parameter >= 0.02 of the symmetric Dirichlet law: 1 is uniform on the simplex, small values leave few classes with most of the mass.

    Returns
    -------
    tuple of ndarray
        Laws (size, K) and predictions (size,), uniform over the classes.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    classes, strength = whole_number("class_count", class_count, minimum=2), real("concentration", concentration, minimum=0.02)
    laws = _dirichlet(rng, (size, classes), strength)
    return laws, fetch(rng.integers(0, classes, size))


def draw_scored_distributions(
    rng: Any, size: int, *, class_count: int, points: int, concentration: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw joint distributions of a point and a class on finitely many points, each with scores.

    Parameters
    ----------
    rng, size
        Generator and number of distributions.
    class_count, points
        K >= 2 and N >= 1.
    concentration
        As in `draw_conditional_laws`, for the conditional laws; the masses of the points are uniform on the simplex.

    Returns
    -------
    tuple of ndarray
        Masses (size, N), conditional laws (size, N, K) and scores (size, N, K): normal, with a standard deviation between 0.01 and 10 for each
        distribution, which for half of them is that of the deviation from the logarithms of the conditional law.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    classes, places = whole_number("class_count", class_count, minimum=2), whole_number("points", points)
    strength = real("concentration", concentration, minimum=0.02)
    masses, laws = _dirichlet(rng, (size, places), 1.0), _dirichlet(rng, (size, places, classes), strength)
    spread = 10.0 ** (3.0 * fetch(rng.random((size, 1, 1))) - 2.0)
    near = fetch(rng.random((size, 1, 1))) < 0.5
    scores = spread * fetch(rng.standard_normal((size, places, classes)))
    return masses, laws, scores + np.where(near, np.log(np.maximum(laws, 1e-30)), 0.0)
