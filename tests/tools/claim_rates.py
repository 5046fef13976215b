"""How often do the claims fail by chance? Asks every question of every claim again and again, with fresh seeds and loosened error levels.

    python tests/tools/claim_rates.py one_step_gd --alpha 0.01 0.001 --seeds 300
    python tests/tools/claim_rates.py --table      # every claim's test
    python tests/tools/claim_rates.py --summary    # a line for each paper and level

Every claim is true, so a question that is not answered "holds" is a false alarm, and a counterclaim that survives is one that was missed. A question
may go wrong with probability alpha at most for each estimand that it asks about. The levels of one seed share its blocks; some seeds are asked at the
level of the claims themselves, too. Closed forms do not depend on the seed: what they return is kept from one seed to the next, which is most of the
time saved. Questions without randomness are asked once. Tests that are quick get more seeds. What was found is kept in a file, and an interrupted run
goes on where it stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import inspect
import json
import os
import pickle
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tools")]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest  # noqa: E402 - after the number of threads is settled
from forks import in_fork  # noqa: E402
from mutant_records import read  # noqa: E402
from scipy.special import betaincinv  # noqa: E402

from theorylab.evidence.estimands import Exact  # noqa: E402
from theorylab.laboratory import DEFAULT_ALPHA, Laboratory  # noqa: E402
from theorylab.montecarlo.engine import Engine  # noqa: E402
from theorylab.montecarlo.threads import one_blas_thread  # noqa: E402

# What can be wrong: a question that does not hold, a counterclaim that is not refuted, an exception.
KINDS = ("wrong", "survivors", "errors")


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that remembers what it returned for equal arguments; what cannot be compared is computed anew."""
    kept: dict[bytes, Any] = {}

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            key = pickle.dumps((args, sorted(kwargs.items())))
        except Exception:
            return function(*args, **kwargs)
        if key not in kept:
            with warnings.catch_warnings(record=True) as shown:
                warnings.simplefilter("always")
                value = function(*args, **kwargs)
            if shown:
                # A warning is part of the answer, and some checks ask for it.
                for warning in shown:
                    warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
                return value
            kept[key] = value
        return kept[key]

    return call


def remember_theory(slug: str, users: list[Any]) -> None:
    """Let the closed forms of a paper, wherever they were imported, remember."""
    package = importlib.import_module(f"theorylab.papers.{slug}.closed_form")
    public = {name: value for name, value in vars(package).items() if inspect.isfunction(value) and value.__module__.startswith(package.__name__)}
    fresh = {id(value): remembered(value) for value in public.values()}
    for module in [package, *users]:
        for name, value in list(vars(module).items()):
            if id(value) in fresh:
                setattr(module, name, fresh[id(value)])


class RecordingLaboratory(Laboratory):
    """A laboratory that knows which of its verdicts came from random numbers."""

    random_verdicts: set[int]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.random_verdicts = set()

    def decide(self, estimand: Any, *args: Any, **kwargs: Any) -> Any:
        """Decide, and note whether there was anything random in it."""
        verdict = super().decide(estimand, *args, **kwargs)
        if not isinstance(estimand, Exact) and verdict.replicates:
            self.random_verdicts.add(id(verdict))
        return verdict


def one_seed(item: Any, seed: int, alpha: float, engine: Engine) -> dict[str, Any]:
    """Ask the questions of a claim under one seed; return those that did not hold, counterclaims that survived, and how many were random."""
    lab = RecordingLaboratory(seed, alpha=alpha, engine=engine)
    arguments = {name: value for name, value in item.callspec.params.items() if name != "lab"} if hasattr(item, "callspec") else {}
    error = ""
    try:
        with one_blas_thread():
            item.obj(lab=lab, **arguments)
    except AssertionError:
        pass  # the verdict that did not hold is among the assertions
    except (Exception, pytest.fail.Exception) as trouble:  # an experiment that fails is a finding too
        error = f"{type(trouble).__name__}: {trouble}"
    wrong = [f"{verdict.state}: {verdict.question}" for verdict in lab.assertions if verdict.state != "holds"]
    counterclaims = [*lab.counterclaims, *(other for verdict in lab.assertions for other in verdict.counterclaims)]
    survivors = [other.label for other in counterclaims if other.verdict != "refuted"] if not wrong else []
    random_questions = sum(id(verdict) in lab.random_verdicts for verdict in lab.assertions)
    return {"wrong": wrong, "survivors": survivors, "random": random_questions, "estimands": lab.estimands_asked, "error": error}


