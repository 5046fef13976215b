"""Do the checks bite? Runs the claims and the unit tests of a paper, or of the bench, against every mutant of its theory.

    python tests/tools/mutants.py one_step_gd            # every mutant of its closed forms
    python tests/tools/mutants.py bench --sample 200     # a sample of those of streams, moments, engine, intervals, verdicts
    python tests/tools/mutants.py --table                # what was found so far, as a table

One process collects all tests and imports everything. A fork runs each test once and notes which functions it calls and how long it takes; then each
mutant is tried in a fork of its own: the tests that call the changed function, quickest first, until one fails. Claims come first; the unit tests
are run on what they leave alive. What was found is kept in a file beside the results, and an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tools")]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest  # noqa: E402 - after the number of threads is settled
from mutations import Mutant, apply, enumerate_mutants  # noqa: E402

BENCH = ("montecarlo/streams.py", "montecarlo/moments.py", "montecarlo/separate_moments.py", "montecarlo/engine.py", "evidence/intervals.py",
         "evidence/estimands.py", "evidence/verdicts.py", "evidence/growth.py", "evidence/exact.py")  # fmt: skip
BENCH_TESTS = ("tests/montecarlo", "tests/evidence", "tests/test_laboratory.py")
# A mutant that needs this many times what its tests take unchanged is going round in circles.
PATIENCE, LEAST_PATIENCE = 8.0, 15.0
OUTCOMES = ("claims", "units", "survived", "not reached", "no change")


@dataclass(frozen=True)
class Found:
    """What became of a mutant: who noticed, by which test, in how many seconds."""

    mutant: Mutant
    outcome: str
    test: str
    seconds: float


def module_files(target: str) -> list[Path]:
    """Return the files that are changed: the closed forms of a paper, or the deciding parts of the bench."""
    if target == "bench":
        return [ROOT / "theorylab" / name for name in BENCH]
    folder = ROOT / "theorylab" / "papers" / target / "closed_form"
    return sorted(folder.glob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_arguments(target: str) -> list[str]:
    """Return what pytest collects."""
    if target == "bench":
        return [str(ROOT / name) for name in BENCH_TESTS]
    found = [*ROOT.glob(f"paper_checks/test_{target}*.py"), *ROOT.glob(f"tests/papers/test_{target}_theory*.py")]
    return [str(path) for path in sorted(found)]


def module_of(path: Path) -> Any:
    """Return the module that a file is."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


# One fork ------------------------------------------------------------------------------------------------------------------------------------


def in_fork(work: Callable[[], Any], limit: float) -> tuple[Any, bool]:
    """Return what ``work`` returns in a fork of this process, and whether it came to its end within ``limit`` seconds."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reader)
            os.setsid()
            message = json.dumps(work()).encode()
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(message)
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    chunks, until = [], time.monotonic() + limit
    with os.fdopen(reader, "rb") as pipe:
        while True:
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            chunk = os.read(pipe.fileno(), 1 << 20) if ready else None
            if not chunk:
                break
            chunks.append(chunk)
    finished = chunk is not None
    if not finished:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    text = b"".join(chunks)
    return (json.loads(text) if text and finished else None), finished


def run_item(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Run a test; return whether it passed (or was skipped)."""
    from _pytest.runner import runtestprotocol

    reports = runtestprotocol(item, log=False, nextitem=following)
    return not any(report.failed for report in reports)


# The plan ------------------------------------------------------------------------------------------------------------------------------------


def profile(item: pytest.Item, files: frozenset[str]) -> dict[str, Any]:
    """Run a test unchanged; return its seconds, whether it passed, and the functions of ``files`` that it called."""
    called: set[str] = set()

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename in files:
            called.add(f"{frame.f_code.co_filename}::{frame.f_code.co_qualname.split('.')[0]}")

    begin = time.perf_counter()
    sys.setprofile(note)
    try:
        passed = run_item(item, None)
    finally:
        sys.setprofile(None)
    return {"seconds": time.perf_counter() - begin, "passed": passed, "called": sorted(called)}


def try_mutant(mutant: Mutant, module: Any, items: list[pytest.Item]) -> dict[str, str]:
    """Give this process a mutant and run tests until one notices."""
    try:
        apply(mutant, module)
    except LookupError:
        return {"outcome": "no change", "test": ""}
    except Exception as error:  # a text that cannot even be run is noticed by whoever imports it
        return {"outcome": "noticed", "test": f"import: {type(error).__name__}"}
    for item, following in zip(items, [*items[1:], None], strict=True):
        if not run_item(item, following):
            return {"outcome": "noticed", "test": item.nodeid}
    return {"outcome": "survived", "test": ""}


