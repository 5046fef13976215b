"""Put bad words into every option and argument of every command, one at a time, and judge what the program says.

A word that the option cannot mean must end in exit code 2 and in one line on the error stream that names the option, without a traceback; any other
word must be taken. The work behind the commands is not done: it is replaced by nothing, once all that was asked for has been looked at.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import typer.main
from bad_judge import Outcome, OutOfTimeError, limited
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from theorylab.cli.commands import app
from theorylab.cli.main import main
from theorylab.papers import slugs
from theorylab.project import project_root
from theorylab.sweeps import figure_names, sweep_names

__all__ = ["Option", "Outcome", "judge_words", "options", "run_option_cases"]

SLUG = slugs()[0]
ROOT = project_root(Path(__file__))
# What makes a command complete, and quick, around the one word that is tried.
BASES: dict[str, tuple[str, ...]] = {
    "check": (SLUG,),
    "simulate": (SLUG,),
    "figure": (SLUG, "--scale", "quick"),
    "reproduce": (SLUG,),
}
WORDS = (
    *("", " ", "nan", "inf", "-inf", "-1", "0", "1", "2", "1.5", "1e400", "-0.5", "1e-6", "0x10", "1_000", "9" * 400, "9" * 5000, "²", "٣", "None"),
    *("true", "random", "quick", "full", "numpy", "cupy", "png", "png,png", "png,gif", ",", SLUG, SLUG.upper(), f" {SLUG}", "../../etc", "a/b", "."),
    *(
        "..",
        "~",
        "/",
        "/dev/null",
        "x" * 5000,
        "\t",
        "two words",
        "ligne\nsuivante",
        "\x1b[31mred\x1b[0m",
        "\udcff",
        "😀",
        "'",
        '"',
        "$(reboot)",
        "%s",
    ),
    *(
        "%s",
        "{0}",
        "tcp://",
        "tcp://127.0.0.1:1",
        "nonsense://x",
        "[",
        "*",
        "--",
        "--help-me",
        "=",
        "=1",
        "\\",
        "CON",
        "null",
        "[]",
        "{}",
        "1,5",
        "1 ",
    ),
)
_INTEGER = re.compile(r"\s*[+-]?\d+(_\d+)*\s*")


@dataclass(frozen=True)
class Option:
    """An option or argument of a command.

    Attributes
    ----------
    command
        Words that name the command.
    name
        What the program calls the value inside.
    flag
        The word before the value; empty for an argument.
    kind
        ``"flag"`` for one without a value, else ``"value"``.
    """

    command: tuple[str, ...]
    name: str
    flag: str
    kind: str

    @property
    def names(self) -> tuple[str, ...]:
        """What a message may call it."""
        aliases = {
            "slug": ("paper",),
            "name": ("sweep", "figure"),
            "formats": ("format",),
            "results": ("results folder",),
            "path": ("ledger", "file", "folder"),
            "target": ("ledger", "file", "folder"),
            "sources": ("ledger", "file", "folder"),
            "ledger": ("file", "folder"),
            "calibration_seconds": ("calibration seconds",),
            "as_json": ("json",),
            "dry": ("dry-run",),
        }
        return (self.name, self.flag, *aliases.get(self.name, ()))


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[Option]:
    for parameter in command.params:
        flag = max((word for word in parameter.opts if word.startswith("-")), key=len, default="")
        kind = "flag" if getattr(parameter, "is_flag", False) else "value"
        if flag not in ("--help", "--install-completion", "--show-completion"):
            yield Option(words, str(parameter.name), flag, kind)
    for name, child in getattr(command, "commands", {}).items():
        yield from _walk(child, (*words, name))


def options() -> list[Option]:
    """Return every option and argument of every command."""
    return list(_walk(typer.main.get_command(app), ()))


def _is_count(word: str) -> bool | None:
    """Tell whether a word is an integer >= 1; None where it is one in the form of another number."""
    try:
        if word.isascii() and _INTEGER.fullmatch(word):
            return 1 <= int(word) < 2**63
        return None if float(word).is_integer() and float(word) >= 1.0 else False
    except ValueError:  # more digits than Python converts, or no number
        return False


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def _is_path(word: str) -> bool | None:
    """Tell whether a word can name a new file or folder; None where that depends on the machine."""
    if "\0" in word:
        return False
    return None


def fits(option: Option, word: str) -> bool | None:
    """Tell whether an option can mean a word; None where only the machine knows, as of the name of a file."""
    if option.kind == "flag":
        return False
    rules: dict[str, Callable[[], bool | None]] = {
        "slug": lambda: word in slugs(),
        "name": lambda: word in (figure_names if option.command == ("figure",) else sweep_names)(SLUG, ROOT),
        "scale": lambda: word in ("quick", "full"),
        "seed": lambda: word == "random" or (word.isascii() and word.isdigit() and len(word) < 4000 and int(word) < 2**63),
        "backend": lambda: word == "numpy",
        "jobs": lambda: _is_count(word),
        "alpha": lambda: 0.0 < _number(word) < 1.0,
        "formats": lambda: all(kind.strip() in ("png", "pdf", "svg") for kind in word.split(",")),
        "scheduler": lambda: False,
        "calibration_seconds": lambda: 0.0 < _number(word) < math.inf,
    }
    return rules.get(option.name, lambda: _is_path(word))()


def _words(option: Option, word: str, folder: Path) -> list[str]:
    base = list(BASES.get(" ".join(option.command), ()))
    if option.command and option.command[0] in ("check", "simulate", "figure", "reproduce", "report") and option.name != "results":
        base += ["--results", str(folder / "results")]
    if option.name == "calibration_seconds" or (option.command == ("simulate",) and option.name == "as_json"):
        base += ["--dry-run"]
    if option.kind == "flag":
        return [*option.command, *base, f"{option.flag}={word}"]
    if option.flag:
        return [*option.command, *base, f"{option.flag}={word}"]
    if option.name == "slug":
        base = base[1:]
    if option.name == "sources":
        base = [str(folder / "target.sqlite")]
    if option.name == "target":
        return [*option.command, "--", word, str(folder / "missing.sqlite")]
    return [*option.command, *base, "--", word]


@contextlib.contextmanager
def _nothing_done() -> Iterator[None]:
    """Replace what commands do by nothing; what they look at first is left."""
    with contextlib.ExitStack() as stack:
        for name, result in (("_simulate", None), ("_draw", None), ("_report", None), ("run_tests", 0)):
            stack.enter_context(mock.patch(f"theorylab.cli.commands.{name}", return_value=result))
        for name, written in (("plan_sweep", None), ("plan_table", ""), ("plan_document", {})):
            stack.enter_context(mock.patch(f"theorylab.dry_run.{name}", return_value=written))
        for module in ("commands", "dry_runs", "ledgers"):
            stack.enter_context(mock.patch(f"theorylab.cli.{module}.project_root", return_value=ROOT))
        yield


def _run(words: list[str]) -> tuple[Any, str, BaseException | None]:
    """Return exit code, what came on the error stream, and what was raised instead."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict") for _ in range(2))
    handler, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    code, error = None, None
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _nothing_done(), limited():
            main(words)
    except SystemExit as caught:
        code = caught.code
    except (Exception, OutOfTimeError) as caught:
        error = caught
    finally:
        signal.signal(signal.SIGINT, handler)
        sys.unraisablehook = hook
    err.flush()
    return code, err.buffer.getvalue().decode("utf-8", "replace"), error


