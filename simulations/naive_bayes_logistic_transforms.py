"""The grid behind the figure of the transforms of the logistic loss (arXiv:2302.02334): least surrogate regrets of random laws by convex programs."""

from __future__ import annotations

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import monte_carlo
from theorylab.rows import Rows, known

__all__ = ["transforms"]

# Programs want positive probabilities; the box of the middle panel is [-1, 1].
LEAST, BOUND = 1e-4, 1.0


def random_laws(lab: Laboratory, class_count: int, concentration: float, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw laws and predictions that are wrong by more than 0.01."""
    laws, predicted = lab.draw(monte_carlo.draw_conditional_laws, 8 * number, class_count=class_count, concentration=concentration)
    laws = (laws + LEAST) / (laws + LEAST).sum(axis=1, keepdims=True)
    wrong = laws.max(axis=1) - np.take_along_axis(laws, predicted[:, None], axis=1)[:, 0] > 0.01
    return laws[wrong][:number], predicted[wrong][:number]


def transforms(lab: Laboratory) -> Rows:
    """Least logistic regrets of random laws and wrong predictions, of free scores for K = 2, 3, 10 and of scores in [-1, 1] for K = 2, 3.

    A row has the 0-1 regret ``difference``, what best and predicted class weigh together (``top_two_mass``), the largest third class over half of
    that mass (``third_class``), whether no two probabilities differ by more than the factor exp(2) (``reachable``), and the regret as ``estimate``.
    """
    rows: Rows = []
    number = lab.at_scale(60, 150)
    for panel, classes, concentration in (("free", 2, 1.0), ("free", 3, 1.0), ("free", 10, 0.3), ("box", 2, 1.0), ("box", 3, 0.5), ("box", 3, 4.0)):
        for law, j in zip(*random_laws(lab, classes, concentration, number), strict=True):
            i = int(law.argmax())
            regret = monte_carlo.closest_law_regret(law, j) if panel == "free" else monte_carlo.least_scored_regret(law, j, bound=BOUND)
            mass = law[i] + law[j]
            third = np.max(np.delete(law, [i, j]), initial=0.0)
            rows.append(
                known(
                    max(regret, 0.0),
                    panel=panel,
                    class_count=classes,
                    bound=BOUND,
                    difference=law[i] - law[j],
                    top_two_mass=mass,
                    third_class=third / (mass / 2),
                    reachable=bool(law.max() <= np.exp(2 * BOUND) * law.min()),
                )
            )
    return rows
