"""Minimax problems of norms: against cvxpy, linear programs, grids and enclosing balls; symmetries, scales, degenerate problems, failures."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from theorylab.numerics import convex


def norms_at(a: np.ndarray, b: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.linalg.norm((a @ points[:, None, :, None])[..., 0] - b, axis=-1)


def assert_optimal(a: np.ndarray, b: np.ndarray, found: convex.MinimaxSolution, tolerance: float = 1e-9) -> None:
    """The Karush-Kuhn-Tucker conditions, which are sufficient: multipliers on largest norms only, with gradients that cancel."""
    norms = norms_at(a, b, found.points)
    np.testing.assert_allclose(norms.max(axis=1), found.values, rtol=1e-11)
    assert np.all(found.multipliers >= 0.0)
    np.testing.assert_allclose(found.multipliers.sum(axis=1), 1.0, atol=1e-9)
    assert np.all(found.multipliers * (found.values[:, None] - norms) <= tolerance * found.values[:, None])
    residuals = (a @ found.points[:, None, :, None])[..., 0] - b
    gradients = np.einsum("tnmr,tnm->tnr", a, residuals)
    total = np.einsum("tn,tnr->tr", found.multipliers, gradients)
    scale = found.values * np.abs(a).max(axis=(1, 2, 3))
    assert np.all(np.abs(total) <= 1e-7 * scale[:, None])
    assert np.array_equal(found.supports, (found.multipliers > 1e-6).sum(axis=1))


@pytest.mark.parametrize(
    ("n", "m", "r"),
    [
        *[(1, 3, 1), (2, 1, 1), (12, 1, 1), (9, 2, 1), (5, 1, 3), (15, 3, 2), (20, 4, 4), (2, 5, 3), (40, 2, 2), (3, 3, 6)],
        # So many that the solution is sought among a few of the constraints first.
        *[(300, 1, 1), (200, 1, 2), (150, 3, 3), (400, 2, 1)],
    ],
)
def test_solutions_are_optimal(n: int, m: int, r: int) -> None:
    rng = np.random.default_rng([1, n, m, r])
    a, b = rng.standard_normal((40, n, m, r)), rng.standard_normal((40, n, m))
    found = convex.minimax_norms(a, b)
    assert found.points.shape == (40, r)
    assert found.multipliers.shape == (40, n)
    assert found.values.shape == found.supports.shape == (40,)
    assert_optimal(a, b, found)
    # Of independent norms at most r + 1 hold the solution.
    assert np.all(found.supports <= min(n, r + 1))
    nearby = found.points[:, None] + 1e-3 * rng.standard_normal((40, 30, r))
    for trial in range(30):
        assert np.all(norms_at(a, b, nearby[:, trial]).max(axis=1) >= found.values * (1 - 1e-12))


@pytest.mark.parametrize(("n", "m", "r"), [(6, 2, 2), (10, 3, 3), (1, 4, 2), (4, 1, 1)])
def test_cvxpy_finds_the_same(n: int, m: int, r: int) -> None:
    rng = np.random.default_rng([2, n, m, r])
    a, b = rng.standard_normal((4, n, m, r)), rng.standard_normal((4, n, m))
    found = convex.minimax_norms(a, b)
    for index in range(4):
        point, value = convex.minimax_norms_reference(a[index], b[index])
        assert value == pytest.approx(found.values[index], rel=1e-7)
        assert point == pytest.approx(found.points[index], abs=2e-4)


@pytest.mark.parametrize("r", [1, 2, 4])
def test_the_last_digits(r: int) -> None:
    """Of a Chebyshev fit the constraints that hold it are equations, of a ball of two points its middle is the solution."""
    rng = np.random.default_rng([13, r])
    a, b = rng.standard_normal((40, 12, 1, r)), rng.standard_normal((40, 12, 1))
    found = convex.minimax_norms(a, b)
    for index in range(40):
        active = found.multipliers[index] > 1e-6
        rows, right = a[index, active, 0], b[index, active, 0]
        signs = np.sign(rows @ found.points[index] - right)
        exact = np.linalg.solve(np.column_stack([rows, -signs]), right)
        assert found.points[index] == pytest.approx(exact[:r], rel=1e-11, abs=1e-12)
        assert found.values[index] == pytest.approx(exact[r], rel=1e-12)
        # The multipliers of a linear program.
        weights = np.linalg.solve(np.vstack([(rows * signs[:, None]).T, np.ones(r + 1)]), np.eye(r + 1)[r])
        assert found.multipliers[index, active] == pytest.approx(weights, abs=1e-10)
    ends = rng.standard_normal((10, 2, r))
    ball = convex.minimax_norms(np.broadcast_to(np.eye(r), (10, 2, r, r)), ends)
    np.testing.assert_allclose(ball.points, ends.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(ball.multipliers, 0.5, atol=1e-10)


def test_a_part_of_the_constraints_that_has_no_unique_solution_is_not_trusted() -> None:
    """The largest norms all ask about the first coordinate; small ones fix the second. Equal constraints hold the solution together."""
    rng = np.random.default_rng(14)
    a, b = np.zeros((10, 120, 1, 2)), np.zeros((10, 120, 1))
    a[:, :60, 0, 0], b[:, :60, 0] = 1.0 + rng.uniform(size=(10, 60)), rng.choice([-5.0, 5.0], (10, 60))
    a[:, 60:, 0, 1], b[:, 60:, 0] = 10.0, rng.uniform(-1.0, 1.0, (10, 60))
    found = convex.minimax_norms(a, b)
    assert_optimal(a, b, found)
    twice = convex.minimax_norms(np.concatenate([a, a], axis=1), np.concatenate([b, b], axis=1))
    np.testing.assert_allclose(twice.values, found.values, rtol=1e-12)


@pytest.mark.parametrize("r", [1, 2, 4])
def test_chebyshev_fits_are_linear_programs(r: int) -> None:
    rng = np.random.default_rng([3, r])
    a, b = rng.standard_normal((20, 14, 1, r)), rng.standard_normal((20, 14, 1))
    found = convex.minimax_norms(a, b)
    for index in range(20):
        rows, right = a[index, :, 0], b[index, :, 0]
        one = np.ones((14, 1))
        program = linprog([*[0.0] * r, 1.0], np.block([[rows, -one], [-rows, -one]]), np.concatenate([right, -right]), bounds=(None, None))
        assert found.values[index] == pytest.approx(program.fun, rel=1e-9)
        assert found.points[index] == pytest.approx(program.x[:r], rel=1e-7, abs=1e-8)
        assert found.supports[index] == r + 1


def test_one_variable_by_brute_force() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((20, 7, 2, 1)), rng.standard_normal((20, 7, 2))
    found = convex.minimax_norms(a, b)
    for index in range(20):
        low, high = -30.0, 30.0
        for _ in range(12):
            grid = np.linspace(low, high, 401)
            values = np.linalg.norm(a[index] * grid - b[index][..., None], axis=1).max(axis=0)
            best = int(np.argmin(values))
            low, high = grid[max(best - 2, 0)], grid[min(best + 2, 400)]
        assert found.values[index] == pytest.approx(values[best], rel=1e-9)
        assert found.points[index, 0] == pytest.approx(grid[best], abs=1e-6)


def test_smallest_enclosing_balls() -> None:
    rng = np.random.default_rng(5)
    for dimension in (1, 2, 3):
        centres = rng.standard_normal((15, 9, dimension))
        a = np.broadcast_to(np.eye(dimension), (15, 9, dimension, dimension))
        found = convex.minimax_norms(a, centres)
        for index in range(15):
            best = np.inf
            # The ball through a few of the points, its centre in their span; the smallest that holds all.
            for size in range(2, dimension + 2):
                for chosen in combinations(range(9), size):
                    p = centres[index, list(chosen)]
                    edges = p[1:] - p[0]
                    centre = p[0] + np.linalg.lstsq(2 * edges, (edges**2).sum(axis=1), rcond=None)[0]
                    radius = np.linalg.norm(p - centre, axis=1).max()
                    if np.all(np.linalg.norm(centres[index] - centre, axis=1) <= radius * (1 + 1e-9)):
                        best = min(best, radius)
            assert found.values[index] == pytest.approx(best, rel=1e-9)
    square = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0], [1.0, 1.2]])
    found = convex.minimax_norms(np.broadcast_to(np.eye(2), (1, 5, 2, 2)), square[None])
    assert found.points[0] == pytest.approx([1.0, 1.0], abs=1e-9)
    assert found.values[0] == pytest.approx(np.sqrt(2.0), rel=1e-12)
    assert found.multipliers[0, 4] < 1e-9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(-8, 8), st.floats(-8, 8), st.integers(1, 3), st.integers(1, 12))
def test_scales_and_translations(seed: int, a_power: float, b_power: float, r: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((3, n, r + 1, r)), rng.standard_normal((3, n, r + 1))
    found = convex.minimax_norms(a, b)
    a_size, b_size = 10.0**a_power, 10.0**b_power
    scaled = convex.minimax_norms(a_size * a, b_size * b)
    np.testing.assert_allclose(scaled.values, b_size * found.values, rtol=1e-9)
    np.testing.assert_allclose(scaled.points, b_size / a_size * found.points, rtol=1e-5, atol=1e-5 * b_size / a_size)
    move = rng.standard_normal(r)
    moved = convex.minimax_norms(a, b + a @ move)
    np.testing.assert_allclose(moved.values, found.values, rtol=1e-9)
    np.testing.assert_allclose(moved.points, found.points + move, rtol=1e-5, atol=1e-5)
    turn = np.linalg.qr(rng.standard_normal((r + 1, r + 1)))[0]
    np.testing.assert_allclose(convex.minimax_norms(turn @ a, (turn @ b[..., None])[..., 0]).values, found.values, rtol=1e-9)


@pytest.mark.parametrize("size", [1e-8, 1e-3, 1e8])
def test_badly_scaled_problems(size: float) -> None:
    rng = np.random.default_rng(6)
    a, b = rng.standard_normal((30, 10, 3, 2)), rng.standard_normal((30, 10, 3))
    found = convex.minimax_norms(a, b)
    # One variable on a scale of its own; one environment larger than all others; a target far from zero.
    columns = convex.minimax_norms(a * [1.0, size], b)
    np.testing.assert_allclose(columns.values, found.values, rtol=1e-9)
    np.testing.assert_allclose(columns.points * [1.0, size], found.points, rtol=1e-5, atol=1e-5)
    weights = np.ones((10, 1))
    weights[0] = size
    a_weighted, b_weighted = a * weights[..., None], b * weights
    assert_optimal(a_weighted, b_weighted, convex.minimax_norms(a_weighted, b_weighted), tolerance=1e-6)
    far = convex.minimax_norms(a, b + a @ np.array([size, -size]))
    np.testing.assert_allclose(far.values, found.values, rtol=1e-6)


def test_batches_are_their_problems_one_by_one() -> None:
    rng = np.random.default_rng(7)
    a, b = rng.standard_normal((6, 8, 2, 3)), rng.standard_normal((6, 8, 2))
    whole = convex.minimax_norms(a, b)
    for index in range(6):
        single = convex.minimax_norms(a[index : index + 1], b[index : index + 1])
        for part, other in zip(single, whole, strict=True):
            assert np.array_equal(part[0], other[index])
    views = convex.minimax_norms(np.asfortranarray(a), b[:, ::-1][:, ::-1])
    assert np.array_equal(views.points, whole.points)


def test_duplicates_change_nothing() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.standard_normal((20, 7, 2, 2)), rng.standard_normal((20, 7, 2))
    found = convex.minimax_norms(a, b)
    for copies in (2, 5):
        again = convex.minimax_norms(np.tile(a, (1, copies, 1, 1)), np.tile(b, (1, copies, 1)))
        np.testing.assert_allclose(again.values, found.values, rtol=1e-9)
        np.testing.assert_allclose(again.points, found.points, atol=1e-5)
        # Copies share the multiplier of the constraint.
        np.testing.assert_allclose(again.multipliers.reshape(20, copies, 7).sum(axis=1), found.multipliers, atol=1e-4)


def test_common_solutions() -> None:
    rng = np.random.default_rng(9)
    a, exact = rng.standard_normal((10, 6, 2, 3)), rng.standard_normal((10, 3))
    for size in (1e-8, 1.0, 1e8):
        found = convex.minimax_norms(size * a, (size * a @ exact[:, None, :, None])[..., 0])
        np.testing.assert_allclose(found.points, exact, rtol=1e-11, atol=1e-12)
        assert np.all(found.values <= 1e-11 * size)
        assert np.all(found.multipliers == 0.0)
        assert np.all(found.supports == 0)
    zero = convex.minimax_norms(a, np.zeros((10, 6, 2)))
    assert np.all(zero.points == 0.0)
    assert np.all(zero.values == 0.0)


def test_one_system_is_least_squares() -> None:
    rng = np.random.default_rng(10)
    a, b = rng.standard_normal((10, 1, 5, 3)), rng.standard_normal((10, 1, 5))
    found = convex.minimax_norms(a, b)
    for index in range(10):
        exact = np.linalg.lstsq(a[index, 0], b[index, 0], rcond=None)
        assert found.points[index] == pytest.approx(exact[0], rel=1e-9)
        assert found.values[index] == pytest.approx(np.sqrt(exact[1][0]), rel=1e-11)
    assert np.all(found.supports == 1)
    assert np.all(found.multipliers == 1.0)
    # Fewer systems than variables, each with rows enough.
    a, b = rng.standard_normal((10, 2, 4, 5)), rng.standard_normal((10, 2, 4))
    assert_optimal(a, b, convex.minimax_norms(a, b))


def test_nearly_common_solutions() -> None:
    """Values far below the right sides keep their relative digits as far as rounding lets them."""
    rng = np.random.default_rng(11)
    a, exact, noise = rng.standard_normal((20, 8, 2, 2)), rng.standard_normal((20, 2)), rng.standard_normal((20, 8, 2))
    base = convex.minimax_norms(a, noise)
    for size in (1e-3, 1e-6, 1e-9):
        found = convex.minimax_norms(a, (a @ exact[:, None, :, None])[..., 0] + size * noise)
        np.testing.assert_allclose(found.values, size * base.values, rtol=1e-5 if size < 1e-7 else 1e-8)


DEPENDENT = np.ones((2, 4, 1, 2))


def test_problems_without_one_solution_are_refused() -> None:
    message = r"^problem 0 has no unique solution: its stacked matrices have dependent columns \(2 of 2 problems\)$"
    with pytest.raises(convex.MinimaxError, match=message):
        convex.minimax_norms(DEPENDENT, np.ones((2, 4, 1)))
    with pytest.raises(convex.MinimaxError, match="dependent columns"):
        convex.minimax_norms(np.zeros((1, 3, 2, 1)), np.ones((1, 3, 2)))
    rng = np.random.default_rng(12)
    a = rng.standard_normal((3, 4, 1, 2))
    a[1] = DEPENDENT[0]
    with pytest.raises(convex.MinimaxError, match=r"^problem 1 has no unique solution.*\(1 of 3 problems\)$"):
        convex.minimax_norms(a, np.ones((3, 4, 1)))
    assert issubclass(convex.MinimaxError, RuntimeError)


def test_what_the_kernel_cannot_settle_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_up(*arguments: np.ndarray) -> None:
        arguments[5][:] = [3, -1, -1]

    monkeypatch.setattr(convex, "minimax_kernel", gives_up)
    with pytest.raises(convex.MinimaxError, match=r"^problem 1 was not solved: the method did not settle \(2 of 3 problems\)$"):
        convex.minimax_norms(np.ones((3, 4, 1, 1)), np.ones((3, 4, 1)))


@pytest.mark.parametrize("solve", [convex.minimax_norms, lambda a, b: convex.minimax_norms_reference(a[0], b[0])])
def test_bad_input(solve) -> None:
    good = np.ones((2, 4, 3, 2)), np.ones((2, 4, 3))
    shapes = r"^matrices must have shape \(T, N, m, r\) and vectors \(T, N, m\), no length 0; got"
    for a, b in ((good[0][..., 0], good[1]), (good[0], good[1][..., 0]), (good[0][:, :3], good[1]), (good[0][..., :0], good[1])):
        with pytest.raises(ValueError, match=shapes):
            solve(a, b)
    with pytest.raises(ValueError, match=shapes):
        solve(np.ones((1, 0, 3, 2)), np.ones((1, 0, 3)))
    for a, b in ((good[0] * np.nan, good[1]), (good[0], good[1] * np.inf)):
        with pytest.raises(ValueError, match=r"^matrices and vectors must be finite; got NaN or infinite entries$"):
            solve(a, b)


@pytest.mark.parametrize("factor", [3.0, 0.1, 1 / 3])
def test_dependent_columns_are_refused_however_they_round(factor: float) -> None:
    rng = np.random.default_rng(17)
    for _ in range(50):
        column = rng.standard_normal((1, 6, 2, 1))
        with pytest.raises(convex.MinimaxError, match="has no unique solution: its stacked matrices have dependent columns"):
            convex.minimax_norms(np.concatenate([column, factor * column], axis=3), rng.standard_normal((1, 6, 2)))


def test_fewer_rows_than_unknowns_are_refused() -> None:
    rng = np.random.default_rng(18)
    with pytest.raises(convex.MinimaxError, match=r"dependent columns \(3 of 3 problems\)"):
        convex.minimax_norms(rng.standard_normal((3, 1, 2, 3)), rng.standard_normal((3, 1, 2)))


def test_nearly_dependent_columns_keep_the_value() -> None:
    rng = np.random.default_rng(19)
    a, b = rng.standard_normal((40, 8, 2, 2)), rng.standard_normal((40, 8, 2))
    near = a @ np.array([[1.0, 1.0], [0.0, 1e-7]])
    np.testing.assert_allclose(convex.minimax_norms(near, b).values, convex.minimax_norms(a, b).values, rtol=1e-6)
