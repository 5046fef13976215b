"""Estimators of inductive_bias (arXiv:2406.15941): the bias of a task under a kernel or a learner, by counting, by fitting, or exactly."""

from __future__ import annotations

from theorylab.papers.inductive_bias.estimators.front_door import InductiveBias, fit_bias, inductive_bias, kernel_test_error, naive_bias
from theorylab.papers.inductive_bias.estimators.tail_estimates import NetworkLoss, TailEstimate, network_loss, splitting_bias, tilted_bias

__all__ = [
    "InductiveBias",
    "NetworkLoss",
    "TailEstimate",
    "fit_bias",
    "inductive_bias",
    "kernel_test_error",
    "naive_bias",
    "network_loss",
    "splitting_bias",
    "tilted_bias",
]
