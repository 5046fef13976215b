"""Valid calls of what `theorylab.papers.one_step_gd.monte_carlo` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "apply_link": [{"link": "linear", "z": -1.22, "namespace": np}],
    "attention_coefficients": [
        {
            "value_vector": np.array([-0.2695, -0.9494]),
            "key_query_matrix": np.array([[0.2695], [-0.5055]]),
            "X": np.array([[[0.3587]], [[-2.258]], [[1.127]], [[0.462]], [[-0.1202]], [[0.1819]]]),
            "y": np.array([[0.3689], [1.028], [1.854], [-1.323], [-0.4812], [0.7632]]),
        }
    ],
    "draw_prompts": [
        {
            "rng": np.random.default_rng(1),
            "size": 50000,
            "context_length": 2,
            "dimension": 3,
            "noise_variance": 0.3,
            "noise_law": "rademacher",
            "with_query": True,
        }
    ],
    "draw_raw_weights": [
        {"rng": np.random.default_rng(1), "value_vector": np.array([-1.027, 0.6634]), "key_query_matrix": np.array([[0.5029], [0.4852]])}
    ],
    "draw_setting": [{"rng": np.random.default_rng(1), "dimension": 2, "task_rank": 1}],
    "enumerate_loss_gradient": [
        {
            "value_vector": np.array([-0.4232, 0.1624, -0.9494]),
            "key_query_matrix": np.array([[-0.5518, -0.2944], [0.3853, 0.7939], [0.3231, -0.1869]]),
            "context_length": 2,
            "noise_variance": 0.5,
            "feature_covariance": np.array([[1.0, 0.0], [0.0, 0.5]]),
            "task_covariance": [[1.0, 0.2], [0.2, 2.0]],
            "prior_mean": [0.3, -0.2],
        }
    ],
    "enumerate_loss_hessian": [
        {
            "value_vector": np.array([0.9118, 0.6372, -0.5931]),
            "key_query_matrix": np.array([[0.3791, -0.5298], [-0.3922, -0.127], [0.1605, -0.5615]]),
            "context_length": 1,
            "noise_variance": 0.5,
            "feature_covariance": np.array([[1.615, -0.4488], [-0.4488, 1.426]]),
            "task_covariance": np.array([[2.63, 0.3277], [0.3277, 1.507]]),
        }
    ],
    "enumerate_population_loss": [
        {
            "value_vector": np.array([-0.2655, -2.304]),
            "key_query_matrix": np.array([[0.8231], [-1.827]]),
            "context_length": 1,
            "noise_variance": 0.4,
            "feature_covariance": [[1.69]],
            "task_covariance": [[0.49]],
            "include_query": True,
        },
        {
            "value_vector": np.array([-0.1893, 0.05295, -0.5346]),
            "key_query_matrix": np.array([[-0.01276, 0.5387], [0.1945, 0.06883], [0.5205, 0.1938]]),
            "context_length": 2,
            "noise_variance": 0.5,
            "prior_mean": [0.0, 0.0],
        },
    ],
    "enumerate_prompt_terms": [
        {"context_length": 1, "dimension": 1, "noise_variance": 0.7, "covariate_law": "rademacher", "prior": "one_hot", "noise_law": "rademacher"}
    ],
    "enumerate_pythagoras": [
        {
            "value_vector": [0.0, 0.0, 2.0],
            "key_query_matrix": np.array([[0.1, 0.01], [0.025, 0.05], [0.0, 0.0]]),
            "preconditioner": np.array([[0.2, 0.05], [0.02, 0.1]]),
            "context_length": 2,
            "noise_variance": 0.5,
            "feature_covariance": np.array([[1.0, 0.0], [0.0, 0.3]]),
        }
    ],
    "enumerate_query_bias_gradient": [
        {"prior_mean": [1.0, 0.5], "preconditioner": np.array([[0.2, 0.05], [0.0, 0.1]]), "context_length": 2, "noise_variance": 0.5}
    ],
    "enumerate_squared_gradient": [{"context_length": 2, "dimension": 2, "noise_variance": 0.0}],
    "enumerate_teacher_loss": [
        {
            "value_vector": [0.0, 0.0, 1.0],
            "key_query_matrix": [[0.2, 0.0], [0.0, 0.2], [0.0, 0.0]],
            "link": "linear",
            "context_length": 2,
            "noise_variance": 0.3,
        }
    ],
    "enumerate_teacher_terms": [{"link": "linear", "context_length": 2, "noise_variance": 0.3}],
    "gram_apply": [
        {
            "X": np.array([[[0.3587]], [[-2.258]], [[1.127]], [[0.462]], [[-0.1202]], [[0.1819]]]),
            "y": np.array([[0.3689], [1.028], [1.854], [-1.323], [-0.4812], [0.7632]]),
            "vector": np.array([-0.2695, -0.9494]),
        }
    ],
    "linear_attention_predict": [
        {
            "key_weights": np.array([[1.486, 1.134], [0.2005, 0.6588]]),
            "query_weights": np.array([[2.474, 0.9798], [-0.1353, -0.2121]]),
            "value_weights": np.array([[-0.5852, 0.5087], [-1.271, -0.2976]]),
            "head": np.array([-1.302, -1.199]),
            "X": np.array([[[1.011]], [[-1.663]], [[-0.855]], [[-0.1421]], [[-0.2141]], [[-0.7412]]]),
            "y": np.array([[-0.3564], [-1.512], [1.424], [0.8464], [-0.4452], [-0.6253]]),
            "x_query": np.array([[0.5911], [0.1235], [-0.3397], [-0.3071], [-1.383], [-1.235]]),
            "include_query": True,
        }
    ],
    "raw_weight_gradients": [
        {
            "value_gradient": np.array([[-0.1252, -0.02044, -0.8526], [0.06309, -0.1215, -0.7996]]),
            "key_query_gradient": np.array(
                [[[-0.9118, 0.6017], [-0.2535, -0.7934], [-1.111, 0.2565]], [[-0.898, 0.3083], [0.05719, -0.7013], [0.6067, -0.02694]]]
            ),
            "key_weights": np.array(
                [[[0.2659, 0.0, 0.0], [0.0, 0.2659, 0.0], [0.0, 0.0, 0.0]], [[0.2659, 0.0, 0.0], [0.0, 0.2659, 0.0], [0.0, 0.0, 0.0]]]
            ),
            "query_weights": np.array(
                [[[0.2659, 0.0, 0.0], [0.0, 0.2659, 0.0], [0.0, 0.0, 0.0]], [[0.2659, 0.0, 0.0], [0.0, 0.2659, 0.0], [0.0, 0.0, 0.0]]]
            ),
            "value_weights": np.array(
                [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.3761]], [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.3761]]]
            ),
            "head": np.array([[0.0, 0.0, 0.3761], [0.0, 0.0, 0.3761]]),
        }
    ],
    "raw_weights": [{"value_vector": (0.1, -0.05, 0.5), "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.03, -0.02))}],
    "reduced_parameters": [
        {
            "key_weights": np.array([[0.6032, 0.2447], [-0.4167, 0.7077]]),
            "query_weights": np.array([[1.055, 0.4763], [0.3207, -1.363]]),
            "value_weights": np.array([[1.016, -0.8281], [-0.4677, -0.5249]]),
            "head": np.array([-0.9225, 0.1916]),
        }
    ],
    "sample_bayes_distance": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "value_vector": (0.3, -0.2, 0.5),
            "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.1, -0.05)),
            "context_length": 3,
            "noise_variance": 0.5,
            "feature_covariance": ((1.0, 0.3), (0.3, 0.6)),
            "task_covariance": ((2.0, -0.5), (-0.5, 1.0)),
        }
    ],
    "sample_bayes_excess": [
        {"rng": np.random.default_rng(1), "size": 10, "context_length": 5, "dimension": 2, "noise_variance": 0.0, "prior_variance": 3.0}
    ],
    "sample_bayes_gap": [
        {"rng": np.random.default_rng(1), "size": 33, "context_length": 3, "dimension": 2, "noise_variance": 0.5, "learning_rate": 0.15}
    ],
    "sample_conditional_preconditioner_errors": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "preconditioners": (((0.2, 0.0), (0.0, 0.2)), ((0.1, 0.05), (0.0, 0.3))),
            "context_length": 3,
            "noise_variance": 0.5,
            "feature_covariance": ((1.0, 0.3), (0.3, 0.6)),
            "task_covariance": ((2.0, -0.5), (-0.5, 1.0)),
        }
    ],
    "sample_covariate_traces": [{"rng": np.random.default_rng(1), "size": 33, "covariate_law": "laplace", "context_length": 3, "dimension": 2}],
    "sample_descent_outcomes": [
        {"rng": np.random.default_rng(1), "size": 33, "context_length": 3, "dimension": 2, "noise_variance": 0.5, "initial_scale": 0.2}
    ],
    "sample_largest_step": [{"rng": np.random.default_rng(1), "size": 33, "context_length": 3, "dimension": 2, "learning_rate": 0.15}],
    "sample_layer_losses": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "key_weights": np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
            "query_weights": np.array([[0.05, 0.02, 0.0], [0.01, 0.08, 0.0], [0.1, -0.05, 0.0]]),
            "value_weights": np.array([[0.3, -0.2, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
            "head": np.array([1.0, 0.0, 0.0]),
            "context_length": 3,
            "noise_variance": 0.5,
            "feature_covariance": ((1.0, 0.3), (0.3, 0.6)),
            "task_covariance": ((2.0, -0.5), (-0.5, 1.0)),
            "include_query": True,
        }
    ],
    "sample_learning_rate_terms": [
        {"rng": np.random.default_rng(1), "size": 33, "context_length": 3, "dimension": 2, "noise_variance": 0.0, "estimate": "task"},
        {"rng": np.random.default_rng(1), "size": 33, "context_length": 3, "dimension": 2, "noise_variance": 0.5, "prior_variance": 2.5},
    ],
    "sample_network_terms": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "width": 3,
            "context_length": 3,
            "dimension": 2,
            "noise_variance": 0.5,
            "output_law": "gaussian",
        }
    ],
    "sample_preconditioner_errors": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "preconditioners": (((0.2, 0.0), (0.0, 0.2)), ((0.1, 0.05), (0.0, 0.3))),
            "context_length": 3,
            "noise_variance": 0.5,
            "feature_covariance": ((1.0, 0.3), (0.3, 0.6)),
            "task_covariance": ((2.0, -0.5), (-0.5, 1.0)),
        }
    ],
    "sample_prompt_losses": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "value_vector": (0.3, -0.2, 0.5),
            "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.1, -0.05)),
            "context_length": 3,
            "noise_variance": 0.5,
            "feature_covariance": ((1.0, 0.3), (0.3, 0.6)),
            "task_covariance": ((2.0, -0.5), (-0.5, 1.0)),
        }
    ],
    "sample_prompt_terms": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "context_length": 3,
            "dimension": 2,
            "noise_variance": 0.5,
            "covariate_law": "student_t",
            "student_degrees_of_freedom": 20.0,
            "prior": "one_hot",
            "noise_law": "rademacher",
        }
    ],
    "sample_pythagoras": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "value_vector": (0.3, -0.2, 0.5),
            "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.1, -0.05)),
            "preconditioner": ((0.1, 0.05), (0.0, 0.3)),
            "context_length": 3,
            "noise_variance": 0.5,
            "feature_covariance": ((1.0, 0.3), (0.3, 0.6)),
            "task_covariance": ((2.0, -0.5), (-0.5, 1.0)),
        }
    ],
    "sample_query_bias_gradient": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "prior_mean": (1.0, 0.5),
            "preconditioner": ((0.2, 0.0), (0.0, 0.2)),
            "context_length": 3,
            "noise_variance": 0.5,
        }
    ],
    "sample_raw_teacher_terms": [
        {"rng": np.random.default_rng(1), "size": 33, "link": "tanh", "context_length": 3, "dimension": 2, "noise_variance": 0.5},
        {
            "rng": np.random.default_rng(1),
            "size": 200000,
            "link": "relu",
            "context_length": 3,
            "dimension": 4,
            "noise_variance": 0.5,
            "symmetrised": True,
        },
    ],
    "sample_teacher_losses": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "value_vector": (0.3, -0.2, 0.5),
            "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.1, -0.05)),
            "link": "sign",
            "context_length": 3,
            "noise_variance": 0.5,
        },
        {
            "rng": np.random.default_rng(1),
            "size": 400000,
            "value_vector": (0.1, -0.1, 0.2),
            "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.02, -0.01)),
            "link": "shifted_square",
            "context_length": 2,
            "noise_variance": 0.5,
            "symmetrised": True,
        },
    ],
    "sample_teacher_terms": [
        {"rng": np.random.default_rng(1), "size": 33, "link": "relu", "context_length": 3, "dimension": 2, "noise_variance": 0.5, "symmetrised": True}
    ],
    "sample_test_length_excess": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "context_length": 3,
            "test_length": 5,
            "dimension": 2,
            "noise_variance": 0.5,
            "learning_rate": 0.15,
        }
    ],
    "sample_trained_layers": [
        {
            "rng": np.random.default_rng(1),
            "size": 3,
            "context_length": 2,
            "dimension": 2,
            "noise_variance": 0.1,
            "prior_variance": 2.0,
            "batch_size": 8,
            "steps": 3,
        }
    ],
    "sample_wishart_traces": [{"rng": np.random.default_rng(1), "size": 33, "context_length": 3, "dimension": 2}],
    "train_linear_attention": [
        {
            "rng": np.random.default_rng(1),
            "size": 3,
            "context_length": 2,
            "dimension": 2,
            "noise_variance": 0.1,
            "prior_variance": 2.0,
            "batch_size": 8,
            "steps": 3,
        },
        {
            "rng": np.random.default_rng(1),
            "size": 2,
            "context_length": 3,
            "dimension": 2,
            "noise_variance": 0.5,
            "steps": 1,
            "optimiser_step": 1e-09,
            "initial_weights": (
                np.array([[0.2659, 0.0, 0.0], [0.0, 0.2659, 0.0], [0.0, 0.0, 0.0]]),
                np.array([[0.2659, 0.0, 0.0], [0.0, 0.2659, 0.0], [0.0, 0.0, 0.0]]),
                np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.3761]]),
                np.array([0.0, 0.0, 0.3761]),
            ),
        },
    ],
    "batch_gradient": [
        {
            "value_vector": np.array([[0.1, 0.2, 1.0]]),
            "key_query_matrix": np.array([[[0.5, 0.0], [0.0, 0.5], [0.1, 0.1]]]),
            "X": np.random.default_rng(7).standard_normal((1, 3, 4, 2)),
            "y": np.random.default_rng(8).standard_normal((1, 3, 4)),
            "x_query": np.random.default_rng(9).standard_normal((1, 3, 2)),
            "y_query": np.random.default_rng(9).standard_normal((1, 3)),
        }
    ],
    "descend": [
        {
            "gradient": lambda vector, matrix: (vector, matrix),
            "value_vector": np.array([0.1, 0.2, 1.0]),
            "key_query_matrix": np.array([[0.5, 0.0], [0.0, 0.5], [0.1, 0.1]]),
            "times": [0.5, 1.0],
            "relative_tolerance": 1e-6,
        }
    ],
    "descend_many": [{"starts": np.full((2, 9), 0.3), "context_length": 4, "dimension": 2, "noise_variance": 0.5, "threads": 1}],
    "descend_raw_weights": [
        {
            "gradient": lambda keys, queries, values, head: (keys, queries, values, head),
            "key_weights": np.eye(2),
            "query_weights": np.eye(2),
            "value_weights": np.eye(2),
            "head": np.array([0.5, 1.0]),
            "times": [0.5, 1.0],
            "relative_tolerance": 1e-6,
        }
    ],
    "link_moments": [{"link": "relu"}],
    "prompt_expectation": [
        {
            "statistic": lambda prompts: prompts.labels[:, 0] ** 2,
            "context_length": 1,
            "dimension": 1,
            "noise_variance": 0.5,
            "feature_covariance": [[1.0]],
            "task_covariance": [[0.5]],
            "prior_mean": [0.25],
            "covariate_law": "gaussian",
            "prior": "gaussian",
            "noise_law": "gaussian",
            "query_points": 2,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
