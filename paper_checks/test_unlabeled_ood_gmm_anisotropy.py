"""arXiv:2310.00027, the unlabelled term by itself, when the classes are not round: what it chooses in the plane.

s half_distance, mu = s e1 the mean and Sigma = diag(1, x^2) the covariance of the unlabelled samples, x the spread across the mean; tau = 1/gamma'.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import foldnorm, norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim

anisotropic = claim(
    "OOD-9b",
    kind="optimum",
    statement="Classes that are not round: the unlabelled term is wrong however many samples there are; the Mahalanobis cost repairs it.",
    tex=r"\mu=e_1,\ \Sigma=\mathrm{diag}(1,x^2):\ \hat w=e_2\ \text{ once }\ x>\frac{2\Phi(1)-1+2\varphi(1)}{2\varphi(0)}\ (\gamma'\to0),\quad"
    r"x>e^{1/2}\ (\gamma'\to\infty)",
    source="derived here",
)


@anisotropic
@pytest.mark.parametrize("threshold", [0.0, 0.5, 2.0, math.inf])
def test_threshold_of_the_spread(lab: Laboratory, threshold: float) -> None:
    """Just below it the term chooses e1 (risk Q(s)), just above it e2 (risk 1/2), among all directions of the plane."""
    rng = np.random.default_rng([lab.seed, 13])
    for s in (1.0, float(rng.uniform(0.5, 2.0))):
        edge = theory.anisotropy_threshold(s, threshold)
        angles = np.radians(np.arange(0.0, 90.01, 0.25))

        def charge(spread: float, s: float = s, angles: np.ndarray = angles) -> np.ndarray:
            mean, deviation = s * np.cos(angles), np.sqrt(np.cos(angles) ** 2 + (spread * np.sin(angles)) ** 2)
            if threshold == 0.0:
                return norm.pdf(0.0, mean, deviation)
            if threshold == math.inf:
                return -deviation * foldnorm.mean(mean / deviation)
            return np.asarray(theory.expected_unlabeled_ramp(mean, deviation, threshold))

        chosen = [float(np.degrees(angles[np.argmin(charge(float(edge) * factor))])) for factor in (0.998, 1.002)]
        wrong = {"never fooled": [0.0, 0.0], "always fooled": [90.0, 90.0], "half way": [45.0, 45.0]}
        assert lab.identical([0.0, 90.0], chosen, absolute=1e-9, refutes=wrong, question=f"degrees chosen around x = {float(edge):.4g}, s = {s:.3g}")
        beyond = [theory.unlabeled_plane_choice([s, 0.0], np.diag([1.0, (float(edge) * f) ** 2]), threshold).risk for f in (0.998, 1.002)]
        assert lab.identical(beyond, [float(ndtr(-s)), 0.5], absolute=1e-7, refutes={"no harm": [float(ndtr(-s))] * 2}, question="risk around it")


@anisotropic
def test_thresholds_as_printed(lab: Laboratory) -> None:
    """At s = 1; and from one to the other as tau grows."""
    claimed = [theory.anisotropy_threshold(1.0), theory.anisotropy_threshold(1.0, 0.0)]
    wrong = {"x = 1": [1.0, 1.0], "exchanged": claimed[::-1], "exp(s^2)": [claimed[0], math.e], "the mean alone": [1 / norm.pdf(0) / 2, claimed[1]]}
    assert lab.identical(claimed, [1.462155, 1.648721], absolute=6e-7, refutes=wrong)
    between = [theory.anisotropy_threshold(1.0, tau) for tau in (1e-3, 0.1, 0.5, 1.0, 2.0, 4.0, 20.0)]
    assert lab.exact(float(np.max(np.diff(between)))).less_than(0.0, refutes={"the same for every tau": 0.0})
    ends = [between[0], between[-1]]
    assert lab.identical(ends, claimed[::-1], absolute=1e-6, refutes={"exchanged": claimed}, question="the limits of small and large tau")


@anisotropic
def test_a_tilted_mean(lab: Laboratory) -> None:
    """For mu = 1.5 (1, 1)/sqrt 2, Sigma = diag(1, 2.25): the term is at 55 degrees with risk .138, the best rule at 24 degrees with .101."""
    mean, sigma = np.full(2, 1.5 / math.sqrt(2)), np.diag([1.0, 2.25])
    chosen = theory.unlabeled_plane_choice(mean, sigma, math.inf)
    angles = np.radians(np.arange(0.0, 90.0, 0.01))
    w = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    centre, deviation = w @ mean, np.sqrt(np.einsum("ij,jk,ik->i", w, sigma, w))
    size = centre * (2 * ndtr(centre / deviation) - 1) + 2 * deviation * norm.pdf(centre / deviation)
    seen = float(np.degrees(angles[np.argmax(size)]))
    best = float(np.degrees(np.arctan2(1 / 2.25, 1.0)))
    assert lab.identical(math.degrees(chosen.angle), seen, absolute=0.006, refutes={"the best rule": best, "the mean": 45.0}, question="degrees")
    printed = [math.degrees(chosen.angle), chosen.risk * 100]
    # The risk is .1382466, at the angle to more digits.
    assert lab.identical(printed, [55.12, 13.824], absolute=5e-3, refutes={"the best rule": [best, 10.12]}, question="as printed, risk in percent")
    for tau in (0.0, 0.4, 1.0, 5.0, math.inf):
        repaired = theory.unlabeled_plane_choice(mean, sigma, tau, cost="mahalanobis")
        values = [math.degrees(repaired.angle), 100 * repaired.risk]
        raw = theory.unlabeled_plane_choice(mean, sigma, tau)
        wrong = {"the Euclidean cost": [math.degrees(raw.angle), 100 * raw.risk], "the mean": [45.0, 12.0]}
        exact = [best, 100 * float(theory.bayes_risk(1.5 * math.sqrt((1 + 1 / 2.25) / 2)))]
        assert lab.identical(values, exact, absolute=1e-4, refutes=wrong, question=f"with the Mahalanobis cost, tau = {tau:g}")
    assert lab.identical([best, 10.120], [23.96, exact[1]], absolute=6e-3, refutes={"the term": printed}, question="the best rule as printed")


@anisotropic
@pytest.mark.parametrize(("spread", "across"), [(1.3, False), (1.65, True)])
def test_samples_choose_the_wrong_axis(lab: Laboratory, spread: float, across: bool) -> None:
    """The exact maximiser of sum |t| over 1000 raw samples lies across the mean if the spread across is large."""
    run = lab.run(simulate.sample_plane_ramp, sample_size=1000, mean=(1.0, 0.0), deviations=(1.0, spread), threshold=math.inf)
    wrong = run.probability_above(0.5, "sine_square")
    if across:
        assert wrong.greater_than(0.9, refutes={"mostly right": 0.5})
    else:
        assert wrong.less_than(0.1, refutes={"mostly wrong": 0.5})


@anisotropic
def test_samples_tilt_like_the_population(lab: Laboratory) -> None:
    """The same mean and covariance, 2000 raw samples."""
    tilted = 1.5 / math.sqrt(2)
    run = lab.run(simulate.sample_plane_ramp, sample_size=2000, mean=(tilted, tilted), deviations=(1.0, 1.5), threshold=math.inf)
    degrees = (run.mean("angle") * (180 / math.pi)).named("degrees from the first axis")
    assert degrees.agrees_with(55.12, absolute=3.0, refutes={"the mean": 45.0, "the best rule": 23.96})
