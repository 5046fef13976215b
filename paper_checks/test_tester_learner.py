"""arXiv:2302.14853, what an angle costs, and the gradient of the surrogate loss at an angle under random classification noise.

theta `angle` between w and w*, sigma `ramp_width`, eta `noise_rate`; Gaussian rows.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import closed_form as theory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# TL-1 ------------------------------------------------------------------------------------------------------------------------------------

disagreement = claim(
    "TL-1",
    kind="identity",
    statement="Halfspaces at an angle theta disagree with probability theta/pi; the excess error is the mean of 1 - 2 eta(x) where they do.",
    tex=r"P=\tfrac\theta\pi,\quad \mathrm{err}=\eta+(1-2\eta)\tfrac\theta\pi,\quad \mathrm{err}-\mathrm{opt}=E[(1-2\eta(x))1\{\mathrm{disagree}\}]",
    source="classical; excess under Massart noise derived here for arXiv:2302.14853",
)


@disagreement
@pytest.mark.parametrize("angle", [0.05, 0.3, 1.2, 2.4])
def test_angle_is_disagreement(lab: Laboratory, angle: float) -> None:
    """Raw rows on both sides of a right angle."""
    run = lab.run(simulate.sample_plane, angle=angle, ramp_width=0.3, noise_rate=0.1)
    claimed = theory.angle_disagreement_probability(angle)
    wrong = {"theta/2": angle / 2, "theta/(2 pi)": angle / (2 * math.pi)}
    if angle > 1.0:
        wrong["sin(theta)/pi"] = math.sin(angle) / math.pi
    assert run.probability("disagreement").agrees_with(claimed, relative=0.05 if angle < 0.1 else 0.02, refutes=wrong)


@disagreement
@pytest.mark.parametrize(("angle", "rate"), [(0.3, 0.1), (1.2, 0.3), (0.7, 0.45)])
def test_error_under_random_classification_noise(lab: Laboratory, angle: float, rate: float) -> None:
    """The error, and on the same rows its difference from that of w*."""
    run = lab.run(simulate.sample_plane, angle=angle, ramp_width=0.3, noise_rate=rate)
    claimed = theory.random_classification_error(angle, rate)
    share = angle / math.pi
    wrong = {"without 1 - 2 eta": rate + share, "1 - eta": rate + (1 - rate) * share, "eta": rate}
    margin = 0.4 * min(2 * rate, 1 - 2 * rate) * share
    assert run.probability("error").agrees_with(claimed, absolute=margin, refutes=wrong)
    excess = run.mean("error") - run.mean("target_error")
    assert excess.agrees_with((1 - 2 * rate) * share, absolute=margin, refutes={"without 1 - 2 eta": share, "no excess": 0.0})


@disagreement
def test_excess_under_massart_noise_fills_its_range(lab: Laboratory) -> None:
    """Noise turned against w attains the lower end, noise turned for it the upper end, and noise along another axis lies half way."""
    angle, rate = 0.6, 0.3
    share = angle / math.pi
    low, high = theory.massart_excess_range(share, rate)
    expected = {"oriented": low, "helpful": high, "elsewhere": (low + high) / 2, "random": low}
    for noise, claimed in expected.items():
        run = lab.run(simulate.sample_plane, angle=angle, ramp_width=0.3, noise_rate=rate, noise=noise)
        wrong = {"1 - 2 eta" if claimed > low else "one": low if claimed > low else high}
        assert run.mean("excess").agrees_with(claimed, relative=0.03, refutes=wrong)
        assert (run.mean("error") - run.mean("target_error")).agrees_with(claimed, relative=0.05, refutes=wrong)
    assert lab.identical([low, high], [0.4 * 0.6 / math.pi, 0.6 / math.pi], relative=1e-13, refutes={"1 - eta": [0.7 * share, share]})


@disagreement
def test_values_of_the_disagreement(lab: Laboratory) -> None:
    """Two printed values, and the area of the sectors."""
    values = theory.angle_disagreement_probability([0.3, 1.2])
    assert lab.identical(values, [0.0954930, 0.3819719], absolute=6e-8, refutes={"sine": np.sin([0.3, 1.2]) / np.pi})


# TL-2 ------------------------------------------------------------------------------------------------------------------------------------

gradient = claim(
    "TL-2",
    kind="expectation",
    statement="Minus the gradient points towards w* with the length (1 - 2 eta) h(sin(theta)/sigma), and has no other component.",
    tex=r"G=\tfrac{1-2\eta}{\pi}\int\ell'(t)e^{-t^2/(2\sin^2\theta)}dt,\quad "
    r"\text{ramp: }G=(1-2\eta)\sqrt{\tfrac2\pi}\,r\,\mathrm{erf}\tfrac{1}{2\sqrt2r},\ r=\tfrac{\sin\theta}\sigma",
    source="derived here for arXiv:2302.14853",
)

POINTS = [(0.3, 0.2, 0.1), (0.05, 0.2, 0.3), (1.2, 0.5, 0.4), (2.7, 0.7, 0.0)]


@gradient
@pytest.mark.parametrize(("angle", "width", "rate"), POINTS)
def test_gradient_of_three_losses_on_raw_rows(lab: Laboratory, angle: float, width: float, rate: float) -> None:
    """With realised labels; across the plane there is nothing."""
    run = lab.run(simulate.sample_plane, angle=angle, ramp_width=width, noise_rate=rate)
    for loss in ("ramp", "smooth_ramp", "logistic"):
        claimed = theory.surrogate_gradient(angle, width, rate, loss)
        flat = (1 - 2 * rate) / math.pi
        wrong = {"no flips": claimed / (1 - 2 * rate) if rate else 2 * claimed, "the wrong side": -claimed}
        if flat > 1.3 * claimed:
            wrong["without the decay"] = flat
        assert run.mean(loss).agrees_with(claimed, relative=0.2 if rate == 0.4 else 0.12, refutes=wrong)
    assert run.mean("across").agrees_with(0.0, absolute=0.01, refutes={"as towards w*": theory.surrogate_gradient(angle, width, rate)})


@gradient
@pytest.mark.parametrize(("angle", "width", "rate"), POINTS[:3])
@pytest.mark.parametrize("loss", ["ramp", "smooth_ramp"])
def test_gradient_inside_the_band(lab: Laboratory, angle: float, width: float, rate: float, loss: str) -> None:
    """Rows drawn in the band, flips integrated out: narrow enough to tell the near misses apart."""
    run = lab.run(simulate.sample_band_gradient, angle=angle, ramp_width=width, noise_rate=rate, loss=loss)
    claimed = theory.surrogate_gradient(angle, width, rate, loss)
    ratio = math.sin(angle) / width
    wrong = {
        "without the decay": (1 - 2 * rate) / math.pi,
        "1 - eta": (1 - rate) * theory.gradient_profile(ratio, loss),
        "theta for its sine": (1 - 2 * rate) * theory.gradient_profile(angle / width, loss),
    }
    margin = 0.012 if angle > 0.1 else 0.02
    if angle > 1.0:
        # Here h is nearly flat: only the tangent is far enough from the sine.
        wrong = {"1 - eta": wrong["1 - eta"], "tan for sin": (1 - 2 * rate) * theory.gradient_profile(math.tan(angle) / width, loss)}
        margin = 0.008
        if loss == "smooth_ramp":
            wrong.pop("tan for sin")
    else:
        # A small angle is its sine.
        wrong.pop("theta for its sine")
    assert run.mean("gradient").agrees_with(claimed, relative=margin, refutes=wrong)


@gradient
def test_tangent_for_sine_where_the_band_is_wide(lab: Laboratory) -> None:
    """At sigma = 3 the two differ by a third."""
    run = lab.run(simulate.sample_band_gradient, angle=1.2, ramp_width=3.0, noise_rate=0.4)
    tangent = 0.2 * theory.gradient_profile(math.tan(1.2) / 3.0)
    assert run.mean("gradient").agrees_with(theory.surrogate_gradient(1.2, 3.0, 0.4), relative=0.05, refutes={"tan for sin": tangent})
    assert lab.identical(theory.surrogate_gradient(1.2, 3.0, 0.4), 0.044246, absolute=6e-7, refutes={"tan for sin": tangent})


@gradient
def test_gradient_by_differences_of_the_loss(lab: Laboratory) -> None:
    """Straight from the definition of the loss in four dimensions, at w of length 2: a component towards w*, none aside or along w."""
    run = lab.run(simulate.sample_space_gradient, angle=0.4, ramp_width=0.6, noise_rate=0.1)
    claimed = theory.surrogate_gradient(0.4, 0.6, 0.1)
    assert run.mean("towards").agrees_with(claimed, relative=0.05, refutes={"half of it": claimed / 2, "no flips": claimed / 0.8})
    assert run.mean("other").agrees_with(0.0, absolute=0.02, refutes={"as towards w*": claimed})
    along = run.few(20, "along")
    assert lab.identical(along, np.zeros(20), absolute=1e-8, refutes={"as towards w*": along + claimed}, question="a length changes nothing")


@gradient
def test_gradient_by_quadrature_and_printed_values(lab: Laboratory) -> None:
    """The integral of the claim, at random points, for slopes written out here; and values to their digits."""
    rng = np.random.default_rng([lab.seed, 2])

    def smooth(t: float, s: float) -> float:
        u = max(3 * (abs(t) / s - 1 / 6), 0.0)
        return (1 + 2 * u - 3 * u * u) / s if abs(t) < s / 2 else 0.0

    slopes = {"ramp": lambda t, s: (abs(t) <= s / 2) / s, "smooth_ramp": smooth, "logistic": lambda t, s: 1 / (4 * s * math.cosh(t / (2 * s)) ** 2)}
    for loss, slope in slopes.items():
        for _ in range(4):
            theta, s, eta = float(rng.uniform(0.02, 3.1)), float(rng.uniform(0.05, 1.5)), float(rng.uniform(0.0, 0.45))
            sine = math.sin(theta)
            ends = [e * s for e in (0.0, 1 / 6, 0.5)] if loss != "logistic" else [0.0, min(sine, s), 8 * sine]
            pieces = [
                quad(lambda t, f=slope, s=s, q=sine: f(t, s) * math.exp(-0.5 * (t / q) ** 2), a, b, epsabs=1e-14, limit=200)[0]
                for a, b in pairwise(ends)
            ]
            exact = (1 - 2 * eta) / math.pi * 2 * sum(pieces)
            claimed = theory.surrogate_gradient(theta, s, eta, loss)
            assert lab.identical(claimed, exact, relative=1e-8, refutes={"eta for 2 eta": (1 - eta) / (1 - 2 * eta) * exact if eta else 0.0})
    found = [float(theory.surrogate_gradient(*point, loss)) for point in POINTS[:2] for loss in slopes]
    assert lab.identical(found, [0.249870, 0.250636, 0.167865, 0.076134, 0.080692, 0.019637], absolute=6e-7, refutes={"flat": [0.8 / np.pi] * 6})
    # Only theta = 0 and theta = pi are stationary, and h rises to 1/pi.
    ratios = np.geomspace(1e-3, 1e3, 200)
    profile = theory.gradient_profile(ratios)
    assert bool(np.all(np.diff(profile) > 0.0))
    assert lab.identical(theory.surrogate_gradient([0.0, np.pi], 0.3, 0.2), [0.0, 0.0], absolute=1e-15, refutes={"some": [0.1, 0.1]})
    assert lab.identical(profile[-1], 1 / np.pi, relative=1e-6, refutes={"1/(2 pi)": 0.5 / np.pi})
    assert lab.identical(profile[0] / ratios[0], math.sqrt(2 / math.pi), relative=1e-6, refutes={"1/pi": 1 / math.pi})


@gradient
@pytest.mark.parametrize("loss", ["ramp", "smooth_ramp", "logistic"])
def test_gradient_is_the_slope_of_the_mean_loss(lab: Laboratory, loss: str) -> None:
    """Between two angles the mean loss grows by the integral of the gradient: the loss by quadrature over a = <w, x>."""
    rng = np.random.default_rng([lab.seed, 20])
    first, second = np.sort(rng.uniform(0.2, 2.9, 2)) + np.array([0.0, 0.1])
    s, eta = float(rng.uniform(0.3, 1.5)), float(rng.uniform(0.05, 0.4))
    corners = [0.0, s / 6, s / 2, 2.0, 8.0] if s / 2 < 2.0 else [0.0, s / 6, s / 2, 8.0]

    def mean_loss(angle: float) -> float:
        def wrong_side(a: float) -> float:
            agrees = norm.cdf(a / math.tan(angle))
            right = eta + (1 - 2 * eta) * agrees
            return 2 * norm.pdf(a) * (right * theory.surrogate_loss(-a, s, loss) + (1 - right) * theory.surrogate_loss(a, s, loss))

        return sum(quad(wrong_side, low, high, epsabs=1e-13, epsrel=1e-12, limit=200)[0] for low, high in pairwise(corners))

    growth = mean_loss(second) - mean_loss(first)
    claimed = quad(lambda angle: theory.surrogate_gradient(angle, s, eta, loss), first, second, epsabs=1e-13, epsrel=1e-12)[0]
    assert lab.identical(growth, claimed, absolute=1e-10, refutes={"no flips": growth / (1 - 2 * eta), "downwards": -growth})
    # The slope is that of the loss, which rises from 0 to 1.
    inside = float(rng.uniform(0.2, 0.3)) * s
    area = quad(lambda t: theory.surrogate_loss_slope(t, s, loss), -inside, inside, points=[-s / 6, s / 6], epsabs=1e-13)[0]
    rise = theory.surrogate_loss(inside, s, loss) - theory.surrogate_loss(-inside, s, loss)
    assert lab.identical(rise, area, absolute=1e-10, refutes={"one side": rise / 2})
    ends = theory.surrogate_loss([-60.0 * s, 60.0 * s], s, loss)
    assert lab.identical(ends, [0.0, 1.0], absolute=1e-15, refutes={"the other loss": [-1.0, 0.0]})


# TL-3 ------------------------------------------------------------------------------------------------------------------------------------

angle_of = claim(
    "TL-3",
    kind="identity",
    statement="The norm of the gradient tells the angle: small gradient if and only if small angle.",
    tex=r"\min(\theta,\pi-\theta)=\arcsin\bigl(\sigma h^{-1}(\|\nabla L\|/(1-2\eta))\bigr)\approx\sigma\|\nabla L\|\sqrt{\pi/2}/(1-2\eta)",
    source="derived here for arXiv:2302.14853",
)


@angle_of
def test_angle_from_simulated_gradients(lab: Laboratory) -> None:
    """The simulated mean, mapped by the inverse, is the angle; the linear form is too small where h bends."""
    for angle, width, rate, margin in ((0.05, 0.2, 0.3, 0.03), (0.15, 0.3, 0.1, 0.03)):
        run = lab.run(simulate.sample_band_gradient, angle=angle, ramp_width=width, noise_rate=rate)
        value = run.mean("gradient").mapped(
            lambda norm, s=width, eta=rate: float(theory.angle_from_gradient_norm(min(max(norm, 0.0), 0.99 * (1 - 2 * eta) / math.pi), s, eta)),
            "angle",
        )
        linear = width * float(theory.surrogate_gradient(angle, width, rate)) * math.sqrt(math.pi / 2) / (1 - 2 * rate)
        wrong = {"without 1 - 2 eta": linear * (1 - 2 * rate)}
        if linear < (1 - 1.5 * margin) * angle:
            wrong["linear form"] = linear
        assert value.agrees_with(angle, relative=margin, refutes=wrong)


@angle_of
def test_inverse_and_its_linear_form(lab: Laboratory) -> None:
    """Round trips at random points on both sides of the right angle, printed values, and where the linear form fails."""
    rng = np.random.default_rng([lab.seed, 3])
    theta, s, eta = rng.uniform(0.01, 3.1, 50), rng.uniform(0.1, 1.5, 50), rng.uniform(0.0, 0.45, 50)
    # Near saturation a rounding of the gradient moves the angle a lot.
    keep = np.sin(theta) / s < 2.0
    norms = theory.surrogate_gradient(theta[keep], s[keep], eta[keep])
    found = theory.angle_from_gradient_norm(norms, s[keep], eta[keep])
    smaller = np.minimum(theta, np.pi - theta)[keep]
    assert lab.identical(np.sin(found), np.sin(smaller), relative=1e-10, refutes={"eta": np.sin(found) * 1.01})
    values = theory.angle_from_gradient_norm([0.05, 0.1], 0.2, 0.2)
    linear = 0.2 * np.array([0.05, 0.1]) * math.sqrt(math.pi / 2) / 0.6
    assert lab.identical(values, [0.020890, 0.042593], absolute=6e-7, refutes={"linear": linear})
    assert lab.identical(linear[1] / values[1], 0.9808, absolute=1e-3, refutes={"exact": 1.0})
    small = theory.angle_from_gradient_norm(1e-6, 0.2, 0.2)
    assert lab.identical(small, 0.2 * 1e-6 * math.sqrt(math.pi / 2) / 0.6, relative=1e-6, refutes={"pi/2": 0.2e-6 * math.pi / 2 / 0.6})
    # No angle has a gradient of (1 - 2 eta)/pi.
    largest = theory.surrogate_gradient(np.linspace(0.0, np.pi, 1001), 0.2, 0.2).max()
    assert lab.exact(float(largest)).less_than(0.6 / math.pi, refutes={"attained": 0.6 / math.pi + 1e-9})
    with pytest.raises(ValueError, match="gradient_norm must be at most"):
        theory.angle_from_gradient_norm(0.6 / math.pi, 0.2, 0.2)
