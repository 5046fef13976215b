"""What the tests say: one result a test, and the report of all of them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["NotAcceptedError", "NotAcceptedWarning", "TestReport", "TestResult"]


class NotAcceptedError(RuntimeError):
    """A prediction was asked for after the tests had rejected the sample."""


class NotAcceptedWarning(UserWarning):
    """A prediction was given although the tests had rejected the sample, as ``on_rejection="warn"`` asks for."""


class TestResult(NamedTuple):
    """One test.

    Attributes
    ----------
    name
        Which statistic, in which region.
    statistic
        Its value.
    low, high
        The values that pass; infinite where there is no limit, NaN where the p-value decides.
    p_value
        Under a Gaussian sample, exact or in a close approximation (see `run_tests`); NaN where a test has no null law.
    passed
        Whether it passed.
    sentence
        The same in plain words.
    """

    name: str
    statistic: float
    low: float
    high: float
    p_value: float
    passed: bool
    sentence: str


class TestReport(NamedTuple):
    """All tests of one direction.

    Attributes
    ----------
    accepted
        Whether all passed.
    results
        One `TestResult` a test, some with infinite limits and with a p-value of NaN.
    mode
        How they were judged.
    """

    accepted: bool
    results: tuple[TestResult, ...]
    mode: str

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the sentences of the tests that failed."""
        return tuple(result.sentence for result in self.results if not result.passed)

    def __str__(self) -> str:
        verdict = "accepted" if self.accepted else "rejected"
        lines = [f"{verdict} ({self.mode}), {sum(r.passed for r in self.results)} of {len(self.results)} tests passed"]
        return "\n".join([*lines, *(("  ok    " if r.passed else "  FAILS ") + r.sentence for r in self.results)])


TestReport.__test__ = False  # type: ignore[attr-defined]
TestResult.__test__ = False  # type: ignore[attr-defined]
