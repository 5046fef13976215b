"""The learner, its tests and certificates for users (arXiv:2302.14853)."""

from __future__ import annotations

from theorylab.papers.tester_learner.estimators.adversary_search import (
    AdversaryBound,
    bound_against,
    candidate_directions,
    judge_candidates,
    search_adversary,
)
from theorylab.papers.tester_learner.estimators.certificate import (
    BandMoments,
    Certificate,
    band_moments,
    certified_tangent,
    largest_fourth_moment,
    massart_certificate,
    sample_disagreement_bound,
)
from theorylab.papers.tester_learner.estimators.learner import (
    LOSSES,
    SurrogateFit,
    averaging_direction,
    check_rows,
    descend_dense,
    fit_surrogate,
    surrogate_step,
    unit_vector,
)
from theorylab.papers.tester_learner.estimators.marginal_tests import (
    LIMITS,
    MARGINAL_MODES,
    band_rows_needed,
    judge_regions,
    run_tests,
    standardised_fourth_moment,
)
from theorylab.papers.tester_learner.estimators.moment_test import MomentDeviation, conditional_moment_deviation, moment_count, polynomial_count
from theorylab.papers.tester_learner.estimators.regions import Region, RegionSummary, basis_orthogonal_to, gaussian_mass, paper_regions, summarise
from theorylab.papers.tester_learner.estimators.report import NotAcceptedError, NotAcceptedWarning, TestReport, TestResult
from theorylab.papers.tester_learner.estimators.settings import default_ramp_width, rows_for_tolerant_tests, smallest_ramp_width, width_grid
from theorylab.papers.tester_learner.estimators.tester_learner import MODES, TesterLearner

__all__ = [
    "LIMITS",
    "LOSSES",
    "MARGINAL_MODES",
    "MODES",
    "AdversaryBound",
    "BandMoments",
    "Certificate",
    "MomentDeviation",
    "NotAcceptedError",
    "NotAcceptedWarning",
    "Region",
    "RegionSummary",
    "SurrogateFit",
    "TestReport",
    "TestResult",
    "TesterLearner",
    "averaging_direction",
    "band_moments",
    "band_rows_needed",
    "basis_orthogonal_to",
    "bound_against",
    "candidate_directions",
    "certified_tangent",
    "check_rows",
    "conditional_moment_deviation",
    "default_ramp_width",
    "descend_dense",
    "fit_surrogate",
    "gaussian_mass",
    "judge_candidates",
    "judge_regions",
    "largest_fourth_moment",
    "massart_certificate",
    "moment_count",
    "paper_regions",
    "polynomial_count",
    "rows_for_tolerant_tests",
    "run_tests",
    "sample_disagreement_bound",
    "search_adversary",
    "smallest_ramp_width",
    "standardised_fourth_moment",
    "summarise",
    "surrogate_step",
    "unit_vector",
    "width_grid",
]
