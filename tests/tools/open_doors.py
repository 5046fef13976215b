"""Are the closed doors watched? Opens them one at a time in a copy of the checkout, and asks whether a test notices. Their list is doors.toml.

    python tests/tools/open_doors.py             # all, as a table in Markdown; exit code 1 if one stays unnoticed
    python tests/tools/open_doors.py report      # those of one kind

A test that cannot fail shows as a door that was opened and that nobody noticed.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from environments import ROOT, copy_checkout

PAGE, REPORT = "theorylab/report/page.py", "tests/test_report.py"
# Texts in which nothing needs an escape: this package's own, identifiers (the catalogue sees to it), and what is quoted already.
HARMLESS = {"__version__", "summary", "shown", "paper.slug", "quote("}


@dataclass(frozen=True)
class Opening:
    """A change of one file that opens a door, and the tests that should notice."""

    kind: str
    what: str
    file: str
    before: str
    after: str
    tests: str


def escapes() -> Iterator[Opening]:
    """Yield one opening for every place at which the report escapes a text: that text as it is."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_text":
            found.add(re.sub(r"\s+", " ", ast.get_source_segment(text, node) or ""))
    for call in sorted(found):
        inner = call.removeprefix("_text(").removesuffix(")")
        yield Opening("report", f"`{inner}` is not escaped", PAGE, call, f"str({inner})", REPORT)


def openings() -> list[Opening]:
    """Return those of the list, and one for every text of the report."""
    listed = tomllib.loads((ROOT / "tests" / "tools" / "doors.toml").read_text(encoding="utf-8"))["door"]
    return [*(Opening(**each) for each in listed), *(each for each in escapes() if not any(own in each.before for own in HARMLESS))]


def opened(text: str, opening: Opening) -> str:
    """Return the text of a file with the door open, everywhere where it can be opened.

    Raises
    ------
    ValueError
        If the text has no such door.
    """
    if opening.before not in text:
        raise ValueError(f"{opening.file} does not hold {opening.before!r}; the list of doors is out of date")
    return text.replace(opening.before, opening.after)


def first_failure(checkout: Path, tests: str) -> str | None:
    """Run tests in a checkout; return which one failed first, and None if all passed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", "-rfE", tests]
    variables = os.environ | {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=checkout, env=variables, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) \S*?(?:::(\S+?))?(?:\[.*|\s.*)?$", done.stdout, re.MULTILINE)
    return (failed.group(1) if failed else None) or "it does not start"


def main() -> int:
    """Open the doors, print who noticed, and return 1 if nobody did for one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = list(dict.fromkeys(each.kind for each in openings()))
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(kinds)} (default: all)")
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(kinds):
        parser.error(f"kinds must be some of {', '.join(kinds)}; got {', '.join(sorted(unknown))}")
    chosen = [each for each in openings() if each.kind in (options.kinds or kinds)]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="theorylab-doors-") as folder:
        checkout = copy_checkout(Path(folder) / "checkout")
        for tests in dict.fromkeys(each.tests for each in chosen):
            if failed := first_failure(checkout, tests):
                print(f"open_doors: error: {tests} does not pass unchanged ({failed})", file=sys.stderr)
                return 2
        print("| door | opened | noticed by |\n| --- | --- | --- |")
        for each in chosen:
            path = checkout / each.file
            text = path.read_text(encoding="utf-8")
            path.write_text(opened(text, each), encoding="utf-8")
            failed = first_failure(checkout, each.tests)
            path.write_text(text, encoding="utf-8")
            unnoticed += failed is None
            print(f"| {each.kind} | {each.what} | {f'`{failed}`' if failed else '**nobody**'} |", flush=True)
    print(f"\n{len(chosen)} doors opened, {unnoticed} not noticed", file=sys.stderr)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