class Tally:
    """What came of many seeds at one level."""

    def __init__(self) -> None:
        self.seeds, self.failures, self.estimands = 0, 0, 0
        self.texts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}

    def add(self, found: dict[str, Any]) -> None:
        """Count what came of one seed."""
        self.seeds += 1
        self.texts["wrong"].update(found["wrong"])
        self.texts["survivors"].update(found["survivors"])
        self.texts["errors"].update([found["error"]] if found["error"] else [])
        self.failures += bool(found["wrong"] or found["survivors"] or found["error"])
        self.estimands = max(self.estimands, found["estimands"])

    def entry(self) -> dict[str, Any]:
        """Return what is kept."""
        return {"seeds": self.seeds, "failures": self.failures, "estimands": self.estimands, **self.texts}


def many_seeds(item: Any, slug: str, first: int, options: argparse.Namespace) -> dict[str, Any]:
    """Ask under many seeds, the ``first`` of them and those after it, or as many as there is patience for; return a tally for each level."""
    remember_theory(slug, [item.module])
    tallies = {alpha: Tally() for alpha in sorted({*options.alpha, DEFAULT_ALPHA}, reverse=True)}
    begin = time.perf_counter()
    for number in range(first, max(options.most, first + 1)):
        engine = Engine()
        random_questions = 0
        # The loosest first: the next goes on from its blocks.
        for alpha, tally in tallies.items():
            if alpha in options.alpha or number < options.real:
                found = one_seed(item, options.first + number, alpha, engine)
                random_questions += found["random"] + found["estimands"]
                tally.add(found)
        engine.close()
        seconds = time.perf_counter() - begin
        if random_questions == 0 or seconds > options.patience or (number + 1 >= options.seeds and seconds > options.quick):
            break
    levels = {f"{alpha:g}": tally.entry() for alpha, tally in tallies.items()}
    # Where nothing is random one seed is enough.
    return {"levels": levels, "enough": random_questions == 0, "seconds": time.perf_counter() - begin}


class Campaign:
    """Asks the claims in place of pytest's own loop over the tests."""

    def __init__(self, slug: str, options: argparse.Namespace) -> None:
        self.slug, self.options = slug, options
        self.output: Path = options.results / f"{slug}.jsonl"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Ask every claim that was not asked yet, or not often enough."""
        done = merged(read(self.output))
        first, parts = map(int, self.options.part.split("/"))
        claims = [item for item in session.items if item.get_closest_marker("claim")]
        for item in claims[first::parts]:
            known = done.get(item.nodeid, {"levels": {}, "enough": False})
            first = max((tally["seeds"] for tally in known["levels"].values()), default=0)
            if known["enough"] or first >= self.options.seeds:
                continue
            result, finished = in_fork(
                lambda item=item, first=first: many_seeds(item, self.slug, first, self.options), 4 * self.options.patience + 300
            )
            entry = {"test": item.nodeid} | (result if finished and result else {"levels": {}, "unfinished": True})
            self.output.parent.mkdir(parents=True, exist_ok=True)
            with self.output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        return True


def merged(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return one entry for each test: what came of its seeds, in however many runs they were asked."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        own = found.setdefault(entry["test"], {"levels": {}, "enough": False, "unfinished": False})
        own["enough"] |= entry.get("enough", False)
        own["unfinished"] |= entry.get("unfinished", False)
        for alpha, tally in entry["levels"].items():
            sums = own["levels"].setdefault(alpha, {"seeds": 0, "failures": 0, "estimands": 0, **{kind: Counter() for kind in KINDS}})
            sums["seeds"] += tally["seeds"]
            sums["failures"] += tally["failures"]
            sums["estimands"] = max(sums["estimands"], tally["estimands"])
            for kind in KINDS:
                sums[kind].update(tally[kind])
    return found


def _interval(n: int, k: int) -> tuple[float, float]:
    """Return the 95 % interval of Clopper and Pearson for a rate of k in n."""
    return (float(betaincinv(k, n - k + 1, 0.025)) if k else 0.0), (float(betaincinv(k + 1, n - k, 0.975)) if k < n else 1.0)


def _entries(folder: Path) -> Iterator[tuple[str, str, float, dict[str, Any]]]:
    """Yield paper, test, level and tally of what is random."""
    for path in sorted(folder.glob("*.jsonl")):
        for test, entry in merged(read(path)).items():
            if entry["unfinished"]:
                yield path.stem, test, 0.0, {"seeds": 0, "failures": 0, "estimands": 0, "errors": {"did not end": 1}}
            for alpha, tally in entry["levels"].items():
                if tally["estimands"]:
                    yield path.stem, test, float(alpha), tally


def table(folder: Path) -> Iterator[str]:
    """Yield a line for each claim's test that is random: seeds, estimands, failures, the rate with its interval, and the nominal rate."""
    yield f"{'test':96}{'alpha':>7}{'seeds':>7}{'estimands':>11}{'failed':>8}{'rate':>9}{'95 % interval':>20}{'nominal':>9}"
    for _, test, alpha, tally in _entries(folder):
        n, k = tally["seeds"], tally["failures"]
        low, high = _interval(n, k)
        nominal = min(1.0, tally["estimands"] * alpha)
        mark = "  above" if low > nominal else ""
        yield (
            f"{test.split('/')[-1][:95]:96}{alpha:7g}{n:7}{tally['estimands']:11}{k:8}{k / max(n, 1):9.4f}"
            f"{f'[{low:.4f}, {high:.4f}]':>20}{nominal:9.3g}{mark}"
        )
        for kind in KINDS:
            for text, count in sorted(tally.get(kind, {}).items(), key=lambda pair: -pair[1])[:3]:
                yield f"    {count} {kind}: {text[:140]}"


