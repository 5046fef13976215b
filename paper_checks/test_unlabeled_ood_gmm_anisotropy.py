"""arXiv:2310.00027, the unlabelled term by itself, when the classes are not round: what it chooses in the plane.

s half_distance, mu = s e1 the mean and Sigma = diag(1, x^2) the covariance of the unlabelled samples, x the spread across the mean; tau = 1/gamma'.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
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
    tex=r"\mu=e_1,\ \Sigma=\mathrm{diag}(1,x^2):\ \hat w=e_2\ \text{ once }\ x>\frac{2\Phi(1)-1+2\varphi(1)}{2\varphi(0)}\ (\gamma'\to0),\quad "
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
def test_both_axes_are_charged_alike_at_the_threshold(lab: Laboratory) -> None:
    """For weak means as for strong ones, to all digits; without a mean any spread across is preferred."""
    for s in (0.3, 0.8, 2.0):
        for tau in (0.2, 1.0, 3.0):
            edge = theory.anisotropy_threshold(s, tau)
            across, along = theory.expected_unlabeled_ramp(0.0, edge, tau), theory.expected_unlabeled_ramp(s, 1.0, tau)
            wrong = {
                "the threshold of an endless ramp": theory.expected_unlabeled_ramp(0.0, theory.anisotropy_threshold(s), tau),
                "x = 1.01": across * 1.001,
            }
            assert lab.identical(across, along, relative=1e-11, refutes=wrong, question=f"s = {s:g}, tau = {tau:g}")
        ends = [theory.anisotropy_threshold(s), theory.anisotropy_threshold(s, 0.0)]
        exact = [float(foldnorm.mean(s)) / math.sqrt(2 / math.pi), math.exp(s**2 / 2)]
        assert lab.identical(ends, exact, relative=1e-12, refutes={"exchanged": ends[::-1]}, question=f"an endless ramp and low density, s = {s:g}")
    none = [theory.anisotropy_threshold(0.0, tau) for tau in (0.0, 0.7, math.inf)]
    assert lab.identical(none, np.ones(3), absolute=1e-8, refutes={"1.1": np.full(3, 1.1)}, question="without a mean")


def charge_of(angle: float, mean: np.ndarray, sigma: np.ndarray, tau: float, *, unit: bool) -> float:
    """Return the term at an angle from a library's laws: the density at 0, the mean of |t|, or the ramp by quadrature."""
    w = np.array([math.cos(angle), math.sin(angle)])
    centre, deviation = float(w @ mean), math.sqrt(float(w @ sigma @ w))
    if unit:
        centre, deviation = centre / deviation, 1.0
    if tau == 0.0:
        return float(norm.pdf(0.0, centre, deviation))
    if tau == math.inf:
        return -float(foldnorm.mean(abs(centre) / deviation, scale=deviation))
    nodes, weights = np.polynomial.legendre.leggauss(60)
    place = 0.5 * tau * (1 + nodes)
    both = norm.pdf(place, centre, deviation) + norm.pdf(-place, centre, deviation)
    return float(0.5 * tau * np.sum(weights * (1 - place / tau) * both))


@anisotropic
@pytest.mark.parametrize("tau", [0.0, 0.8, math.inf])
@pytest.mark.parametrize("turn", [0.0, 0.9, 1.15, 2.5, -1.0])
def test_choice_by_another_search(lab: Laboratory, tau: float, turn: float) -> None:
    """Correlated classes at several places of the plane, on both sides of the vertical, where the angle begins anew."""
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    mean, sigma = rotation @ np.array([1.2, 0.7]), rotation @ np.array([[1.0, 0.3], [0.3, 2.0]]) @ rotation.T
    for cost in ("euclidean", "mahalanobis"):
        chosen = theory.unlabeled_plane_choice(mean, sigma, tau, cost=cost)
        grid = np.linspace(-math.pi / 2, math.pi / 2, 121)
        start = float(grid[np.argmin([charge_of(angle, mean, sigma, tau, unit=cost != "euclidean") for angle in grid])])
        bounds = (start - 0.03, start + 0.03)
        found = float(
            minimize_scalar(
                lambda a, c=cost: charge_of(a, mean, sigma, tau, unit=c != "euclidean"), bounds=bounds, method="bounded", options={"xatol": 1e-10}
            ).x
        )
        w = np.array([math.cos(found), math.sin(found)])
        risk = float(ndtr(-abs(w @ mean) / math.sqrt(w @ sigma @ w)))
        # The angle is defined up to half a turn, and the returned one lies within a quarter of the first axis.
        claimed, seen = [np.array([math.cos(2 * a), math.sin(2 * a)]) for a in (chosen.angle, found)]
        best = theory.bayes_direction(mean, sigma)
        along = 2 * math.atan2(best[1], best[0])
        wrong = {"the mean": 2 * mean / np.linalg.norm(mean) - 1} | (
            {"the best rule": [math.cos(along), math.sin(along)]} if cost == "euclidean" else {}
        )
        assert lab.identical(claimed, seen, absolute=2e-6, refutes=wrong, question=f"direction, {cost}")
        assert lab.identical(chosen.risk, risk, absolute=1e-6, refutes={"a coin": 0.5}, question=f"risk, {cost}")
        assert lab.exact(abs(chosen.angle)).less_than(math.pi / 2 + 1e-12, refutes={"any turn": math.pi})


@anisotropic
@pytest.mark.parametrize("turn", [-3e-4, -1e-4, 1e-4, 3e-4, 0.8])
def test_round_classes_lead_to_the_mean_near_the_vertical(lab: Laboratory, turn: float) -> None:
    """There the angle jumps from a quarter of a turn to minus that."""
    place = math.pi / 2 + turn
    expected = place if turn <= 0 else place - math.pi
    for tau in (0.0, 0.7, math.inf):
        chosen = theory.unlabeled_plane_choice([1.3 * math.cos(place), 1.3 * math.sin(place)], 0.8 * np.eye(2), tau)
        wrong = {"the other end": [expected + (math.pi if turn > 0 else -math.pi), chosen.risk], "a coin": [expected, 0.5]}
        risk = float(ndtr(-1.3 / math.sqrt(0.8)))
        assert lab.identical([chosen.angle, chosen.risk], [expected, risk], absolute=1e-6, refutes=wrong, question=f"tau = {tau:g}")


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
