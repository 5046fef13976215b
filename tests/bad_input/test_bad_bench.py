"""The bench itself: it sees every kind of fault in functions that have it, and none in one that has none."""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bad_judge import judge
from bad_values import Attempt, attempts
from example_calls import Call
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.validation import reals


def root(weight: Any) -> Any:
    """Return the square root."""
    return np.sqrt(reals("weight", weight, minimum=0.0))


def careless(weight: Any) -> Any:
    """Return the square root."""
    return np.sqrt(np.asarray(weight, dtype=float))


def nameless(weight: Any) -> Any:
    """Return the square root."""
    if not np.all(np.asarray(weight) >= 0.0):
        raise ValueError("a number must not be negative")
    return np.sqrt(weight)


def broken(weight: Any) -> Any:
    """Return the first number."""
    return weight["first"]


def greedy(weight: Any) -> Any:
    """Return ones."""
    return np.ones(int(reals("weight", weight)))


def tireless(weight: Any) -> Any:
    """Count for ever."""
    while reals("weight", weight) != 0.0:
        pass


def meddling(weight: Any) -> Any:
    """Return the weight, doubled in place."""
    weight *= 2.0
    return weight.sum()


def layout(weight: Any) -> Any:
    """Return the number that lies second in memory."""
    return float(np.asarray(weight, dtype=float).ravel(order="K")[1])


def call_of(function: Callable[..., Any], valid: Any, monkeypatch: pytest.MonkeyPatch) -> Call:
    module = types.ModuleType("bench_of_faults")
    setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return Call(module.__name__, function.__name__, {"weight": valid}, frozenset())


@pytest.mark.parametrize(
    ("function", "valid", "attempt", "fault"),
    [
        (careless, 2.0, Attempt("negative", -1.0, "other"), "warning"),
        (careless, 2.0, Attempt("infinite", np.inf, "other"), "not finite"),
        (careless, 2.0, Attempt("digits", "4", "never"), "nonsense accepted"),
        (nameless, 2.0, Attempt("negative", -1.0, "other"), "argument not named"),
        (broken, {"first": 1.0}, Attempt("number", 1.0, "other"), "argument not named"),
        (broken, {"first": 1.0}, Attempt("mapping", {}, "other"), "KeyError"),
        (greedy, 2.0, Attempt("many", 8e9, "other"), ""),
        (meddling, np.array([1.0, 2.0]), Attempt("copy", np.array([1.0, 2.0]), "same"), "argument changed"),
        (
            layout,
            np.array([[1.0, 2.0], [3.0, 4.0]]),
            Attempt("Fortran order", np.array([[1.0, 2.0], [3.0, 4.0]], order="F"), "same"),
            "another result",
        ),
        (root, 2.0, Attempt("negative", -1.0, "other"), ""),
        (root, 2.0, Attempt("single precision", np.float32(2.0), "same"), ""),
    ],
)
def test_faults_are_seen(function: Any, valid: Any, attempt: Attempt, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = judge(call_of(function, valid, monkeypatch), "weight", attempt)
    assert outcome.fault == fault
    assert (outcome.state == "fault") == bool(fault)


def test_what_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bad_judge.LIMIT_SECONDS", 0.2)
    call = call_of(tireless, 0.0, monkeypatch)
    assert judge(call, "weight", Attempt("a larger number", 2e9, "other")).fault == "hangs"
    assert judge(call, "weight", Attempt("zero", 0.0, "same")).state == "accepted"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_function_that_checks_has_no_fault(data: Any) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, warnings.catch_warnings():
        warnings.simplefilter("error")
        valid = data.draw(st.sampled_from([2.0, 3, np.array([1.0, 2.0]), np.array([[0.5, 0.25]])]))
        call = call_of(root, valid, monkeypatch)
        outcome = judge(call, "weight", data.draw(attempts(valid)))
        assert outcome.state != "fault", outcome
