"""The drawings of naive_bayes_logistic (arXiv:2302.02334): closed forms as lines over the points of ``simulations/naive_bayes_logistic.py``.

The parameters of the lines are read off the rows; nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from figures.naive_bayes_logistic_excess import excess
from figures.naive_bayes_logistic_proportional import proportional
from figures.naive_bayes_logistic_real_data import digits
from figures.naive_bayes_logistic_regimes import regimes
from figures.naive_bayes_logistic_sizes import learning_curves, phase_diagram, sample_size_against_dimension
from figures.naive_bayes_logistic_transforms import transforms
from theorylab.rows import Rows

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[Rows], Figure]] = {
    "sample_size_against_dimension": sample_size_against_dimension,
    "learning_curves": learning_curves,
    "regimes": regimes,
    "phase_diagram": phase_diagram,
    "excess": excess,
    "transforms": transforms,
    "proportional": proportional,
    "digits": digits,
}
