"""The parameter grids behind the figures of inductive_bias (arXiv:2406.15941), one function a figure.

Every simulated point is a row with its parameters and ``estimate``, ``low``, ``high`` and ``replicates``; numbers that are computed, not estimated,
have ``low`` and ``high`` equal to them.
"""

from __future__ import annotations

from collections.abc import Callable

from simulations.inductive_bias_dimension import dimension
from simulations.inductive_bias_histogram import error_histogram
from simulations.inductive_bias_hypotheses import hypotheses
from simulations.inductive_bias_model_classes import model_classes
from simulations.inductive_bias_tails import tails
from simulations.inductive_bias_test_size import test_size
from simulations.inductive_bias_torus import torus
from simulations.inductive_bias_version_space import version_space
from simulations.inductive_bias_width import width
from theorylab.laboratory import Laboratory
from theorylab.rows import Rows

__all__ = ["SWEEPS"]

SWEEPS: dict[str, Callable[[Laboratory], Rows]] = {
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
