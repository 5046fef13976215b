"""Compiled descents: loss and gradient against the enumerated layer, line search against polynomial roots, end points against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from theorylab.papers.one_step_gd import kernels
from theorylab.papers.one_step_gd import monte_carlo as simulator


def loss_and_gradient(x: np.ndarray, n: int, d: int, sigma2: float) -> tuple[float, np.ndarray]:
    gradient = np.empty_like(x)
    return kernels.excess_and_gradient(x, n, d, sigma2, gradient), gradient


@pytest.mark.parametrize(("n", "d", "sigma2"), [(1, 1, 0.3), (4, 1, 0.0), (1, 2, 0.5), (2, 2, 0.5), (3, 2, 0.2), (1, 3, 0.0)])
def test_polynomial_is_the_enumerated_loss_of_the_layer_up_to_its_least_value(n: int, d: int, sigma2: float) -> None:
    rng = np.random.default_rng()
    offsets = []
    for scale in (0.1, 0.5, 1.0):
        x = scale * rng.standard_normal((d + 1) ** 2)
        vector, matrix = x[: d + 1], x[d + 1 :].reshape(d + 1, d)
        excess, gradient = loss_and_gradient(x, n, d, sigma2)
        loss = simulator.enumerate_population_loss(vector, matrix, n, sigma2)["total"]
        offsets.append(loss - excess)
        value_gradient, matrix_gradient = simulator.enumerate_loss_gradient(vector, matrix, n, sigma2)
        enumerated = np.concatenate([value_gradient, matrix_gradient.ravel()])
        np.testing.assert_allclose(gradient, enumerated, rtol=1e-11, atol=1e-12 * np.abs(enumerated).max())
        assert excess >= 0.0
    # The best plain step has the least loss: E|w|^2 - correlation^2 / squared_gradient above the noise.
    terms = simulator.enumerate_prompt_terms(n, d, sigma2)
    least = sigma2 + terms["squared_task"] - terms["correlation"] ** 2 / terms["squared_gradient"]
    np.testing.assert_allclose(offsets, least, rtol=1e-10)


def test_hessian_is_symmetric_and_the_second_difference_of_the_loss() -> None:
    n, d, sigma2 = 5, 3, 0.4
    x = 0.3 * np.random.default_rng().standard_normal((d + 1) ** 2)
    untouched = x.copy()
    matrix = kernels.hessian(x, n, d, sigma2)
    np.testing.assert_array_equal(x, untouched)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-10 * np.abs(matrix).max())
    here = loss_and_gradient(x, n, d, sigma2)[0]
    for i in range(x.size):
        step = np.eye(x.size)[i]
        second = loss_and_gradient(x + step, n, d, sigma2)[0] + loss_and_gradient(x - step, n, d, sigma2)[0] - 2 * here
        assert matrix[i, i] == pytest.approx(second, rel=1e-9, abs=1e-9)


@given(first=st.floats(0.1, 3.0), gaps=st.tuples(st.floats(0.1, 3.0), st.floats(0.1, 3.0)), ahead=st.booleans(), leading=st.floats(0.1, 10.0))
@settings(max_examples=100, deadline=None)
def test_line_search_stops_at_the_first_root(first: float, gaps: tuple[float, float], ahead: bool, leading: float) -> None:
    """The cubic is negative at 0, so the other two roots lie both beyond the first positive one or both behind 0."""
    b, c = (first + gaps[0], first + gaps[0] + gaps[1]) if ahead else (-gaps[0], -gaps[0] - gaps[1])
    coefficients = leading * np.array([-first * b * c, first * b + first * c + b * c, -(first + b + c), 1.0])
    assert kernels.first_minimum(*coefficients) == pytest.approx(first, rel=1e-9)


def test_line_search_of_lower_degrees() -> None:
    assert kernels.first_minimum(-1.0, 2.0, 0.0, 0.0) == pytest.approx(0.5, rel=1e-14)
    assert kernels.first_minimum(-1.0, 0.0, 0.0, 8.0) == pytest.approx(0.5, rel=1e-14)
    assert kernels.first_minimum(-1.0, 0.0, 4.0, 0.0) == pytest.approx(0.5, rel=1e-14)
    assert kernels.first_minimum(-1.0, 0.0, 0.0, 0.0) == 0.0


def plain_bfgs(x: np.ndarray, n: int, d: int, sigma2: float, steps: int) -> np.ndarray:
    """The compiled descent in plain numpy: textbook BFGS update of the inverse Hessian, line search by the roots of the cubic slope."""

    def balanced(x: np.ndarray) -> np.ndarray:
        ratio = np.sqrt(np.linalg.norm(x[d + 1 :]) / np.linalg.norm(x[: d + 1]))
        return np.concatenate([x[: d + 1] * ratio, x[d + 1 :] / ratio])

    x = balanced(x)
    gradient = loss_and_gradient(x, n, d, sigma2)[1]
    inverse = None
    for _ in range(steps):
        if not 0.5 <= np.linalg.norm(x[d + 1 :]) / np.linalg.norm(x[: d + 1]) <= 2.0:
            x, inverse = balanced(x), None
            gradient = loss_and_gradient(x, n, d, sigma2)[1]
        direction = -gradient if inverse is None else -inverse @ gradient
        direction = direction / np.linalg.norm(direction)
        nodes = np.array([0.0, 0.2, -0.2, 0.4])
        slopes = [loss_and_gradient(x + t * direction, n, d, sigma2)[1] @ direction for t in nodes]
        roots = np.roots(np.linalg.solve(np.vander(nodes), slopes))
        t = min(root.real for root in roots if abs(root.imag) < 1e-9 and root.real > 0)
        x = x + t * direction
        following = loss_and_gradient(x, n, d, sigma2)[1]
        step, change = t * direction, following - gradient
        if inverse is None:
            inverse = (step @ change) / (change @ change) * np.eye(x.size)
        left = np.eye(x.size) - np.outer(step, change) / (step @ change)
        inverse = left @ inverse @ left.T + np.outer(step, step) / (step @ change)
        gradient = following
    return x


@pytest.mark.parametrize(("n", "d", "sigma2"), [(2, 1, 0.1), (10, 2, 0.0), (8, 3, 0.5)])
def test_descent_takes_the_steps_of_plain_bfgs(n: int, d: int, sigma2: float) -> None:
    starts = 0.3 / np.sqrt(n) * np.random.default_rng(2307).standard_normal((8, (d + 1) ** 2))
    for steps in (1, 2, 6):
        ends, iterations = kernels.bfgs_rows(starts, n, d, sigma2, 1e-10, steps)
        assert np.all(iterations == steps)
        np.testing.assert_allclose(ends, [plain_bfgs(start, n, d, sigma2, steps) for start in starts], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("n", "sigma2"), [(1, 0.0), (10, 0.0)])
def test_descents_end_on_the_levels_that_scipy_finds(n: int, sigma2: float) -> None:
    """Both searches end on the same two levels of excess; that one misses a level in 60 starts has probability below 1e-13."""
    d = 2
    starts = 0.3 / np.sqrt(n) * np.random.default_rng().standard_normal((60, 9))
    ends, _ = simulator.descend_many(starts, context_length=n, dimension=d, noise_variance=sigma2)
    mine = np.array([loss_and_gradient(end, n, d, sigma2)[0] for end in ends])
    searches = [minimize(loss_and_gradient, start, args=(n, d, sigma2), jac=True, method="BFGS", options={"gtol": 1e-9}) for start in starts]
    # scipy may stop on a plateau next to the saddle at 0 for want of precision: only its stationary ends count.
    reference = np.array([search.fun for search in searches if np.linalg.norm(search.jac) < 1e-6])
    upper = mine[mine > 1e-6]
    assert upper.size > 0
    np.testing.assert_allclose(upper, upper[0], rtol=1e-8)
    assert np.all((reference < 1e-8) | (np.abs(reference - upper[0]) < 1e-7))
    assert np.any(reference > 1e-6)
    assert np.any(reference < 1e-8)
    assert np.any(mine < 1e-12)


def test_threads_change_no_bit() -> None:
    starts = 0.2 * np.random.default_rng().standard_normal((11, 16))
    setting = {"context_length": 6, "dimension": 3, "noise_variance": 0.5}
    one, one_count = simulator.descend_many(starts, **setting)
    three, three_count = simulator.descend_many(starts, **setting, threads=3)
    np.testing.assert_array_equal(one, three)
    np.testing.assert_array_equal(one_count, three_count)


@pytest.mark.parametrize(("n", "d", "sigma2"), [(1, 1, 0.0), (1, 2, 0.0), (8, 3, 0.5), (30, 5, 0.2)])
def test_outcomes_are_stationary_points_without_negative_curvature(n: int, d: int, sigma2: float) -> None:
    outcomes = simulator.sample_descent_outcomes(
        np.random.default_rng(), 32, context_length=n, dimension=d, noise_variance=sigma2, initial_scale=0.3 / np.sqrt(n)
    )
    assert np.all(outcomes["excess"] >= 0)
    assert np.all(outcomes["gradient_norm"] < 1e-8)
    assert np.all(outcomes["smallest_curvature"] > -1e-7)
    assert np.all(outcomes["iterations"] < 20_000)
    at_the_minimum = outcomes["learning_rate"][outcomes["excess"] < 1e-12]
    assert at_the_minimum.size > 0
    np.testing.assert_allclose(at_the_minimum, at_the_minimum[0], rtol=1e-6)


def test_bad_descents_are_errors() -> None:
    with pytest.raises(ValueError, match=r"starts must have shape \(size, 9\)"):
        simulator.descend_many(np.zeros((3, 4)), context_length=2, dimension=2, noise_variance=0.0)
    with pytest.raises(ValueError, match="initial_scale must be finite and > 0"):
        simulator.sample_descent_outcomes(np.random.default_rng(), 3, context_length=2, dimension=2, noise_variance=0.0, initial_scale=0.0)
