"""Ledgers at the command line: what they hold, merging, and foreign, unreadable or damaged files."""

from __future__ import annotations

import re
import sqlite3

import pytest
from cli_support import SLUG, digest, foreign_ledger, info, refused, theorylab

from theorylab.cli.main import run


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
