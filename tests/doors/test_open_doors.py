"""The list of doors to open is up to date: each stands in its file, and opening it changes a text that Python or TOML still reads."""

from __future__ import annotations

import ast
import tomllib

import pytest
from environments import ROOT
from open_doors import Opening, escapes, opened, openings


@pytest.mark.parametrize("opening", openings(), ids=lambda opening: f"{opening.kind}: {opening.what}"[:60])
def test_every_door_is_there_and_opens(opening: Opening) -> None:
    text = (ROOT / opening.file).read_text(encoding="utf-8")
    changed = opened(text, opening)
    assert changed != text
    assert (ROOT / opening.tests).is_file()
    if opening.file.endswith(".py"):
        ast.parse(changed)
    elif opening.file.endswith(".toml"):
        tomllib.loads(changed)


def test_a_door_that_is_gone_is_said() -> None:
    with pytest.raises(ValueError, match="the list of doors is out of date"):
        opened("x = 1", openings()[0])


def test_every_escape_of_the_report_is_a_door() -> None:
    assert len(list(escapes())) > 15
    assert len(openings()) > 50
