"""arXiv:2302.02334, on real data: random training sets of the handwritten digits of scikit-learn, 64 pixels that depend on each other strongly.

m training images in all; errors are shares of all other images. Naive Bayes has the pooled variances of the paper, plus that of rounding to grey
levels; logistic regression has ridge 1 on pixels from 0 to 1.
"""

from __future__ import annotations

import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Run

TEN = tuple(range(10))

# TR-2 ------------------------------------------------------------------------------------------------------------------------------------

two_regimes = claim(
    "TR-2",
    kind="ordering",
    statement="On handwritten digits naive Bayes errs less with few training images and logistic regression with many: the two regimes are real.",
    tex=r"m\le m_\times:\ R(\mathrm{NB}_m)<R(\mathrm{LR}_m);\qquad m\gg m_\times:\ R(\mathrm{NB}_m)>R(\mathrm{LR}_m)",
    source="derived here; experiment in the manner of arXiv:2302.02334, simulations and features of images",
)


def errors(lab: Laboratory, digits: tuple[int, ...], sample_size: int) -> Run:
    """Return the run whose columns are the errors of the three rules on the same training sets."""
    columns = ("naive_bayes", "class_variances", "logistic")
    return lab.run(simulate.sample_digits_error, statistics=columns, digits=digits, sample_size=sample_size)


@two_regimes
@pytest.mark.parametrize(("digits", "sample_size", "lead"), [((3, 8), 4, 0.04), ((3, 8), 6, 0.01), (TEN, 30, 0.005)])
def test_naive_bayes_first(lab: Laboratory, digits: tuple[int, ...], sample_size: int, lead: float) -> None:
    """Paired on the same training sets of two or three images of a digit."""
    run = errors(lab, digits, sample_size)
    difference = run.mean("logistic") - run.mean("naive_bayes")
    assert difference.greater_than(lead, refutes={"logistic regression is as good": 0.0})


@two_regimes
@pytest.mark.parametrize(("digits", "sample_size", "lead"), [((3, 8), 40, 0.01), ((3, 8), 160, 0.02), (TEN, 100, 0.015)])
def test_logistic_regression_later(lab: Laboratory, digits: tuple[int, ...], sample_size: int, lead: float) -> None:
    """With 10 images of a digit or more logistic regression leads by far."""
    run = errors(lab, digits, sample_size)
    difference = run.mean("naive_bayes") - run.mean("logistic")
    assert difference.greater_than(lead, refutes={"naive Bayes is as good": 0.0})


@two_regimes
def test_naive_bayes_stops_improving(lab: Laboratory) -> None:
    """From 80 images to 240 naive Bayes gains nothing on 3 against 8, while logistic regression halves its error: a floor, not a rate."""
    early, late = errors(lab, (3, 8), 80), errors(lab, (3, 8), 240)
    assert (late.mean("naive_bayes") - early.mean("naive_bayes")).inside(-0.008, 0.008, refutes={"it halves its error": -0.022})
    assert (late.mean("logistic") - early.mean("logistic")).less_than(-0.006, refutes={"a floor of logistic regression": 0.0})


@two_regimes
@pytest.mark.parametrize(("digits", "sample_size"), [((3, 8), 8), (TEN, 30)])
def test_variances_of_each_class_cost_more_samples(lab: Laboratory, digits: tuple[int, ...], sample_size: int) -> None:
    """With few images the naive Bayes of scikit-learn's kind, K variances a pixel, is far behind the paper's, and behind logistic regression."""
    run = errors(lab, digits, sample_size)
    assert (run.mean("class_variances") - run.mean("naive_bayes")).greater_than(0.08, refutes={"no matter": 0.0})
    assert (run.mean("class_variances") - run.mean("logistic")).greater_than(0.05, refutes={"generative models learn faster, whichever": 0.0})
