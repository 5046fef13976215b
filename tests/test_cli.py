"""The command line as a user types it: every command, every bad input, Ctrl-C, a terminal and none."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from theorylab import __version__
from theorylab.cli.main import run
from theorylab.papers import slugs

ROOT = Path(__file__).parents[1]
PROGRAM = str(Path(sysconfig.get_path("scripts")) / "theorylab")
SLUG = "one_step_gd"

# A project of its own: what is tested here is the command line, not a paper. Its slow sampler takes 0.02 s a block, and with HOLD set its twentieth
# block lasts until somebody interrupts it: by then the engine has put several blocks into the ledger.
SIMULATIONS = """
import os, time
from theorylab.montecarlo.samplers import block_size

calls = 0

@block_size(512)
def sample_square(rng, size, *, scale=1.0):
    return (scale * rng.standard_normal(size)) ** 2

@block_size(512)
def sample_slowly(rng, size):
    global calls
    calls += 1
    time.sleep(100 if calls == 20 and "HOLD" in os.environ else 0.02)
    return rng.standard_normal(size) ** 2

def row(measured):
    return {"estimate": measured.estimate, "low": measured.low, "high": measured.high, "replicates": measured.replicates}

def cheap(lab):
    return [row(lab.run(sample_square, scale=2.0).mean().measure(relative=0.1))]

def slow(lab):
    return [row(lab.run(sample_slowly).mean().measure(relative=0.03))]

SWEEPS = {"cheap": cheap, "slow": slow}
"""
FIGURES = """
from theorylab.plotting import new_figure

def draw(rows):
    figure, (axes,) = new_figure()
    axes.plot([row["estimate"] for row in rows], "o")
    return figure

FIGURES = {"cheap": draw, "slow": draw}
"""
CHECKS = """
from theorylab.pytest_plugin import claim
from simulations.one_step_gd import sample_slowly, sample_square

@claim("CLI-1", kind="expectation", statement="A squared standard normal has mean 1.", source="derived here")
def test_mean(lab):
    assert lab.run(sample_square).mean().agrees_with(1.0, relative=0.1, refutes={"one half": 0.5})

@claim("CLI-2", kind="expectation", statement="The same, slowly.", source="derived here")
def test_slow_mean(lab):
    assert lab.run(sample_slowly).mean().agrees_with(1.0, relative=0.1, refutes={"one half": 0.5})
