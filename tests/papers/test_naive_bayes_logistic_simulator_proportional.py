"""Logistic regression without penalty in high dimension: the sampler against a plain fit, separable data, devices, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from sampling import DeviceGenerator
from scipy.optimize import minimize
from scipy.stats import norm

from theorylab.papers.naive_bayes_logistic import monte_carlo as mc


def test_fit_against_a_plain_minimiser() -> None:
    r, size = 0.8, {"sample_size": 60, "dimension": 6}
    values = mc.sample_proportional_logistic(np.random.default_rng(1), 5, half_distance=r, **size)
    features, labels = mc.draw_two_classes(np.random.default_rng(1), 5, half_distance=r, **size)
    for number, (x, y) in enumerate(zip(features, labels, strict=True)):
        rows = x * (2.0 * y - 1.0)[:, None]
        w = minimize(lambda w, rows=rows: np.logaddexp(0.0, -rows @ w).sum(), np.zeros(6), method="BFGS", options={"gtol": 1e-8}).x
        assert values["alignment"][number] == pytest.approx(w[0], rel=1e-5)
        assert values["orthogonal_norm"][number] == pytest.approx(np.linalg.norm(w[1:]), rel=1e-5)
        assert values["error"][number] == pytest.approx(norm.cdf(-r * w[0] / np.linalg.norm(w)), rel=1e-6)
    assert not values["separable"].any()


def test_separable_data_are_flagged_and_kept_finite() -> None:
    values = mc.sample_proportional_logistic(np.random.default_rng(2), 200, half_distance=0.5, sample_size=9, dimension=5)
    features, labels = mc.draw_two_classes(np.random.default_rng(2), 200, half_distance=0.5, sample_size=9, dimension=5)
    proofs = [mc.strictly_separable(x * (2.0 * y - 1.0)[:, None]) for x, y in zip(features, labels, strict=True)]
    assert values["separable"].tolist() == [float(proof) for proof in proofs]
    assert 0 < values["separable"].sum() < 200
    assert all(np.all(np.isfinite(column)) for column in values.values())
    apart = values["separable"] == 1.0
    norms = np.hypot(values["alignment"], values["orthogonal_norm"])
    assert norms[apart].min() > np.median(norms[~apart])


def test_no_signal_is_a_coin() -> None:
    values = mc.sample_proportional_logistic(np.random.default_rng(3), 8, half_distance=0.0, sample_size=40, dimension=4)
    assert values["error"] == pytest.approx(np.full(8, 0.5))


def test_on_a_device() -> None:
    size = {"half_distance": 0.7, "sample_size": 40, "dimension": 5}
    values = mc.sample_proportional_logistic(DeviceGenerator(4), 16, **size)
    assert {name: column.shape for name, column in values.items()} == dict.fromkeys(("error", "alignment", "orthogonal_norm", "separable"), (16,))
    assert np.all((values["error"] > norm.cdf(-0.7)) & (values["error"] < 1.0))


def test_blocks_are_powers_of_two() -> None:
    for m, d in ((10, 2), (500, 60), (10000, 900)):
        block = mc.sample_proportional_logistic.block_size(half_distance=1.0, sample_size=m, dimension=d)
        assert block >= 1
        assert block & (block - 1) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_size": 0}, "sample_size must be"),
        ({"dimension": 0}, "dimension must be"),
        ({"half_distance": float("nan")}, "half_distance must be"),
    ],
)
def test_bad_input(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mc.sample_proportional_logistic(np.random.default_rng(0), 2, **({"sample_size": 10, "dimension": 2, "half_distance": 0.5} | change))
