"""Linear structural equation models x = B x + e and interventions on them: moments, families of interventions, the clamped form, d-separation.

For every paper that intervenes on linear models. Nodes are 0 to q - 1; B[i, j] = `coefficients`[i, j] is the effect of node j on node i; e has
independent entries with `noise_variances` and `noise_means`. Moments are uncentred.
"""

from __future__ import annotations

from theorylab.models.structural_equations.clamped import (
    ClampedForm,
    SiteMoments,
    clamped_decomposition,
    clamped_features,
    feature_functionals,
    second_moment_from_clamped,
    site_moments,
)
from theorylab.models.structural_equations.graphs import (
    acyclic_coefficients,
    ancestral_matrix,
    is_d_separated,
    node_indices,
    random_coefficients,
    topological_order,
)
from theorylab.models.structural_equations.interventions import (
    KINDS,
    Environments,
    InterventionFamily,
    apply_intervention,
    environment_model,
    intervention_family,
    sample_environments,
)
from theorylab.models.structural_equations.moments import (
    StructuralModel,
    sample_structural_equations,
    structural_model,
    structural_second_moment,
    total_effects,
)

__all__ = [
    "KINDS",
    "ClampedForm",
    "Environments",
    "InterventionFamily",
    "SiteMoments",
    "StructuralModel",
    "acyclic_coefficients",
    "ancestral_matrix",
    "apply_intervention",
    "clamped_decomposition",
    "clamped_features",
    "environment_model",
    "feature_functionals",
    "intervention_family",
    "is_d_separated",
    "node_indices",
    "random_coefficients",
    "sample_environments",
    "sample_structural_equations",
    "second_moment_from_clamped",
    "site_moments",
    "structural_model",
    "structural_second_moment",
    "topological_order",
    "total_effects",
]
