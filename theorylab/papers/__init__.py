"""One package per paper; `catalogue.toml` lists them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

__all__ = ["Paper", "catalogue", "find_paper", "read_catalogue", "slugs"]


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

    def __post_init__(self) -> None:
        for name in ("slug", "title", "venue", "arxiv", "theme"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a text; got {getattr(self, name)!r:.80}")
        if not isinstance(self.authors, tuple) or not all(isinstance(each, str) for each in self.authors):
            raise ValueError(f"authors must be a tuple of texts; got {self.authors!r:.80}")


@cache
def catalogue() -> tuple[Paper, ...]:
    """Return the papers in the order of the catalogue."""
    return read_catalogue(resources.files(__name__).joinpath("catalogue.toml").read_text(encoding="utf-8"))


def read_catalogue(text: str) -> tuple[Paper, ...]:
    """Return the papers that a catalogue in TOML lists.

    Raises
    ------
    ValueError
        If the text is no catalogue, or an entry is not complete. A slug becomes the name of files and modules, so it must be one lower-case
        identifier in ASCII, and no other entry may have it.
    """
    if not isinstance(text, str):
        raise ValueError(f"text must be a catalogue in TOML; got {type(text).__name__}")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"text must be a catalogue in TOML: {error}") from None
    entries = content.get("paper")
    if set(content) != {"paper"} or not isinstance(entries, list):
        raise ValueError(f"text of a catalogue must hold entries [[paper]] and nothing else; got {', '.join(content) or 'nothing'}")
    papers = tuple(_paper(number, entry) for number, entry in enumerate(entries, start=1))
    doubled = {paper.slug for paper in papers if sum(other.slug == paper.slug for other in papers) > 1}
    if doubled:
        raise ValueError(f"slug must be unique in the catalogue; got {', '.join(sorted(doubled))} more than once")
    return papers


def _paper(number: int, entry: object) -> Paper:
    names = [field.name for field in fields(Paper)]
    if not isinstance(entry, dict) or sorted(entry) != sorted(names):
        raise ValueError(f"paper {number} of the catalogue must have the fields {', '.join(names)}; got {entry!r}")
    slug, authors = entry["slug"], entry["authors"]
    if not (isinstance(slug, str) and slug.isascii() and slug.isidentifier() and slug.islower()):
        raise ValueError(f"slug of paper {number} of the catalogue must be a lower-case identifier such as one_step_gd; got {slug!r}")
    if not isinstance(authors, list) or not all(isinstance(each, str) for each in (*authors, *(entry[name] for name in names if name != "authors"))):
        raise ValueError(f"paper {number} of the catalogue must have texts as fields and a list of texts as authors; got {entry!r}")
    return Paper(**{**entry, "authors": tuple(authors)})


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
        if isinstance(slug, str) and paper.slug == slug:
            return paper
    raise ValueError(f"unknown paper {slug!r}; known are {', '.join(slugs())}")
