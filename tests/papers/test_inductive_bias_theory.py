"""The law of the test error, the bias that a task needs, its expansion for small errors and its bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import chi2, multivariate_normal, ncx2

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias.reference_tasks import kronecker_points, kronecker_task


def base() -> GeneralizedChiSquared:
    return theory.task_distribution(kronecker_task(4, 32, 64))


def small() -> GeneralizedChiSquared:
    return theory.task_distribution(kronecker_task(3, 10, 12))


def random_law(seed: int, offset: float = 0.0) -> GeneralizedChiSquared:
    rng = np.random.default_rng(seed)
    terms = int(rng.integers(1, 7))
    return GeneralizedChiSquared(10.0 ** rng.uniform(-2, 0, terms), rng.integers(1, 4, terms).astype(float), rng.exponential(1.0, terms), offset)


# Reference tasks


def test_points_of_the_sequence() -> None:
    golden = (1.0 + math.sqrt(5.0)) / 2.0
    i = np.arange(1, 8)
    np.testing.assert_allclose(kronecker_points(1, 7)[:, 0], 2 * ((0.5 + i / golden) % 1) - 1, atol=1e-14)
    plastic = 1.324717957244746
    np.testing.assert_allclose(kronecker_points(2, 7), 2 * ((0.5 + i[:, None] / plastic ** np.array([1, 2])) % 1) - 1, atol=1e-13)
    assert np.all(abs(kronecker_points(5, 300)) <= 1.0)
    assert abs(kronecker_points(3, 4000).mean(axis=0)).max() < 0.003


def test_tasks() -> None:
    task = kronecker_task(3, 4, 5, outputs=2)
    assert (task.inputs.shape, task.targets.shape, task.train) == ((9, 3), (9, 2), 4)
    np.testing.assert_allclose(task.targets[:, 1], np.cos(2 * task.inputs.sum(axis=1) / math.sqrt(3) + 1), rtol=1e-12)
    ball = kronecker_task(3, 4, 5, normalized=True)
    np.testing.assert_allclose((ball.inputs**2).sum(axis=1), 3.0, rtol=1e-12)
    np.testing.assert_allclose(ball.targets[:, 0], np.cos(2 * ball.inputs.sum(axis=1) / math.sqrt(3)), rtol=1e-12)
    # The function is taken at the normalised inputs, not at the raw ones.
    assert abs(ball.targets - task.targets[:, :1]).max() > 0.1
    np.testing.assert_allclose(ball.inputs / task.inputs, (ball.inputs / task.inputs)[:, :1] * np.ones(3), rtol=1e-12)
    for call, message in (
        (lambda: kronecker_points(0, 3), "dimension must be an integer >= 1; got 0"),
        (lambda: kronecker_task(2, -1, 3), "train must be an integer >= 0; got -1"),
        (lambda: kronecker_task(2, 1, 0), "test must be an integer >= 1; got 0"),
        (lambda: kronecker_task(2, 1, 2, outputs=0), "outputs must be an integer >= 1; got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_printed_laws() -> None:
    assert base().mean() == pytest.approx(0.624698, abs=6e-7)
    assert base().total_degrees == 64.0
    assert small().mean() == pytest.approx(0.830059, abs=6e-7)
    assert theory.required_inductive_bias(small(), small().mean() * np.array([0.5, 0.1, 0.01])) == pytest.approx(
        [2.210475, 9.445995, 22.665198], abs=6e-7
    )
    three = theory.task_distribution(kronecker_task(2, 6, 8, outputs=3))
    assert [three.mean(), three.var()] == pytest.approx([0.628086, 0.037646], abs=6e-7)
    assert theory.required_inductive_bias(three, three.mean() * np.array([0.7, 0.5, 0.4])) == pytest.approx([1.8283, 3.6489, 5.1670], abs=6e-5)
    shares = np.array([0.5, 0.1, 0.01, 1e-8])
    assert theory.required_inductive_bias(base(), base().mean() * shares) == pytest.approx([6.93967, 43.64938, 113.77854, 555.47523], abs=6e-6)


def test_smooth_kernels_get_a_nugget() -> None:
    """With 256 dimensions, squared-exponential functions at distinct points are independent: a single noncentral term."""
    task = kronecker_task(256, 32, 16)
    law = theory.task_distribution(task, "rbf")
    alone = ncx2.logcdf(16 * 0.1 * law.mean(), 16, float((task.targets[32:] ** 2).sum()))
    assert theory.required_inductive_bias(law, 0.1 * law.mean()) == pytest.approx(-alone, abs=1e-2)
    assert theory.required_inductive_bias(law, 0.1 * law.mean()) == pytest.approx(14.17, abs=6e-3)
    mean, covariance = theory.task_posterior(kronecker_task(2, 40, 30), "rbf")
    assert mean.shape == (30, 1)
    assert np.linalg.eigvalsh(covariance)[0] > -1e-9


# The law by a Gaussian integral


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("rank", [5, 3, 0])
def test_spectrum_by_the_gaussian_integral(outputs: int, rank: int) -> None:
    """E exp(-s mean square) = |I + 2 s C/(m k)|^(-k/2) exp(-s r' (I + 2 s C/(m k))^-1 r/(m k)), also for singular C."""
    rng, m = np.random.default_rng(1), 5
    root = rng.standard_normal((m, rank))
    c, mean, y = root @ root.T, rng.standard_normal((m, outputs)), rng.standard_normal((m, outputs))
    law = theory.error_spectrum(mean, c, y)
    assert law.total_degrees == rank * outputs
    for s in (-0.05, 0.3, 2.0, 40.0):
        inside = np.eye(m) + 2.0 * s * c / (m * outputs)
        r = mean - y
        exact = -0.5 * outputs * np.linalg.slogdet(inside)[1] - s * float((r * np.linalg.solve(inside, r)).sum()) / (m * outputs)
        assert law.log_laplace(s) - s * float(law.offset) == pytest.approx(exact, rel=1e-9)
    assert law.mean() == pytest.approx(float((np.trace(c) * outputs + ((mean - y) ** 2).sum()) / (m * outputs)), rel=1e-12)
    turn = np.linalg.qr(rng.standard_normal((m, m)))[0]
    turned = theory.error_spectrum(turn @ mean, turn @ c @ turn.T, turn @ y)
    np.testing.assert_allclose(turned.cumulants(4), law.cumulants(4), rtol=1e-9)


def test_known_test_points_are_an_offset() -> None:
    law = theory.error_spectrum([[1.0], [2.0]], [[3.0, 0.0], [0.0, 0.0]], [[1.0], [4.0]])
    assert float(law.offset) == 2.0
    assert theory.required_inductive_bias(law, [0.0, 1.99, 2.0]).tolist() == [np.inf] * 3
    assert theory.required_inductive_bias(law, 2.5) == pytest.approx(-chi2.logcdf(1 / 3, 1), rel=1e-10)
    # What lies below the cutoff is an offset, and no longer with a smaller cutoff.
    tiny = [[1.0, 0.0], [0.0, 1e-9]]
    assert float(theory.error_spectrum([[0.0], [0.0]], tiny, [[0.0], [1.0]], relative_cutoff=1e-6).offset) == 0.5
    assert float(theory.error_spectrum([[0.0], [0.0]], tiny, [[0.0], [1.0]]).offset) == 0.0
    fixed = theory.error_spectrum([[1.0]], [[0.0]], [[3.0]])
    assert theory.required_inductive_bias(fixed, [3.99, 4.0, 5.0]).tolist() == [np.inf, 0.0, 0.0]
    assert math.copysign(1.0, theory.required_inductive_bias(fixed, 5.0)) == 1.0


def test_required_bias_broadcasts_and_ends_at_zero() -> None:
    law = GeneralizedChiSquared([[1.0, 0.5], [2.0, 1.0], [1.0, 1.0]], 1.0)
    assert theory.required_inductive_bias(law, [[0.1], [0.5]]).shape == (2, 3)
    assert isinstance(theory.required_inductive_bias(small(), 0.1), float)
    assert theory.required_inductive_bias(small(), 0) == np.inf
    assert theory.required_inductive_bias(small(), 1e9) == 0.0


# Small errors


def test_small_ball_is_density_times_volume() -> None:
    task = kronecker_task(3, 10, 12)
    mean, covariance = theory.task_posterior(task)
    law, eps = theory.task_distribution(task), 1e-3
    density = multivariate_normal(mean[:, 0], covariance).logpdf(task.targets[10:, 0])
    volume = 6 * math.log(math.pi * 12 * eps) - math.lgamma(7)
    assert theory.small_ball_bias(law, eps, order=0) == pytest.approx(-density - volume, rel=1e-9)
    printed = base()
    leading = [float(theory.small_ball_bias(printed, share * printed.mean(), order=0)) for share in (1e-2, 1e-4)]
    exact = [float(theory.required_inductive_bias(printed, share * printed.mean())) for share in (1e-2, 1e-4)]
    corrected = [float(theory.small_ball_bias(printed, share * printed.mean())) for share in (1e-2, 1e-4)]
    assert np.subtract(exact, leading) == pytest.approx([0.399649, 0.00400119], rel=3e-6)
    assert np.subtract(corrected, leading) == pytest.approx([0.400124, 0.00400124], rel=3e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), offset=st.sampled_from([0.0, 0.7]))