"""


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    for name, text in (
        ("simulations/one_step_gd.py", SIMULATIONS),
        ("figures/one_step_gd.py", FIGURES),
        ("paper_checks/test_one_step_gd.py", CHECKS),
    ):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    return root


def theorylab(*words, cwd=ROOT, **options):
    """Run the installed program in a process of its own."""
    return subprocess.run([PROGRAM, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=120, check=False, **options)


def refused(capsys, *words):
    """Run the command line in this process, require exit code 2 and one line on stderr, and return the line."""
    code = run([str(word) for word in words])
    captured = capsys.readouterr()
    assert code == 2, captured
    assert captured.err.startswith("theorylab: error: ")
    assert captured.err.count("\n") == 1
    assert captured.err.endswith("\n")
    return captured.err


def digest(path):
    return hashlib.blake2b(path.read_bytes()).hexdigest()


def foreign_ledger(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.execute("INSERT INTO recipes VALUES ('bread')")
    connection.commit()
    connection.close()
    return path


def info(path, capsys):
    capsys.readouterr()
    assert run(["ledger", "info", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


# What works ------------------------------------------------------------------------------------------------------------------------------


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"theorylab {__version__}\n"


def test_help_names_every_command(capsys):
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("list", "check", "simulate", "figure", "report", "reproduce", "ledger"):
        assert command in shown


def test_list_names_every_paper(capsys):
    assert run(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(slugs())
    assert "arXiv:2307.03576" in lines[0]


def test_list_as_json(capsys):
    assert run(["list", "--json"]) == 0
    papers = json.loads(capsys.readouterr().out)
    assert [paper["slug"] for paper in papers] == list(slugs())
    assert set(papers[0]) == {"slug", "title", "authors", "venue", "arxiv", "theme"}


def test_installed_program_answers(tmp_path):
    answer = theorylab("list", cwd=tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert SLUG in answer.stdout


def test_simulate_figure_and_report(project, tmp_path):
    results = tmp_path / "results"
    first = theorylab("simulate", SLUG, "--name", "cheap", "--results", results, cwd=project)
    assert (first.returncode, first.stderr) == (0, "")
    table = json.loads((results / "sweeps" / SLUG / "cheap.quick.json").read_text())
    assert table["rows"][0]["low"] < 4.0 < table["rows"][0]["high"]
    assert int(re.search(r"([\d,]+) new replicates", first.stdout)[1].replace(",", "")) == table["rows"][0]["replicates"]

    drawn = theorylab("figure", SLUG, "--name", "cheap", "--results", results, "--format", "png,svg", cwd=project)
    assert (drawn.returncode, drawn.stderr) == (0, "")
    folder = results / "figures" / SLUG
    assert sorted(path.name for path in folder.iterdir()) == ["cheap.png", "cheap.svg"]
    assert (folder / "cheap.png").read_bytes().startswith(b"\x89PNG")

    page = theorylab("report", "--results", results, cwd=project)
    assert (page.returncode, page.stderr) == (0, "")
    assert f"../figures/{SLUG}/cheap.png" in (results / "report" / "index.html").read_text(encoding="utf-8")


def test_figure_runs_the_sweeps_it_lacks(project, tmp_path):
    answer = theorylab("figure", SLUG, "--name", "cheap", "--results", tmp_path, "--format", "png", "--seed", "random", cwd=project)
    assert (answer.returncode, answer.stderr) == (0, "")
    seed = int(re.match(r"seed (\d+) \(repeat with --seed \1\)\n", answer.stdout)[1])
    assert json.loads((tmp_path / "sweeps" / SLUG / "cheap.quick.json").read_text())["seed"] == seed
    assert (tmp_path / "figures" / SLUG / "cheap.png").exists()


def test_a_real_sweep_and_its_figure(tmp_path, capsys):
    assert run(["figure", SLUG, "--name", "test_length", "--format", "png", "--results", str(tmp_path)]) == 0
    assert (tmp_path / "figures" / SLUG / "test_length.png").stat().st_size > 10_000
    assert re.search(r"test_length: .*test_length\.quick\.json \([\d,]+ new replicates", capsys.readouterr().out)


def test_check_of_a_claim_that_is_false(project, tmp_path):
    checks = project / "paper_checks" / "test_one_step_gd.py"
    checks.write_text(checks.read_text().partition('@claim("CLI-2"')[0].replace("agrees_with(1.0", "agrees_with(2.0"), encoding="utf-8")
    answer = theorylab("check", SLUG, "--results", tmp_path, cwd=project)
    assert (answer.returncode, answer.stderr) == (1, ""), answer.stdout
    evidence = json.loads((tmp_path / "evidence.json").read_text())
    assert [(record["claim"], record["verdict"]) for record in evidence] == [("CLI-1", "refuted")]


# Ledgers ---------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A ledger with the blocks of one small experiment."""
    from theorylab.laboratory import Laboratory
    from theorylab.papers.one_step_gd import monte_carlo
    from theorylab.session import open_engine

    path = tmp_path_factory.mktemp("ledger") / "filled.sqlite"
    engine = open_engine(path)
    run = Laboratory(0, engine=engine).run(monte_carlo.sample_wishart_traces, context_length=4, dimension=2)
    run.mean("trace").measure(relative=0.1)
    engine.close()
    return path


@pytest.fixture
def ledger(filled, tmp_path):
    copy = tmp_path / "ledger.sqlite"
    copy.write_bytes(filled.read_bytes())
    return copy


def test_ledger_info(ledger, capsys):
    known = info(ledger, capsys)
    assert (known["records"], known["failures"], known["path"]) == (1, 0, str(ledger))
    assert known["blocks"] >= 1
    assert run(["ledger", "info", str(ledger)]) == 0
    assert re.search(rf"^blocks +{known['blocks']}$", capsys.readouterr().out, re.M)


def test_ledger_verify_finds_a_changed_block(ledger, capsys):
    assert run(["ledger", "verify", str(ledger)]) == 0
    assert "all sound" in capsys.readouterr().out
    connection = sqlite3.connect(ledger)
    connection.execute("UPDATE block SET checksum = checksum + 1 WHERE number = 0")
    connection.commit()
    connection.close()
    assert run(["ledger", "verify", str(ledger)]) == 1
    assert "block 0 of record 1 fails its checksum" in capsys.readouterr().out


def test_ledger_merge_adds_once(ledger, tmp_path, capsys):
    target = tmp_path / "target.sqlite"
    before, blocks = digest(ledger), info(ledger, capsys)["blocks"]
    for expected in (blocks, 0):
        assert run(["ledger", "merge", str(target), str(ledger)]) == 0
        assert f"{expected} blocks added" in capsys.readouterr().out
    assert info(target, capsys)["blocks"] == blocks
    assert digest(ledger) == before


