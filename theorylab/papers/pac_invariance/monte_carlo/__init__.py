"""Samplers of pac_invariance (arXiv:2205.15196): environments, heads on sampled environments, hulls, missing sites, finite samples, learners."""

from __future__ import annotations

from theorylab.papers.pac_invariance.monte_carlo.empirical_gaps import (
    ROUTES,
    sample_empirical_gap,
    sample_gap_perturbation,
    sample_largest_parent_gap,
)
from theorylab.papers.pac_invariance.monte_carlo.environments import (
    FAMILIES,
    NamedFamily,
    core_rows,
    draw_features,
    draw_moments,
    named_family,
    observational_moment,
    sample_chain_environments,
    sample_product_moments,
)
from theorylab.papers.pac_invariance.monte_carlo.heads import GAPS, sample_core_heads, sample_fixed_head, sample_scalar_head, sample_shift_heads
from theorylab.papers.pac_invariance.monte_carlo.hull_kernels import hull_kernel
from theorylab.papers.pac_invariance.monte_carlo.learners import sample_invariant_risk, sample_range_violation, sample_spurious_root
from theorylab.papers.pac_invariance.monte_carlo.missing_sites import sample_missing_mass, sample_star_learner
from theorylab.papers.pac_invariance.monte_carlo.subsets import extended_core, sample_subset_suprema
from theorylab.papers.pac_invariance.monte_carlo.uniform import count_patterns, sample_hull, sample_uniform_violation
from theorylab.papers.pac_invariance.monte_carlo.violation_counts import violation_counts

__all__ = [
    "FAMILIES",
    "GAPS",
    "ROUTES",
    "NamedFamily",
    "core_rows",
    "count_patterns",
    "draw_features",
    "draw_moments",
    "extended_core",
    "hull_kernel",
    "named_family",
    "observational_moment",
    "sample_chain_environments",
    "sample_core_heads",
    "sample_empirical_gap",
    "sample_fixed_head",
    "sample_gap_perturbation",
    "sample_hull",
    "sample_invariant_risk",
    "sample_largest_parent_gap",
    "sample_missing_mass",
    "sample_product_moments",
    "sample_range_violation",
    "sample_scalar_head",
    "sample_shift_heads",
    "sample_spurious_root",
    "sample_star_learner",
    "sample_subset_suprema",
    "sample_uniform_violation",
    "violation_counts",
]
