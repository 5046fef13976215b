"""The commands. Heavy modules are imported inside them, so that ``theorylab --help`` answers at once."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from theorylab import __version__
from theorylab.cli.interrupts import Commands, run_tests
from theorylab.cli.ledgers import ledger_app
from theorylab.papers import catalogue, find_paper, slugs
from theorylab.project import ProjectError, Results, check_files, project_root, relative

if TYPE_CHECKING:
    from theorylab.laboratory import Laboratory

__all__ = ["app"]

app = typer.Typer(
    help="Decide the theoretical claims of machine-learning papers numerically.",
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
)
app.add_typer(ledger_app, name="ledger")

Slugs = Annotated[list[str] | None, typer.Argument(metavar="[SLUG]...", help="Papers; all of them if none is named.")]
Scale = Annotated[str, typer.Option(metavar="quick|full", help="Grids and margins.")]
Seed = Annotated[str, typer.Option(metavar="N|random", help="Seed of every stream.")]
Jobs = Annotated[int, typer.Option(metavar="N", help="Processes.")]
BackendName = Annotated[str, typer.Option(metavar="numpy|cupy", help="Array backend.")]
Scheduler = Annotated[str | None, typer.Option(metavar="ADDRESS|FILE", help="Dask scheduler that draws the blocks, or its file; tls:// encrypts.")]
LedgerPath = Annotated[Path | None, typer.Option(metavar="PATH", help="Ledger file; by default in the results folder.")]
ResultsPath = Annotated[Path | None, typer.Option(metavar="DIR", help="Results folder; by default results/ of the project.")]
Names = Annotated[list[str] | None, typer.Option("--name", metavar="NAME", help="Only this figure; may be repeated.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"theorylab {__version__}")
        raise typer.Exit()


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    pass


def _seed(text: str) -> int:
    if text == "random":
        import secrets

        seed = secrets.randbelow(2**32 - 1) + 1
        # Without the number nobody could repeat the run, or go on after an interruption.
        print(f"seed {seed} (repeat with --seed {seed})", flush=True)
        return seed
    # Longer ones are beyond 2^63, and beyond what Python converts.
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ValueError(f"--seed must be a non-negative integer below 2^63 or 'random'; got {text[:80]!r}")
    return int(text)


def _results(folder: Path | None) -> Results:
    return Results(folder if folder is not None else project_root() / "results")


def _chosen(wanted: list[str] | None) -> list[str]:
    return [find_paper(slug).slug for slug in wanted] if wanted else list(slugs())


@contextmanager
def _laboratory(
    results: Results, *, scale: str, seed: int, jobs: int, backend: str, scheduler: str | None, ledger: Path | None
) -> Iterator[Laboratory]:
    from theorylab.cli.progress import progress_line
    from theorylab.laboratory import Laboratory
    from theorylab.session import open_engine

    with progress_line() as progress:
        engine = open_engine(ledger or results.ledger, jobs=jobs, scheduler=scheduler, backend=backend, progress=progress)
        try:
            yield Laboratory(seed, scale=scale, engine=engine)
        finally:
            engine.close()


@app.command("list")
def list_papers(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the papers of the catalogue."""
    papers = catalogue()
    if as_json:
        print(json.dumps([vars(paper) for paper in papers], ensure_ascii=False, indent=1))
        return
    width = max(len(paper.slug) for paper in papers)
    for paper in papers:
        print(f"{paper.slug:<{width}}  {paper.title} ({paper.venue}, arXiv:{paper.arxiv}; {paper.theme})")


@app.command()
def check(
    slug: Slugs = None,
    scale: Scale = "quick",
    seed: Seed = "0",
    alpha: Annotated[float, typer.Option(metavar="A", help="Error level of one estimand.")] = 1e-6,
    backend: BackendName = "numpy",
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    ledger: LedgerPath = None,
    results: ResultsPath = None,
) -> None:
    """Check the claims of papers; exit code 1 if one does not hold."""
    _check(_chosen(slug), scale, _seed(seed), alpha, backend, jobs, scheduler, ledger, _results(results))


