"""One package per paper; `catalogue.toml` lists them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["Paper", "catalogue", "find_paper", "slugs"]


@dataclass(frozen=True)
class Paper:
    """An entry of the catalogue.

    Attributes
    ----------
    slug
        Its name in every wing of the project.
    title, authors, venue, arxiv, theme
        As printed; ``arxiv`` is the id without a version.
    """

    slug: str
    title: str
    authors: tuple[str, ...]
    venue: str
    arxiv: str
    theme: str


@cache
def catalogue() -> tuple[Paper, ...]:
    """Return the papers in the order of the catalogue."""
    text = resources.files(__name__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tuple(Paper(**{**entry, "authors": tuple(entry["authors"])}) for entry in tomllib.loads(text)["paper"])


def slugs() -> tuple[str, ...]:
    """Return the slugs of all papers."""
    return tuple(paper.slug for paper in catalogue())


def find_paper(slug: str) -> Paper:
    """Return the paper of this slug.

    Raises
    ------
    ValueError
        If there is none.
    """
    for paper in catalogue():
        if paper.slug == slug:
            return paper
    raise ValueError(f"unknown paper {slug!r}; known are {', '.join(slugs())}")
