"""Bisection on a logarithmic scale finds the turning point of every entry to the last digits; doubling and halving the smallest integer."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from theorylab.numerics.roots import log_bisection, smallest_integer


@given(st.lists(st.floats(-8.0, 8.0), min_size=1, max_size=6), st.floats(0.1, 5.0))
def test_roots_of_powers(exponents: list[float], power: float) -> None:
    roots = 10.0 ** np.array(exponents)
    found = log_bisection(lambda x: x**power > roots**power, 1e-9, np.full(len(exponents), 1e9))
    np.testing.assert_allclose(found, roots, rtol=1e-13)


def test_brackets_broadcast_and_ends_are_returned_where_nothing_turns() -> None:
    found = log_bisection(lambda x: x > np.array([[2.0], [1e9]]), np.array([1.0, 1.5]), 10.0)
    np.testing.assert_allclose(found, [[2.0, 2.0], [10.0, 10.0]], rtol=1e-14)
    np.testing.assert_allclose(log_bisection(lambda x: x > 0.0, 0.25, 4.0), 0.25, rtol=1e-14)


@given(st.integers(1, 10**6), st.integers(1, 2000))
def test_smallest_integers(turn: int, start: int) -> None:
    asked: list[int] = []

    def holds(n: int) -> bool:
        asked.append(n)
        return n >= turn

    assert smallest_integer(holds, start) == max(turn, start)
    assert min(asked) >= start
    assert len(asked) <= 2 * max(turn, start).bit_length() + 3


def test_smallest_integer_at_and_next_to_the_start() -> None:
    for start in (1, 2, 3, 7):
        assert smallest_integer(lambda n: True, start) == start
        for turn in range(start, 5 * start + 2):
            assert smallest_integer(lambda n, turn=turn: n >= turn, start) == turn
