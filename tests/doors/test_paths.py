"""No name leads out of the results folder, and no link does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hostile import ESCAPES, SLUG

from theorylab.cli.main import run
from theorylab.evidence.store import write_whole
from theorylab.names import file_name
from theorylab.papers import catalogue, find_paper
from theorylab.plotting import new_figure, save_figure
from theorylab.project import ProjectError, Results, check_files, load_wing, project_root

ROOT = project_root(Path(__file__).parent)


@pytest.mark.parametrize("name", ESCAPES)
def test_names_lead_nowhere_else(name: str, tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    for words in ((name, "x", "quick"), (SLUG, name, "quick"), (SLUG, "x", name)):
        with pytest.raises(ValueError, match="must be the name of one file"):
            results.table(*words)
    with pytest.raises(ValueError, match="must be the name of one file"):
        results.figures(name)
    with pytest.raises(ValueError, match="must be the name of one file"):
        file_name("name", name)
    with pytest.raises(ValueError, match="unknown paper"):
        find_paper(name)
    with pytest.raises(ValueError, match="unknown paper"):
        load_wing("simulations", name, ROOT)
    with pytest.raises(ValueError, match="unknown paper"):
        check_files(name, ROOT)
    figure, _ = new_figure()
    with pytest.raises(ValueError, match="name must be the name of one file"):
        save_figure(figure, tmp_path / "figures", name)
    assert [path.name for path in tmp_path.rglob("*")] == ["results"]


def test_names_that_are_meant_pass() -> None:
    for slug in (paper.slug for paper in catalogue()):
        for name in (slug, *load_wing("simulations", slug, ROOT).SWEEPS, *load_wing("figures", slug, ROOT).FIGURES):
            assert file_name("name", name) == name


@pytest.mark.parametrize("name", [escape for escape in ESCAPES if escape])
@pytest.mark.parametrize("words", [["check"], ["simulate"], ["figure"], ["reproduce"], ["simulate", SLUG, "--name"], ["figure", SLUG, "--name"]])
def test_the_command_line_refuses_them_too(words: list[str], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, name, "--results", str(tmp_path / "results")]) == 2
    error = capsys.readouterr().err
    assert "unknown" in error
    assert error.count("\n") == 1
    assert error.rstrip("\n").isprintable()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_nul_in_a_path_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--results", f"{tmp_path}/a\x00b"], ["--results", str(tmp_path), "--ledger", f"{tmp_path}/a\x00b"]):
        assert run(["simulate", SLUG, *words]) == 2
        error = capsys.readouterr().err
        assert "NUL" in error or "null byte" in error
        assert error.count("\n") == 1


@pytest.mark.parametrize(
    "place", ["sweeps", f"sweeps/{SLUG}", "figures", f"figures/{SLUG}", "report", "report/index.html", "evidence.json", "ledger.sqlite"]
)
def test_links_out_of_the_results_folder_are_refused(place: str, tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "results"
    outside.mkdir()
    results = Results(inside)
    link = inside / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / "target" if "." in place else outside)
    asked = {"sweeps": lambda: results.table(SLUG, "x", "quick"), "figures": lambda: results.figures(SLUG)}
    simple = {"report": lambda: results.report, "evidence.json": lambda: results.evidence, "ledger.sqlite": lambda: results.ledger}
    with pytest.raises(ProjectError, match="is a link that leads out of the results folder"):
        (asked | simple)[place.partition("/")[0]]()
    assert list(outside.iterdir()) == []


def test_links_that_stay_or_are_the_folder_itself_are_fine(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "disk")
    results = Results(tmp_path / "results")
    (tmp_path / "disk" / "sweeps").symlink_to(tmp_path / "disk")
    assert results.table(SLUG, "x", "quick").name == "x.quick.json"
    (tmp_path / "disk" / "figures").symlink_to(tmp_path / "disk" / "figures")
    with pytest.raises(ProjectError, match="is a link"):
        results.figures(SLUG)


def test_writing_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    for name in ("evidence.json", "x.png", f".evidence.json.{os.getpid()}", f".x.png.{os.getpid()}"):
        precious.write_text("mine", encoding="utf-8")
        folder = tmp_path / f"of-{name}"
        folder.mkdir()
        (folder / name).symlink_to(precious)
        write_whole(folder / "evidence.json", "new")
        save_figure(new_figure()[0], folder, "x", ["png"])
        assert precious.read_text(encoding="utf-8") == "mine", name
        assert sorted(path.name for path in folder.iterdir()) == ["evidence.json", "x.png"]
        assert not [path for path in folder.iterdir() if path.is_symlink()]
