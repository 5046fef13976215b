"""The generalised chi-squared law: positively weighted sums of independent noncentral chi-squared variables, exact in logarithms at any depth.

No maintained library has it: scipy ends at one term and at probabilities near 1e-308, others have an absolute error only.
"""

from __future__ import annotations

from theorylab.numerics.generalized_chi_squared.contour import Spectra, log_laplace, log_lower_tail, log_tails, log_upper_tail, mean_of_spectra
from theorylab.numerics.generalized_chi_squared.law import METHODS, GeneralizedChiSquared
from theorylab.numerics.generalized_chi_squared.other_methods import imhof_cdf, log_chi_squared_cdf, lugannani_rice_log_cdf, ruben_log_cdf

__all__ = [
    "METHODS",
    "GeneralizedChiSquared",
    "Spectra",
    "imhof_cdf",
    "log_chi_squared_cdf",
    "log_laplace",
    "log_lower_tail",
    "log_tails",
    "log_upper_tail",
    "lugannani_rice_log_cdf",
    "mean_of_spectra",
    "ruben_log_cdf",
]
