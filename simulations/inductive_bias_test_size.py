"""The sweep of arXiv:2406.15941 over the number of test points: the bias of three tasks, one of them by reweighted draws as well."""

from __future__ import annotations

from simulations.inductive_bias_tilting import few_digits, tilted_point
from theorylab.laboratory import Laboratory
from theorylab.papers.inductive_bias.closed_form import required_inductive_bias, task_distribution
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.rows import Rows, known, powers_of_two

__all__ = ["test_size"]

CASES = (("rbf", 256), ("laplace", 16), ("laplace", 4), ("rbf", 2))
FRACTION = 0.1


def test_size(lab: Laboratory) -> Rows:
    """Compute the bias at a tenth of the mean error over the number of test points, and sample it where the kernel is Laplace's."""
    rows: Rows = []
    for kernel, inputs in CASES:
        for test in lab.at_scale(powers_of_two(3, 8), powers_of_two(3, 10)):
            task = {"dimension": inputs, "train": 32, "test": test}
            law = task_distribution(kronecker_task(**task), kernel)
            target = few_digits(FRACTION * float(law.mean()))
            nats = float(required_inductive_bias(law, target))
            rows.append(known(nats, panel="exact", kernel=kernel, target_error=target, **task))
            if kernel == "laplace":
                rows.append(tilted_point(lab, law, target, lab.at_scale(0.1, 0.03), task=task, panel="tilted", kernel=kernel))
    return rows
