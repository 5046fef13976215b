"""The sweep of arXiv:2406.15941 over the number of sampled hypotheses: what the fitted bias settles at."""

from __future__ import annotations

from simulations.inductive_bias_tilting import few_digits
from theorylab.laboratory import Laboratory
from theorylab.papers.inductive_bias import monte_carlo
from theorylab.papers.inductive_bias.closed_form import task_distribution
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.rows import Rows, known

__all__ = ["hypotheses"]

TASK = {"dimension": 4, "train": 32, "test": 64}
FRACTION = 0.1


def hypotheses(lab: Laboratory) -> Rows:
    """Fit Gamma laws to sampled test errors, one row a fit: of the task, where the family is wrong, and of equal eigenvalues, where it is right."""
    rows: Rows = []
    for equal in (False, True):
        mean = 1.0 if equal else float(task_distribution(kronecker_task(**TASK)).mean())
        for count in lab.at_scale((30, 100, 300, 1000, 3000, 10_000, 30_000), (30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000)):
            setting = {"target_error": few_digits(FRACTION * mean), "equal": equal, "hypotheses": count, **TASK}
            fits = lab.run(monte_carlo.sample_gamma_fit, **setting).few(lab.at_scale(20, 60))
            rows += [known(float(value), number=number, **setting) for number, value in enumerate(fits)]
    return rows
