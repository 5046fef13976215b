"""arXiv:2302.02334: scikit-learn's GaussianNB as a witness of the theory of naive Bayes with variances of each class (not the paper's classifier).

On the same training sets and test points it gives the same answers as our fit with such variances, and its mean error is that of the exact engine.
"""

from __future__ import annotations

from typing import Any

import pytest
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# NB-4 ------------------------------------------------------------------------------------------------------------------------------------

expected_error = claim(
    "NB-4",
    kind="expectation",
    statement="The expected error of two-class naive Bayes at finite m is one integral over the characteristic function of its score.",
    tex=r"\mathbb{P}(T<0)=\tfrac12-\tfrac1\pi\int_0^\infty\mathrm{Im}\,\phi_T(t)\tfrac{dt}{t},\quad "
    r"\phi_T(t)=\left(\tfrac{m_1}{m_2}\right)^{it}\prod_i\mathbb{E}_{s}\left[\left(\tfrac{s_2}{s_1}\right)^{it}D^{-1/2}"
    r"\exp\left(\tfrac{i\delta_i^2}{2}\,\tfrac{a_2(1+i(1+\frac1{m_1})a_1)}{D}\right)\right],\ a_k=\tfrac{t}{s_k^2},"
    r"\ D=1+i(1+\tfrac1{m_1})a_1-i(1+\tfrac1{m_2})a_2+a_1a_2\left(\tfrac1{m_1}+\tfrac1{m_2}+\tfrac1{m_1m_2}\right)",
    source="derived here for the classifier of arXiv:2302.02334",
)
GROUPS: dict[str, Any] = {"gaps": (0.7,), "multiplicities": (12,)}
COLUMNS = ("ours", "library", "disagreements")


def of_each_kind(sizes: dict[str, Any], variances: tuple[str, ...], **groups: Any) -> dict[str, float]:
    """Return the exact expected error by the kind of variances."""
    if "sample_size" in sizes:
        return {kind: float(theory.naive_bayes_expected_error_random_counts(**groups, **sizes, variance=kind)) for kind in variances}
    first, second = sizes["class_counts"]
    return {kind: float(theory.naive_bayes_expected_error(**groups, count_first=first, count_second=second, variance=kind)) for kind in variances}


@expected_error
@pytest.mark.parametrize("sizes", [{"class_counts": (6, 6)}, {"class_counts": (4, 9)}, {"sample_size": 10}], ids=["6 + 6", "4 + 9", "10 at random"])
def test_library_errs_as_the_engine_says(lab: Laboratory, sizes: dict[str, Any]) -> None:
    """The mean test error of scikit-learn's fits is the exact one for variances of each class; that of the paper's classifier is far below."""
    run = lab.run(simulate.sample_library_error, statistics=COLUMNS, **GROUPS, **sizes)
    exact = of_each_kind(sizes, ("class", "pooled", "known"), **GROUPS)
    wrong = {"pooled variances, the paper's classifier": exact["pooled"], "known variances": exact["known"], "Bayes": norm.sf(0.35 * 12**0.5)}
    assert run.mean("library").agrees_with(exact["class"], absolute=0.02, refutes=wrong)
    assert run.mean("ours").agrees_with(exact["class"], absolute=0.02, refutes=wrong)


@expected_error
@pytest.mark.parametrize(
    ("design", "sizes"),
    [
        (GROUPS, {"class_counts": (4, 9)}),
        (theory.paper_design(3, 20), {"sample_size": 15}),
        (theory.pairs_design(0.6, 8, 2.0), {"sample_size": 12}),
    ],
    ids=["two classes", "three classes", "correlated pairs"],
)
def test_library_gives_the_same_answers(lab: Laboratory, design: dict[str, Any], sizes: dict[str, Any]) -> None:
    """On the same data the two fits disagree on none of the 64 or 96 test points, in nearly all data sets (ties within rounding)."""
    run = lab.run(simulate.sample_library_error, **design, **sizes)
    # With one point in a thousand a data set would show a difference in six of a hundred.
    assert run.probability_above(0.0, "disagreements").less_than(0.05, refutes={"one point in a thousand differs": 1 - 0.999**64})
