"""Do the checks bite? Runs the claims and the unit tests of a paper, or of the bench, against every mutant of its theory.

    python tests/tools/mutants.py one_step_gd            # every mutant of its closed forms
    python tests/tools/mutants.py bench --sample 200     # a sample of those of streams, moments, engine, intervals, verdicts
    python tests/tools/mutants.py --table                # what was found so far, as a table

One process collects all tests and imports everything. A fork runs each test once and notes which functions it calls and how long it takes; then each
mutant is tried in a fork of its own: the tests that call the changed function, quickest first, until one fails. Claims come first; the unit tests
are run on what they leave alive. What was found is kept in a file beside the results, and an interrupted run goes on where it stopped; with
``--again`` those that no claim noticed are tried again, after a check was sharpened.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import math
import os
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tools")]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest  # noqa: E402 - after the number of threads is settled
from forks import in_fork  # noqa: E402
from mutant_records import ALIVE, Found, judged, latest, name_of, table, write  # noqa: E402
from mutations import Mutant, apply, enumerate_mutants  # noqa: E402

from theorylab.papers import slugs  # noqa: E402

BENCH = ("montecarlo/streams.py", "montecarlo/moments.py", "montecarlo/separate_moments.py", "montecarlo/engine.py", "evidence/intervals.py",
         "evidence/estimands.py", "evidence/verdicts.py", "evidence/growth.py", "evidence/exact.py")  # fmt: skip
# Those of other processes and clusters find other errors, and take minutes.
BENCH_TESTS = ("montecarlo/test_engine.py", "montecarlo/test_engine_loop.py", "montecarlo/test_moments.py", "montecarlo/test_samplers.py",
               "montecarlo/test_separate_moments.py", "montecarlo/test_streams.py", "evidence/test_estimands.py", "evidence/test_exact.py",
               "evidence/test_growth.py", "evidence/test_intervals.py", "evidence/test_verdicts.py", "test_laboratory.py")  # fmt: skip
# A mutant that needs this many times the processor time that a test takes unchanged, and so many seconds more, is going round in circles.
PATIENCE, LEAST_PATIENCE = 3.0, 10.0


def module_files(target: str) -> list[Path]:
    """Return the files that are changed: the closed forms of a paper, or the deciding parts of the bench."""
    if target == "bench":
        return [ROOT / "theorylab" / name for name in BENCH]
    folder = ROOT / "theorylab" / "papers" / target / "closed_form"
    return sorted(folder.glob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_arguments(target: str) -> list[str]:
    """Return what pytest collects."""
    if target == "bench":
        return [str(ROOT / "tests" / name) for name in BENCH_TESTS]
    found = [*ROOT.glob(f"paper_checks/test_{target}*.py"), *ROOT.glob(f"tests/papers/test_{target}_theory*.py")]
    return [str(path) for path in sorted(found)]


def module_of(path: Path) -> Any:
    """Return the module that a file is."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


# One test ------------------------------------------------------------------------------------------------------------------------------------


