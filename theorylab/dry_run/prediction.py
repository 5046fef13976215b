"""Predicting what a function costs with parameters that it was not measured with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["LocalLaw"]

# The penalty on exponents, and the square of the distance, in logarithms, at which a measurement counts half.
PENALTY, NEAR = 1e-2, 0.5
# No cost grows faster in any one number, or shrinks faster.
STEEPEST = 4.0
LEAST = 1e-9


class LocalLaw:
    """A power law in the numbers of the parameters, fitted with most weight on the measurements that are nearest.

    Parameters
    ----------
    measured
        Parameters of the measurements.
    wanted
        The parameters to predict for.
    """

    def __init__(self, measured: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]) -> None:
        names = sorted({name for own in measured for name in own} | set(wanted))
        place = _features(wanted, names)
        offsets = np.array([_features(own, names) for own in measured]) - place
        distances = (offsets**2).sum(axis=1)
        # What never changes says nothing.
        self._offsets = offsets[:, np.ptp(np.vstack([offsets, np.zeros_like(place)]), axis=0) > 0.0]
        self._weights = 1.0 / (NEAR + distances)
        self.nearest = int(np.argmin(distances))

    def predict(self, values: Sequence[float]) -> float:
        """Return the value at the wanted parameters, from those of the measurements."""
        logarithms = np.log(np.maximum(values, LEAST))
        mean = float(np.average(logarithms, weights=self._weights))
        centre = np.average(self._offsets, axis=0, weights=self._weights)
        weighted = (self._offsets - centre) * self._weights[:, None]
        gram = weighted.T @ (self._offsets - centre) + PENALTY * self._weights.sum() * np.eye(len(centre))
        slopes = np.linalg.solve(gram, weighted.T @ (logarithms - mean))
        return math.exp(min(mean - float(centre @ np.clip(slopes, -STEEPEST, STEEPEST)), 50.0))


def _features(parameters: Mapping[str, Any], names: Sequence[str]) -> np.ndarray:
    """Describe parameters by logarithms of their numbers, two a parameter: how many there are, and their sum."""
    found = []
    for name in names:
        value = parameters.get(name)
        try:
            numbers = np.abs(np.asarray(value, dtype=float)).ravel()
            total = float(numbers.sum())
        except (TypeError, ValueError):
            total = math.nan
        if math.isfinite(total):
            found += [math.log(max(numbers.size, 1)), math.log(max(total, 1e-3))]
        else:
            # A text is like itself and unlike all others.
            found += [0.0, float(sum(map(ord, str(value))) % 97)]
    return np.array(found)