def test_small_ball_expansion_is_of_second_order(seed: int, offset: float) -> None:
    law = random_law(seed, offset)
    y = 1e-3 * float(law.weights.min()) * np.array([1.0, 0.5])
    exact = theory.required_inductive_bias(law, offset + y)
    left = [exact - theory.small_ball_bias(law, offset + y, order=order) for order in (0, 1)]
    slope = float(((law.degrees - law.noncentrality) / law.weights).sum()) / (2 * (law.total_degrees + 2))
    assert left[0] - slope * y == pytest.approx(left[1], abs=1e-9)
    # Second order: below (y/w)^2 times the squared size of terms.
    scale = float(((law.degrees + law.noncentrality) / law.weights).sum())
    assert np.all(abs(left[1]) <= (scale * y) ** 2 + 1e-10)


# Bounds


def test_kl_bias_is_the_maximum() -> None:
    law, eps = random_law(3, 0.4), 0.4 + 0.2 * (random_law(3).mean())
    found = theory.kl_inductive_bias(law, eps)
    best = minimize_scalar(
        lambda v: math.exp(v) * (eps - 0.4) + law.log_laplace(math.exp(v)), bounds=(-10, 15), method="bounded", options={"xatol": 1e-9}
    )
    assert found.nats == pytest.approx(-best.fun, rel=1e-10)
    assert theory.tilted_law(law, found.tilt).mean() == pytest.approx(eps, rel=1e-10)
    # The divergence of the tilted law by its definition: -t E L - log M.
    step = 1e-4 * (eps - 0.4)
    slope = (theory.kl_inductive_bias(law, eps + step).nats - theory.kl_inductive_bias(law, eps - step).nats) / (2 * step)
    assert slope == pytest.approx(-found.tilt, rel=1e-6)
    assert theory.kl_inductive_bias(law, law.mean() * (1 + 1e-9)) == (0.0, 0.0)
    assert theory.kl_inductive_bias(law, law.mean() * 3).nats == 0.0


