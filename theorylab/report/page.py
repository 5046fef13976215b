"""Write the report: the evidence as a table and the figures beside it, one page that opens from the file system, without a network."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from theorylab import __version__
from theorylab.evidence.store import write_whole
from theorylab.evidence.table import margin_used, weakest_assertion
from theorylab.names import file_path
from theorylab.papers import Paper, catalogue
from theorylab.validation import items
from theorylab.validation import record as checked_record

__all__ = ["write_report"]

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _text(value: Any) -> str:
    """Return a value as text between tags or in a quoted attribute; what a page cannot hold is replaced: control characters, half surrogate pairs."""
    return html.escape(_UNPRINTABLE.sub("\ufffd", str(value)), quote=True)


def _anchor(*names: str) -> str:
    """Return a place of the page as it stands in an id and behind the # of a link: without blanks, quotes and signs that mean something there."""
    return quote(_UNPRINTABLE.sub("\ufffd", "-".join(names)), safe="")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"


def _natural(claim: str) -> list[tuple[int, str]]:
    head, _, tail = claim.rpartition("-")
    # Some digits are no decimals, such as a superscript two, and Python converts no number of thousands of digits.
    return [(0, head), (int(tail), "")] if tail.isdecimal() and len(tail) < 1000 else [(0, claim), (0, "")]


def _band(assertion: dict[str, Any]) -> str:
    low, high = assertion["margin"]
    if low is None or high is None:
        return f"≤ {_number(high)}" if low is None else f"≥ {_number(low)}"
    return f"[{_number(low)}, {_number(high)}]"


def _interval(assertion: dict[str, Any]) -> str:
    low, high = assertion["interval"]
    if low is not None and low == high:
        return _number(assertion["estimate"])
    return f"{_number(assertion['estimate'])} in [{_number(low)}, {_number(high)}]"


def _assertions(record: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{_text(each['question'])}</td><td class='{_text(each['verdict'])}'>{_text(each['verdict'])}</td>"
        f"<td class='n'>{_interval(each)}</td><td class='n'>{_band(each)}</td><td class='n'>{each['replicates']:,}</td></tr>"
        for each in record["assertions"]
    )
    refuted = "".join(
        f"<li><span class='{'holds' if each['verdict'] == 'refuted' else 'refuted'}'>{_text(each['verdict'])}</span> {_text(each['label'])}"
        + (f" ({each['half_widths']:.3g} half-widths away)" if each["half_widths"] is not None else "")
        + "</li>"
        for each in record["counterclaims"]
    )
    return (
        "<details><summary>All questions and counterclaims</summary><div class='scroll'><table><thead><tr><th>question</th><th>verdict</th>"
        "<th>estimate and interval</th><th>allowed</th><th>replicates</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div><p>Counterclaims that the same data had to refute:</p><ul>{refuted}</ul></details>"
    )


def _claim_row(record: dict[str, Any]) -> str:
    weakest = weakest_assertion(record)
    refuted = sum(each["verdict"] == "refuted" for each in record["counterclaims"])
    verdict = record["verdict"] + (" (blind)" if record["blind"] else "")
    cells = ["–"] * 3 if weakest is None else [_number(weakest["theory"]), _interval(weakest), f"{100 * margin_used(weakest):.0f} %"]
    return (
        f"<tr id='{_anchor(record['paper'], record['claim'])}'><th scope='row'>{_text(record['claim'])}</th>"
        f"<td><p>{_text(record['statement'])}</p><p class='source'>{_text(record['kind'])}; {_text(record['source'])}</p></td>"
        f"<td class='{_text(record['verdict'])}'>{_text(verdict)}</td><td class='n'>{cells[0]}</td><td class='n'>{cells[1]}</td>"
        f"<td class='n'>{cells[2]}</td><td class='n'>{refuted}/{len(record['counterclaims'])}</td>"
        f"<td class='n'>{sum(each['replicates'] for each in record['assertions']):,}</td><td class='n'>{record['seconds']:.1f}</td></tr>"
        # Below the row and not in its narrow second cell, where the table of questions would not fit.
        f"<tr class='more'><td colspan='9'>{_assertions(record)}</td></tr>"
    )


def _link(file: Path, page: Path) -> str:
    # As bytes, since the name of a file need not be Unicode.
    return _text(quote(os.fsencode(Path(os.path.relpath(file, page.parent)).as_posix())))


