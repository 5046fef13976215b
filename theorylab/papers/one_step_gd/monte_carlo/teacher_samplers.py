"""Samplers for nonlinear teachers, arXiv:2307.03576, Theorem 3: x ~ N(0, I), y = f(x) + noise, f drawn from a rotation-invariant law.

Two families: single-index teachers f(x) = phi(u.x) with u uniform on the unit sphere, and random two-layer ReLU networks. beta_f denotes
E[f(x) x | f]. A step eta X^T y has loss squared_label - 2 eta correlation + eta^2 squared_gradient in terms of the means of the columns
below, so the best step is the ratio of means E correlation / E squared_gradient. All moments exist; correlation - eta squared_gradient has
skewness -2 to -6, but -30 to -60 for a cubic link.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.linear_regression import draw_noise, draw_sphere
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.one_step_gd.monte_carlo.blocks import block_of, layer_block, prompt_block
from theorylab.papers.one_step_gd.monte_carlo.layer import attention_coefficients, checked_parameters
from theorylab.papers.one_step_gd.monte_carlo.norms import squared_norm
from theorylab.papers.one_step_gd.monte_carlo.teachers import apply_link, link_moments
from theorylab.validation import choice, flag, whole_number

__all__ = ["sample_network_terms", "sample_raw_teacher_terms", "sample_teacher_losses", "sample_teacher_terms"]


def _flip(rng: Any, size: int, symmetrised: bool) -> Any:
    """Return the sign in front of each teacher: a fair coin if symmetrised, else 1."""
    return 2.0 * rng.integers(0, 2, (size,)) - 1.0 if symmetrised else namespace_of(rng).ones(size)


def _line_block(*, context_length: int, **_: object) -> int:
    return block_of(3 * (context_length + 2))


@block_size(_line_block)
def sample_teacher_terms(
    rng: Any, size: int, *, link: str, context_length: int, dimension: int, noise_variance: float, symmetrised: bool = False
) -> dict[str, Any]:
    """Sample the terms of the best step for a single-index teacher, drawing only z_i = u.x_i and the noise.

    The part of X^T y along u is sum_i z_i y_i. Orthogonal to u, given z and y, it is N(0, |y|^2 I_{d-1}): its squared length is replaced by
    the mean (d - 1) |y|^2.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    link
        phi, see `theorylab.papers.one_step_gd.monte_carlo.teachers.apply_link`.
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance
        sigma2 >= 0.
    symmetrised
        Whether a fair sign multiplies phi.

    Returns
    -------
    dict
        "correlation" beta_f.X^T y (0 up to rounding for links orthogonal to z, such as "hermite3": ask the next column there);
        "query_correlation" f(x_q) x_q.X^T y with a drawn query, the same mean without any quadrature;
        "squared_gradient" E[|X^T y|^2 | z, y]; "squared_label" the mean of y_i^2.
    """
    symmetrised = flag("symmetrised", symmetrised)
    size = check_draw(rng, size)
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    xp = namespace_of(rng)
    slope, _ = link_moments(link)
    projections = rng.standard_normal((size, n + 1))
    flips = _flip(rng, size, symmetrised)
    values = flips[:, None] * apply_link(link, projections, namespace=xp)
    labels = values[:, :n] + draw_noise(rng, (size, n), noise_variance=noise_variance)
    aligned = (projections[:, :n] * labels).sum(axis=1)
    squared_labels = squared_norm(labels)
    return {
        "correlation": slope * flips * aligned,
        "query_correlation": values[:, n] * projections[:, n] * aligned,
        "squared_gradient": aligned**2 + (d - 1) * squared_labels,
        "squared_label": squared_labels / n,
    }


def _raw_teacher_prompts(
    rng: Any, size: int, *, link: str, context_length: int, dimension: int, noise_variance: float, symmetrised: bool
) -> tuple[Any, Any, Any, Any]:
    """Return features with the query last (size, n + 1, d), noisy labels (size, n), clean query value (size,) and beta_f (size, d)."""
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    slope, _ = link_moments(link)
    directions = draw_sphere(rng, size, dimension=d)
    features = rng.standard_normal((size, n + 1, d))
    flips = _flip(rng, size, symmetrised)
    values = flips[:, None] * apply_link(link, (features @ directions[:, :, None])[:, :, 0], namespace=namespace_of(rng))
    labels = values[:, :n] + draw_noise(rng, (size, n), noise_variance=noise_variance)
    return features, labels, values[:, n], slope * flips[:, None] * directions


@block_size(prompt_block)
def sample_raw_teacher_terms(
    rng: Any, size: int, *, link: str, context_length: int, dimension: int, noise_variance: float, symmetrised: bool = False
) -> dict[str, Any]:
    """Sample the columns of `sample_teacher_terms` word for word: u uniform on the sphere, raw covariates, raw query.

    Parameters and columns are those of `sample_teacher_terms`; "squared_gradient" is |X^T y|^2 itself, with the same mean but a larger
    variance, the other columns have the same law.
    """
    symmetrised = flag("symmetrised", symmetrised)
    size = check_draw(rng, size)
    features, labels, query_value, beta = _raw_teacher_prompts(
        rng,
        size,
        link=link,
        context_length=context_length,
        dimension=dimension,
        noise_variance=noise_variance,
        symmetrised=symmetrised,
    )
    gradient = (labels[:, None, :] @ features[:, :-1])[:, 0]
    return {
        "correlation": (beta * gradient).sum(axis=1),
        "query_correlation": query_value * (features[:, -1] * gradient).sum(axis=1),
        "squared_gradient": squared_norm(gradient),
        "squared_label": squared_norm(labels) / labels.shape[1],
    }


@block_size(layer_block)
def sample_teacher_losses(
    rng: Any,
    size: int,
    *,
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    link: str,
    context_length: int,
    noise_variance: float,
    symmetrised: bool = False,
) -> dict[str, Any]:
    """Sample the loss of the layer with parameters (v, M) on raw prompts of a single-index teacher.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    value_vector, key_query_matrix
        v, (d+1,) and M, (d+1, d).
    link, context_length, noise_variance, symmetrised
        As in `sample_teacher_terms`.

    Returns
    -------
    dict
        "loss": sigma2 + E phi^2 - 2 theta.beta_f + |theta|^2, the query integrated out; "squared_error": sigma2 + (f(x_q) - theta.x_q)^2 with
        a drawn query and only its label noise integrated out, the same mean without any quadrature.
    """
    symmetrised = flag("symmetrised", symmetrised)
    size = check_draw(rng, size)
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    xp = namespace_of(rng)
    features, labels, query_value, beta = _raw_teacher_prompts(
        rng,
        size,
        link=link,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        symmetrised=symmetrised,
    )
    _, second_moment = link_moments(link)
    theta = attention_coefficients(xp.asarray(vector), xp.asarray(matrix), features[:, :-1], labels)
    return {
        "loss": noise_variance + second_moment - 2.0 * (theta * beta).sum(axis=1) + squared_norm(theta),
        "squared_error": noise_variance + (query_value - (theta * features[:, -1]).sum(axis=1)) ** 2,
    }


def _network_block(*, width: int, context_length: int, dimension: int, **_: object) -> int:
    return block_of((context_length + width + 1) * (dimension + width + 1))


@block_size(_network_block)
def sample_network_terms(
    rng: Any,
    size: int,
    *,
    width: int,
    context_length: int,
    dimension: int,
    noise_variance: float,
    output_law: str = "rademacher",
) -> dict[str, Any]:
    """Sample the terms of the best step for random networks f(x) = sum_j a_j relu(w_j.x), w_j ~ N(0, I), a_j of mean 0 and variance 1/width.

    beta_f = sum_j a_j w_j / 2, since E[relu(w.x) x] = w P(w.x > 0) (Stein).

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    width, context_length, dimension
        k, n and d, all >= 1.
    noise_variance
        sigma2 >= 0.
    output_law
        Law of a_j: "rademacher" (+-1/sqrt(width)) or "gaussian".

    Returns
    -------
    dict
        "correlation" beta_f.X^T y; "query_correlation" f(x_q) x_q.X^T y with a drawn query; "squared_gradient" |X^T y|^2; "squared_label" the
        mean of y_i^2.
    """
    size = check_draw(rng, size)
    k = whole_number("width", width)
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    choice("output_law", output_law, ("rademacher", "gaussian"))
    xp = namespace_of(rng)
    inner = rng.standard_normal((size, k, d))
    outer = draw_noise(rng, (size, k), noise_variance=1.0 / k, law=output_law)
    features = rng.standard_normal((size, n + 1, d))
    values = (xp.maximum(features @ inner.swapaxes(1, 2), 0.0) @ outer[:, :, None])[:, :, 0]
    labels = values[:, :n] + draw_noise(rng, (size, n), noise_variance=noise_variance)
    gradient = (labels[:, None, :] @ features[:, :n])[:, 0]
    beta = 0.5 * (outer[:, None, :] @ inner)[:, 0]
    return {
        "correlation": (beta * gradient).sum(axis=1),
        "query_correlation": values[:, n] * (features[:, n] * gradient).sum(axis=1),
        "squared_gradient": squared_norm(gradient),
        "squared_label": squared_norm(labels) / n,
    }
