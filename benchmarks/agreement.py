"""What the checks of contests share: the spread of replicates, and averages that agree within their errors."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

__all__ = ["assert_means_agree", "spread"]


def spread(values: np.ndarray) -> float:
    """Return the standard deviation over the replicates (first axis), root mean square over whatever else there is."""
    return float(np.sqrt(np.var(values, axis=0).mean()))


def assert_means_agree(
    samples: Mapping[str, np.ndarray],
    exact: Mapping[str, np.ndarray | float] | None = None,
    *,
    like: Mapping[str, str] | None = None,
    errors: float = 5.0,
) -> None:
    """Raise AssertionError unless the means of the samples differ by at most so many standard errors, from one another and from exact values.

    Parameters
    ----------
    samples
        Replicates of each contender, first axis; all entries of what else there is are compared.
    exact
        Means of contenders that do not sample.
    like
        Which sample tells the spread of another one, that is equal in law but has too few replicates to tell it.
    errors
        Largest difference allowed, in standard errors of the difference.
    """
    means = {}
    for name, values in samples.items():
        variance = samples[(like or {}).get(name, name)].var(axis=0, ddof=1)
        means[name] = (values.mean(axis=0), variance / len(values))
    means |= {name: (np.asarray(value), np.asarray(0.0)) for name, value in (exact or {}).items()}
    for (one, (first, first_variance)), (other, (second, second_variance)) in itertools.combinations(means.items(), 2):
        if one in samples or other in samples:
            distance = float(np.max(np.abs(first - second) / np.sqrt(first_variance + second_variance)))
            assert distance <= errors, f"the means of {one} and {other} differ by {distance:.1f} standard errors"
        else:
            np.testing.assert_allclose(first, second, rtol=1e-9, err_msg=f"{one} and {other}")
