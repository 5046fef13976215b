"""The ridge sampler: against scikit-learn on the same data, contract, both ends of the penalty, error messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from theorylab.montecarlo.samplers import make_request
from theorylab.papers.aggregate_responses.monte_carlo import sample_conditional_risk, sample_ridge_risk
from theorylab.papers.aggregate_responses.monte_carlo.conditional import scaled_averages
from theorylab.papers.aggregate_responses.monte_carlo.ridge import ridge_matrix

SHAPES = [(24, 4, 3), (24, 10, 4), (8, 10, 4)]


@pytest.mark.parametrize(("n", "d", "k"), SHAPES)
def test_ridge_is_that_of_scikit_learn(n: int, d: int, k: int) -> None:
    rng = np.random.default_rng(3)
    averages = scaled_averages(rng.standard_normal((5, n, d)), k)
    responses = ridge_matrix(averages, penalty=0.7)
    for g, p in zip(averages, responses, strict=True):
        z = rng.standard_normal(n // k)
        np.testing.assert_allclose(p @ z, Ridge(alpha=0.7, fit_intercept=False).fit(g, z).coef_, rtol=1e-10)


@pytest.mark.parametrize(("n", "d", "k"), SHAPES)
def test_contract_and_ends_of_the_penalty(n: int, d: int, k: int) -> None:
    shape: dict[str, Any] = {
        "sample_size": n,
        "dimension": d,
        "bag_size": k,
        "weights": (0.0, 0.4),
        "squared_signal_norm": 1.7,
        "noise_variance": 0.6,
    }
    tiny = sample_ridge_risk(np.random.default_rng(5), 33, penalty=1e-9, **shape)
    assert {name: column.shape for name, column in tiny.items()} == {
        **dict.fromkeys(("bias_squared", "variance", "risk"), (33,)),
        **dict.fromkeys(("excess", "distance"), (33, 2)),
    }
    # Without a penalty it is the (smallest-norm) bag-level estimator, from which weight 0 does not differ.
    same = sample_conditional_risk(np.random.default_rng(5), 33, **shape)
    np.testing.assert_allclose(tiny["risk"], same["risk"][:, 0], rtol=1e-5)
    np.testing.assert_allclose(tiny["risk"] + tiny["excess"][:, 1], same["risk"][:, 1], rtol=1e-12)
    np.testing.assert_allclose(tiny["distance"][:, 0], 0.0, atol=1e-8)
    huge = sample_ridge_risk(np.random.default_rng(5), 33, penalty=1e9, **shape)
    np.testing.assert_allclose(huge["risk"], 1.7, rtol=1e-6)
    assert 1 <= make_request(sample_ridge_risk, {**shape, "penalty": 1.0}).block <= 4096


@pytest.mark.parametrize("wrong", [{"penalty": 0.0}, {"penalty": float("nan")}, {"weights": (2.0,)}, {"bag_size": 5}, {"noise_variance": -1.0}])
def test_bad_parameters_are_named(wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {"sample_size": 24, "dimension": 4, "bag_size": 3, "penalty": 1.0, "weights": (0.5,)}
    name = "sample_size" if "bag_size" in wrong else next(iter(wrong))
    with pytest.raises(ValueError, match=name):
        sample_ridge_risk(np.random.default_rng(1), 2, **{**good, **wrong})
