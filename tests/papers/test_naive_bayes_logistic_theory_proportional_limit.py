"""The proportional limit of logistic regression: the system by plain quadrature, reference values, ends, errors, time."""

from __future__ import annotations

import time

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.naive_bayes_logistic import closed_form as cf
from theorylab.papers.naive_bayes_logistic.closed_form import proportional_limit as module


@settings(max_examples=200, deadline=None)
@given(point=st.floats(-1e4, 1e4), log_gamma=st.floats(-12.0, 12.0))
def test_proximal_point_solves_its_equation(point: float, log_gamma: float) -> None:
    gamma = float(np.exp(log_gamma))
    p = cf.logistic_proximal_point(point, gamma)
    assert point <= p <= point + gamma
    assert p - gamma * expit(-p) == pytest.approx(point, abs=2e-15 * (abs(p) + gamma + abs(point)))


def test_proximal_point_is_vectorised() -> None:
    values = cf.logistic_proximal_point(np.array([[0.0], [1.0]]), np.array([0.5, 1.0, 100.0]))
    assert values.shape == (2, 3)
    assert isinstance(cf.logistic_proximal_point(0.0, 1.0), float)
    with mpmath.workdps(30):
        root = mpmath.findroot(lambda p: p - 2 / (1 + mpmath.exp(p)) - mpmath.mpf("0.3"), 1.0)
    assert cf.logistic_proximal_point(0.3, 2.0) == pytest.approx(float(root), rel=1e-15)


def plain_residuals(limit: cf.ProportionalLimit, r: float, kappa: float) -> np.ndarray:
    """Return relative residuals of the three equations, over T on a fine grid."""
    a, sigma, gamma = limit.alignment, limit.orthogonal_norm, limit.proximal_parameter
    z = np.linspace(-9.0, 9.0, 40001)
    mass = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    p = cf.logistic_proximal_point(a * r + np.hypot(a, sigma) * z, gamma)
    s = expit(-p)
    return np.array(
        [
            gamma**2 * np.sum(mass * s * s) / (kappa * sigma**2) - 1,
            np.sum(mass / (1 + gamma * s * (1 - s))) - 1 + kappa,
            (a * kappa - gamma * r * np.sum(mass * s)) / max(a * kappa, 1e-300) if r > 0 else 0.0,
        ]
    )


@pytest.mark.parametrize("r", [0.0, 1e-3, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("share", [1e-4, 0.1, 0.5, 0.9, 0.98])
def test_system_by_plain_quadrature(r: float, share: float) -> None:
    kappa = share * cf.separability_threshold(r)
    limit = cf.logistic_proportional_limit(r, kappa)
    assert np.max(np.abs(plain_residuals(limit, r, kappa))) < 1e-9
    assert limit.residual < 1e-10
    assert limit.error == pytest.approx(ndtr(-limit.alignment * r / np.hypot(limit.alignment, limit.orthogonal_norm)), rel=1e-13)
    assert ndtr(-r) - 1e-15 <= limit.error < max(cf.separability_threshold(r), 0.5 * (r == 0) + 1e-15)


@settings(max_examples=60, deadline=None)
@given(r=st.floats(0.0, 3.0), share=st.floats(1e-6, 0.98))
def test_solver_never_fails_below_the_threshold(r: float, share: float) -> None:
    limit = cf.logistic_proportional_limit(r, share * cf.separability_threshold(r))
    assert limit.residual < 1e-10


def test_reference_values() -> None:
    limit = cf.logistic_proportional_limit(1.0, 0.1)
    assert (limit.alignment, limit.orthogonal_norm) == pytest.approx((2.42407, 1.24697), abs=6e-6)
    assert limit.error == pytest.approx(0.1869364, abs=6e-8)
    assert cf.logistic_proportional_limit(0.5, 0.2).error == pytest.approx(0.3707563, abs=6e-8)
    assert cf.logistic_proportional_limit(1.0, 0.2).error == pytest.approx(0.2208026, abs=6e-8)
    assert cf.logistic_proportional_limit(1.0, 0.2).alignment == pytest.approx(3.54, abs=6e-3)
    assert cf.logistic_proportional_limit(0.8, 0.12).error == pytest.approx(0.2480815, abs=6e-8)
    assert (cf.logistic_proportional_limit(1.0, 0.005).error - ndtr(-1.0)) / 0.005 == pytest.approx(0.26963, abs=6e-6)


def test_ends() -> None:
    # No signal: no component, a coin, whatever the ratio.
    none = cf.logistic_proportional_limit(0.0, 0.2)
    assert (none.alignment, none.error) == (0.0, 0.5)
    assert none.orthogonal_norm > 0
    tiny = cf.logistic_proportional_limit(1.0, 1e-7)
    assert tiny.alignment == pytest.approx(2.0, rel=1e-5)
    assert tiny.orthogonal_norm == pytest.approx(np.sqrt(1e-7 / 0.112400), rel=1e-4)
    close = cf.logistic_proportional_limit(1.0, 0.9997 * cf.separability_threshold(1.0))
    assert close.error == pytest.approx(cf.separability_threshold(1.0), rel=5e-3)
    assert close.alignment > 100


def test_derivatives_against_differences() -> None:
    # The unknowns are found as logarithms; a wrong entry of the Jacobian would only slow Newton down.
    for r, kappa in ((0.7, 0.15), (1.5, 0.08), (0.0, 0.3)):
        at = np.log([2.3, 1.1, 0.9])
        _, jacobian = module._residuals(at, r, kappa, 0.25)
        for column in range(3):
            step = 1e-6 * np.eye(3)[column]
            ahead, behind = module._residuals(at + step, r, kappa, 0.25)[0], module._residuals(at - step, r, kappa, 0.25)[0]
            assert jacobian[:, column] == pytest.approx((ahead - behind) / 2e-6, abs=1e-7)


def test_solver_is_fast() -> None:
    cf.logistic_proportional_limit(1.0, 0.1)
    begin = time.process_time()
    for kappa in np.linspace(0.01, 0.26, 20):
        cf.logistic_proportional_limit(1.0, kappa)
    assert (time.process_time() - begin) / 20 < 0.05


@pytest.mark.parametrize("r", [0.0, 0.5, 1.0, 3.0, 50.0])
def test_no_finite_solution_from_the_threshold_on(r: float) -> None:
    threshold = cf.separability_threshold(r)
    for kappa in (max(threshold, 1e-30), threshold + 0.1):
        with pytest.raises(cf.NoFiniteSolutionError, match=r"dimension_ratio must be below .*separable.*; got"):
            cf.logistic_proportional_limit(r, kappa)
    assert issubclass(cf.NoFiniteSolutionError, ValueError)


def test_refuses_what_it_cannot_solve() -> None:
    with pytest.raises(ConvergenceError, match="too large for the quadrature"):
        cf.logistic_proportional_limit(2.0, (1 - 1e-6) * cf.separability_threshold(2.0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-0.1, 0.1), "half_distance must be finite and >= 0; got -0.1"),
        ((1.0, 0.0), "dimension_ratio must be finite and > 0; got 0.0"),
        ((1.0, float("nan")), "dimension_ratio must be finite"),
    ],
)
def test_bad_input(arguments: tuple[float, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cf.logistic_proportional_limit(*arguments)
    with pytest.raises(ValueError, match="proximal_parameter must be"):
        cf.logistic_proximal_point(0.0, 0.0)
