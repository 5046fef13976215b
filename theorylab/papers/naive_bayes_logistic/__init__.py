"""Naive Bayes against logistic regression: how many samples until each is as good as it will get.

Zheng, Wu, Bao, Cao, Li, Zhu, ICML 2023, arXiv:2302.02334. The pair shares its decision functions, linear ones. Naive Bayes fits class means and
one variance per feature as if features were independent; logistic regression fits the conditional law of the label. The paper revisits Ng and
Jordan (2001) for K classes: under boundedness and "few near ties" naive Bayes is close to its own best error after O(log d) samples, logistic
regression after O(d), by way of an H-consistency bound for the logistic loss; the first may converge sooner, the second lower ("two regimes").

Setting: K = `class_count` classes of equal probability, x | y = k ~ N(mu_k, Sigma) in dimension d = `dimension`; m = `sample_size` samples in all,
m_k = `class_counts`, either fixed or random (multinomial, every class present): two different experiments. D = diag(Sigma); delta_i = `gaps`
are the differences of the class means in standard deviations, delta = `mahalanobis_distance`. Naive Bayes is fitted with known, pooled (the
paper's) or class-specific variances; logistic regression with a ridge penalty (the paper's simulations: ridge 1, intercept free) or none.
"""
