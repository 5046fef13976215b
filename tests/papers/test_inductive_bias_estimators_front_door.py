"""Estimators of inductive_bias: kernels and learners through the front door, counting, fitting, tails with intervals, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.gaussian_process.kernels import Matern
from sklearn.linear_model import LinearRegression
from sklearn.tree import ExtraTreeRegressor

from theorylab.numerics.gaussian_process import stationary_kernel
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias.estimators import (
    fit_bias,
    inductive_bias,
    kernel_test_error,
    naive_bias,
    network_loss,
    splitting_bias,
    tilted_bias,
)
from theorylab.papers.inductive_bias.monte_carlo import sample_width_errors
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task

TASK = kronecker_task(3, 10, 12)
DATA = TASK.inputs[:10], TASK.targets[:10, 0], TASK.inputs[10:], TASK.targets[10:, 0]


def test_kernels_by_name_object_and_function_agree() -> None:
    exact = float(theory.required_inductive_bias(theory.task_distribution(TASK), 0.1))
    for kernel in ("laplace", Matern(1.0, nu=0.5), lambda a, b: stationary_kernel(a, b, "laplace")):
        found = inductive_bias(kernel, *DATA, 0.1, nugget=0.0)
        assert (found.nats, found.low, found.high) == pytest.approx((exact,) * 3, rel=1e-9)
        assert found.method == "exact"
    assert found.test_size == 12
    assert found.errors.size == 0
    assert "nats (exact) for a mean squared error of 0.1 on 12 test points" in found.sentence


@pytest.mark.parametrize("nugget", [1e-10, 1e-4, 0.1])
def test_kernels_of_finite_rank_have_no_more_directions(nugget: float) -> None:
    rng = np.random.default_rng(1)
    x, z = rng.standard_normal((40, 4)), rng.standard_normal((30, 4))
    law = kernel_test_error("linear", x, x[:, 0] ** 2, z, z[:, 0] ** 2, nugget=nugget)
    assert law.total_degrees == 5.0
    assert inductive_bias("linear", x, x[:, 0] ** 2, z, z[:, 0] ** 2, 1e-3, nugget=nugget).nats == math.inf


def test_learners_are_counted_or_fitted() -> None:
    tree = ExtraTreeRegressor(max_depth=3)
    counted = inductive_bias(tree, *DATA, 0.6, hypotheses=60)
    hits = int(np.sum(counted.errors <= 0.6))
    assert counted.method == "counted"
    assert counted.nats == pytest.approx(math.log(60 / hits))
    assert counted.low <= counted.nats <= counted.high
    assert counted.mean_error == pytest.approx(counted.errors.mean())
    deep = inductive_bias(tree, *DATA, 1e-6, hypotheses=60, random_state=5)
    assert deep.method == "fitted"
    assert deep.high == math.inf
    assert deep.nats == pytest.approx(float(fit_bias(deep.errors, 1e-6)))
    assert deep.sentence.endswith("an extrapolation")
    again = inductive_bias(tree, *DATA, 1e-6, hypotheses=60, random_state=5)
    np.testing.assert_array_equal(again.errors, deep.errors)


def test_naive_interval_covers() -> None:
    rng = np.random.default_rng(2)
    nats = -math.log(0.05)
    covered = 0
    for _ in range(2000):
        _, low, high = naive_bias(rng.random(80), 0.05, failure_probability=0.1)
        covered += low <= nats <= high
    assert stats.binom.cdf(covered, 2000, 0.9) > 1e-6
    assert naive_bias([1.0, 2.0], 3.0)[:2] == (0.0, 0.0)
    assert naive_bias([1.0, 2.0], 0.5)[2] == math.inf


def test_fits() -> None:
    errors = np.asarray(GeneralizedChiSquared([0.02], 20.0, 12.0).rvs(60_000, 3))
    eps = np.array([0.3, 0.15])
    shape = stats.gamma.fit(errors, floc=0)[0]
    np.testing.assert_allclose(fit_bias(errors, eps), -stats.gamma.logcdf(eps, shape, scale=errors.mean() / shape), rtol=1e-5)
    exact = np.asarray(theory.required_inductive_bias(GeneralizedChiSquared([0.02], 20.0, 12.0), eps))
    np.testing.assert_allclose(fit_bias(errors, eps, family="ncx2", fit="cumulants"), exact, rtol=0.2)
    moments = errors.mean() ** 2 / errors.var()
    np.testing.assert_allclose(fit_bias(errors, eps, fit="cumulants"), -stats.gamma.logcdf(eps, moments, scale=errors.mean() / moments), rtol=1e-9)


def test_tilted_interval_covers() -> None:
    law = theory.task_distribution(TASK)
    exact = float(theory.required_inductive_bias(law, 0.05))
    missed = 0
    for seed in range(300):
        found = tilted_bias(law, 0.05, draws=400, failure_probability=0.1, random_state=seed)
        missed += not found.low <= exact <= found.high
    assert stats.binom.sf(missed - 1, 300, 0.1) > 1e-6
    fine = tilted_bias(law, 0.05, draws=200_000)
    assert fine.low < exact < fine.high
    assert fine.high - fine.low < 0.06
    assert fine.deviation**2 == pytest.approx(theory.tilting_relative_variance(law, 0.05), rel=0.05)


def test_splitting_over_networks() -> None:
    task = kronecker_task(2, 0, 3, normalized=True)
    space = network_loss(task.inputs, task.targets[:, 0], width=4, depth=2, nugget=0.05)
    assert space.dimension == 2 * 4 + 16 + 4 + 3
    rng = np.random.default_rng(4)
    plain = sample_width_errors(rng, 100_000, dimension=2, test=3, width=4, depth=2, nugget=0.05)
    own = space.loss(rng.standard_normal((100_000, space.dimension)))
    assert stats.ks_2samp(plain, own).pvalue > 1e-6
    found = splitting_bias(space.loss, space.dimension, 0.02, particles=400, runs=10)
    exact = -math.log(float(np.mean(np.concatenate([plain, own]) <= 0.02)))
    assert abs(found.nats - exact) < 6 * found.deviation / math.sqrt(10) + 0.15
    assert found.low < found.nats < found.high


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inductive_bias("cubic", *DATA, 0.1), r"^estimator_or_kernel must be one of"),
        (lambda: kernel_test_error("cubic", *DATA), r"^kernel must be one of"),
        (lambda: inductive_bias("rbf", *DATA, -0.1), r"^target_error must be finite and >= 0; got -0.1$"),
        (
            lambda: inductive_bias(LinearRegression(), *DATA, 0.1),
            r"^estimator_or_kernel must have a random_state, so that fits differ; got LinearRegression\(\)$",
        ),
        (lambda: inductive_bias(ExtraTreeRegressor(), *DATA, 0.1, hypotheses=2), r"^hypotheses must be an integer >= 3; got 2$"),
        (
            lambda: inductive_bias("rbf", DATA[0], DATA[1][:4], *DATA[2:], 0.1),
            r"^y_train must have shape \(10,\) or \(10, k\) with k >= 1; got \(4,\)$",
        ),
        (
            lambda: inductive_bias("rbf", *DATA[:2], DATA[2][:, :2], DATA[3], 0.1),
            r"^X_test must have at least one row and as many columns as X_train",
        ),
        (lambda: inductive_bias("rbf", *DATA[:3], np.where(DATA[3] > 0, np.nan, 0), 0.1), r"^y_test must be finite; got NaN or infinite entries$"),
        (lambda: kernel_test_error("rbf", *DATA[:3], np.zeros((12, 2))), r"^y_train and y_test must have as many outputs; got 1 and 2$"),
        (
            lambda: inductive_bias(None, *DATA, 0.1),
            r"^estimator_or_kernel must be a name, a kernel of scikit-learn or a function of two arrays of inputs; got None$",
        ),
        (lambda: inductive_bias(ExtraTreeRegressor(), *DATA, 0.1, random_state=None), r"^random_state must be an integer >= 0; got None$"),
        (lambda: inductive_bias("rbf", DATA[0], DATA[1], 3.0, DATA[3], 0.1), r"^X_test must have shape \(m, d\); got \(\)$"),
        (lambda: inductive_bias(ExtraTreeRegressor(), DATA[0], np.zeros((10, 2)), *DATA[2:], 0.1), r"^y_train and y_test must have as many outputs"),
        (lambda: naive_bias([], 0.1), r"^errors must be finite and >= 0; got \[\]$"),
        (lambda: naive_bias([[1.0]], 0.1), r"^errors must have shape \(S,\); got \(1, 1\)$"),
        (lambda: fit_bias([1.0, 0.0, 2.0], 0.1), r"^errors must be finite and > 0; got"),
        (lambda: fit_bias([1.0, 1.0, 2.0], 0.1), r"^errors must have shape \(S,\) with at least 3 different values"),
        (lambda: tilted_bias(theory.task_distribution(TASK), 10.0), r"^target_error must be below the mean"),
        (lambda: splitting_bias(lambda z: z[:, 0], 1, 0.0, runs=1), r"^runs must be an integer >= 2; got 1$"),
        (lambda: network_loss(DATA[2], DATA[3], width=0), r"^width must be an integer >= 1; got 0$"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