class Campaign:
    """Tries the mutants in place of pytest's own loop over the tests."""

    def __init__(self, target: str, sample: int | None, part: tuple[int, int], output: Path) -> None:
        self.target, self.sample, self.part, self.output = target, sample, part, output

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Profile every test, then try every mutant."""
        files = module_files(self.target)
        names = frozenset(map(str, files))
        for path in files:
            module_of(path)
        profiles = self._profiles(session.items, names)
        items = [item for item in session.items if profiles[item.nodeid]["passed"]]
        items.sort(key=lambda item: profiles[item.nodeid]["seconds"])
        done = {(*entry["mutant"]["place"], entry["mutant"]["path"]) for entry in read(self.output)}
        mutants = [mutant for path in files for mutant in enumerate_mutants(path)]
        if self.sample is not None and self.sample < len(mutants):
            mutants = random.Random(0).sample(mutants, self.sample)
        mutants = [m for m in mutants[self.part[0] :: self.part[1]] if (*m.place, os.path.relpath(m.path, ROOT)) not in done]
        for number, mutant in enumerate(mutants):
            found = self._judge(mutant, items, profiles)
            write(self.output, found)
            if number % 50 == 0:
                print(f"{self.target}: {number} of {len(mutants)}", file=sys.stderr, flush=True)
        return True

    def _profiles(self, items: list[pytest.Item], names: frozenset[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for item in items:
            # Twice: the first run may draw what the ledger lacks, and compile.
            for _ in range(2):
                result, finished = in_fork(lambda item=item: profile(item, names), 300.0)
            found[item.nodeid] = result if finished and result else {"seconds": 0.0, "passed": False, "called": []}
            if not found[item.nodeid]["passed"]:
                print(f"{self.target}: {item.nodeid} does not pass unchanged and is left out", file=sys.stderr)
        return found

    def _judge(self, mutant: Mutant, items: list[pytest.Item], profiles: dict[str, dict[str, Any]]) -> Found:
        begin = time.perf_counter()
        # A name at the top of a module, or a class, concerns everybody who uses the module.
        wanted = f"{mutant.path}::{mutant.function}" if mutant.function else f"{mutant.path}::"
        reached = [item for item in items if any(called == wanted or called.startswith(wanted) for called in profiles[item.nodeid]["called"])]
        if not reached:
            return Found(mutant, "not reached", "", 0.0)
        module = module_of(Path(mutant.path))
        claims = [item for item in reached if item.get_closest_marker("claim")]
        for name, group in (("claims", claims), ("units", [item for item in reached if item not in claims])):
            if not group:
                continue
            limit = LEAST_PATIENCE + PATIENCE * sum(profiles[item.nodeid]["seconds"] for item in group)
            result, finished = in_fork(lambda group=group: try_mutant(mutant, module, group), limit)
            if not finished or result is None:
                return Found(mutant, name, "did not come to an end" if not finished else "died", time.perf_counter() - begin)
            if result["outcome"] == "no change":
                return Found(mutant, "no change", "", time.perf_counter() - begin)
            if result["outcome"] == "noticed":
                return Found(mutant, name, result["test"], time.perf_counter() - begin)
        return Found(mutant, "survived", "", time.perf_counter() - begin)


# What was found ------------------------------------------------------------------------------------------------------------------------------


def read(path: Path) -> list[dict[str, Any]]:
    """Return what a file holds; its last line may be cut."""
    entries = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                entries.append(json.loads(line))
    return entries


def write(path: Path, found: Found) -> None:
    """Add a line to a file."""
    entry = asdict(found)
    entry["mutant"]["path"] = os.path.relpath(found.mutant.path, ROOT)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def judged(path: Path = ROOT / "tests" / "tools" / "equivalent_mutants.toml") -> dict[str, str]:
    """Return the mutants that were judged equivalent, with the reason."""
    import tomllib

    if not path.exists():
        return {}
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: reason for names in table.values() for name, reason in names.items()}


def table(folder: Path) -> Iterator[str]:
    """Yield the lines of a table: mutants, who killed them, what survived."""
    equivalent = judged()
    yield f"{'':24}{'mutants':>9}{'claims':>9}{'units':>9}{'survived':>9}{'not reached':>13}{'equivalent':>12}{'by claims':>11}{'killed':>9}"
    for path in sorted(folder.glob("*.jsonl")):
        entries = [entry for entry in read(path) if entry["outcome"] != "no change"]
        alive = [entry for entry in entries if entry["outcome"] in ("survived", "not reached")]
        same = sum(name_of(entry) in equivalent for entry in alive)
        count = {outcome: sum(entry["outcome"] == outcome for entry in entries) for outcome in OUTCOMES}
        real = max(len(entries) - same, 1)
        yield (
            f"{path.stem:24}{len(entries):9}{count['claims']:9}{count['units']:9}{count['survived']:9}{count['not reached']:13}{same:12}"
            f"{100 * count['claims'] / real:10.1f}%{100 * (count['claims'] + count['units']) / real:8.1f}%"
        )


def name_of(entry: dict[str, Any]) -> str:
    """Return the name of a mutant that stays the same when lines are added above it."""
    mutant = entry["mutant"]
    return f"{mutant['path']} {mutant['function']}: {mutant['before']} -> {mutant['after']}"


def main() -> int:
    """Run a campaign, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="?", help="a paper's slug, or bench")
    parser.add_argument("--sample", type=int, help="try so many mutants, chosen by chance")
    parser.add_argument("--part", default="0/1", help="try one part of several, such as 0/2, for several processes")
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "mutants", help="folder of what was found")
    parser.add_argument("--table", action="store_true", help="print what was found so far")
    parser.add_argument("--survivors", action="store_true", help="print the mutants that nobody noticed")
    options = parser.parse_args()
    if options.table:
        print("\n".join(table(options.results)))
        return 0
    if options.target is None:
        parser.error("name a paper or bench, or ask for --table")
    output = options.results / f"{options.target}.jsonl"
    if options.survivors:
        for entry in read(output):
            if entry["outcome"] in ("survived", "not reached") and name_of(entry) not in judged():
                print(f"{entry['outcome']:12} {entry['mutant']['path']}:{entry['mutant']['line']} {name_of(entry)}")
        return 0
    first, parts = map(int, options.part.split("/"))
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", "--hypothesis-seed=0", f"--rootdir={ROOT}"]
    arguments += [f"--theory-results={options.results}", *test_arguments(options.target)]
    return int(pytest.main(arguments, plugins=[Campaign(options.target, options.sample, (first, parts), output)]))


if __name__ == "__main__":
    sys.exit(main())
