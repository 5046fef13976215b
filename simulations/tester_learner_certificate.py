"""The sweep of arXiv:2302.14853 behind the certificate: certified and true angles, over the sample size and over situations."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import monte_carlo
from theorylab.rows import Rows, share, spread

__all__ = ["certificate"]

# The certificate tries half-widths sigma/2, sigma/4, sigma/8 and sigma/16.
NARROWEST = 16
NAMES = ("certified", "true", "violated", "refused")
SITUATIONS = (
    "gaussian",
    "gaussian_massart",
    "uniform",
    "laplace",
    "student",
    "planar_lopsided",
    "coupled",
    "anisotropic",
    "slab",
    "pinched",
    "nodes",
)


def certificate(lab: Laboratory) -> Rows:
    """Certify the learner's answer on Gaussian rows of growing number at three widths, and in several situations."""
    rows: Rows = []
    runs = lab.at_scale(8, 40)
    sizes = lab.at_scale((10_000, 30_000, 100_000, 300_000), (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000))
    places = [("size", "gaussian", width, size) for width in (0.5, 0.2, 0.1) for size in sizes]
    places += [("situation", name, 0.3, lab.at_scale(60_000, 1_000_000)) for name in SITUATIONS]
    for panel, scenario, width, size in places:
        setting = {"scenario": scenario, "dimension": 5, "sample_size": size, "ramp_width": width, "noise_rate": 0.1}
        found = lab.run(monte_carlo.sample_certificate, **setting).few(runs, NAMES)
        fields = {"panel": panel, "narrowest": width / NARROWEST, **setting}
        rows += [spread(values, value=name, **fields) for name, values in zip(NAMES[:2], found[:2], strict=True)]
        rows += [share(round(float(values.sum())), runs, value=name, **fields) for name, values in zip(NAMES[2:], found[2:], strict=True)]
    return rows