def _check(
    papers: list[str], scale: str, seed: int, alpha: float, backend: str, jobs: int, scheduler: str | None, ledger: Path | None, results: Results
) -> None:
    from theorylab.evidence.store import read_evidence
    from theorylab.laboratory import Laboratory
    from theorylab.montecarlo.cluster import scheduler_place
    from theorylab.session import open_engine

    root = project_root()
    files = [str(path) for paper in papers for path in check_files(paper, root)]
    chosen = ledger if ledger is not None else (results.ledger if seed == 0 else None)
    # The run below starts in the project's folder, so paths given from here must not depend on it.
    path = chosen.resolve() if chosen else None
    scheduler = None if scheduler is None else scheduler_place(scheduler)
    # Whatever is wrong with a setting is said here, in one line, and not in the middle of a test run.
    engine = open_engine(path, jobs=jobs, scheduler=scheduler, backend=backend)
    try:
        Laboratory(seed, scale=scale, alpha=alpha, engine=engine)
    finally:
        engine.close()
    # The tests merge into this file at their end, where a file that cannot be read would cost the evidence of the whole run.
    read_evidence(results.evidence)
    command = [sys.executable, "-m", "pytest", "-q", f"--rootdir={root}", f"--scale={scale}", f"--theory-seed={seed}", f"--theory-alpha={alpha!r}"]
    command += [f"--backend={backend}", f"--theory-results={results.folder.resolve()}"]
    command += [f"--theory-ledger={path}"] if path else []
    command += [f"--scheduler={scheduler}"] if scheduler else []
    # Claims use no benchmarks, and some releases of that plugin complain on the error stream about working beside pytest-xdist.
    command += ["-p", "no:benchmark"]
    # One process per test file group is the better parallelism for many short questions; --jobs is for a few long ones at full scale.
    command += ["-n", str(jobs)] if jobs > 1 and scale == "quick" and _has_xdist() else [f"--theory-jobs={jobs}"]
    try:
        code = run_tests([*command, *files], root)
    except KeyboardInterrupt:
        if path is None:
            hint = "with a seed of its own this run kept its blocks in memory; name a file with --ledger to keep them"
            raise KeyboardInterrupt(hint) from None
        raise
    if code == 1:
        raise typer.Exit(1)
    if code:
        raise ProjectError(f"pytest could not check {', '.join(papers)} (its exit code was {code}); see its message above")


def _has_xdist() -> bool:
    import importlib.util

    return importlib.util.find_spec("xdist") is not None


@app.command()
def simulate(
    slug: Slugs = None,
    name: Names = None,
    scale: Scale = "quick",
    seed: Seed = "0",
    backend: BackendName = "numpy",
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    ledger: LedgerPath = None,
    results: ResultsPath = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be drawn and what it would cost; keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON.")] = False,
    calibration_seconds: Annotated[float | None, typer.Option(metavar="S", help="With --dry-run: seconds of measuring for each sweep.")] = None,
) -> None:
    """Run the sweeps behind the figures."""
    papers = _chosen(slug)
    if dry:
        from theorylab.cli.dry_runs import print_plans

        # No stream of a random seed is in a ledger; what it costs does not depend on it.
        number, place = (0, None) if seed == "random" else (_seed(seed), ledger or (results or project_root() / "results") / "ledger.sqlite")
        print_plans(
            papers,
            name or [],
            scale=scale,
            seed=number,
            backend=backend,
            jobs=jobs,
            scheduler=scheduler,
            ledger=place,
            as_json=as_json,
            seconds=calibration_seconds,
        )
        return
    if as_json or calibration_seconds is not None:
        raise ValueError("--json and --calibration-seconds belong to --dry-run; a sweep's results are written as JSON anyway")
    number = _seed(seed)
    folder, root = _results(results), project_root()
    from theorylab.sweeps import sweep_names

    for paper in papers:
        sweep_names(paper, root, name or [])  # a name that is wrong is said before anything is made
    with _laboratory(folder, scale=scale, seed=number, jobs=jobs, backend=backend, scheduler=scheduler, ledger=ledger) as lab:
        for paper in papers:
            _simulate(paper, name or [], lab, folder)


