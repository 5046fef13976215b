"""The drawings of one_step_gd (arXiv:2307.03576): closed forms as lines over the simulated points of ``simulations/one_step_gd.py``.

The parameters of every line are read off the rows; nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from figures.one_step_gd_layer import learning_rate, loss_against_context, nonlinear_teachers, preconditioner, trained_layer
from figures.one_step_gd_price import bayes_gap, landscape, test_length
from theorylab.rows import Rows

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[Rows], Figure]] = {
    "learning_rate": learning_rate,
    "loss_against_context": loss_against_context,
    "trained_layer": trained_layer,
    "preconditioner": preconditioner,
    "nonlinear_teachers": nonlinear_teachers,
    "bayes_gap": bayes_gap,
    "landscape": landscape,
    "test_length": test_length,
}