def test_ledger_merge_refuses_what_is_no_ledger(ledger, tmp_path, capsys):
    before = digest(ledger)
    assert "there is no ledger" in refused(capsys, "ledger", "merge", ledger, tmp_path / "nowhere.sqlite")
    assert "not a theorylab ledger" in refused(capsys, "ledger", "merge", ledger, foreign_ledger(tmp_path / "foreign.sqlite"))
    assert "into itself" in refused(capsys, "ledger", "merge", ledger, ledger)
    assert digest(ledger) == before


def test_missing_ledger(tmp_path, capsys):
    assert "there is no ledger" in refused(capsys, "ledger", "info", tmp_path / "nowhere.sqlite")
    assert not (tmp_path / "nowhere.sqlite").exists()


@pytest.mark.parametrize("command", ["check", "simulate", "figure", "info", "verify"])
@pytest.mark.parametrize("kind", ["database", "text"])
def test_foreign_ledger_is_left_as_it_is(command, kind, tmp_path, capsys):
    path = tmp_path / "foreign.sqlite"
    if kind == "database":
        foreign_ledger(path)
    else:
        path.write_text("Dear diary, " * 20, encoding="utf-8")
    before = digest(path)
    words = ["ledger", command, path] if command in ("info", "verify") else [command, SLUG, "--ledger", path, "--results", tmp_path / "results"]
    assert "is not a theorylab ledger" in refused(capsys, *words)
    assert digest(path) == before
    assert not list(tmp_path.glob("foreign.sqlite.*"))


@pytest.mark.parametrize("command", ["check", "simulate", "info"])
def test_unreadable_ledger(command, tmp_path, capsys):
    # A folder in its place: root may read any file, so permissions alone would not stop a test that runs as root.
    path = tmp_path / "ledger.sqlite"
    path.mkdir()
    (path / "letter").write_text("mine")
    words = ["ledger", command, path] if command == "info" else [command, SLUG, "--results", tmp_path]
    assert "ledger" in refused(capsys, *words)
    assert (path / "letter").read_text() == "mine"


def test_damaged_ledger_is_set_aside_and_the_second_run_works(ledger, project, capsys):
    content = bytearray(ledger.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    ledger.write_bytes(content)
    words = ("simulate", SLUG, "--name", "cheap", "--ledger", ledger, "--results", project / "results")
    first = theorylab(*words, cwd=project)
    assert (first.returncode, first.stdout) == (2, "")
    assert first.stderr.count("\n") == 1
    (aside,) = ledger.parent.glob("ledger.sqlite.damaged-*")
    assert aside.name in first.stderr
    assert aside.read_bytes() == bytes(content)

    second = theorylab(*words, cwd=project)
    assert (second.returncode, second.stderr) == (0, "")
    assert info(ledger, capsys)["blocks"] >= 1
    assert aside.read_bytes() == bytes(content)


# Bad input -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["check", "two_step_gd"], "unknown paper 'two_step_gd'; known are one_step_gd"),
        (["simulate", "two_step_gd"], "unknown paper 'two_step_gd'"),
        (["figure", SLUG, "two_step_gd"], "unknown paper 'two_step_gd'"),
        (["reproduce", "two_step_gd"], "unknown paper 'two_step_gd'"),
        (["simulate", SLUG, "--name", "nonsense"], "unknown sweep 'nonsense'"),
        (["figure", SLUG, "--name", "nonsense"], "unknown figure 'nonsense'"),
        (["check", SLUG, "--jobs", "0"], "jobs must be an integer >= 1; got 0"),
        (["simulate", SLUG, "--jobs", "0"], "jobs must be an integer >= 1; got 0"),
        (["figure", SLUG, "--jobs", "-3"], "jobs must be an integer >= 1; got -3"),
        (["reproduce", SLUG, "--jobs", "0"], "jobs must be an integer >= 1; got 0"),
        (["check", SLUG, "--jobs", "two"], "Invalid value for '--jobs'"),
        (["check", SLUG, "--seed", "-1"], "--seed must be a non-negative integer or 'random'; got '-1'"),
        (["simulate", SLUG, "--seed", "1.5"], "--seed must be a non-negative integer or 'random'; got '1.5'"),
        (["figure", SLUG, "--seed", "²"], "--seed must be a non-negative integer or 'random'; got '²'"),
        (["check", SLUG, "--scale", "huge"], "scale must be one of 'quick', 'full'; got 'huge'"),
        (["simulate", SLUG, "--scale", "huge"], "scale must be one of 'quick', 'full'; got 'huge'"),
        (["figure", SLUG, "--scale", "huge"], "scale must be one of 'quick', 'full'; got 'huge'"),
        (["check", SLUG, "--alpha", "0"], "alpha must be"),
        (["check", SLUG, "--alpha", "1"], "alpha must be"),
        (["check", SLUG, "--alpha", "nan"], "alpha must be"),
        (["check", SLUG, "--alpha", "small"], "Invalid value for '--alpha'"),
        (["check", SLUG, "--backend", "abacus"], "backend must be one of 'numpy', 'cupy'; got 'abacus'"),
        (["figure", SLUG, "--format", "png,gif"], "--format must be a list of png, pdf and svg; got 'gif'"),
        (["figure", SLUG, "--format", ""], "--format must be a list of png, pdf and svg; got ''"),
        (["simulate", SLUG, "--nonsense"], "No such option"),
        (["paint"], "No such command"),
        (["ledger", "merge", "only.sqlite"], "Missing argument"),
    ],
)
def test_bad_input(words, expected, tmp_path, monkeypatch, capsys):
    results = tmp_path / "results"
    options = ["--results", results] if words[0] in ("check", "simulate", "figure", "reproduce") else []
    assert expected in refused(capsys, *words, *options)
    assert not (results / "sweeps").exists()
    assert not (results / "evidence.json").exists()


