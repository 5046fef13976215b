"""What every command does, as a user would type it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

from cli_support import PROGRAM, SLUG, theorylab

from theorylab import __version__
from theorylab.cli.main import run
from theorylab.papers import slugs


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