def judge_words(option: Option, word: str, folder: Path) -> Outcome:
    """Run the program with a word in one of its options, and judge its answer.

    Parameters
    ----------
    option, word
        What is tried.
    folder
        An empty folder, for results.
    """
    code, said, error = _run(_words(option, word, folder))
    if isinstance(error, OutOfTimeError):
        return Outcome("fault", "hangs", "no end")
    if error is not None:
        origin = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome("fault", type(error).__name__, f"{error} [{origin.filename}:{origin.lineno}]")
    wanted = fits(option, word)
    if code in (0, 1):
        return Outcome("fault", "nonsense accepted", said) if wanted is False and code == 0 else Outcome("accepted")
    if code != 2:
        return Outcome("fault", f"exit code {code}", said)
    if wanted is True:
        return Outcome("fault", "valid word refused", said)
    if not said.startswith("theorylab: error: ") or said.count("\n") != 1 or not said.endswith("\n"):
        return Outcome("fault", "not one line", said)
    if len(said) > 6000 + 2 * len(word):
        return Outcome("fault", "a very long line", said[:200])
    if not any(name and re.search(rf"(?<![a-z]){re.escape(name)}s?(?![a-z])", said, re.IGNORECASE) for name in option.names):
        return Outcome("fault", "option not named", said)
    return Outcome("refused", message=said)


def run_option_cases(cases: int, number: int, told: Callable[[Option, str, Outcome], None]) -> None:
    """Run cases drawn by hypothesis.

    Parameters
    ----------
    cases, number
        How many, and the seed.
    told
        Called with every option, word and outcome.
    """
    known = options()
    signs = st.characters(blacklist_characters="\0")
    words = st.one_of(
        st.sampled_from(WORDS),
        st.text(signs, max_size=8),
        st.integers(-(10**20), 10**20).map(str),
        st.floats().map(repr),
    )

    @seed(number)
    @settings(max_examples=cases, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(known), words)
    def one(option: Option, word: str) -> None:
        with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
            told(option, word, judge_words(option, word, Path(name)))

    one()
