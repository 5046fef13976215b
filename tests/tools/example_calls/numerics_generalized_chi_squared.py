"""Valid calls of what `theorylab.numerics.generalized_chi_squared` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.numerics.generalized_chi_squared.contour import Spectra

__all__ = ["EXAMPLES", "EXCEPTIONS"]


LAW = GeneralizedChiSquared([1.0, 0.5], [1.0, 2.0], [0.0, 1.0], 0.25)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "imhof_cdf": [
        {
            "weights": np.array([1.0, 0.5, 0.25, 0.1]),
            "degrees": np.array([1.0, 2.0, 3.0, 1.0]),
            "noncentrality": np.array([0.5, 0.0, 2.0, 1.0]),
            "place": 1e-05,
        }
    ],
    "log_chi_squared_cdf": [{"place": 6.4, "degrees": 64.0}],
    "log_laplace": [
        {"spectra": Spectra(weights=np.array([[0.08961]]), degrees=np.array([[7.3]]), noncentrality=np.array([[0.0]])), "s": np.array([[-2.872]])}
    ],
    "log_lower_tail": [
        {"spectra": Spectra(weights=np.array([[11410000.0]]), degrees=np.array([[1.0]]), noncentrality=np.array([[0.8172]])), "y": np.array([1.0])}
    ],
    "log_tails": [{"spectra": Spectra(weights=np.array([[1.0]]), degrees=np.array([[0.1]]), noncentrality=np.array([[0.0]])), "y": np.array([0.1])}],
    "log_upper_tail": [
        {"spectra": Spectra(weights=np.array([[0.002635]]), degrees=np.array([[40.0]]), noncentrality=np.array([[0.0]])), "y": np.array([1.0])}
    ],
    "lugannani_rice_log_cdf": [
        {"weights": np.array([1.0, 0.9]), "degrees": np.array([500.0, 700.0]), "noncentrality": np.array([0.0, 0.0]), "place": 800.0}
    ],
    "mean_of_spectra": [{"spectra": Spectra(weights=np.array([[1.0]]), degrees=np.array([[100.0]]), noncentrality=np.array([[0.0]]))}],
    "ruben_log_cdf": [
        {
            "weights": np.array([1.0, 0.5, 0.25, 0.1]),
            "degrees": np.array([1.0, 2.0, 3.0, 1.0]),
            "noncentrality": np.array([0.5, 0.0, 2.0, 1.0]),
            "place": 0.0001,
        }
    ],
    "GeneralizedChiSquared": [{"weights": [1.0, 0.5], "degrees": [1.0, 2.0], "noncentrality": [0.0, 1.0], "offset": 0.25}],
    "GeneralizedChiSquared.cdf": [{"self": LAW, "x": [1.0, 3.0]}],
    "GeneralizedChiSquared.cumulants": [{"self": LAW, "order": 3}],
    "GeneralizedChiSquared.log_laplace": [{"self": LAW, "s": [0.5, 1.0]}],
    "GeneralizedChiSquared.logcdf": [{"self": LAW, "x": [1.0, 3.0]}, {"self": LAW, "x": 1.5, "method": "imhof"}],
    "GeneralizedChiSquared.logsf": [{"self": LAW, "x": 4.0}],
    "GeneralizedChiSquared.rvs": [{"self": LAW, "size": (3, 2), "random_state": 5}],
}

EXCEPTIONS: dict[str, str] = {}