@pytest.mark.parametrize("command", ["check", "simulate", "figure", "reproduce", "report"])
def test_unwritable_results_folder(command, tmp_path, capsys):
    place = tmp_path / "results"
    place.write_text("my notes", encoding="utf-8")
    words = [command, "--results", place] if command == "report" else [command, SLUG, "--results", place]
    assert f"cannot write into the results folder {place}" in refused(capsys, *words)
    assert place.read_text(encoding="utf-8") == "my notes"


def test_ledger_in_an_impossible_place(tmp_path, capsys):
    (tmp_path / "notes").write_text("mine")
    refused(capsys, "simulate", SLUG, "--ledger", tmp_path / "notes" / "ledger.sqlite", "--results", tmp_path / "results")
    assert (tmp_path / "notes").read_text() == "mine"


@pytest.mark.parametrize("command", ["report", "check"])
def test_evidence_that_cannot_be_read_is_left_as_it_is(command, tmp_path, capsys):
    evidence = tmp_path / "evidence.json"
    evidence.write_text('[{"paper": "one_step', encoding="utf-8")
    words = [command, "--results", tmp_path] if command == "report" else [command, SLUG, "--results", tmp_path]
    assert f"{evidence} cannot be read as an evidence file" in refused(capsys, *words)
    assert evidence.read_text(encoding="utf-8") == '[{"paper": "one_step'


def test_damaged_table_of_a_sweep(project, tmp_path):
    table = tmp_path / "sweeps" / SLUG / "cheap.quick.json"
    table.parent.mkdir(parents=True)
    table.write_text("{", encoding="utf-8")
    answer = theorylab("figure", SLUG, "--name", "cheap", "--results", tmp_path, cwd=project)
    # The table is made anew from the ledger; nothing of it could be read.
    assert (answer.returncode, answer.stderr) == (0, "")
    assert json.loads(table.read_text(encoding="utf-8"))["rows"]
    assert (tmp_path / "figures" / SLUG / "cheap.png").exists()


def test_unreachable_scheduler(tmp_path):
    address = "tcp://127.0.0.1:9"
    answer = theorylab("simulate", SLUG, "--scheduler", address, "--results", tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert f"cannot reach a scheduler at '{address}'" in answer.stderr


def test_no_project_in_sight(tmp_path, monkeypatch):
    from theorylab import project

    monkeypatch.setattr(project, "__file__", str(tmp_path / "site-packages" / "theorylab" / "project.py"))
    with pytest.raises(project.ProjectError, match="run this inside a checkout"):
        project.project_root(tmp_path)


def test_an_error_of_the_program_keeps_its_traceback(monkeypatch):
    import theorylab.cli.commands as commands

    def broken():
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(commands, "catalogue", broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        run(["list"])


# Ctrl-C ----------------------------------------------------------------------------------------------------------------------------------


def slow_blocks(path):
    """Count the blocks of the slow sampler in a ledger that another process may be writing."""
    if not path.exists():
        return 0
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = "SELECT count(*) FROM block JOIN record ON record.id = block.record WHERE identity LIKE '%sample_slowly%'"
        return connection.execute(rows).fetchone()[0]
    except sqlite3.OperationalError:  # the tables are still being made
        return 0
    finally:
        connection.close()


def verdicts(results):
    return {record["claim"]: record["verdict"] for record in json.loads((results / "evidence.json").read_text())}


INTERRUPTED = "theorylab: interrupted; finished blocks are in the ledger, run the same command again to go on from there"


def interrupt(project, words, ledger, *, whole_group=True):
    """Start a command, press Ctrl-C when blocks of the slow sampler are in the ledger, and return (exit code, lines of stderr)."""
    process = subprocess.Popen(
        [PROGRAM, *map(str, words)],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "HOLD": "1"},
    )
    deadline = time.monotonic() + 100
    while slow_blocks(ledger) < 4:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no block arrived"
        time.sleep(0.02)
    # A terminal signals the whole group; `kill -INT` signals one process.
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=100)
    return process.returncode, err.splitlines()


