"""The drawings of inductive_bias (arXiv:2406.15941): closed forms as lines over the points of ``simulations/inductive_bias.py``.

The parameters of the lines are read off the rows; nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from figures.inductive_bias_dimension import dimension
from figures.inductive_bias_histogram import error_histogram
from figures.inductive_bias_hypotheses import hypotheses
from figures.inductive_bias_model_classes import model_classes
from figures.inductive_bias_tails import tails
from figures.inductive_bias_test_size import test_size
from figures.inductive_bias_torus import torus
from figures.inductive_bias_version_space import version_space
from figures.inductive_bias_width import width
from theorylab.rows import Rows

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[Rows], Figure]] = {
    "error_histogram": error_histogram,
    "dimension": dimension,
    "hypotheses": hypotheses,
    "model_classes": model_classes,
    "width": width,
    "test_size": test_size,
    "torus": torus,
    "tails": tails,
    "version_space": version_space,
}
