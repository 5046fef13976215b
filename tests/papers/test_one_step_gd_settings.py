"""Random settings, raw gradient flow and the enumerated curvature of arXiv:2307.03576: shapes, invariants and errors."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_settings_are_proper(dimension: int) -> None:
    rng = np.random.default_rng()
    v, m, sigma, omega = simulate.draw_setting(rng, dimension, scale=0.1)
    assert v.shape == (dimension + 1,)
    assert m.shape == (dimension + 1, dimension)
    for covariance in (sigma, omega):
        assert np.linalg.eigvalsh(covariance)[0] > 0.29
        np.testing.assert_array_equal(covariance, covariance.T)
    assert np.linalg.matrix_rank(simulate.draw_setting(rng, dimension, task_rank=1).task_covariance) == 1


def test_settings_refuse_bad_arguments() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="task_rank must be an integer from 1 to the dimension 2; got 3"):
        simulate.draw_setting(rng, 2, task_rank=3)
    with pytest.raises(ValueError, match="scale"):
        simulate.draw_setting(rng, 2, scale=0.0)
    with pytest.raises(ValueError, match="value_vector"):
        simulate.draw_raw_weights(rng, np.ones((2, 2)), np.ones((2, 1)))


@pytest.mark.parametrize("dimension", [1, 3])
def test_raw_weights_realise_the_setting(dimension: int) -> None:
    rng = np.random.default_rng()
    v, m, _, _ = simulate.draw_setting(rng, dimension)
    weights = simulate.draw_raw_weights(rng, v, m)
    for seen, wanted in zip(simulate.reduced_parameters(*weights), (v, m), strict=True):
        np.testing.assert_allclose(seen, wanted, atol=1e-12)
    assert np.linalg.cond(weights[0]) < 4.0 + 1e-9


def test_enumerated_hessian_is_the_polynomials() -> None:
    v, m, sigma, omega = simulate.draw_setting(np.random.default_rng(), 2)
    seen = simulate.enumerate_loss_hessian(v, m, 1, 0.5, feature_covariance=sigma, task_covariance=omega)
    wanted = theory.population_loss_hessian(v, m, 1, sigma, omega, 0.5)
    np.testing.assert_allclose(seen, wanted, atol=1e-11 * np.abs(wanted).max())


def test_raw_gradient_flow_of_a_linear_gradient() -> None:
    start = np.eye(2), 2.0 * np.eye(2), np.ones((2, 2)), np.ones(2)
    path = simulate.descend_raw_weights(lambda *weights: [(j + 1.0) * part for j, part in enumerate(weights)], *start, [0.0, 0.5, 1.0])
    for j, (part, first) in enumerate(zip(path, start, strict=True)):
        np.testing.assert_allclose(part, np.exp(-(j + 1.0) * np.array([0.0, 0.5, 1.0])).reshape(-1, *[1] * first.ndim) * first, rtol=1e-9)
    with pytest.raises(ValueError, match="times"):
        simulate.descend_raw_weights(lambda *weights: weights, *start, [1.0, 0.5])
    with pytest.raises(ValueError, match="query_weights"):
        simulate.descend_raw_weights(lambda *weights: weights, np.eye(2), np.eye(3), np.eye(2), np.ones(2), [1.0])


def test_balanced_raw_start_and_its_law() -> None:
    weights = theory.balanced_raw_start(0.01, 3)
    assert {round(float(np.sum(part**2)), 12) for part in weights} == {round(float(np.sum(weights[0] ** 2)), 12)}
    v, m = theory.effective_parameters(*weights)
    np.testing.assert_allclose(v[-1] * m[:-1], 0.01 * np.eye(3), atol=1e-15)
    assert not v[:-1].any()
    assert not m[-1].any()
    times = theory.raw_gradient_flow_time([0.01, 0.03, 0.05], 0.01, 6, 3, 0.5)
    assert times[0] == 0.0
    assert np.all(np.diff(times) > 0.0)
    for step, start in ((0.2, 0.01), (0.01, 0.02)):
        with pytest.raises(ValueError, match="step must lie between initial_step and the optimal learning rate"):
            theory.raw_gradient_flow_time(step, start, 6, 3, 0.5)


def test_training_starts_where_it_is_told() -> None:
    start, setting = theory.balanced_raw_start(0.01, 2), {"context_length": 3, "dimension": 2, "noise_variance": 0.5}
    trained = simulate.train_linear_attention(np.random.default_rng(0), 2, **setting, steps=1, optimiser_step=1e-9, initial_weights=start)
    for name, first in zip(("key_weights", "query_weights", "value_weights", "head"), start, strict=True):
        np.testing.assert_allclose(trained[name], np.stack([first, first]), atol=1e-8)
    wrong = (start[0], np.eye(2), *start[2:])
    with pytest.raises(ValueError, match="query_weights"):
        simulate.train_linear_attention(np.random.default_rng(0), 2, **setting, steps=1, initial_weights=wrong)
