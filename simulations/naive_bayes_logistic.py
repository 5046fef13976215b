"""The parameter grids behind the figures of naive_bayes_logistic (arXiv:2302.02334), one function a figure.

Every simulated point is a row with its parameters and ``estimate``, ``low``, ``high`` (an interval of level 99 %) and ``replicates``.
"""

from __future__ import annotations

from collections.abc import Callable

from simulations.naive_bayes_logistic_excess import excess
from simulations.naive_bayes_logistic_proportional import proportional
from simulations.naive_bayes_logistic_real_data import digits
from simulations.naive_bayes_logistic_regimes import regimes
from simulations.naive_bayes_logistic_sizes import learning_curves, phase_diagram, sample_size_against_dimension
from simulations.naive_bayes_logistic_transforms import transforms
from theorylab.laboratory import Laboratory
from theorylab.rows import Rows

__all__ = ["SWEEPS"]

SWEEPS: dict[str, Callable[[Laboratory], Rows]] = {
    "sample_size_against_dimension": sample_size_against_dimension,
    "learning_curves": learning_curves,
    "regimes": regimes,
    "phase_diagram": phase_diagram,
    "excess": excess,
    "transforms": transforms,
    "proportional": proportional,
    "digits": digits,
}
