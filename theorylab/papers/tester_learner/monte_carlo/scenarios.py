"""Situations in which a learner is put: a marginal, a noise, a start and a target. Some of them break the learner, some are traps for its tests."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from theorylab.backend import checked_array, namespace_of
from theorylab.models.label_noise import far_flips, flip_labels, halfspace_labels, oriented_massart_noise, random_classification_noise
from theorylab.papers.tester_learner.estimators.learner import checked_width, unit_direction
from theorylab.papers.tester_learner.monte_carlo.marginals import sample_marginal
from theorylab.validation import choice, real

__all__ = ["LABEL_NOISES", "SCENARIOS", "Scenario", "draw_scenario", "sample_labels"]

LABEL_NOISES = ("random", "quadrant", "far")
# 2 % of a standard normal variable lie beyond it.
_FAR_THRESHOLD = 2.3263478740408408


class Scenario(NamedTuple):
    """A situation; `band` options are multiples of the ramp width.

    Attributes
    ----------
    marginal
        Name for `sample_marginal`.
    noise
        "random", "quadrant" or "far".
    target
        "axis" (the second axis), "diagonal" (of the first two), "generic" (a direction with no zeros) or a number, the angle to the first axis
        towards the trap.
    options
        Of the marginal.
    width_in_ramps
        If not 0, the marginal's `half_width` is this many ramp widths.
    """

    marginal: str
    noise: str
    target: str | float
    options: tuple[tuple[str, Any], ...] = ()
    width_in_ramps: float = 0.0


SCENARIOS: dict[str, Scenario] = {
    # Harmless to a learner that starts at the mean of y x.
    "gaussian": Scenario("gaussian", "random", "generic"),
    "gaussian_massart": Scenario("gaussian", "quadrant", "generic"),
    "gaussian_far_flips": Scenario("gaussian", "far", "generic"),
    "nodes_generic": Scenario("gauss_hermite", "random", "generic"),
    "hypercube_generic": Scenario("hypercube", "random", "generic"),
    "student": Scenario("student", "random", "generic"),
    "very_heavy_tails": Scenario("student", "random", "generic", (("degrees_of_freedom", 1.2),)),
    "laplace": Scenario("laplace", "random", "generic"),
    "uniform": Scenario("uniform", "random", "generic"),
    "strongly_log_concave": Scenario("cut_normal", "random", "generic"),
    "anisotropic": Scenario("anisotropic", "random", "generic"),
    # These break the learner.
    "slab": Scenario("slab", "random", "axis"),
    "nodes": Scenario("gauss_hermite", "random", "axis"),
    "pinched": Scenario("pinched", "random", "axis", (("factor", 0.01),), 1.0),
    "hypercube": Scenario("hypercube", "random", "axis"),
    "hypercube_diagonal": Scenario("hypercube", "random", "diagonal"),
    "lopsided": Scenario("lopsided", "quadrant", 0.1),
    "wedge": Scenario("lopsided", "quadrant", 0.1, (("place", (0.13, -3.0)),)),
    # These are made to pass the tests as well.
    "planar_lopsided": Scenario("planar_lopsided", "quadrant", 0.1),
    "worst_planar_lopsided": Scenario("planar_lopsided", "quadrant", 0.0702, (("share", 0.1275), ("place", (0.0838, -1.2142)), ("jitter", 0.02))),
    "coupled": Scenario("coupled", "quadrant", 0.25, (), 0.5),
    "coupled_edge": Scenario("coupled", "quadrant", 0.31, (("edge_share", 0.4),), 0.5),
    "coupled_hidden": Scenario("coupled", "quadrant", 0.31, (("edge_share", 0.4), ("spread", 4)), 0.5),
    "coupled_balanced": Scenario("coupled", "quadrant", 0.15, (("balanced", True),), 0.5),
    "far_wedge": Scenario("far_wedge", "quadrant", 0.12),
}


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))


def scenario_target(scenario: Scenario, dimension: int, ramp_width: float) -> np.ndarray:
    """Return w* of a scenario, (d,)."""
    target = np.zeros(dimension)
    if scenario.target == "axis":
        target[1] = 1.0
    elif scenario.target == "diagonal":
        target[:2] = 1.0
    elif scenario.target == "generic":
        # No zeros, no two equal, no symmetry with the axes.
        target[:] = np.cos(1.0 + 2.0 * np.arange(dimension)) + 0.3
    else:
        angle = float(scenario.target) * (ramp_width if scenario.width_in_ramps > 0.0 else 1.0)
        spread = int(dict(scenario.options).get("spread", 1))
        target[0] = math.cos(angle)
        target[1 : 1 + spread] = math.sin(angle) / math.sqrt(spread)
    return _unit(target)


def sample_labels(X: Any, w_star: np.ndarray, noise: str, noise_rate: float, rng: Any) -> tuple[Any, Any, Any]:
    """Draw noisy labels of a halfspace.

    Parameters
    ----------
    X
        (..., n, d).
    w_star
        w* (d,), of length 1, on the host.
    noise
        "random": flips at the rate eta. "quadrant": eta where <u, x> times the clean label is positive, u orthogonal to w*: the part of the first
        axis that is, or of the second if there is none. "far": every label with |<w*, x>| >= 2.3263, 2 % under a Gaussian.
    noise_rate
        eta in [0, 1/2).
    rng
        Generator.

    Returns
    -------
    tuple of arrays
        Labels, clean labels and flip probabilities, (..., n) each.

    Raises
    ------
    ValueError
        If the noise is unknown or the rate out of range.
    """
    kind = choice("noise", noise, LABEL_NOISES)
    eta = real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    xp = namespace_of(rng)
    X = checked_array("X", X)
    if len(X.shape) < 2:
        raise ValueError(f"X must have shape (..., n, d); got shape {X.shape}")
    w_star = unit_direction("w_star", w_star, X.shape[-1])
    margins = X @ xp.asarray(w_star)
    clean = halfspace_labels(margins)
    if kind == "random":
        flips = random_classification_noise(margins, eta)
    elif kind == "far":
        flips = far_flips(margins, _FAR_THRESHOLD)
    else:
        # Turned against a learner near the first axis: v towards w* there, with the sign of the part of w* across it.
        axis = np.eye(1, w_star.size)[0]
        across = w_star - w_star[0] * axis
        towards = _unit(across) if np.linalg.norm(across) > 1e-12 else np.eye(1, w_star.size, 1)[0]
        flips = oriented_massart_noise(margins, X @ xp.asarray(towards), eta)
    return flip_labels(rng.random(margins.shape), clean, flips), clean, flips


def draw_scenario(
    rng: Any, name: str, *, sample_size: int, dimension: int, ramp_width: float, noise_rate: float, replicates: int | None = None
) -> tuple[Any, Any, Any, Any, np.ndarray]:
    """Draw one data set of a scenario, or many.

    Parameters
    ----------
    rng
        Generator.
    name
        One of `SCENARIOS`.
    sample_size, dimension
        n and d >= 2 (more for the hidden trap).
    ramp_width, noise_rate
        sigma, for which traps are laid, and eta.
    replicates
        Number of data sets, which become the first axis; None draws one without that axis.

    Returns
    -------
    tuple of arrays
        Features (n, d), labels, clean labels, flip probabilities, and w* (d,), which stays on the host.

    Raises
    ------
    ValueError
        If the name is unknown or a parameter out of range.
    """
    scenario = SCENARIOS[choice("scenario", name, tuple(SCENARIOS))]
    options = dict(scenario.options)
    ramp_width = checked_width(ramp_width)
    if scenario.width_in_ramps > 0.0:
        options["half_width"] = scenario.width_in_ramps * ramp_width
    features = sample_marginal(scenario.marginal, sample_size, dimension, rng, replicates=replicates, **options)
    target = scenario_target(scenario, dimension, ramp_width)
    labels, clean, flips = sample_labels(features, target, scenario.noise, noise_rate, rng)
    return features, labels, clean, flips, target
