"""The grid behind the figure of regimes of naive_bayes_logistic (arXiv:2302.02334)."""

from __future__ import annotations

from typing import Any

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form, monte_carlo
from theorylab.rows import Rows, point

__all__ = ["regimes"]

# Panel -> the mixture: d = 40 features in pairs, at the distance 3 for naive Bayes.
PANELS: dict[str, dict[str, Any]] = {
    "two": {"pair_correlation": 0.4, "scaled": True},
    "three": {"pair_correlation": 0.3, "scaled": False},
    "one": {"pair_correlation": 0.0, "scaled": True},
}


def regimes(lab: Laboratory) -> Rows:
    """Errors of naive Bayes and of logistic regression (penalty 1) against the training size, on the same training sets, in three mixtures.

    The row of method "difference" has the first less the second.
    """
    sizes = lab.at_scale(
        (10, 14, 20, 40, 80, 160, 320, 640, 1000), (6, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 450, 640, 900, 1280, 1800, 2560)
    )
    relative, absolute = lab.at_scale((0.03, 0.003), (0.005, 0.0003))
    rows: Rows = []
    for panel, options in PANELS.items():
        design = closed_form.pairs_design(options["pair_correlation"], 40, 3.0, scaled=options["scaled"])
        for m in sizes:
            run = lab.run(
                monte_carlo.sample_paired_errors,
                statistics=("naive_bayes", "logistic", "difference"),
                ridge=1.0,
                class_counts=(m // 2, m // 2),
                **design,
            )
            fields = {"panel": panel, "sample_size": m, "dimension": 40, "naive_bayes_distance": 3.0, **options}
            rows += [point(run.mean(method), relative=relative, method=method, **fields) for method in ("naive_bayes", "logistic")]
            rows.append(point(run.mean("difference"), absolute=absolute, method="difference", **fields))
    return rows
