"""With what probability a predictor that is invariant on N sampled interventions is so on a fresh one.

Parulekar, Shanmugam, Shakkottai, ICML 2023, arXiv:2205.15196. Covariates and target follow a linear structural equation model; an environment is an
intervention on it, drawn at random from a family. A representation with a linear head on top is eps-invariant on an environment if the head is nearly
the best one there. Polynomially many interventions suffice, without faithfulness and, if they act on few nodes of bounded in-degree, whatever the
number of covariates. Of the paper only the abstracts could be read, so the claims here test what these assert in explicit forms that are derived
here, next to classical theorems and sharper statements.

Setting: x = B x + e has q = p + 1 nodes, one of them the `target` Y, the others the covariates X in the order of their nodes; M = E x x^T uncentred.
A `representation` Phi (r, p) gives features z = Phi X, a `head` w (r,) the prediction w^T z; S = E z z^T, c = E z Y, w_e = S^-1 c the best head of
environment e. Gaps, `gap_kind`: "gradient" G = 2 |S w - c|, "excess_risk" R = (w - w_e)^T S (w - w_e), "head" |w - w_e|. eps = `threshold`.
k = number of `sites`, the nodes intervened on; d = `in_degree`; N = `interventions`, the sampled training environments; D = `family_dimension`, the
dimension of the span of the moments of a family. V = P(gap > eps) on a fresh environment, the violation probability; eta = `violation_probability`
that it may exceed with probability at most delta = `failure_probability`. n = `sample_size`, rows per environment.

`theorylab.models.structural_equations` has the models and their interventions, `theorylab.numerics.concentration` the Beta laws of trained heads,
the Vapnik-Chervonenkis bounds and the missing mass, `theorylab.numerics.convex` the minimax heads.
"""