def run_item(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Run a test; return whether it passed (or was skipped)."""
    from _pytest.runner import runtestprotocol

    reports = runtestprotocol(item, log=False, nextitem=following)
    return not any(report.failed for report in reports)


# The plan ------------------------------------------------------------------------------------------------------------------------------------


def profile(item: pytest.Item, files: frozenset[str], watched: bool) -> dict[str, Any]:
    """Run a test unchanged; return its seconds, whether it passed, and, if it is watched, the functions of ``files`` that it called."""
    called: set[str] = set()

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename in files:
            called.add(f"{frame.f_code.co_filename}::{frame.f_code.co_qualname.split('.')[0]}")

    begin = time.process_time()
    if watched:
        sys.setprofile(note)
    try:
        passed = run_item(item, None)
    finally:
        sys.setprofile(None)
    return {"seconds": time.process_time() - begin, "passed": passed, "called": sorted(called)}


def limit_processor_time(seconds: float) -> None:
    """End this process when it has computed for so many seconds more."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), hard))


def try_mutant(mutant: Mutant, module: Any, items: list[pytest.Item], seconds: list[float]) -> dict[str, str]:
    """Give this process a mutant and run tests until one notices."""
    try:
        apply(mutant, module)
    except LookupError:
        return {"outcome": "no change", "test": ""}
    except Exception as error:  # a text that cannot even be run is noticed by whoever imports it
        return {"outcome": "noticed", "test": f"import: {type(error).__name__}"}
    for item, following, expected in zip(items, [*items[1:], None], seconds, strict=True):
        limit_processor_time(LEAST_PATIENCE + PATIENCE * expected)
        if not run_item(item, following):
            return {"outcome": "noticed", "test": item.nodeid}
    return {"outcome": "survived", "test": ""}


class Campaign:
    """Tries the mutants in place of pytest's own loop over the tests."""

    def __init__(self, options: argparse.Namespace, output: Path, ledger: Path) -> None:
        self.options, self.output, self.ledger = options, output, ledger
        self.kills: Counter[tuple[str, str, str]] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Profile every test, then try every mutant."""
        files = module_files(self.options.target)
        for path in files:
            module_of(path)
        # Any order would do; chance makes what is done so far a fair sample of the whole.
        mutants = [mutant for path in files for mutant in enumerate_mutants(path) if not self.options.only or self.options.only in mutant.path]
        random.Random(0).shuffle(mutants)
        first, parts = map(int, self.options.part.split("/"))
        mutants = mutants[: self.options.sample][first::parts]
        known = latest(self.output)
        if self.options.again:
            blunt = {name for name, entry in known.items() if entry["outcome"] != "claims"} - set(judged())
            mutants = [mutant for mutant in mutants if name_of(mutant) in blunt]
        else:
            mutants = [mutant for mutant in mutants if name_of(mutant) not in known]
        if not mutants:
            return True
        profiles = self._profiles(session.items, files)
        items = [item for item in session.items if profiles[item.nodeid]["passed"]]
        for number, mutant in enumerate(mutants):
            write(self.output, self._judge(mutant, items, profiles))
            if number % 50 == 0:
                print(f"{self.options.target}: {number} of {len(mutants)}", file=sys.stderr, flush=True)
        return True

    def _profiles(self, items: list[pytest.Item], files: list[Path]) -> dict[str, dict[str, Any]]:
        """Return the profile of every test; those of tests and theory that did not change are kept beside the ledger."""
        path = self.ledger / "profiles.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        theory = [file.read_bytes() for file in files]
        names = frozenset(map(str, files))
        found: dict[str, dict[str, Any]] = {}
        for item in items:
            state = hashlib.sha256(b"".join([str(ROOT).encode(), item.path.read_bytes(), *theory])).hexdigest()
            entry = kept.get(item.nodeid)
            if entry is None or entry["state"] != state:
                # Twice: the first run may draw what the ledger lacks, and compile.
                for watched in (False, True):
                    result, finished = in_fork(lambda item=item, watched=watched: profile(item, names, watched), 1200.0)
                entry = (result if finished and result else {"seconds": 0.0, "passed": False, "called": []}) | {"state": state}
            found[item.nodeid] = entry
            if not entry["passed"]:
                print(f"{self.options.target}: {item.nodeid} does not pass unchanged and is left out", file=sys.stderr)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found), encoding="utf-8")
        return found

    def _judge(self, mutant: Mutant, items: list[pytest.Item], profiles: dict[str, dict[str, Any]]) -> Found:
        begin = time.perf_counter()
        # A name at the top of a module, or a class, concerns everybody who uses the module.
        wanted = f"{mutant.path}::{mutant.function}" if mutant.function else f"{mutant.path}::"
        reached = [item for item in items if any(called == wanted or called.startswith(wanted) for called in profiles[item.nodeid]["called"])]
        if not reached:
            return Found(mutant, "not reached", "", 0.0)

        def expected_seconds(item: pytest.Item) -> float:
            """Quick tests first, and before them those that noticed other mutants of the function."""
            return float(profiles[item.nodeid]["seconds"]) / (1.0 + 10.0 * self.kills[mutant.path, mutant.function, item.nodeid])

        reached.sort(key=expected_seconds)
        module = module_of(Path(mutant.path))
        claims = [item for item in reached if item.get_closest_marker("claim")]
        for name, group in (("claims", claims), ("units", [item for item in reached if item not in claims])):
            if not group:
                continue
            seconds = [profiles[item.nodeid]["seconds"] for item in group]
            limit = LEAST_PATIENCE * len(group) + PATIENCE * sum(seconds)
            result, finished = in_fork(lambda group=group, seconds=seconds: try_mutant(mutant, module, group, seconds), 20.0 * limit)
            if not finished or result is None:
                return Found(mutant, name, "did not come to an end" if not finished else "died", time.perf_counter() - begin)
            if result["outcome"] == "no change":
                return Found(mutant, "no change", "", time.perf_counter() - begin)
            if result["outcome"] == "noticed":
                self.kills[mutant.path, mutant.function, result["test"]] += 1
                return Found(mutant, name, result["test"], time.perf_counter() - begin)
        return Found(mutant, "survived", "", time.perf_counter() - begin)


def main() -> int:
    """Run a campaign, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="?", help="a paper's slug, or bench")
    parser.add_argument("--sample", type=int, help="try so many mutants, chosen by chance")
    parser.add_argument("--only", default="", help="try the mutants of files whose path has this in it")
    parser.add_argument("--again", action="store_true", help="try again those that no claim noticed and that were not judged equivalent")
    parser.add_argument("--part", default="0/1", help="try one part of several, such as 0/2, for several processes")
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "mutants", help="folder of what was found")
    parser.add_argument("--table", action="store_true", help="print what was found so far")
    parser.add_argument("--survivors", action="store_true", help="print the mutants that nobody noticed and that were not judged equivalent")
    parser.add_argument("--units", action="store_true", help="print the mutants that no claim noticed, but a unit test did")
    options = parser.parse_args()
    if options.table:
        names = {target: {name_of(mutant) for path in module_files(target) for mutant in enumerate_mutants(path)} for target in (*slugs(), "bench")}
        print("\n".join(table(options.results, names)))
        return 0
    if options.target is None:
        parser.error("name a paper or bench, or ask for --table")
    output = options.results / f"{options.target}.jsonl"
    if options.survivors or options.units:
        wanted = {"units"} if options.units else set(ALIVE)
        for name, entry in sorted(latest(output).items()):
            if entry["outcome"] in wanted and name not in judged():
                print(f"{entry['outcome']:12} line {entry['mutant']['line']:4} {name}" + (f"   [{entry['test']}]" if options.units else ""))
        return 0
    ledger = options.results / f"{options.target}-{options.part.replace('/', '-')}"
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", "--hypothesis-seed=0", f"--rootdir={ROOT}"]
    arguments += [f"--theory-results={ledger}", *test_arguments(options.target)]
    return int(pytest.main(arguments, plugins=[Campaign(options, output, ledger)]))


if __name__ == "__main__":
    sys.exit(main())
