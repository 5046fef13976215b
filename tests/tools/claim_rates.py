"""How often do the claims fail by chance? Asks every question of every claim again and again, each time with a fresh seed and a loosened error level.

    python tests/tools/claim_rates.py one_step_gd --alpha 0.01 --seeds 300
    python tests/tools/claim_rates.py --table

Every claim is true, so a question that is not answered "holds" is a false alarm, and a counterclaim that survives is one that was missed. A question
may go wrong with probability alpha at most for each estimand that it asks about. Closed forms do not depend on the seed: what they return is kept
from one seed to the next, which is most of the time saved. Questions without randomness are counted once. What was found is kept in a file, and an
interrupted run goes on where it stopped.
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

from theorylab.evidence.estimands import Exact  # noqa: E402
from theorylab.laboratory import Laboratory  # noqa: E402
from theorylab.montecarlo.threads import one_blas_thread  # noqa: E402


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
            kept[key] = function(*args, **kwargs)
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


def one_seed(item: Any, seed: int, alpha: float) -> dict[str, Any]:
    """Ask the questions of a claim under one seed; return those that did not hold, counterclaims that survived, and how many were random."""
    lab = RecordingLaboratory(seed, alpha=alpha)
    arguments = {name: value for name, value in item.callspec.params.items() if name != "lab"} if hasattr(item, "callspec") else {}
    error = ""
    try:
        with one_blas_thread():
            item.obj(lab=lab, **arguments)
    except AssertionError:
        pass  # the verdict that did not hold is among the assertions
    except Exception as trouble:  # an experiment that fails is a finding too
        error = f"{type(trouble).__name__}: {trouble}"
    wrong = [f"{verdict.state}: {verdict.question}" for verdict in lab.assertions if verdict.state != "holds"]
    counterclaims = [*lab.counterclaims, *(other for verdict in lab.assertions for other in verdict.counterclaims)]
    survivors = [other.label for other in counterclaims if other.verdict != "refuted"] if not wrong else []
    random_questions = sum(id(verdict) in lab.random_verdicts for verdict in lab.assertions)
    lab.engine.close()
    return {"wrong": wrong, "survivors": survivors, "random": random_questions, "estimands": lab.estimands_asked, "error": error}


def many_seeds(item: Any, slug: str, options: argparse.Namespace) -> dict[str, Any]:
    """Ask under many seeds, or as many as there is patience for."""
    remember_theory(slug, [item.module])
    wrong: Counter[str] = Counter()
    survivors: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    failures, estimands, asked = 0, 0, 0
    begin = time.perf_counter()
    for seed in range(options.first, options.first + options.seeds):
        found = one_seed(item, seed, options.alpha)
        asked += 1
        wrong.update(found["wrong"])
        survivors.update(found["survivors"])
        errors.update([found["error"]] if found["error"] else [])
        failures += bool(found["wrong"] or found["survivors"] or found["error"])
        estimands = max(estimands, found["estimands"])
        if estimands == 0 and found["random"] == 0:
            break  # nothing here depends on the seed
        if time.perf_counter() - begin > options.patience:
            break
    seconds = time.perf_counter() - begin
    return {
        "seeds": asked,
        "failures": failures,
        "estimands": estimands,
        "wrong": wrong,
        "survivors": survivors,
        "errors": errors,
        "seconds": seconds,
    }


class Campaign:
    """Asks the claims in place of pytest's own loop over the tests."""

    def __init__(self, slug: str, options: argparse.Namespace) -> None:
        self.slug, self.options = slug, options
        self.output: Path = options.results / f"{slug}-{options.alpha:g}.jsonl"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Ask every claim that was not asked yet."""
        done = {entry["test"] for entry in read(self.output)}
        first, parts = map(int, self.options.part.split("/"))
        claims = [item for item in session.items if item.get_closest_marker("claim")]
        for item in claims[first::parts]:
            if item.nodeid in done:
                continue
            result, finished = in_fork(lambda item=item: many_seeds(item, self.slug, self.options), 4 * self.options.patience + 300)
            entry = {"test": item.nodeid, "alpha": self.options.alpha} | (
                result if finished and result else {"seeds": 0, "errors": {"did not end": 1}}
            )
            self.output.parent.mkdir(parents=True, exist_ok=True)
            with self.output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        return True


def table(folder: Path) -> Iterator[str]:
    """Yield a line for each claim's test that is random: seeds, estimands, failures, the rate with its interval, and the nominal rate."""
    from scipy.special import betaincinv

    yield f"{'test':96}{'alpha':>7}{'seeds':>7}{'estimands':>11}{'failed':>8}{'rate':>9}{'95 % interval':>20}{'nominal':>9}"
    for path in sorted(folder.glob("*.jsonl")):
        for entry in read(path):
            n, k = entry["seeds"], entry.get("failures", 0)
            if n <= 1 and not entry.get("errors"):
                continue
            low = float(betaincinv(k, n - k + 1, 0.025)) if k else 0.0
            high = float(betaincinv(k + 1, n - k, 0.975)) if k < n else 1.0
            nominal = min(1.0, entry.get("estimands", 0) * entry["alpha"])
            mark = "  above" if low > nominal else ""
            yield (
                f"{entry['test'].split('/')[-1][:95]:96}{entry['alpha']:7g}{n:7}{entry.get('estimands', 0):11}{k:8}{k / max(n, 1):9.4f}"
                f"{f'[{low:.4f}, {high:.4f}]':>20}{nominal:9.3f}{mark}"
            )
            for kind in ("wrong", "survivors", "errors"):
                for text, count in sorted(entry.get(kind, {}).items(), key=lambda pair: -pair[1])[:3]:
                    yield f"    {count} {kind}: {text[:140]}"


def main() -> int:
    """Run a campaign, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slug", nargs="?", help="a paper")
    parser.add_argument("--alpha", type=float, default=0.01, help="error level of one estimand")
    parser.add_argument("--seeds", type=int, default=300, help="how many seeds")
    parser.add_argument("--first", type=int, default=1_000_000, help="the first seed")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds for one test, after which fewer seeds have to do")
    parser.add_argument("--part", default="0/1", help="ask one part of several, such as 0/2, for several processes")
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "claim_rates", help="folder of what was found")
    parser.add_argument("--table", action="store_true", help="print what was found so far")
    options = parser.parse_args()
    if options.table:
        with contextlib.suppress(BrokenPipeError):
            print("\n".join(table(options.results)))
        return 0
    if options.slug is None:
        parser.error("name a paper, or ask for --table")
    files = sorted(str(path) for path in ROOT.glob(f"paper_checks/test_{options.slug}*.py"))
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", f"--rootdir={ROOT}", f"--theory-results={options.results}"]
    return int(pytest.main([*arguments, *files], plugins=[Campaign(options.slug, options)]))


if __name__ == "__main__":
    sys.exit(main())
