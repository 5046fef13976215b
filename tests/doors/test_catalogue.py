"""What the catalogue says is data of one form, and its slugs can be nothing but identifiers."""

from __future__ import annotations

import json

import pytest
from hostile import PAYLOADS

from theorylab.papers import read_catalogue

ENTRY = {"slug": "a_b", "title": "T", "authors": ["A"], "venue": "V", "arxiv": "1.2", "theme": "H"}


def _toml(**changed: object) -> str:
    return "[[paper]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in (ENTRY | changed).items())


@pytest.mark.parametrize("slug", ["", "../x", "/etc/passwd", "a/b", "a.b", "os; import os", "A_B", "-x", "1a", "ä", "a\x00", "a b", 7, ["a_b"]])
def test_a_slug_of_the_catalogue_is_a_plain_identifier(slug: object) -> None:
    assert read_catalogue(_toml())[0].slug == "a_b"
    with pytest.raises(ValueError, match="slug of paper 1 of the catalogue must be a lower-case identifier"):
        read_catalogue(_toml(slug=slug))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paper = 1", "entries"),
        ("", "entries"),
        ("[x]\n" + _toml(), "entries"),
        ("paper = [1]", "must have the fields"),
        (_toml(__class__="x"), "must have the fields"),
        (_toml(title=["x"]), "texts"),
        (_toml(authors="x"), "texts"),
        (_toml(authors=[1]), "texts"),
        (_toml() + _toml(), "unique"),
        ("[[paper]", "Expected"),
    ],
)
def test_a_catalogue_is_data_of_one_form(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_catalogue(text)


@pytest.mark.parametrize("hostile", PAYLOADS[:-1])
def test_texts_of_the_catalogue_stay_texts(hostile: str) -> None:
    (paper,) = read_catalogue(_toml(title=hostile, authors=[hostile], venue=hostile, theme=hostile))
    assert (paper.title, paper.authors) == (hostile, (hostile,))