def _shown_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a folder, without links that lead out of it: a page that is handed on must not show what lies elsewhere."""
    inside = folder.resolve()
    return sorted(path for path in folder.glob(pattern) if path.is_file() and path.resolve().is_relative_to(inside))


def _figures(folder: Path, page: Path) -> str:
    cells = []
    vectors = set(_shown_files(folder, "*.pdf"))
    for picture in _shown_files(folder, "*.png"):
        link = _link(picture, page)
        name = _text(picture.stem.replace("_", " "))
        vector = picture.with_suffix(".pdf")
        more = f" (<a href='{_link(vector, page)}'>PDF</a>)" if vector in vectors else ""
        picture_html = f"<a href='{link}'><img src='{link}' alt='Figure: {name}' loading='lazy'></a>"
        cells.append(f"<figure>{picture_html}<figcaption>{name}{more}</figcaption></figure>")
    return f"<div class='figures'>{''.join(cells)}</div>" if cells else "<p>No figures drawn yet.</p>"


def _settings(records: Sequence[dict[str, Any]]) -> str:
    shown = sorted({f"Seed {each['seed']}, scale {each['scale']}, {each['backend']}, error level {each['alpha']:g} per estimand" for each in records})
    return _text("; ".join(shown))


def _claims_table(records: Sequence[dict[str, Any]]) -> str:
    own = sorted(records, key=lambda record: _natural(record["claim"]))
    if not own:
        return "<p>Not checked yet.</p>"
    rows = "".join(_claim_row(record) for record in own)
    return (
        f"<p>{_counts(own)}. {_settings(own)}. The numbers in a row are those of the question that used most of its margin.</p>"
        "<div class='scroll'><table class='claims'><thead><tr><th>claim</th><th>statement</th><th>verdict</th><th>theory</th>"
        "<th>estimate and interval</th><th>margin used</th><th>counter&shy;claims refuted</th><th>replicates</th><th>seconds</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _counts(records: Sequence[dict[str, Any]]) -> str:
    counts = {state: sum(record["verdict"] == state for record in records) for state in ("holds", "refuted", "undecided")}
    others = "".join(f", {counts[state]} {state}" for state in ("refuted", "undecided") if counts[state])
    return f"{counts['holds']} of {len(records)} claims hold{others}"


def _paper_section(paper: Paper, records: Sequence[dict[str, Any]], figures: Path, page: Path) -> str:
    meta = f"{_text(', '.join(paper.authors))}. {_text(paper.venue)}. arXiv:{_text(paper.arxiv)}."
    command = f"Checked by <code>theorylab check {_text(paper.slug)}</code>."
    head = f"<h2>{_text(paper.title)}</h2><p class='source'>{meta} {command}</p>"
    return f"<section id='{_anchor(paper.slug)}'>{head}{_claims_table(records)}<h3>Figures</h3>{_figures(figures, page)}</section>"


def write_report(page: Path, records: Sequence[dict[str, Any]], figures: Path) -> Path:
    """Write the report page.

    Parameters
    ----------
    page
        The HTML file to write.
    records
        The claims of an evidence file.
    figures
        Folder that holds one folder of figures per paper.

    Returns
    -------
    Path
        ``page``.
    """
    page, figures, records = file_path("page", page), file_path("figures", figures), items("records", records, dict)
    if not page.name:
        raise ValueError(f"page must name a file; got {str(page)!r}")
    for each in records:
        checked_record("records", each, ("paper", "claim", "verdict", "assertions", "counterclaims"))
    template = Template(resources.files(__name__.rpartition(".")[0]).joinpath("page.html").read_text(encoding="utf-8"))
    sections, links = [], []
    papers = {paper.slug: paper for paper in catalogue()}
    # A reader's own claims may stand in the same evidence file; their papers are in no catalogue.
    for slug in dict.fromkeys([*papers, *(record["paper"] for record in records)]):
        own = [record for record in records if record["paper"] == slug]
        if slug in papers:
            sections.append(_paper_section(papers[slug], own, figures / slug, page))
        else:
            sections.append(f"<section id='{_anchor(slug)}'><h2>{_text(slug)}</h2>{_claims_table(own)}</section>")
        links.append(f"<li><a href='#{_anchor(slug)}'>{_text(papers[slug].title if slug in papers else slug)}</a></li>")
    summary = _counts(records) if records else "Nothing checked yet"
    content = template.substitute(summary=_text(summary), papers="".join(links), sections="".join(sections), version=_text(__version__))
    write_whole(page, content)
    return page
