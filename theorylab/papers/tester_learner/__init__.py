"""Learn a halfspace, then test the sample around it, and answer only if the tests pass.

Gollakota, Klivans, Stavropoulos, Vasilyan, ICLR 2024, arXiv:2302.14853. Descent on a ramp-shaped surrogate loss ends at a stationary direction w.
Under a Gaussian marginal w is near the best one w*, but on other marginals it may be far off, so the learner looks at the sample in the band around
its own boundary and in strips further out: if masses and moments there are like a Gaussian's, it answers, else it refuses. Soundness: an answer is
near optimal whatever the marginal. Completeness: on Gaussian samples it answers.

Setting: x in R^d, d = `dimension`; n = `sample_size`; labels -1 and 1; homogeneous halfspaces sign<w, x> with sign(0) = 1 and w = `direction`, w* =
`target` of length 1; theta = `angle` between them. eta = `noise_rate` in [0, 1/2): under random classification noise every label is flipped with
this probability, under Massart noise with a probability eta(x) <= eta; adversarial noise may flip any share of the mass. opt = `optimal_error`, the
least error of a halfspace; rho = `flipped_mass`. sigma = `ramp_width` is the full width of the ramp, so that its gradient lives on |<w, x>| <=
sigma/2; c = `half_width` of a band |<w, x>| <= c. eps = `excess_error`, delta = `failure_probability`, beta = `step`. a = <w, x>, and b is the
coordinate along the part of w* orthogonal to w.
"""
