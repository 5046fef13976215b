"""One step of gradient descent is the optimal in-context learner with one layer of linear self-attention.

Mahankali, Hashimoto, Ma, ICLR 2024, arXiv:2307.03576. A prompt holds n labelled examples of a random linear regression task and one query. Among
all one-layer, one-head linear self-attention predictors the one of least population squared error outputs what one gradient step from zero on the
prompt's least-squares loss would output, with one particular learning rate.

Notation: n = `context_length`, d = `dimension`, sigma^2 = `noise_variance`, tau^2 = `prior_variance` (the task is w ~ N(0, tau^2 I)), lambda =
`noise_ratio` = sigma^2 / tau^2, Sigma = `feature_covariance`, Omega = `task_covariance`. Tokens are (x_i; y_i); the layer's output is theta .
x_query with theta = M^T G v, G the sum of token outer products, v = (a; c) = `value_vector` and M = (A; b^T) = `key_query_matrix`. The learning
rate eta multiplies an unnormalised sum over the prompt, so n eta is what papers that average call the learning rate.
"""
