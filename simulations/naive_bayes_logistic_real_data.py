"""The parameter grid behind the figure of naive_bayes_logistic (arXiv:2302.02334) on real data: handwritten digits."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import monte_carlo
from theorylab.rows import Rows, point

__all__ = ["digits"]

RULES = ("naive_bayes", "class_variances", "logistic")
PAIR, ALL = (3, 8), tuple(range(10))


def digits(lab: Laboratory) -> Rows:
    """Test errors of naive Bayes, with pooled variances and with those of each class, and of logistic regression against the training size."""
    sizes = {
        PAIR: lab.at_scale((4, 6, 8, 12, 16, 24, 40, 80, 160, 320), (4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 60, 80, 120, 160, 240, 320)),
        ALL: lab.at_scale((20, 30, 50, 100, 200, 500), (20, 25, 30, 40, 50, 60, 80, 120, 160, 240, 320, 480, 640, 960, 1280, 1600)),
    }
    rows: Rows = []
    for chosen, grid in sizes.items():
        for sample_size in grid:
            run = lab.run(monte_carlo.sample_digits_error, statistics=RULES, separate=True, digits=chosen, sample_size=sample_size)
            # Errors vary much between small training sets.
            half_width = lab.at_scale(0.012, 0.004) if sample_size < 20 * len(chosen) else lab.at_scale(0.002, 0.0007)
            for rule in RULES:
                rows.append(point(run.mean(rule), absolute=half_width, rule=rule, digits=list(chosen), sample_size=sample_size))
    return rows
