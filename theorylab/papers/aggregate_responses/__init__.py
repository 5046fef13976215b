"""Learning from averages of labels: the instance-level loss is the bag-level loss plus a penalty on the spread within bags.

Javanmard, Chen, Mirrokni, Badanidiyuru, Fu, ICLR 2024, arXiv:2401.11081. Labels are released only as averages over bags of k samples. The
bag-level loss compares the average prediction of a bag with its average label, the instance-level loss every prediction with the average label of
its bag; a weight rho in [0, 1] interpolates between them. The questions: the bias, variance and risk of the least-squares estimator at each rho,
which rho is best, and, when the averages are released with noise for label privacy, which bag size is best.

Setting: n = `sample_size` samples in dimension d = `dimension`, in m = n/k bags of k = `bag_size`; x_i ~ N(0, I_d), y_i = <x_i, theta0> + e_i with
e_i ~ N(0, sigma^2), sigma^2 = `noise_variance`, r2 = ||theta0||^2 = `squared_signal_norm`, SNR = r2 / sigma^2 = `signal_to_noise_ratio`, rho =
`weight`, psi = n/d = `samples_per_feature`. Privacy: labels clipped to [-T, T], T = `clip`, Laplace noise of scale b = `laplace_scale`.

With A = k Xbar'Xbar ~ Wishart_d(m) and B = k W ~ Wishart_d(n - m) (W the within-bag scatter over k, independent of Xbar) the estimator is
theta_rho = (A + rho B)^-1 k Xbar' ybar. "Bias" and "variance" are conditional on the features and then averaged over them: E ||E[theta_rho | X] -
theta0||^2 and E ||theta_rho - E[theta_rho | X]||^2. Their sum, the risk, is the prediction error without the irreducible sigma^2.
"""
