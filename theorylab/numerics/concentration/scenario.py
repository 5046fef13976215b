"""Scenario programs: how often the solution for N sampled constraints violates a fresh one.

A convex program in d variables whose N constraints are drawn independently: the probability V that a fresh constraint is violated by the solution is
dominated by Beta(d, N - d + 1), and follows it exactly if the program is fully supported, that is if almost surely exactly d constraints hold the
solution in place (Campi and Garatti 2008). One variable is the case of the largest of N numbers: order statistics.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from theorylab.backend import check_broadcast
from theorylab.numerics.concentration.binomial import binomial_lower_tail
from theorylab.numerics.roots import smallest_integer
from theorylab.validation import integers, plain, real, reals, whole_number

__all__ = ["scenario_count_law", "scenario_violation_bound", "scenario_violation_law", "scenario_violation_tail", "scenarios_needed"]


def _enough(decision_variables: int, scenarios: int) -> tuple[int, int]:
    d, n = whole_number("decision_variables", decision_variables), whole_number("scenarios", scenarios)
    if n < d:
        raise ValueError(f"scenarios must be at least decision_variables; got {n} for {d}")
    return d, n


def scenario_violation_law(decision_variables: int, scenarios: int) -> Any:
    """Return the law of V as a frozen scipy distribution, Beta(d, N - d + 1).

    Parameters
    ----------
    decision_variables
        d >= 1.
    scenarios
        N >= d.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    d, n = _enough(decision_variables, scenarios)
    return stats.beta(d, n - d + 1)


def scenario_count_law(decision_variables: int, scenarios: int, fresh: int) -> Any:
    """Return the law of the number of violations among m fresh constraints as a frozen scipy distribution, Beta-binomial(m, d, N - d + 1).

    Parameters
    ----------
    decision_variables, scenarios
        As in `scenario_violation_law`.
    fresh
        m >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    d, n = _enough(decision_variables, scenarios)
    return stats.betabinom(whole_number("fresh", fresh), d, n - d + 1)


def scenario_violation_tail(decision_variables: ArrayLike, scenarios: ArrayLike, violation_probability: ArrayLike) -> Any:
    """Return the bound on P(V > eta) of Campi and Garatti, equal to it for fully supported programs.

    Formula: sum over i < d of C(N, i) eta^i (1 - eta)^(N - i); 1 if N < d, where nothing is promised.

    Parameters
    ----------
    decision_variables
        d, integers >= 1; the arguments broadcast.
    scenarios
        N, integers >= 1.
    violation_probability
        eta in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    check_broadcast(decision_variables=decision_variables, scenarios=scenarios, violation_probability=violation_probability)
    d, n = np.asarray(integers("decision_variables", decision_variables)), np.asarray(integers("scenarios", scenarios))
    eta = np.asarray(reals("violation_probability", violation_probability, above=0.0, below=1.0))
    return plain(np.where(n < d, 1.0, binomial_lower_tail(np.minimum(d - 1, n), n, eta)))


def scenario_violation_bound(decision_variables: int, scenarios: int, failure_probability: float) -> float:
    """Return the eta that V exceeds with probability at most delta: the upper quantile of Beta(d, N - d + 1), 1 if N < d.

    Parameters
    ----------
    decision_variables, scenarios
        d >= 1 and N >= 1.
    failure_probability
        delta in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    d, n = whole_number("decision_variables", decision_variables), whole_number("scenarios", scenarios)
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    return 1.0 if n < d else float(stats.beta.isf(delta, d, n - d + 1))


def scenarios_needed(decision_variables: int, violation_probability: float, failure_probability: float) -> int:
    """Return the smallest N with `scenario_violation_tail` at most delta.

    Parameters
    ----------
    decision_variables
        d >= 1; for d = 1 it is ceil(log delta / log(1 - eta)).
    violation_probability, failure_probability
        eta and delta in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    d = whole_number("decision_variables", decision_variables)
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    return smallest_integer(lambda n: float(scenario_violation_tail(d, n, violation_probability)) <= delta, d)
