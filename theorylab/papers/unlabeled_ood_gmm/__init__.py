"""Unlabelled data from another domain, and how much they improve a classifier of two Gaussian classes.

Saberi, Najafi, Heidari, Movasaghinia, Motahari, Khalaj, ICLR 2024, arXiv:2310.00027. To the labelled empirical loss the paper adds a term on
unlabelled samples of a shifted law: each gets the rule's own label and is charged a distributionally robust (Wasserstein) loss, so that the boundary
leaves dense regions ("robust self-supervised" training). For two symmetric Gaussian classes it bounds the excess risk, and concludes that unlabelled
data beat the labelled-only rate sqrt(d/m) once n >= m^2/d and the shift is at most d/m. Here nearly all behind these bounds has an exact answer.

Setting: d = `dimension`. m = `labeled_size` labelled samples x = y mu0 + sigma0 z, y = +-1 by a fair coin; n = `unlabeled_size` unlabelled samples
x' = y mu1 + sigma1 z. s = |mu0|/sigma0 = `half_distance`, half the Mahalanobis distance of the classes, the paper's signal-to-noise ratio;
s1 = |mu1|/sigma1 = `shifted_half_distance`; cos(mu0, mu1) = `alignment`. Rules are directions: sign<w, x>. In the proportional regime
m/d = `labeled_ratio` and n/d = `unlabeled_ratio` are fixed. The robust loss is a ramp of slope gamma = `slope`, or of width tau = 1/gamma =
`threshold`; lambda gamma'/gamma = `unlabeled_weight`.
"""
