"""Sweeps of arXiv:2302.02334 over training sizes: how many samples either classifier needs, and its error on the way there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form, monte_carlo
from theorylab.rows import Rows, point, sample_mean

__all__ = ["learning_curves", "phase_diagram", "sample_size_against_dimension"]

# The paper's target: the error of the Bayes rule and this.
EXCESS = 0.01
LEAST_SHOWN = 1e-4


def sample_size_against_dimension(lab: Laboratory) -> Rows:
    """Stop a growing training set at the first fit within 0.01 of the Bayes error, on the paper's grid and on every training size."""
    fours = (100, 200, 400, 1000)
    # Dimensions for each number of classes, and the number of walks.
    generative = lab.at_scale((dict.fromkeys((2, 3, 5, 7), fours), 60), (dict.fromkeys((2, 3, 5, 7), (*fours, 2000, 4000)), 400))
    discriminative = lab.at_scale(({2: (50, 100, 200, 400), 3: (50, 100, 200), 5: (50, 100)}, 16), (dict.fromkeys((2, 3, 5, 7), fours), 40))
    learners: dict[str, Any] = {
        "naive_bayes": (monte_carlo.sample_stopping_size, *generative),
        "logistic": (monte_carlo.sample_logistic_stopping_size, *discriminative),
    }
    rows: Rows = []
    for learner, (sampler, dimensions, walks) in learners.items():
        for class_count, dimension in ((classes, each) for classes in dimensions for each in dimensions[classes]):
            design = closed_form.paper_design(class_count, dimension, rescaled=True)
            target = round(closed_form.grouped_bayes_error(**design) + EXCESS, 8)
            for grid, step in (("official", math.ceil(math.log(dimension))), ("every size", 1)):
                if learner == "logistic" and grid == "every size" and (class_count > 2 or dimension > lab.at_scale(100, 400)):
                    continue
                stopped = lab.run(sampler, target_error=target, step=step, **design).few(walks, "stopping_size")
                fields = {"learner": learner, "class_count": class_count, "dimension": dimension, "grid": grid, "step": step}
                rows.append(sample_mean(stopped, **fields))
    return rows


def learning_curves(lab: Laboratory) -> Rows:
    """Error of both classifiers against the training size in the paper's mixture: means, and where four fifths of the training sets lie."""
    runs = lab.at_scale(200, 1000)
    panels = lab.at_scale([(2, 100), (3, 40)], [(2, 100), (2, 400), (3, 40), (3, 400), (5, 100), (7, 40)])
    sizes = lab.at_scale(
        (6, 8, 10, 14, 20, 30, 45, 70, 110, 170, 260), (6, 8, 10, 12, 14, 17, 20, 25, 30, 37, 45, 56, 70, 90, 110, 140, 170, 260, 400)
    )
    rows: Rows = []
    for class_count, dimension in panels:
        design = closed_form.paper_design(class_count, dimension, rescaled=True)
        limits = {"class_count": class_count, "dimension": dimension}
        for m in (size for size in sizes if size > class_count):
            fits = {
                "naive_bayes": lab.run(monte_carlo.sample_naive_bayes_error, variance="pooled", sample_size=m, **design),
                "logistic": lab.run(monte_carlo.sample_logistic_error, ridge=1.0, sample_size=m, **design),
            }
            for learner, run in fits.items():
                errors = run.few(runs, "error")
                # Smaller errors are off the page, and so skewed that an honest interval would take for ever.
                if errors.mean() > LEAST_SHOWN:
                    tenth, ninetieth = np.quantile(errors, (0.1, 0.9))
                    band = {"tenth": tenth, "ninetieth": ninetieth, "runs": runs}
                    rows.append(point(run.mean("error"), relative=lab.at_scale(0.1, 0.02), learner=learner, sample_size=m, **limits, **band))
    return rows


def phase_diagram(lab: Laboratory) -> Rows:
    """Simulate naive Bayes with known variances at the training size that theory calls enough for 0.05, as signal and dimension grow."""
    target = 0.05
    rows: Rows = []
    for exponent, constant in ((0.0, 16.0), (0.25, 8.0), (0.5, 2.0)):
        for dimension in lab.at_scale((100, 1000, 10_000, 100_000), (100, 300, 1000, 3000, 10_000, 30_000, 100_000, 1_000_000)):
            gap = float(f"{math.sqrt(constant * dimension ** (exponent - 1.0)):.6g}")
            size = closed_form.naive_bayes_real_sample_size(target, [gap], [dimension])
            # The next even number, half of it for each class.
            half = math.ceil(size / 2.0)
            run = lab.run(monte_carlo.sample_naive_bayes_error, gaps=(gap,), multiplicities=(dimension,), variance="known", class_counts=(half, half))
            fields = {"exponent": exponent, "constant": constant, "dimension": dimension, "gap": gap, "sample_size": 2 * half, "target": target}
            rows.append(point(run.mean("error"), relative=lab.at_scale(0.01, 0.003), **fields))
    return rows
