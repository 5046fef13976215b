"""``python -m theorylab.evidence.calibration``: measure how often verdicts are wrong, and write the page that says so."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from theorylab.evidence.calibration.measure import calibrate
from theorylab.evidence.calibration.page import render_page

DEFAULT_RUNS = 20_000


def _runs(text: str) -> int:
    if not text.isdigit() or int(text) < 10:
        raise argparse.ArgumentTypeError(f"must be an integer >= 10; got {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if text == "random":
        return secrets.randbelow(2**32)
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"must be a non-negative integer or 'random'; got {text!r}")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 if a rate is larger than its nominal level beyond chance, or 2 if the page cannot be written."""
    parser = argparse.ArgumentParser(prog="python -m theorylab.evidence.calibration", description="Measure how often verdicts are wrong.")
    parser.add_argument("--runs", type=_runs, default=DEFAULT_RUNS, metavar="N", help=f"sequential verdicts per law (default: {DEFAULT_RUNS})")
    parser.add_argument("--seed", type=_seed, default=0, metavar="N|random", help="seed of all random numbers (default: 0)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page here instead of printing it")
    options = parser.parse_args(arguments)
    if options.write is not None and not options.write.parent.is_dir():
        parser.error(f"argument --write: there is no folder {options.write.parent}")

    def report(part: str) -> None:
        if sys.stderr.isatty():
            print(f"calibrating: {part}", file=sys.stderr)

    calibration = calibrate(options.runs, np.random.default_rng(options.seed), report)
    command = f"python -m theorylab.evidence.calibration --runs {options.runs} --seed {options.seed} --write {options.write or 'docs/calibration.md'}"
    page = render_page(calibration, command=command, runs=options.runs, seed=options.seed)
    if options.write is None:
        print(page, end="")
    else:
        try:
            options.write.write_text(page, encoding="utf-8")
        except OSError as error:
            print(f"cannot write {options.write}: {error}", file=sys.stderr)
            return 2
        print(f"wrote {options.write}")
    broken = calibration.broken()
    for line in broken:
        print(f"larger than nominal: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
