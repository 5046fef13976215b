"""The parameter grids behind the figures of aggregate_responses (arXiv:2401.11081), one function a figure.

Every simulated point is a row with its parameters and ``estimate``, ``low``, ``high`` (an interval of level 99 %) and ``replicates``. Throughout
|theta0|^2 = 1, so the noise variance is one over the signal-to-noise ratio.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import entries
from theorylab.papers.aggregate_responses import closed_form, estimators, monte_carlo
from theorylab.rows import Rows, histogram, point

__all__ = ["SWEEPS"]


def curve(
    lab: Laboratory, sampler: Callable[..., Any], columns: Sequence[str], weights: Sequence[float], relative: float, panel: str, **parameters: Any
) -> Rows:
    """Measure columns of one sampler at many weights, on the same replicates."""
    names = [name for column in columns for name in entries(column, len(weights))]
    run = lab.run(sampler, statistics=names, separate=True, weights=tuple(weights), **parameters)
    return [
        point(run.mean(f"{column}[{i}]"), relative=relative, panel=panel, part=column, weight=weight, **parameters)
        for column in columns
        for i, weight in enumerate(weights)
    ]


def spaced(least: float, most: float, count: int) -> list[float]:
    """Return numbers of equal ratios, of three digits: round parameters key the same stream on every machine."""
    return [float(f"{value:.3g}") for value in np.geomspace(least, most, count)]


# The weight --------------------------------------------------------------------------------------------------------------------------------


def risk_against_weight(lab: Laboratory) -> Rows:
    """Risk against the weight for three bag sizes and three noises, and the two parts of it; six samples a feature."""
    dimension, relative = lab.at_scale((100, 0.01), (1000, 0.002))
    weights = spaced(0.01, 1.0, lab.at_scale(9, 17))
    rows: Rows = []
    for k in (2, 3, 5):
        size: dict[str, Any] = {"sample_size": 6 * dimension, "dimension": dimension, "bag_size": k}
        for ratio in (0.3, 1.0, 5.0):
            rows += curve(lab, monte_carlo.sample_jacobi_risk, ["risk"], weights, relative, "risk", noise_variance=round(1.0 / ratio, 6), **size)
        parts = ["bias_squared", "variance"]
        rows += curve(lab, monte_carlo.sample_jacobi_risk, parts, weights, relative, "parts", noise_variance=1.0, **size)
    return rows


# The signal-to-noise ratio -----------------------------------------------------------------------------------------------------------------


def risk_against_snr(lab: Laboratory) -> Rows:
    """Risk of the bag-level loss, the instance-level loss, the best weight between them, and ridge, against the signal-to-noise ratio."""
    dimension, relative = lab.at_scale((40, 0.005), (160, 0.001))
    rows: Rows = []
    for ratio in spaced(0.1, 30.0, lab.at_scale(11, 21)):
        best = round(float(closed_form.optimal_weight(6.0, 3, ratio)), 6)
        size: dict[str, Any] = {"sample_size": 6 * dimension, "dimension": dimension, "bag_size": 3, "noise_variance": round(1.0 / ratio, 6)}
        weights = {"bag": 0.0, "instance": 1.0, "best": best}
        run = lab.run(monte_carlo.sample_jacobi_risk, statistics=entries("risk", 3), separate=True, weights=tuple(weights.values()), **size)
        for i, (estimator, weight) in enumerate(weights.items()):
            fields = {"estimator": estimator, "weight": weight, "signal_to_noise_ratio": ratio, **size}
            rows.append(point(run.mean(f"risk[{i}]"), relative=relative, **fields))
        penalty = dimension * size["noise_variance"]
        ridge = lab.run(monte_carlo.sample_ridge_risk, penalty=penalty, weights=(best,), **size).mean("risk")
        rows.append(point(ridge, relative=relative, estimator="ridge", penalty=penalty, signal_to_noise_ratio=ratio, **size))
    return rows


# Samples per feature -----------------------------------------------------------------------------------------------------------------------


def double_descent(lab: Laboratory) -> Rows:
    """Risk against the samples per feature, also with fewer bags or fewer samples than features, and the height of the peak at n = k d.

    Sizes near a threshold are left out: there the risk has no mean.
    """
    dimension, relative = lab.at_scale((60, 0.02), (240, 0.005))
    bag_size, noise = 4, 0.25
    ratios = lab.at_scale(
        (0.2, 0.4, 0.6, 1.4, 1.8, 2.4, 3.2, 4.0, 5.0, 6.0, 8.0, 12.0),
        (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.3, 1.6, 2.0, 2.5, 3.0, 3.4, 4.0, 4.6, 5, 6, 8, 12),
    )
    positive = [1e-3, 0.1, 1.0]
    rows: Rows = []
    for ratio in ratios:
        bags = round(ratio * dimension / bag_size)
        size: dict[str, Any] = {"sample_size": bags * bag_size, "dimension": dimension, "bag_size": bag_size, "noise_variance": noise}
        if size["sample_size"] < dimension:
            # Every positive weight gives the same estimator here.
            rows += curve(lab, monte_carlo.sample_conditional_risk, ["risk"], [0.0, 1.0], relative, "risk", **size)
            rows += curve(lab, monte_carlo.sample_conditional_risk, ["bias_squared"], [1.0], relative, "risk", **size)
            continue
        rows += curve(lab, monte_carlo.sample_jacobi_risk, ["risk", "bias_squared"], positive, relative, "risk", **size)
        if bags < 0.9 * dimension:
            rows += curve(lab, monte_carlo.sample_conditional_risk, ["risk"], [0.0], relative, "risk", **size)
        elif bags > 1.1 * dimension:
            # With more bags than features weight 0 has no bias.
            variance = lab.run(monte_carlo.sample_bag_level_variance, **size).mean("variance")
            rows.append(point(variance, relative=relative, panel="risk", part="risk", weight=0.0, **size))
    peak_dimension, weights = lab.at_scale((100, spaced(1e-3, 1.0, 7)), (800, spaced(1e-4, 1.0, 13)))
    for k in (2, 3, 5):
        size = {"sample_size": k * peak_dimension, "dimension": peak_dimension, "bag_size": k}
        rows += curve(lab, monte_carlo.sample_jacobi_risk, ["variance"], weights, relative, "peak", **size)
    return rows


# Bags for privacy --------------------------------------------------------------------------------------------------------------------------


def private_bag_size(lab: Laboratory) -> Rows:
    """Variance per bag member against the weight; the private risk over bag sizes and privacy levels; the same on raw private releases."""
    dimension, relative = lab.at_scale((100, 0.01), (400, 0.003))
    weights = spaced(3e-3, 1.0, lab.at_scale(8, 15))
    rows: Rows = []
    size: dict[str, Any] = {"sample_size": 6 * dimension, "dimension": dimension, "bag_size": 1}
    # In bags of one every weight is least squares: one simulated point stands for all.
    single = lab.run(monte_carlo.sample_bag_level_variance, **size).mean("variance")
    rows.append(point(single, relative=relative, panel="leading", part="variance", weight=1.0, **size))
    for k in (2, 3, 4, 5):
        size = {"sample_size": 6 * dimension, "dimension": dimension, "bag_size": k}
        rows += curve(lab, monte_carlo.sample_jacobi_risk, ["variance"], weights, relative, "leading", **size)
    n, d = lab.at_scale((120, 20), (240, 40))
    # The clipping bound C sqrt(log n) of the paper, with C^2 above 2 (1 + sigma^2) = 4.
    clip = round(2.05 * math.sqrt(math.log(n)), 4)
    bag_sizes = lab.at_scale((1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20), (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 30))
    levels = lab.at_scale((0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0), (0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0))
    for k in bag_sizes:
        size = {"sample_size": n, "dimension": d, "bag_size": k}
        run = lab.run(monte_carlo.sample_wishart_risk, weights=(1.0,), statistics=("bias_squared[0]", "variance[0]"), **size)
        bias, variance = run.mean("bias_squared[0]"), run.mean("variance[0]")
        for epsilon in levels:
            noise = float(closed_form.private_noise_variance(clip, k, epsilon))
            # Samples in bags of one are fitted without bias, up to rounding.
            risk = (1.0 + noise) * variance if k == 1 else bias + (1.0 + noise) * variance
            rows.append(point(risk, relative=relative, panel="map", weight=1.0, clip=clip, epsilon=epsilon, **size))
    for epsilon in (1.5, 3.0, 8.0):
        for k in bag_sizes:
            scale = round(float(closed_form.laplace_scale(clip, k, epsilon)), 6)
            release: dict[str, Any] = {"sample_size": n, "dimension": d, "bag_size": k, "weight": 1.0, "clip": clip}
            run = lab.run(monte_carlo.sample_private_risk, laplace_scale=scale, **release)
            rows.append(point(run.mean("risk"), relative=lab.at_scale(0.06, 0.01), panel="released", epsilon=epsilon, **release))
    return rows


# An audit of the mechanism -----------------------------------------------------------------------------------------------------------------


def privacy_audit(lab: Laboratory) -> Rows:
    """Releases of one bag under two labels of one person, in bins, at the Laplace scale 2T/(k epsilon) and at half of it; losses seen in the tails.

    The outer bins hold everything beyond.
    """
    bag_size, clip, epsilon = 5, round(2.05 * math.sqrt(math.log(600)), 4), 0.7
    draws, bins = lab.at_scale((1 << 18, 24), (1 << 21, 48))
    edges = np.linspace(-3.0, 3.0, bins + 1) * clip / bag_size
    rows: Rows = []
    person: dict[str, Any] = {"bag_size": bag_size, "clip": clip}
    for scale in ("full", "half"):
        for sign in (1, -1):
            width = _audited_scale(scale, epsilon=epsilon, **person)
            releases = lab.replicates(monte_carlo.sample_private_releases, least=draws, label=sign * clip, laplace_scale=width, **person)
            kept = np.clip(releases["release"], edges[0], edges[-1])
            rows += histogram(kept, edges, panel="releases", scale=scale, sign=sign, epsilon=epsilon, laplace_scale=width, **person)
        for level in lab.at_scale((0.25, 0.5, 1.0, 1.5, 2.0), (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0)):
            width = _audited_scale(scale, epsilon=level, **person)
            tails = []
            for sign in (1, -1):
                run = lab.run(monte_carlo.sample_private_releases, label=sign * clip, laplace_scale=width, **person)
                tails.append(run.probability_above(clip / bag_size, "release"))
            loss = (tails[0] / tails[1]).mapped(math.log, "log")
            rows.append(point(loss, absolute=lab.at_scale(0.08, 0.01), panel="losses", scale=scale, epsilon=level, laplace_scale=width, **person))
    return rows


def _audited_scale(scale: str, *, clip: float, bag_size: int, epsilon: float) -> float:
    right = float(closed_form.laplace_scale(clip, bag_size, epsilon))
    return round(right if scale == "full" else 0.5 * right, 6)


# Real data ---------------------------------------------------------------------------------------------------------------------------------


def real_data(lab: Laboratory) -> Rows:
    """Test error on the diabetes data against the weight and against the bag size.

    Signal and noise of the theory are estimated once, from all labels one by one, and written into every row.
    """
    features, labels = monte_carlo.load_standardised_diabetes()
    strength = estimators.estimate_signal_strength(features, np.arange(labels.size), labels)
    world: dict[str, Any] = {
        "dimension": features.shape[1],
        "squared_signal_norm": strength.signal_variance,
        "noise_variance": strength.noise_variance,
    }
    n, relative = 360, lab.at_scale(0.025, 0.005)
    # The ends of the grid are the two losses.
    grid = spaced(0.003, 1.0, lab.at_scale(9, 17))[:-1]
    rows: Rows = []
    for k in lab.at_scale((2, 3, 4, 5, 6, 8, 10, 12, 15, 20), (2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 18, 20)):
        best = round(float(closed_form.optimal_weight(n / world["dimension"], k, strength.signal_to_noise_ratio)), 4)
        chosen = {"bag": 0.0, "instance": 1.0, "best": best}
        weights = [*chosen.values(), *(grid if k in (2, 5, 10, 20) else [])]
        run = lab.run(
            monte_carlo.sample_diabetes_error,
            statistics=entries("error", len(weights)),
            separate=True,
            bag_size=k,
            weights=tuple(weights),
            training_size=n,
        )
        for i, weight in enumerate(weights):
            estimator = list(chosen)[i] if i < len(chosen) else "grid"
            fields = {"estimator": estimator, "weight": weight, "bag_size": k, "training_size": n, **world}
            rows.append(point(run.mean(f"error[{i}]"), relative=relative, **fields))
    return rows


# Finite sizes ------------------------------------------------------------------------------------------------------------------------------


def finite_size(lab: Laboratory) -> Rows:
    """Distance of the risk from its limit, times d, by three samplers, and the standard deviation of one replicate of two of them."""
    k, weight = 3, 0.3
    limit = float(closed_form.asymptotic_risk(6.0, k, weight).risk)
    samplers = {"jacobi": monte_carlo.sample_jacobi_risk, "wishart": monte_carlo.sample_wishart_risk, "raw": monte_carlo.sample_raw_risk}
    sizes = {
        "jacobi": lab.at_scale((5, 10, 20, 40), (5, 7, 10, 14, 20, 28, 40, 56, 80)),
        "wishart": lab.at_scale((5, 10, 20), (5, 7, 10, 14, 20, 28, 40)),
        "raw": lab.at_scale((5, 10, 20), (5, 7, 10, 14, 20)),
    }
    margins = {"jacobi": lab.at_scale(0.0075, 0.002), "wishart": lab.at_scale(0.01, 0.003), "raw": lab.at_scale(0.1, 0.03)}
    rows: Rows = []
    for witness, sampler in samplers.items():
        for d in sizes[witness]:
            size: dict[str, Any] = {"sample_size": 6 * d, "dimension": d, "bag_size": k}
            distance = lab.run(sampler, weights=(weight,), **size).mean("risk[0]") - limit
            rows.append(point(float(d) * distance, absolute=margins[witness], panel="distance", witness=witness, weight=weight, **size))
    for witness in ("raw", "jacobi"):
        for d in lab.at_scale((5, 10, 20, 40), (5, 10, 20, 40, 80)):
            size = {"sample_size": 6 * d, "dimension": d, "bag_size": k}
            centre = round(float(closed_form.interpolation_risk_exact(6 * d, d, k, weight).risk), 6)
            square = lab.run(samplers[witness], weights=(weight,), centre=centre, **size).mean("risk_squared[0]")
            deviation = square.mapped(math.sqrt, "square root")
            rows.append(point(deviation, relative=lab.at_scale(0.05, 0.01), panel="deviation", witness=witness, weight=weight, **size))
    return rows


SWEEPS: dict[str, Callable[[Laboratory], Rows]] = {
    "risk_against_weight": risk_against_weight,
    "risk_against_snr": risk_against_snr,
    "double_descent": double_descent,
    "private_bag_size": private_bag_size,
    "privacy_audit": privacy_audit,
    "real_data": real_data,
    "finite_size": finite_size,
}
