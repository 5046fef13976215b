"""Logistic regression for batches of small data sets, with the flags that a simulation needs.

`batched` has the one function that fits; `newton` the iteration in plain array operations, `quasi_newton` the compiled one, upon
`kernels`, `loss_kernels` and `curvature_kernels`; `separability` decides whether a finite solution exists.
"""

from theorylab.numerics.logistic_regression.batched import LogisticFit, fit_logistic_batched, log_odds_form
from theorylab.numerics.logistic_regression.separability import SeparableDataError, is_separable

__all__ = ["LogisticFit", "SeparableDataError", "fit_logistic_batched", "is_separable", "log_odds_form"]
