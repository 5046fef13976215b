"""Bad input is refused with the argument, the value and the valid range; good input comes back in the form to compute with."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from theorylab.validation import array_of_shape, choice, covariance, integers, plain, probabilities, reals, whole_number


@pytest.fixture(autouse=True)
def _no_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


NOT_NUMBERS: list[Any] = [
    True,
    np.True_,
    "5",
    None,
    [],
    [[1], [1, 2]],
    1j,
    [1, "a"],
    object(),
    {"a": 1},
    b"5",
    [True, False],
    np.array([], dtype=float),
]


@pytest.mark.parametrize("value", [5, 5.0, np.int8(5), np.float32(5), np.array(5), np.uint64(5)])
def test_one_integer(value: Any) -> None:
    for check in (integers, whole_number):
        got = check("n", value)
        assert type(got) is int
        assert got == 5


def test_many_integers_stay_an_array() -> None:
    got = integers("n", [[1.0, 2.0], [3.0, 4.0]])
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, [[1, 2], [3, 4]])
    assert integers("n", -3, minimum=-3) == -3


@pytest.mark.parametrize(
    "value", [0, -1, 1.5, float("nan"), float("inf"), -np.inf, 1e30, -1e30, 10**30, np.uint64(2**64 - 1), [1, 0], [1, np.nan], *NOT_NUMBERS]
)
def test_what_is_not_an_integer_in_range(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^context_length must be (an|one) integer >= 1; got "):
        integers("context_length", value)
    with pytest.raises(ValueError, match=r"^context_length must be (an|one) integer >= 1; got "):
        whole_number("context_length", value)


def test_whole_number_is_one_number() -> None:
    with pytest.raises(ValueError, match=r"^d must be one integer >= 2; got \[3\]$"):
        whole_number("d", [3], minimum=2)
    with pytest.raises(ValueError, match=r"^d must be an integer >= 2; got 1$"):
        whole_number("d", 1, minimum=2)


def test_numbers_come_back_as_numbers_and_arrays_as_arrays() -> None:
    for single in (2, 2.0, np.float64(2.0), np.array(2.0)):
        assert type(plain(single)) is float
        assert plain(single) == 2.0
    given = np.arange(3.0)
    assert plain(given) is given
    assert plain([1.0, 2.0]).tolist() == [1.0, 2.0]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_reals_are_returned_as_they_are(value: float) -> None:
    got = reals("x", value)
    assert type(got) is float
    assert got == value
    np.testing.assert_array_equal(reals("x", [value, 1]), [value, 1.0])


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_ranges_are_what_they_say(value: float, bound: float) -> None:
    for keyword, sign, inside in (
        ("above", ">", value > bound), ("minimum", ">=", value >= bound), ("below", "<", value < bound), ("maximum", "<=", value <= bound)
    ):  # fmt: skip
        if inside:
            assert reals("x", value, **{keyword: bound}) == value
        else:
            with pytest.raises(ValueError, match=rf"^x must be finite and {sign} .*; got "):
                reals("x", [bound + 20 * (1 if ">" in sign else -1), value], **{keyword: bound})


@pytest.mark.parametrize("value", [float("nan"), np.inf, -np.inf, [0.0, np.nan], *NOT_NUMBERS])
def test_what_is_not_a_finite_real(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^noise_variance must be finite and >= 0 and < 2.5; got "):
        reals("noise_variance", value, minimum=0, below=2.5)


def test_messages_stay_short() -> None:
    with pytest.raises(ValueError, match=r"^x must be finite; got ") as caught:
        reals("x", np.full((50, 50), np.nan))
    assert len(str(caught.value)) < 120
    assert "\n" not in str(caught.value)


def test_shapes() -> None:
    got = array_of_shape("x", [[1, 2, 3]], ("n", 3))
    assert got.dtype == np.float64
    assert got.shape == (1, 3)
    assert array_of_shape("x", np.zeros((0, 3)), ("n", 3)).shape == (0, 3)
    cases: list[tuple[Any, tuple[int | str, ...], str, str]] = [
        ([1, 2], (3,), r"\(3,\)", r"\(2,\)"),
        ([[1, 2]], ("n", 3), r"\(n, 3\)", r"\(1, 2\)"),
        (5.0, ("d",), r"\(d,\)", r"\(\)"),
        ([1], (1, 1), r"\(1, 1\)", r"\(1,\)"),
    ]
    for value, shape, expected, have in cases:
        with pytest.raises(ValueError, match=rf"^x must have shape {expected}; got shape {have}$"):
            array_of_shape("x", value, shape)
    with pytest.raises(ValueError, match=r"^x must be finite; got 2 entries that are NaN or infinite$"):
        array_of_shape("x", [1, np.nan, np.inf], (3,))
    bad: Any
    for bad in ("abc", [True], [[1], [1, 2]], [1j], None):
        with pytest.raises(ValueError, match=r"^x must be an array of real numbers of shape \(3,\); got "):
            array_of_shape("x", bad, (3,))


@given(npst.arrays(np.float64, (3, 3), elements=st.floats(-5, 5, width=16)))
def test_grams_are_semidefinite_covariances(factor: np.ndarray) -> None:
    gram = factor @ factor.T
    np.testing.assert_array_equal(covariance("s", gram, definite=False), gram)
    np.testing.assert_array_equal(covariance("s", gram + np.eye(3), dimension=3), gram + np.eye(3))


def test_what_is_not_a_covariance() -> None:
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (np.eye(2), {"dimension": 3}, r"^s must have shape \(3, 3\); got shape \(2, 2\)$"),
        (np.zeros((2, 3)), {}, r"^s must have shape \(d, d\) with d >= 1; got shape \(2, 3\)$"),
        (np.zeros((0, 0)), {}, r"^s must have shape \(d, d\) with d >= 1; got shape \(0, 0\)$"),
        (3.0, {}, r"^s must have shape \(d, d\); got shape \(\)$"),
        ([[1, 0.5], [0.4, 1]], {}, r"^s must be symmetric; got a largest difference from its transpose of 0.1$"),
        ([[1, 2], [2, 1]], {}, r"^s must be positive definite; got smallest eigenvalue -1$"),
        ([[1, 1], [1, 1]], {}, r"^s must be positive definite; got smallest eigenvalue "),
        (np.zeros((2, 2)), {}, r"^s must be positive definite; got smallest eigenvalue 0$"),
        ([[1, 2], [2, 1]], {"definite": False}, r"^s must be positive semidefinite; got smallest eigenvalue -1$"),
        (np.full((2, 2), np.nan), {}, r"^s must be finite; got 4 entries that are NaN or infinite$"),
    ]
    for value, options, message in cases:
        with pytest.raises(ValueError, match=message):
            covariance("s", value, **options)
    for scale in (1e-12, 1.0, 1e12):  # what counts is relative
        assert covariance("s", scale * np.array([[1, 1 - 1e-9], [1 - 1e-9, 1]])).shape == (2, 2)
        np.testing.assert_array_equal(covariance("s", scale * np.ones((3, 3)), definite=False), scale * np.ones((3, 3)))


def test_choice() -> None:
    assert choice("law", "a", ("a", "b")) == "a"
    assert type(choice("law", np.str_("b"), ("a", "b"))) is str
    for bad in ("c", "", None, 1, ["a"], np.array(["a", "b"]), np.array(["a"]), {"a"}):
        with pytest.raises(ValueError, match=r"^law must be one of 'a', 'b'; got "):
            choice("law", bad, ("a", "b"))


def test_probabilities() -> None:
    assert probabilities("shares", [0.25, 0.75]).tolist() == [0.25, 0.75]
    with pytest.raises(ValueError, match=r"^shares must be >= 0 and sum to 1; got \[0.5, 0.4\]$"):
        probabilities("shares", [0.5, 0.4])
    with pytest.raises(ValueError, match=r"^shares must be >= 0 and sum to 1; got \[1.5, -0.5\]$"):
        probabilities("shares", [1.5, -0.5])
    with pytest.raises(ValueError, match=r"^shares must be >= 0 and sum to 1; got \[\]$"):
        probabilities("shares", [])
    with pytest.raises(ValueError, match=r"^shares must have shape \(3,\); got shape \(2,\)$"):
        probabilities("shares", [0.5, 0.5], length=3)
