"""Intervals from counts have their exact level; fits recover a law in both families; several outputs; what a nugget is for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, gamma, ncx2
from sklearn.gaussian_process.kernels import RBF
from sklearn.tree import DecisionTreeRegressor

from theorylab.papers.inductive_bias.estimators import fit_bias, inductive_bias, kernel_test_error, naive_bias


@pytest.mark.parametrize("size", [1, 7, 40])
@pytest.mark.parametrize("delta", [0.05, 0.4])
def test_ends_of_the_counting_interval_have_half_the_level_each(size: int, delta: float) -> None:
    for hits in range(size + 1):
        errors = np.where(np.arange(size) < hits, 0.5, 2.0)
        estimate, low, high = naive_bias(errors, 1.0, failure_probability=delta)
        assert low <= estimate <= high
        if hits:
            assert estimate == pytest.approx(math.log(size / hits))
            assert binom.sf(hits - 1, size, math.exp(-high)) == pytest.approx(delta / 2, rel=1e-7)
        else:
            assert high == math.inf
        if hits < size:
            assert binom.cdf(hits, size, math.exp(-low)) == pytest.approx(delta / 2, rel=1e-7)
        else:
            assert low == 0.0
    # An error equal to the target counts.
    assert naive_bias([1.0, 2.0], 1.0)[0] == pytest.approx(math.log(2))


@pytest.mark.parametrize("chance", [0.01, 0.2, 0.9])
def test_exact_coverage(chance: float) -> None:
    """The chance of all counts whose interval holds the truth, summed."""
    size, nats = 30, -math.log(chance)
    held = 0.0
    for hits in range(size + 1):
        _, low, high = naive_bias(np.where(np.arange(size) < hits, 0.0, 1.0), 0.5, failure_probability=0.1)
        held += binom.pmf(hits, size, chance) if low <= nats <= high else 0.0
    assert held >= 0.9


def test_fits_of_both_families_recover_their_own_law() -> None:
    rng = np.random.default_rng()
    errors = 0.1 * rng.noncentral_chisquare(6.0, 9.0, 120_000)
    eps = np.array([0.9, 0.5])
    exact = -ncx2.logcdf(eps, 6.0, 9.0, scale=0.1)
    # The third cumulant of 4000 leaves the family's range once in fifty times.
    for how, few in (("likelihood", 4000), ("cumulants", 120_000)):
        assert fit_bias(errors[:few], eps, family="ncx2", fit=how) == pytest.approx(exact, rel=0.25)
    shares = rng.gamma(5.0, 0.2, 40_000)
    truth = -gamma.logcdf([0.4, 0.05], 5.0, scale=0.2)
    for how in ("likelihood", "cumulants"):
        assert fit_bias(shares, [0.4, 0.05], fit=how) == pytest.approx(truth, rel=0.15)
    # Units do not matter.
    assert fit_bias(1e6 * shares, 4e5) == pytest.approx(fit_bias(shares, 0.4), rel=1e-9)


def test_fits_without_a_member_of_the_family() -> None:
    with pytest.raises(ValueError, match="third"):
        fit_bias(1.0 + np.random.default_rng(1).random(50), 0.5, family="ncx2", fit="cumulants")
    with pytest.raises(ValueError, match="family must be one of 'gamma', 'ncx2'; got 'normal'"):
        fit_bias([1.0, 2.0, 3.0], 0.5, family="normal")
    with pytest.raises(ValueError, match="fit must be one of 'likelihood', 'cumulants'; got 'moments'"):
        fit_bias([1.0, 2.0, 3.0], 0.5, fit="moments")
    with pytest.raises(ValueError, match=r"target_error must be finite and > 0; got 0.0"):
        fit_bias([1.0, 2.0, 3.0], 0.0)


def test_outputs_are_independent_and_shapes_of_targets_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    x, z, y, t = rng.standard_normal((6, 2)), rng.standard_normal((5, 2)), rng.standard_normal((6, 2)), rng.standard_normal((5, 2))
    both = kernel_test_error(RBF(0.7), x, y, z, t)
    ones = [kernel_test_error(RBF(0.7), x, y[:, j], z, t[:, [j]]) for j in range(2)]
    # The mean over both outputs is half the sum of two independent errors.
    for q, cumulant in enumerate(both.cumulants(4), 1):
        assert cumulant == pytest.approx(sum(one.cumulants(4)[q - 1] for one in ones) / 2**q, rel=1e-8)
    tree = DecisionTreeRegressor(max_features=1, max_depth=2)
    found = inductive_bias(tree, x, y, z, t, 1.0, hypotheses=20)
    errors = [float(((tree.set_params(random_state=k).fit(x, y).predict(z) - t) ** 2).mean()) for k in range(20)]
    assert found.errors == pytest.approx(errors)
    column = inductive_bias(tree, x, y[:, 0], z, t[:, [0]], 1.0, hypotheses=20)
    flat = inductive_bias(tree, x, y[:, 0], z, t[:, 0], 1.0, hypotheses=20)
    np.testing.assert_array_equal(column.errors, flat.errors)


def test_equal_training_inputs_need_a_nugget() -> None:
    rng = np.random.default_rng(3)
    for seed in range(6):
        x = np.random.default_rng(seed).standard_normal((9, 3))
        x[7] = x[2]
        data = x, rng.standard_normal(9), rng.standard_normal((4, 3)), rng.standard_normal(4)
        with pytest.raises(np.linalg.LinAlgError, match="give a nugget"):
            inductive_bias("laplace", *data, 0.1, nugget=0.0)
        assert np.isfinite(inductive_bias("laplace", *data, 0.1, nugget=1e-3).nats)


def test_no_training_point_is_the_prior() -> None:
    z = np.random.default_rng(4).standard_normal((5, 2))
    found = inductive_bias("rbf", np.zeros((0, 2)), np.zeros(0), z, np.zeros(5), 0.2)
    assert found.mean_error == pytest.approx(1.0, rel=1e-9)
    assert found.nats > 0.0
