"""Bisection on a logarithmic scale finds the turning point of every entry to the last digits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from theorylab.numerics.roots import log_bisection


@given(st.lists(st.floats(-8.0, 8.0), min_size=1, max_size=6), st.floats(0.1, 5.0))
def test_roots_of_powers(exponents: list[float], power: float) -> None:
    roots = 10.0 ** np.array(exponents)
    found = log_bisection(lambda x: x**power > roots**power, 1e-9, np.full(len(exponents), 1e9))
    np.testing.assert_allclose(found, roots, rtol=1e-13)


def test_brackets_broadcast_and_ends_are_returned_where_nothing_turns() -> None:
    found = log_bisection(lambda x: x > np.array([[2.0], [1e9]]), np.array([1.0, 1.5]), 10.0)
    np.testing.assert_allclose(found, [[2.0, 2.0], [10.0, 10.0]], rtol=1e-14)
    np.testing.assert_allclose(log_bisection(lambda x: x > 0.0, 0.25, 4.0), 0.25, rtol=1e-14)
