"""The report page: every text escaped, every link resolves, no network, right counts, valid with and without evidence."""

from __future__ import annotations

import os
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from theorylab.papers import catalogue
from theorylab.report import page as report_page
from theorylab.report import write_report

VOID = {"meta", "img", "br", "hr", "link", "input"}
SLUG = "one_step_gd"
NASTY = "<script>alert(\"x\" & 'y')</script>"
# What would end an element or an attribute, begin one, run, or replace something, if it came into the page as it is.
HOSTILE = [
    NASTY,
    "</style></head><body onload=alert(1)>",
    "' onmouseover='alert(1)",
    '" onerror="alert(1)',
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "<img src=x onerror=alert(1)>",
    "--><svg/onload=alert(1)>",
    "]]><iframe src='//evil.example'></iframe>",
    "<base href='//evil.example'><meta http-equiv=refresh content=0>",
    "&lt;script&gt; &#60;b&#62; &amp;",
    "$papers ${sections} {0} %s",
    "\x00\x1b[2J\ufffe\ud800",
    "x-²",
    "x-" + "9" * 5000,
]


class Page(HTMLParser):
    """Reads a page, requires balanced tags, and collects what a test asks for."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.links, self.ids, self.texts, self.trouble = [], [], [], [], [], []
        self.rows, self.attributes = [], set()
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []
        assert self.trouble == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            self.attributes.add((tag, name))
            if name in ("href", "src"):
                self.links.append(value)
            if name == "id":
                self.ids.append(value)
            if name.startswith("on"):
                self.trouble.append(f"{tag} has the handler {name}")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.trouble.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.texts.append(data)
        if self.rows and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    @property
    def text(self):
        return "".join(self.texts)

    def row(self, claim):
        return next(row for row in self.rows if row and row[0] == claim)


def assertion(**changed):
    plain = {
        "question": "value agrees with 2 within 5 %",
        "verdict": "holds",
        "theory": 2.0,
        "estimate": 2.01,
        "interval": [1.99, 2.03],
        "margin": [1.9, 2.1],
        "replicates": 4096,
        "test": "t",
    }
    return {**plain, **changed}


def record(claim="GD-1", **changed):
    plain = {
        "paper": SLUG,
        "claim": claim,
        "kind": "identity",
        "statement": "A statement.",
        "tex": "",
        "source": "derived here",
        "verdict": "holds",
        "blind": False,
        "assertions": [assertion()],
        "counterclaims": [{"label": "twice that", "verdict": "refuted", "half_widths": 99.0, "test": "t"}],
        "tests": [],
        "seconds": 1.25,
        "seed": 5,
        "scale": "quick",
        "backend": "numpy",
        "alpha": 1e-6,
        "version": "0",
    }
    return {**plain, **changed}


@pytest.fixture
def written(tmp_path):
    """Return a function that writes the page of some records and reads it back."""

    def write(*records):
        return Page(write_report(tmp_path / "report" / "index.html", records, tmp_path / "figures"))

    return write


def test_without_evidence_and_figures(written):
    page = written()
    for paper in catalogue():
        assert paper.title in page.text
        assert paper.slug in page.ids
    assert "Nothing checked yet" in page.text
    assert "Not checked yet." in page.text
    assert "No figures drawn yet." in page.text


def test_every_text_is_escaped(written):
    nasty = record(
        claim=NASTY,
        paper=NASTY,
        statement=NASTY,
        kind=NASTY,
        source=NASTY,
        scale=NASTY,
        backend=NASTY,
        assertions=[assertion(question=NASTY)],
        counterclaims=[{"label": NASTY, "verdict": "refuted", "half_widths": None, "test": "t"}],
    )
    page = written(nasty, record())
    assert "script" not in page.tags
    # Heading, contents, claim, statement, kind, source, scale, backend, question, counterclaim.
    assert page.text.count(NASTY) == 10


def all_texts(text, **changed):
    return record(
        **dict.fromkeys(("claim", "statement", "tex", "kind", "source", "scale", "backend", "version", "verdict"), text),
        assertions=[assertion(question=text, verdict=text, test=text, reason=text)],
        counterclaims=[{"label": text, "verdict": text, "half_widths": 2.0, "test": text}],
        tests=[{"id": text, "outcome": text, "seconds": 0.1}],
        **changed,
    )


@pytest.fixture
def of_a_hostile_catalogue(tmp_path, monkeypatch):
    """Return a function that writes a page in which everything, the catalogue too, says one thing."""

    def write(text):
        paper = replace(catalogue()[0], title=text, authors=(text,), venue=text, arxiv=text, theme=text)
        monkeypatch.setattr(report_page, "catalogue", lambda: (paper,))
        page = tmp_path / "report" / "index.html"
        return Page(write_report(page, [all_texts(text), all_texts(text, paper=text)], tmp_path / "figures"))

    return write


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])
def test_no_text_changes_the_structure_of_the_page(of_a_hostile_catalogue, text):
    plain, hostile = of_a_hostile_catalogue("plain"), of_a_hostile_catalogue(text)
    assert hostile.tags == plain.tags
    assert hostile.attributes == plain.attributes
    assert {name for _, name in hostile.attributes} <= {"lang", "charset", "name", "content", "http-equiv", "class", "scope", "colspan", "id", "href"}
    assert all(link.startswith("#") for link in hostile.links)
    assert [link[1:] for link in hostile.links] == [place for place in hostile.ids if place in (SLUG, hostile.links[1][1:])]
    # Nothing is lost or added but what no page can hold.
    shown = "".join("\ufffd" if sign in "\x00\x1b\ufffe\ud800" else sign for sign in text)
    # Contents and heading of two papers; authors, venue, arXiv id; of each paper claim, statement, kind, source, scale, backend, question,
    # counterclaim and three verdicts.
    assert hostile.text.count(shown) >= 2 * 2 + 3 + 2 * 11
    assert not set(hostile.text) & set("\x00\x1b\ufffe\ud800")


def test_a_policy_forbids_scripts_even_if_an_escape_were_missed(written, tmp_path):
    written(record())
    head = (tmp_path / "report" / "index.html").read_text(encoding="utf-8").partition("<style>")[0]
    assert "Content-Security-Policy" in head
    assert all(rule in head for rule in ("script-src 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'none'", "connect-src 'none'"))


def test_names_of_figures_are_escaped_whatever_they_are(written, tmp_path):
    folder = tmp_path / "figures" / SLUG
    folder.mkdir(parents=True)
    names = [b"javascript:alert(1).png", b"' onerror='x.png", b"<b>&amp;.png", b'a"b.png', b"a%2e%2e#?.png", b"\xff\xfe.png", "ß→.png".encode()]
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(b"")
    page = written(record())
    files = [link for link in page.links if not link.startswith("#")]
    assert len(files) == 2 * len(names)
    assert all(link.startswith(f"../figures/{SLUG}/") for link in files)
    here = os.fsencode(tmp_path / "report")
    assert {os.path.basename(unquote(link, errors="surrogateescape").encode("utf-8", "surrogateescape")) for link in files} == set(names)
    assert all(os.path.isfile(os.path.join(here, unquote(link, errors="surrogateescape").encode("utf-8", "surrogateescape"))) for link in files)
    assert "b" not in page.tags
    assert ("img", "onerror") not in page.attributes


def test_links_out_of_the_folder_of_figures_are_not_shown(written, tmp_path):
    folder = tmp_path / "figures" / SLUG
    folder.mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(b"")
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "folder.png").mkdir()
    (folder / "real.png").write_bytes(b"")
    (folder / "real.pdf").symlink_to(tmp_path / "secret.png")
    page = written(record())
    assert [link for link in page.links if not link.startswith("#")] == [f"../figures/{SLUG}/real.png"] * 2


def test_figures_are_shown_and_their_links_resolve(written, tmp_path):
    folder = tmp_path / "figures" / SLUG
    folder.mkdir(parents=True)
    for name in ("loss_against_context.png", "loss_against_context.pdf", "trained & 'odd' #1.png"):
        (folder / name).write_bytes(b"")
    page = written(record())
    files = [link for link in page.links if not link.startswith("#")]
    assert len(files) == 5  # two pictures with a link around each, and one PDF
    for link in files:
        assert not set(link) & set("#?& '")
        assert (tmp_path / "report" / unquote(link)).resolve().is_file(), link
    assert "loss against context (PDF)" in page.text
    # The other papers have none.
    assert page.text.count("No figures drawn yet.") == len(catalogue()) - 1


def test_opens_without_a_network(written, tmp_path):
    (tmp_path / "figures" / SLUG).mkdir(parents=True)
    (tmp_path / "figures" / SLUG / "a.png").write_bytes(b"")
    page = written(record())
    assert "link" not in page.tags
    assert "script" not in page.tags
    for link in page.links:
        assert "//" not in link
        assert not link.startswith(("/", "data:", "file:"))
    content = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "url(" not in content
    assert "@import" not in content


def test_links_inside_the_page_lead_somewhere(written):
    page = written(record(), record(paper="mine", claim="M-1"))
    assert len(page.ids) == len(set(page.ids))
    inside = [link for link in page.links if link.startswith("#")]
    assert inside
    assert all(link[1:] in page.ids for link in inside)


def test_counts(written):
    page = written(
        record("GD-1"),
        record("GD-2", verdict="refuted"),
        record("GD-3", verdict="undecided", blind=True),
        record("GD-4", verdict="undecided"),
        record("GD-5"),
        record("M-1", paper="mine"),
    )
    assert "3 of 6 claims hold, 1 refuted, 2 undecided. A claim holds" in page.text
    assert "2 of 5 claims hold, 1 refuted, 2 undecided. Seed 5" in page.text
    assert "1 of 1 claims hold. Seed 5" in page.text
    assert page.row("GD-3")[2] == "undecided (blind)"
    assert page.row("GD-4")[2] == "undecided"


def test_a_row_shows_the_question_that_used_most_of_its_margin(written):
    tight = assertion(theory=3.0, estimate=3.05, interval=[3.01, 3.09], margin=[2.9, 3.1], replicates=8192)
    counterclaims = [
        {"label": "a", "verdict": "refuted", "half_widths": 2.0, "test": "t"},
        {"label": "b", "verdict": "survives", "half_widths": None, "test": "t"},
    ]
    page = written(record(assertions=[assertion(), tight], counterclaims=counterclaims))
    assert page.row("GD-1")[3:] == ["3", "3.05 in [3.01, 3.09]", "90 %", "1/2", "12,288", "1.2"]
    assert "survives b" in page.text
    assert "refuted a (2 half-widths away)" in page.text


def test_claims_stand_in_natural_order(written):
    page = written(*(record(claim) for claim in ("GD-10", "GD-2", "GD-1", "plain")))
    assert [row[0] for row in page.rows if row and row[0] in ("GD-1", "GD-2", "GD-10", "plain")] == ["GD-1", "GD-2", "GD-10", "plain"]


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"margin": [None, 2.1]}, ["2", "2.01 in [1.99, 2.03]", "≤ 2.1"]),
        ({"margin": [1.9, None]}, ["2", "2.01 in [1.99, 2.03]", "≥ 1.9"]),
        ({"interval": [2.01, 2.01]}, ["2", "2.01", "[1.9, 2.1]"]),
        ({"interval": [None, None]}, ["2", "2.01 in [–, –]", "[1.9, 2.1]"]),
        ({"theory": None}, ["–", "2.01 in [1.99, 2.03]", "[1.9, 2.1]"]),
        ({"estimate": None, "interval": [None, None]}, ["2", "– in [–, –]", "[1.9, 2.1]"]),
    ],
)
def test_numbers_that_are_missing(written, changed, shown):
    page = written(record(assertions=[assertion(**changed)]))
    question = page.row(assertion()["question"])
    assert [page.row("GD-1")[3], page.row("GD-1")[4], question[3]] == shown
    assert question[2] == shown[1]


def test_a_claim_that_asked_nothing(written):
    page = written(record(assertions=[], counterclaims=[], verdict="undecided", blind=True))
    assert page.row("GD-1")[2:7] == ["undecided (blind)", "–", "–", "–", "0/0"]


def test_is_replaced_whole(written, tmp_path):
    written(record(statement="The old statement."))
    page = written(record(statement="The new statement."))
    assert "The new statement." in page.text
    assert "The old statement." not in page.text
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["index.html"]
