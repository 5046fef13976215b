"""arXiv:2302.02334: the stopping rule by which the paper's code measures the sample size of naive Bayes, and what it measures.

The rule walks the grid m = 2 K, 2 K + step, ... with step the least integer above log d, fits naive Bayes to one fresh training set at each m and
stops at the first m whose error is below the Bayes error plus 0.01; the paper's curves are means of the m at which walks stop. K classes in
dimension d in the paper's design; the walk below uses the exact error of each fit for two and three classes and drawn points for more.
"""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Quantity

PAPER = "arXiv:2302.02334"
POSITIONS = (-1, 1, 2, 4, 8, 16, 32)

# NB-8 ------------------------------------------------------------------------------------------------------------------------------------

paper_simulation = claim(
    "NB-8",
    kind="ordering",
    statement="In the paper's own simulation the sample size of naive Bayes does not grow with the dimension, let alone like log d.",
    tex=r"m_{0.01}(d)=\min\{m:\mathbb E R(\mathrm{NB}_m)\le 0.01\}\ \text{does not increase in } d",
    source=f"{PAPER}, the simulations; derived here",
)


def target(classes: int, dimension: int) -> float:
    """Return the error to reach: the Bayes error plus 0.01."""
    return float(theory.collinear_bayes_error(POSITIONS[:classes], dimension // 2 / dimension + dimension - dimension // 2)) + 0.01


def official_step(dimension: int) -> int:
    """Return the step of the grid in the paper's code."""
    return math.ceil(math.log(dimension))


def stopping_size(lab: Laboratory, classes: int, dimension: int, *, step: int | None = None, averaged_fits: int = 1) -> Quantity:
    """Return the mean training size at which walks stop."""
    run = lab.run(
        simulate.sample_stopping_size,
        target_error=target(classes, dimension),
        step=official_step(dimension) if step is None else step,
        averaged_fits=averaged_fits,
        test_points=500,
        **theory.paper_design(classes, dimension),
    )
    return run.mean("stopping_size")


@paper_simulation
@pytest.mark.parametrize(("small", "large", "fall"), [(100, 400, 3.0), (100, 1000, 4.0), (200, 1000, 1.0)])
def test_three_classes_need_fewer_samples_in_higher_dimension(lab: Laboratory, small: int, large: int, fall: float) -> None:
    """The official rule, three classes: the mean stopping size falls, by 6 of 18 from d = 100 to 1000, where log d grows by half."""
    few, many = stopping_size(lab, 3, small), stopping_size(lab, 3, large)
    # What growth like log d would make of the smaller dimension's 14 to 18.
    grown = -14.0 * (math.log(large) / math.log(small) - 1.0)
    assert (few - many).greater_than(
        fall, refutes={"no dependence on d": 0.0, "like log d": grown, "the step of the grid": official_step(small) - official_step(large)}
    )


@paper_simulation
@pytest.mark.parametrize("classes", [5, 7])
def test_more_classes(lab: Laboratory, classes: int) -> None:
    """The same with five and seven classes."""
    ladder = lab.at_scale((100, 1000) if classes == 5 else (100, 400), (100, 200, 400, 1000))
    ends = stopping_size(lab, classes, ladder[0]) - stopping_size(lab, classes, ladder[-1])
    assert ends.greater_than(1.5, refutes={"no dependence on d": 0.0, "the step of the grid": official_step(ladder[0]) - official_step(ladder[-1])})
    assert (stopping_size(lab, classes, 100) - stopping_size(lab, classes - 2, 100)).greater_than(1.0, refutes={"no dependence on K": 0.0})


@paper_simulation
def test_two_classes_stop_at_eight_whatever_the_dimension(lab: Laboratory) -> None:
    """The official rule with two classes hides both what is true, a falling sample size, and what its grid makes of it, 9, 10, 10, 11."""
    sizes = {dimension: stopping_size(lab, 2, dimension) for dimension in (100, 400, 1000)}
    for dimension, mean in sizes.items():
        first = 4 + official_step(dimension)
        wrong = {"the first grid point that is large enough": first, "the exact sample size": 6 if dimension < 1000 else 5, "the first grid point": 4}
        assert mean.inside(7.0, 8.6, refutes=wrong)
    assert (sizes[1000] - sizes[100]).inside(-1.2, 0.4, refutes={"the step of the grid": 2.0, "like log d": 3.5})


@paper_simulation
def test_a_grid_of_every_size(lab: Laboratory) -> None:
    """With step 1 the sizes fall for two classes as well: nothing but the step of the grid grows with log d."""
    sizes = [stopping_size(lab, 2, dimension, step=1) for dimension in (20, 50, 200, 1000)]
    for before, after in pairwise(sizes):
        assert (before - after).greater_than(0.1, refutes={"flat": 0.0})
    assert lab.refutes((sizes[-1] - sizes[0]).greater_than(0.0), "the sample size grows")
    # Two classes at the official step stop at 7.5 and at step 1 at 4.5: three samples of eight are made by the grid.
    made = stopping_size(lab, 2, 1000) - sizes[-1]
    assert made.greater_than(2.0, refutes={"the grid does not matter": 0.0})


@paper_simulation
def test_one_lucky_fit_is_enough(lab: Laboratory) -> None:
    """Three classes, d = 100: where walks stop on average, at 18, the expected error is nearly twice the target; five fits at each m stop later."""
    single, five = stopping_size(lab, 3, 100), stopping_size(lab, 3, 100, averaged_fits=5)
    assert single.agrees_with(18.2, absolute=1.2, refutes={"as five fits": 21.6, "the exact sample size": 22.5})
    assert (five - single).greater_than(2.0, refutes={"the same rule": 0.0})
    finer = stopping_size(lab, 3, 100, step=1)
    assert (single - finer).greater_than(3.0, refutes={"the grid does not matter": 0.0})
    error = lab.run(simulate.sample_naive_bayes_error, variance="pooled", sample_size=18, **theory.paper_design(3, 100)).mean("error")
    assert error.greater_than(1.5 * target(3, 100), refutes={"the target": target(3, 100)})
    if lab.scale == "full":
        for samples, low, high in ((21, 0.0105, 0.014), (24, 0.006, 0.0095)):
            late = lab.run(simulate.sample_naive_bayes_error, variance="pooled", sample_size=samples, **theory.paper_design(3, 100)).mean("error")
            assert late.inside(low, high, refutes={"the target": target(3, 100)})
