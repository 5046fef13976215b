"""The reference tasks under a kernel: their posterior and the law of their test error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from theorylab.numerics.gaussian_process import interpolating_posterior, stationary_kernel
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.closed_form.test_error import error_spectrum

if TYPE_CHECKING:
    from theorylab.papers.inductive_bias.reference_tasks import Task

__all__ = ["task_distribution", "task_posterior"]


def task_posterior(task: Task, kind: str = "laplace") -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior mean (m, k) and covariance (m, m) of a task under a kernel; smooth kernels get 1e-10 on the training diagonal."""
    if not all(hasattr(task, part) for part in ("inputs", "targets", "train")):
        raise ValueError(f"task must be a Task, with inputs, targets and train; got {task!r:.80}")
    kernel = stationary_kernel(task.inputs, task.inputs, kind)
    found = interpolating_posterior(kernel, task.train, task.targets[: task.train], nugget=0.0 if kind == "laplace" else 1e-10)
    return found.mean, found.covariance


def task_distribution(task: Task, kind: str = "laplace") -> GeneralizedChiSquared:
    """Return the law of the test error of a task under a kernel."""
    return error_spectrum(*task_posterior(task, kind), task.targets[task.train :])
