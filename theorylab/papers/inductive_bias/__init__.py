"""How many nats of inductive bias a task needs: minus the logarithm of the chance that a hypothesis that fits the training data predicts well.

Boopathy, Yue, Hwang, Iyer, Fiete, IJCAI 2024, arXiv:2406.15941. Take a distribution over hypotheses, keep those that fit the training data, and
report I(eps) = -log P(test error <= eps). The paper samples hypotheses, fits a scaled noncentral chi-squared law to their test errors and reads the
tail off the fit. For Gaussian processes the law of the test error is known exactly, so estimates can be compared with the truth at any depth of the
tail.

Setting: n training points, m test points, k outputs; posterior mean mu and covariance C with eigenpairs (lambda_r, u_r); the test error is the mean
square over m k entries, L = offset + sum of w_r chi'^2(k, delta_r), w_r = lambda_r/(m k), delta_r = |u_r^T(mu - y*)|^2/lambda_r: a
`theorylab.numerics.generalized_chi_squared.GeneralizedChiSquared`, here the `distribution` of errors. eps = `target_error`, H = total degrees,
Lbar = E L, S = number of `hypotheses`. All logarithms are natural.
"""