def summary(folder: Path) -> Iterator[str]:
    """Yield a line of a table in Markdown for each paper and level: how many tests, seeds and failures, and how many failures there might be."""
    sums: dict[tuple[str, float], Counter[str]] = {}
    for slug, _, alpha, tally in _entries(folder):
        own = sums.setdefault((slug, alpha), Counter())
        n, k, nominal = tally["seeds"], tally["failures"], min(1.0, tally["estimands"] * alpha)
        own.update(tests=1, seeds=n, failures=k, questions=n * tally["estimands"], above=int(_interval(n, k)[0] > nominal), few=int(n < 300))
        own["allowed"] += n * nominal  # type: ignore[assignment]
        own["survivors"] += sum(tally.get("survivors", {}).values())
        own["errors"] += sum(tally.get("errors", {}).values())
    yield "| paper | alpha | tests | below 300 seeds | runs | estimands | failed | missed | errors | allowed | rate/alpha | tests above |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for (slug, alpha), own in sums.items():
        n, k = own["questions"], own["failures"]
        rates = [rate / alpha if alpha else 0.0 for rate in (k / max(n, 1), *_interval(n, k))] if n else [0.0, 0.0, 0.0]
        yield (
            f"| {slug} | {alpha:g} | {own['tests']} | {own['few']} | {own['seeds']:,} | {n:,} | {k} | {own['survivors']} | {own['errors']} "
            f"| {own['allowed']:.4g} | {rates[0]:.2g} [{rates[1]:.2g}, {rates[2]:.2g}] | {own['above']} |"
        )


def main() -> int:
    """Run a campaign, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slug", nargs="?", help="a paper")
    parser.add_argument("--alpha", type=float, nargs="+", default=[0.01, 0.001], help="error levels of one estimand")
    parser.add_argument("--seeds", type=int, default=300, help="how many seeds")
    parser.add_argument("--most", type=int, default=3000, help="how many seeds for tests that are quick")
    parser.add_argument("--quick", type=float, default=20.0, help="seconds that more seeds than the first may take")
    parser.add_argument("--real", type=int, default=50, help="how many of the seeds are asked at the level of the claims themselves")
    parser.add_argument("--first", type=int, default=1_000_000, help="the first seed")
    parser.add_argument("--patience", type=float, default=600.0, help="seconds for one test, after which fewer seeds have to do")
    parser.add_argument("--part", default="0/1", help="ask one part of several, such as 0/2, for several processes")
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "claim_rates", help="folder of what was found")
    parser.add_argument("--table", action="store_true", help="print what was found so far, test by test")
    parser.add_argument("--summary", action="store_true", help="print what was found so far, paper by paper")
    options = parser.parse_args()
    if options.table or options.summary:
        with contextlib.suppress(BrokenPipeError):
            print("\n".join((table if options.table else summary)(options.results)))
        return 0
    if options.slug is None:
        parser.error("name a paper, or ask for --table or --summary")
    files = sorted(str(path) for path in ROOT.glob(f"paper_checks/test_{options.slug}*.py"))
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", f"--rootdir={ROOT}", f"--theory-results={options.results}"]
    return int(pytest.main([*arguments, *files], plugins=[Campaign(options.slug, options)]))


if __name__ == "__main__":
    sys.exit(main())
