"""The benchmark suite: measures, and writes what it measured into ``RESULTS.md``.

    python benchmarks/suite.py                       # all parts
    python benchmarks/suite.py contests              # one of them
    python benchmarks/suite.py contests --only one_step_gd,inductive_bias --dry   # some papers' contests, printed and not written

The parts are ``contests`` (against peers), ``limits`` (distance to what the machine can do), ``overhead`` (of the engine), ``growth`` (how time and
memory grow) and ``cluster``; ``widths`` (the default ramp width of the halfspace learner) and ``gpu`` are run only when they are named.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from results_page import markdown_table, write_section

from theorylab.papers import slugs

HERE = Path(__file__).parent


def run_contests(papers: list[str]) -> list[dict[str, Any]]:
    """Run the turns in a process of their own and return what pytest-benchmark wrote of each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turns.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-timer=time.process_time", f"--benchmark-json={path}"]
        command += ["--benchmark-columns=min", str(HERE / "bench_contests.py")]
        variables = os.environ | {"OPENBLAS_NUM_THREADS": "1", "THEORYLAB_BENCH": ",".join(papers)}
        # The progress of the turns is shown; pytest-benchmark's own table of single turns would say little.
        subprocess.run([*command, "--benchmark-quiet"], check=True, cwd=HERE.parent, env=variables)
        return [turn["extra_info"] for turn in json.loads(path.read_text(encoding="utf-8"))["benchmarks"]]


def seconds_text(seconds: float) -> str:
    """Return a time with three digits and a unit."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size and (unit not in ("h", "d") or seconds >= 2 * size):
            return f"{seconds / size:.3g} {unit}"
    return f"{1e9 * seconds:.3g} ns"


def contests_table(turns: list[dict[str, Any]]) -> str:
    """Return the table of one paper's contests: the middle price of each contender, and its ratio to ours with the range over the rounds."""
    rows = []
    for title in dict.fromkeys(turn["title"] for turn in turns):
        own = [turn for turn in turns if turn["title"] == title]
        prices = {
            place: np.array([turn["price"] for turn in sorted(own, key=lambda turn: turn["round"]) if turn["place"] == place])
            for place in sorted({turn["place"] for turn in own})
        }
        names = {turn["place"]: turn["contender"] for turn in own}
        first = own[0]
        error = first["standard_error"]
        unit = first["answer"] + (f", standard error {error:g}" if error is not None else "")
        for place, found in prices.items():
            ratios = found / prices[0]
            ratio = "1" if place == 0 else f"{np.median(ratios):.3g} [{ratios.min():.3g}, {ratios.max():.3g}]"
            target = f"{first['target']:g}" if first["target"] is not None and place == 1 else ""
            rows.append([f"**{title}** ({unit})" if place == 0 else "", names[place], seconds_text(float(np.median(found))), ratio, target])
    return markdown_table(("question", "way", "time to the answer", "times ours", "target"), rows, left=2)


def contests(papers: list[str], dry: bool) -> None:
    """Run the contests and write their section."""
    turns = run_contests(papers)
    paragraphs = [
        "Processor time on one thread. Where the answer is an average, the time is that to the standard error that stands beside the question: time "
        "of a replicate times the variance of its value, over the squared error. Ratios are medians over the rounds, with the range of the rounds "
        "in brackets; in a round all contenders have a turn, one after the other. Before the first round all answers are compared."
    ]
    for slug in papers:
        own = [turn for turn in turns if turn["slug"] == slug]
        if own:
            paragraphs.append(f"### {slug}\n\n{contests_table(own)}")
    if dry:
        print("\n\n".join(paragraphs))
    else:
        write_section("contests", "Against peers", "python benchmarks/suite.py contests", paragraphs)


def part(module: str) -> Callable[[], None]:
    """Return the function ``write`` of a module beside this one, imported when it is called."""
    return lambda: importlib.import_module(module).write()


PARTS: dict[str, Callable[[], None]] = {
    "limits": part("bench_limits"),
    "overhead": part("bench_engine"),
    "growth": part("bench_growth"),
    "cluster": part("bench_cluster"),
    "widths": part("ramp_widths"),
    "gpu": part("bench_gpu"),
}
DEFAULT = ("contests", "limits", "overhead", "growth", "cluster")


def main() -> None:
    """Run the parts that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="parts to run; all but widths and gpu by default")
    parser.add_argument("--only", default=",".join(slugs()), help="papers whose contests are run, separated by commas")
    parser.add_argument("--dry", action="store_true", help="print the contests and leave the page as it is")
    options = parser.parse_args()
    if strange := [name for name in options.parts if name not in (*DEFAULT, *PARTS)]:
        parser.error(f"parts must be among {', '.join([*DEFAULT, 'widths', 'gpu'])}; got {', '.join(strange)}")
    papers = options.only.split(",")
    if unknown := [paper for paper in papers if paper not in slugs()]:
        parser.error(f"--only must name papers among {', '.join(slugs())}; got {', '.join(unknown)}")
    for name in options.parts or DEFAULT:
        print(f"== {name}", file=sys.stderr)
        if name == "contests":
            contests(papers, options.dry)
        else:
            PARTS[name]()


if __name__ == "__main__":
    main()
