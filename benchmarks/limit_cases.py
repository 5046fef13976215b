"""The headline samplers of the papers at the sizes of their figures and claims, with the arithmetic that one replicate cannot do without.

Units of work are those of `machine_limits.seconds_per`. Counted is what the method needs, not what the code happens to do. A "flop" is an operation
of a product of matrices (two to each product of numbers, half as many if it is symmetric; d^3/3 for a Cholesky factor, 9 d^3 for a symmetric
eigenproblem with vectors) or of a compiled loop, which keeps its numbers in registers; an "element" is one element of one array operation, which
reads and writes. Lower orders are left out. Bytes are counted only where data that fit in no cache must be read again and again. Draws are not in
here: they are counted by instrument.
"""

from __future__ import annotations

from limit_case import Case
from limit_cases_learning import inductive_bias_cases, pac_invariance_cases, tester_learner_cases, unlabeled_ood_gmm_cases
from limit_cases_regression import aggregate_responses_cases, naive_bayes_logistic_cases, one_step_gd_cases

__all__ = ["CASES", "Case"]

CASES = (
    *one_step_gd_cases(),
    *aggregate_responses_cases(),
    *naive_bayes_logistic_cases(),
    *unlabeled_ood_gmm_cases(),
    *tester_learner_cases(),
    *pac_invariance_cases(),
    *inductive_bias_cases(),
)
