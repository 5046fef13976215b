"""Bad input: one line on stderr, exit code 2, nothing lost."""

from __future__ import annotations

import json

import pytest
from cli_support import SLUG, refused, theorylab

from theorylab.cli.main import run


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
        (["check", SLUG, "--seed", "-1"], "--seed must be a non-negative integer below 2^63 or 'random'; got '-1'"),
        (["simulate", SLUG, "--seed", "1.5"], "--seed must be a non-negative integer below 2^63 or 'random'; got '1.5'"),
        (["figure", SLUG, "--seed", "²"], "--seed must be a non-negative integer below 2^63 or 'random'; got '²'"),
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
