"""Valid calls of what `theorylab.papers` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "find_paper": [{"slug": "one_step_gd"}],
    "slugs": [{}],
    "Paper": [
        {
            "slug": "one_step_gd",
            "title": "One step",
            "authors": ("A. Author",),
            "venue": "TMLR",
            "arxiv": "2306.00001",
            "theme": "in-context learning",
        }
    ],
    "catalogue": [{}],
    "read_catalogue": [{"text": '[[paper]]\nslug = "a"\ntitle = "A"\nauthors = ["B"]\nvenue = "V"\narxiv = "2306.00001"\ntheme = "T"\n'}],
}

EXCEPTIONS: dict[str, str] = {}
