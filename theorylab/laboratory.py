"""The laboratory: run samplers, ask questions, get verdicts.

>>> lab = Laboratory(seed=0)
>>> def sample_square(rng, size, *, scale=1.0):
...     return (scale * rng.standard_normal(size)) ** 2
>>> run = lab.run(sample_square, scale=2.0)
>>> verdict = run.mean().agrees_with(4.0, relative=0.02, refutes={"the standard deviation": 2.0})
>>> verdict.state
'holds'
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from theorylab.evidence.estimands import Estimand, Exact, settled
from theorylab.evidence.exact import identity_verdict, limit_verdict, optimum_verdict
from theorylab.evidence.growth import exponent_of_growth, logarithmic_curvature, power_curvature
from theorylab.evidence.intervals import look_level, look_replicates
from theorylab.evidence.verdicts import (
    Band,
    Counterclaim,
    Verdict,
    best_case_replicates,
    check_counterclaims,
    judge,
    judge_counterclaims,
    replicates_needed,
)
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.moments import Moments
from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.separate_moments import SeparateMoments
from theorylab.montecarlo.tasks import draw_once, draw_replicates
from theorylab.quantities import Measurement, Quantity, Run
from theorylab.validation import choice, flag, instance, items, mapping, real, text, whole_number

__all__ = ["DEFAULT_ALPHA", "DEFAULT_BUDGET", "SCALES", "Laboratory"]

DEFAULT_ALPHA = 1e-6
DEFAULT_BUDGET = 2**22
SCALES = ("quick", "full")
T = TypeVar("T")


class Laboratory:
    """Runs samplers and decides questions about them, and keeps the record of both.

    Parameters
    ----------
    seed
        Non-negative integer; with the sampler and its parameters it fixes every random number.
    scale
        ``"quick"`` or ``"full"``: for the grids and margins of whoever asks; it changes no code path here.
    alpha
        Error level of an estimand, in (0, 1).
    budget
        Most replicates that an experiment may draw for one question.
    seconds
        Most seconds for one question or measurement, or None. It can only turn a verdict into "undecided", and leave a measured interval wider.
    engine
        Draws the blocks and holds the ledger; a new one with a ledger in memory if None.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        scale: str = "quick",
        alpha: float = DEFAULT_ALPHA,
        budget: int = DEFAULT_BUDGET,
        seconds: float | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.seed = whole_number("seed", seed, minimum=0)
        self.scale = choice("scale", scale, SCALES)
        self.alpha = real("alpha", alpha, above=0.0, below=1.0)
        self.budget = whole_number("budget", budget)
        self.seconds = None if seconds is None else real("seconds", seconds, above=0.0)
        self.engine = Engine() if engine is None else instance("engine", engine, Engine)
        self.assertions: list[Verdict] = []
        self.counterclaims: list[Counterclaim] = []
        self._asked: set[Estimand] = set()

    # What is studied ---------------------------------------------------------------------------------------------------------------

    def run(self, sampler: Callable[..., Any], /, *, statistics: Sequence[str] | None = None, separate: bool = False, **parameters: Any) -> Run:
        """Return a handle on an experiment; nothing is drawn before a question is asked.

        Parameters
        ----------
        sampler
            ``(rng, size, *, parameters...) -> per-replicate values``.
        statistics
            Which statistics are recorded together (at most 8), for several questions to share one set of blocks; by default each question
            records just those that it needs.
        separate
            Record each of ``statistics`` by itself: then there may be 512 of them (the points of a curve, `entries` of a matrix column), but no
            question may combine two.
        **parameters
            The sampler's parameters.

        Raises
        ------
        ValueError
            If a parameter is unknown, missing or cannot key a random stream.
        """
        separate = flag("separate", separate)
        request = make_request(sampler, parameters)
        if separate and statistics is None:
            raise ValueError("separate=True needs statistics=, the names of what is recorded; got None")
        recorded = None if statistics is None else tuple(items("statistics", statistics, str, minimum=1))
        return Run(self, request, recorded, f"{request.name}|{request.canonical}", separate)

    def replicates(self, sampler: Callable[..., Any], /, *, least: int, **parameters: Any) -> dict[str, np.ndarray]:
        """Return raw replicates, for histograms: those of the first blocks of the stream that questions are answered from.

        Parameters
        ----------
        sampler, **parameters
            As in `run`.
        least
            At least so many replicates, 2^30 at most; whole blocks are drawn, in this process, and kept nowhere.

        Returns
        -------
        dict
            From the name of a column (``"value"`` if the sampler returns a bare array) to an array (replicates,) or (replicates, L).

        Raises
        ------
        ValueError
            If ``least`` is not a positive integer or a parameter is not valid.
        """
        request = make_request(sampler, parameters)
        return draw_replicates(request, self.engine.backend, self.seed, -(-whole_number("least", least, maximum=2**30) // request.block))

    def draw(self, function: Callable[..., T], size: int, /, **parameters: Any) -> T:
        """Call ``function(rng, size, **parameters)`` once and return what it returns, for results that are too dear to replicate in blocks.

        Parameters
        ----------
        function
            A plain function with the signature of a sampler; it may return anything.
        size
            Passed on; with the name of the function and its parameters it keys the stream.
        **parameters
            The function's parameters.

        Raises
        ------
        ValueError
            If ``size`` is not a positive integer or a parameter is not valid.
        SamplerError
            If the function fails, for want of memory, say.
        """
        return draw_once(make_request(function, parameters), self.engine.backend, self.seed, whole_number("size", size))

    def at_scale(self, quick: T, full: T) -> T:
        """Return the grid, size or margin that belongs to the laboratory's scale."""
        return full if self.scale == "full" else quick

    def exact(self, value: float, error: float = 0.0) -> Quantity:
        """Return a number that is known up to ``error``, to be asked the same questions as an estimate."""
        return Quantity(self, Exact(real("value", value), real("error", error, minimum=0.0)))

    def exponent(self, sizes: Sequence[float], points: Sequence[Quantity]) -> Quantity:
        """Return the exponent a of ``point ~ size**a``: the least-squares slope of the logarithms."""
        return Quantity(self, exponent_of_growth(sizes, [point.combination() for point in items("points", points, Quantity)]))

    # What is decided ---------------------------------------------------------------------------------------------------------------

    def grows_like(self, law: Literal["logarithm", "power"], sizes: Sequence[float], points: Sequence[Quantity], *, within: float = 0.1) -> Verdict:
        """Decide between ``a + b log(size)`` and ``a size**b``: the claimed law's curvature is within the margin, the rival's is not zero.

        Parameters
        ----------
        law
            The claimed law; the other one is the counterclaim.
        sizes, points
            At least three sizes and the quantities measured there.
        within
            Margin of the curvature over the whole ladder: relative to the slope for the logarithm, of the logarithm of the points for the power.
        """
        choice("law", law, ("logarithm", "power"))
        within = real("within", within, above=0.0)
        parts = [point.combination() for point in items("points", points, Quantity)]
        estimands: dict[str, Estimand] = {"logarithm": logarithmic_curvature(sizes, parts), "power": power_curvature(sizes, parts)}
        rival = "power" if law == "logarithm" else "logarithm"
        question = f"growth is a {law} of size (curvature within {within:g})"
        verdict = self.decide(estimands[law], Band(-within, within), question, 0.0, {})
        against = self.decide(estimands[rival], Band(0.0, 0.0), f"growth is a {rival} of size", 0.0, {})
        self.refutes(against, f"growth is a {rival} of size")
        return verdict

    def identical(
        self,
        theory: Any,
        witness: Any,
        *,
        relative: float | None = None,
        absolute: float | None = None,
        refutes: Mapping[str, Any] | None = None,
        question: str = "two routes agree",
    ) -> Verdict:
        """Decide whether two independent routes give the same numbers; see `theorylab.evidence.exact.identity_verdict`."""
        return self._keep(identity_verdict(theory, witness, relative=relative, absolute=absolute, refutes=refutes, question=question))

    def optimum(self, value: float, **details: Any) -> Verdict:
        """Decide whether a point is the minimum; see `theorylab.evidence.exact.optimum_verdict` for the arguments."""
        return self._keep(optimum_verdict(value, **details))

    def limit(self, sizes: ArrayLike, distances: ArrayLike, **details: Any) -> Verdict:
        """Decide at which order exact distances to a limit shrink; see `theorylab.evidence.exact.limit_verdict` for the arguments."""
        return self._keep(limit_verdict(sizes, distances, **details))

    def refutes(self, verdict: Verdict, label: str) -> bool:
        """Turn the verdict of a false statement into a counterclaim, which the data must have refuted.

        Use it where the near miss needs an estimand of its own; near misses by value go into ``refutes=`` of the question itself.
        """
        instance("verdict", verdict, Verdict)
        text("label", label)
        self.assertions = [kept for kept in self.assertions if kept is not verdict]
        refuted = verdict.state == "refuted"
        self.counterclaims.append(Counterclaim(label, "refuted" if refuted else "survives"))
        return refuted

    def decide(self, estimand: Estimand, band: Band, question: str, theory: float, refutes: Mapping[str, float], hint: str = "") -> Verdict:
        """Walk the looks until the interval of ``estimand`` lies inside or outside ``band``, or the budget is spent."""
        text("question", question)
        text("hint", hint)
        if not isinstance(theory, int | float | np.integer | np.floating):
            raise ValueError(f"theory must be a number, or NaN where there is none; got {theory!r:.80}")
        check_counterclaims(band, mapping("refutes", refutes), hint)
        estimand = settled(estimand)
        begin = time.perf_counter()
        if not isinstance(estimand, Exact):
            self._asked.add(estimand)
        needed, reason = 0.0, ""
        look = 0
        while True:
            pooled = self._moments(estimand, look)
            replicates = sum(moments.count for moments in pooled.values())
            interval = estimand.interval(pooled, look_level(self.alpha, look))
            state = judge(interval, band)
            if state != "undecided" or isinstance(estimand, Exact):
                needed, reason = 0.0, ""
                break
            self.engine.half_width = interval.half_width
            needed, reason = replicates_needed(interval, band, replicates), interval.waiting
            hopeless = best_case_replicates(interval, band, replicates) > 4 * self.budget * len(pooled)
            if hopeless or not self._affordable(estimand, look + 1) or self._late(begin):
                break
            look += 1
        return self._keep(
            Verdict(
                state=state,
                question=question,
                theory=theory,
                interval=interval,
                band=band,
                replicates=replicates,
                needed=needed,
                counterclaims=judge_counterclaims(interval, refutes),
                seconds=time.perf_counter() - begin,
                reason=reason,
            )
        )

    def measure(self, estimand: Estimand, *, relative: float | None, absolute: float | None, level: float) -> Measurement:
        """Walk the looks until the half-width is small enough, or the budget or the seconds are spent; for figures and sweeps."""
        begin = time.perf_counter()
        estimand = settled(estimand)
        look = 0
        while True:
            pooled = self._moments(estimand, look)
            interval = estimand.interval(pooled, look_level(level, look))
            goal = absolute if absolute is not None else (relative or 0.0) * abs(interval.estimate)
            reached = isinstance(estimand, Exact) or (interval.ready and interval.half_width <= goal)
            if reached or not self._affordable(estimand, look + 1) or self._late(begin):
                replicates = sum(moments.count for moments in pooled.values())
                return Measurement(interval.estimate, interval.low, interval.high, replicates, interval.waiting)
            self.engine.half_width = interval.half_width
            look += 1

    # Bookkeeping -------------------------------------------------------------------------------------------------------------------

    @property
    def estimands_asked(self) -> int:
        """How many estimands have spent their error level."""
        return len(self._asked)

    @property
    def error_bound(self) -> float:
        """Bound on the probability that any interval of this laboratory misses its true value."""
        return min(1.0, self.alpha * self.estimands_asked)

    def _keep(self, verdict: Verdict) -> Verdict:
        self.assertions.append(verdict)
        return verdict

    def _moments(self, estimand: Estimand, look: int) -> dict[Any, Moments | SeparateMoments]:
        pooled = {}
        for run, needed in estimand.needs().items():
            assert isinstance(run, Run)
            pooled[run] = self.engine.moments(run.experiment(needed), run.blocks(look))
        return pooled

    def _affordable(self, estimand: Estimand, look: int) -> bool:
        blocks = [run.request.block for run in estimand.needs() if isinstance(run, Run)]
        return all(look_replicates(block, look) <= self.budget for block in blocks)

    def _late(self, begin: float) -> bool:
        return self.seconds is not None and time.perf_counter() - begin > self.seconds
