"""Exact tails and bounds: binomial counts, the edge of Wishart spectra, scenario programs, Vapnik-Chervonenkis bounds, missing mass.

scipy has the binomial and Beta laws; here are the tail probabilities, bounds and sample sizes that theorems ask of them, for arrays, and the laws
that no maintained library has.
"""

from __future__ import annotations

from theorylab.numerics.concentration.binomial import (
    binomial_lower_tail,
    binomial_p_value,
    binomial_upper_bound,
    binomial_upper_tail,
    chernoff_factor_bound,
    mean_upper_bound,
)
from theorylab.numerics.concentration.missing_mass import MissingMass, all_seen_probability, missing_mass_moments
from theorylab.numerics.concentration.scenario import (
    scenario_count_law,
    scenario_violation_bound,
    scenario_violation_law,
    scenario_violation_tail,
    scenarios_needed,
)
from theorylab.numerics.concentration.tracy_widom import (
    WishartEdge,
    tracy_widom_cdf,
    tracy_widom_quantile,
    tracy_widom_sf,
    wishart_largest_edge,
    wishart_smallest_edge,
)
from theorylab.numerics.concentration.uniform_convergence import (
    consistent_failure_bound,
    consistent_points_needed,
    consistent_violation_bound,
    log_pattern_bound,
    polynomial_class_vc_bound,
)

__all__ = [
    "MissingMass",
    "WishartEdge",
    "all_seen_probability",
    "binomial_lower_tail",
    "binomial_p_value",
    "binomial_upper_bound",
    "binomial_upper_tail",
    "chernoff_factor_bound",
    "consistent_failure_bound",
    "consistent_points_needed",
    "consistent_violation_bound",
    "log_pattern_bound",
    "mean_upper_bound",
    "missing_mass_moments",
    "polynomial_class_vc_bound",
    "scenario_count_law",
    "scenario_violation_bound",
    "scenario_violation_law",
    "scenario_violation_tail",
    "scenarios_needed",
    "tracy_widom_cdf",
    "tracy_widom_quantile",
    "tracy_widom_sf",
    "wishart_largest_edge",
    "wishart_smallest_edge",
]