def test_kl_bias_of_equal_weights() -> None:
    """(H/2)(u - 1 - log u) with u = eps/mean; near the mean and far below."""
    law = GeneralizedChiSquared([0.3], 40.0)
    for u in (0.999, 0.5, 1e-3, 1e-200):
        found = theory.kl_inductive_bias(law, 12.0 * u)
        assert found.nats == pytest.approx(20.0 * (u - 1.0 - math.log(u)), rel=1e-9)
        assert found.tilt == pytest.approx((1.0 / u - 1.0) / 0.6, rel=1e-9)


def test_gap_to_the_kl_bias_has_its_limit() -> None:
    law = base()
    a = 32.0
    limit = math.lgamma(a + 1) + a - a * math.log(a)
    assert limit == pytest.approx(2.654411, abs=6e-7)
    for share, printed in ((1e-2, 2.6419), (1e-4, 2.65429), (1e-6, 2.654409)):
        eps = share * law.mean()
        gap = theory.required_inductive_bias(law, eps) - theory.kl_inductive_bias(law, eps).nats
        assert gap == pytest.approx(printed, abs=6e-5)
    assert gap == pytest.approx(limit, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(-8.0, 0.5).map(lambda e: 10.0**e), offset=st.sampled_from([0.0, 2.0]))
def test_bounds_hold(seed: int, share: float, offset: float) -> None:
    law = random_law(seed, offset)
    eps = offset + share * (law.mean() - offset)
    exact = theory.required_inductive_bias(law, eps)
    slack = 1e-9 * (1.0 + exact)
    assert theory.kl_inductive_bias(law, eps).nats <= exact + slack
    assert theory.radius_bound_bias(law, eps, radius="smallest") <= exact + slack
    assert theory.radius_bound_bias(law, eps, radius="largest") >= exact - slack
    assert theory.radius_bound_bias(law, eps) == theory.radius_bound_bias(law, eps, radius="largest")
    # A larger error needs less.
    assert theory.required_inductive_bias(law, offset + 1.1 * (eps - offset)) <= exact + slack


def test_radius_bounds_printed_and_in_the_limit() -> None:
    law = base()
    shares = np.array([0.5, 0.1, 0.01, 1e-8]) * law.mean()
    assert theory.radius_bound_bias(law, shares) == pytest.approx([31.347, 78.453, 151.1445, 593.131], abs=6e-4)
    assert theory.radius_bound_bias(law, shares, radius="mean") == pytest.approx([7.466, 46.207, 116.991, 558.765], abs=6e-4)
    limit = 0.5 * float((law.degrees * np.log(law.weights.max() / law.weights)).sum())
    assert limit == pytest.approx(37.655449, abs=6e-7)
    gap = theory.radius_bound_bias(law, shares[3]) - theory.required_inductive_bias(law, shares[3])
    assert gap == pytest.approx(limit, abs=1e-6)
    # The ball of the mean weight is no bound.
    other = small()
    half, tenth = (float(theory.radius_bound_bias(other, share * other.mean(), radius="mean")) for share in (0.5, 0.1))
    assert [half, tenth] == pytest.approx([2.19976, 9.77898], abs=6e-6)
    assert half < theory.required_inductive_bias(other, 0.5 * other.mean())
    unequal = GeneralizedChiSquared([1.0, 0.1], [1.0, 8.0], [2.0, 0.5], 0.3)
    ball = ncx2.logcdf((1.5 - 0.3) / (1.8 / 9.0), 9.0, 2.5)
    assert theory.radius_bound_bias(unequal, 1.5, radius="mean") == pytest.approx(-ball, rel=1e-9)
    equal = GeneralizedChiSquared([0.2, 0.2], [1.0, 2.0], [0.5, 3.0], 1.0)
    for radius in ("largest", "smallest", "mean"):
        assert theory.radius_bound_bias(equal, 1.1, radius=radius) == pytest.approx(theory.required_inductive_bias(equal, 1.1), rel=1e-11)