def _simulate(paper: str, wanted: list[str], lab: Laboratory, results: Results) -> None:
    from theorylab.sweeps import run_sweep, sweep_names

    root = project_root()
    for sweep in sweep_names(paper, root, wanted):
        begin, before = time.perf_counter(), lab.engine.replicates_drawn
        path = run_sweep(paper, sweep, lab, root, results)
        drawn = lab.engine.replicates_drawn - before
        print(f"{paper} {sweep}: {relative(path)} ({drawn:,} new replicates, {time.perf_counter() - begin:.1f} s)", flush=True)


@app.command()
def figure(
    slug: Slugs = None,
    name: Names = None,
    scale: Scale = "quick",
    formats: Annotated[str, typer.Option("--format", metavar="png,pdf,svg", help="File formats.")] = "png,pdf",
    seed: Seed = "0",
    backend: BackendName = "numpy",
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    ledger: LedgerPath = None,
    results: ResultsPath = None,
) -> None:
    """Draw the figures of papers; sweeps whose results are missing or of older code are run first."""
    kinds = [kind.strip() for kind in formats.split(",")]
    for kind in kinds:
        if kind not in ("png", "pdf", "svg"):
            raise ValueError(f"--format must be a list of png, pdf and svg; got {kind!r}")
    papers, number = _chosen(slug), _seed(seed)
    folder, root = _results(results), project_root()
    from theorylab.sweeps import figure_names, is_current

    for paper in papers:
        wanted = figure_names(paper, root, name or [])
        missing = [each for each in wanted if not is_current(paper, each, scale, root, folder)]
        if missing:
            with _laboratory(folder, scale=scale, seed=number, jobs=jobs, backend=backend, scheduler=scheduler, ledger=ledger) as lab:
                _simulate(paper, missing, lab, folder)
        _draw(paper, wanted, scale, kinds, folder)


def _draw(paper: str, names: list[str], scale: str, kinds: list[str], results: Results) -> None:
    from theorylab.sweeps import draw_figures

    for drawn in draw_figures(paper, names, scale, project_root(), results, kinds):
        print(f"{paper} {drawn.name}: {', '.join(relative(path) for path in drawn.files)} ({drawn.seconds:.1f} s)", flush=True)


@app.command()
def report(results: ResultsPath = None) -> None:
    """Write the report page from the evidence and the figures that are there."""
    _report(_results(results))


def _report(results: Results) -> None:
    from theorylab.evidence.store import read_evidence
    from theorylab.report import write_report

    page = write_report(results.report, read_evidence(results.evidence), results.folder / "figures")
    print(f"report: {relative(page)}")


@app.command()
def reproduce(
    slug: Slugs = None,
    scale: Scale = "quick",
    seed: Seed = "0",
    backend: BackendName = "numpy",
    jobs: Annotated[int, typer.Option(metavar="N", help="Processes.")] = min(2, os.cpu_count() or 1),
    scheduler: Scheduler = None,
    ledger: LedgerPath = None,
    results: ResultsPath = None,
) -> None:
    """Check every claim, run every sweep, draw every figure, write the report."""
    papers, number = _chosen(slug), _seed(seed)
    folder = _results(results)
    begin = time.perf_counter()
    failed: typer.Exit | None = None
    try:
        _check(papers, scale, number, 1e-6, backend, jobs, scheduler, ledger, folder)
    except typer.Exit as error:
        # A claim that does not hold is a finding: the figures and the report show it, and the exit code tells.
        failed = error
    with _laboratory(folder, scale=scale, seed=number, jobs=jobs, backend=backend, scheduler=scheduler, ledger=ledger) as lab:
        for paper in papers:
            _simulate(paper, [], lab, folder)
    from theorylab.sweeps import figure_names

    for paper in papers:
        _draw(paper, figure_names(paper, project_root()), scale, ["png", "pdf"], folder)
    _report(folder)
    print(f"done in {time.perf_counter() - begin:.0f} s")
    if failed is not None:
        raise failed