def test_interrupted_simulation_goes_on(project, tmp_path):
    results = tmp_path / "results"
    ledger = results / "ledger.sqlite"
    words = ("simulate", SLUG, "--name", "slow", "--results", results)
    assert interrupt(project, words, ledger) == (130, [INTERRUPTED])
    assert not (results / "sweeps").exists()
    kept = slow_blocks(ledger)
    assert 4 <= kept < 20

    again = theorylab(*words, cwd=project)
    assert (again.returncode, again.stderr) == (0, "")
    assert f"{512 * (slow_blocks(ledger) - kept):,} new replicates" in again.stdout

    fresh = theorylab("simulate", SLUG, "--name", "slow", "--results", tmp_path / "fresh", cwd=project)
    assert fresh.returncode == 0
    tables = [json.loads((folder / "sweeps" / SLUG / "slow.quick.json").read_text()) for folder in (results, tmp_path / "fresh")]
    assert tables[0]["rows"] == tables[1]["rows"]


def test_interrupted_check_keeps_blocks_and_evidence(project, tmp_path):
    ledger = tmp_path / "ledger.sqlite"
    words = ("check", SLUG, "--results", tmp_path)
    assert interrupt(project, words, ledger) == (130, [INTERRUPTED])
    kept = slow_blocks(ledger)
    assert 4 <= kept < 20
    assert verdicts(tmp_path)["CLI-1"] == "holds"
    assert verdicts(tmp_path).get("CLI-2") != "holds"

    again = theorylab(*words, cwd=project)
    assert (again.returncode, again.stderr) == (0, ""), again.stdout
    assert slow_blocks(ledger) > kept
    assert verdicts(tmp_path) == {"CLI-1": "holds", "CLI-2": "holds"}


def test_interrupt_of_the_program_alone_reaches_the_tests(project, tmp_path):
    assert interrupt(project, ("check", SLUG, "--results", tmp_path), tmp_path / "ledger.sqlite", whole_group=False) == (130, [INTERRUPTED])
    assert verdicts(tmp_path)["CLI-1"] == "holds"


def test_interrupt_of_a_run_in_memory_says_that_nothing_was_kept(monkeypatch, tmp_path, capsys):
    import theorylab.cli.commands as commands

    def press_control_c(command, root):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "run_tests", press_control_c)
    assert run(["check", SLUG, "--seed", "5", "--results", str(tmp_path)]) == 130
    assert capsys.readouterr().err == (
        "theorylab: interrupted; with a seed of its own this run kept its blocks in memory; name a file with --ledger to keep them\n"
    )


# Terminals -------------------------------------------------------------------------------------------------------------------------------


def on_a_terminal(words, cwd):
    """Run a command whose stderr is a terminal; return exit code, stdout and what the terminal showed."""
    master, slave = pty.openpty()
    process = subprocess.Popen([PROGRAM, *map(str, words)], cwd=cwd, stdout=subprocess.PIPE, stderr=slave, env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    out, _ = process.communicate(timeout=100)
    return process.returncode, out.decode(), shown.decode()


def test_progress_line_on_a_terminal(project, tmp_path):
    # Without one there is none: every other test here requires an empty stderr.
    code, out, shown = on_a_terminal(["simulate", SLUG, "--name", "slow", "--results", tmp_path / "loud"], project)
    assert code == 0
    assert "replicates/s" in shown
    assert "sample_slowly" in shown
    assert "replicates/s" not in out


def test_python_starts_without_heavy_modules():
    # `theorylab --help` and shell completion must answer at once.
    code = "import sys, theorylab.cli; print([name for name in ('numpy', 'scipy', 'numba', 'matplotlib') if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
