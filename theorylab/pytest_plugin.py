"""The pytest plugin: claims, the ``lab`` fixture, the table of verdicts and the evidence file.

Installed with the package, so that a reader can check a theorem of their own in any repository::

    from theorylab.pytest_plugin import claim

    @claim("MEAN-1", kind="expectation", statement="The mean of a squared normal is its variance.", source="derived here")
    def test_mean_square(lab):
        square = lab.run(sample_square, scale=2.0).mean()
        assert square.agrees_with(4.0, relative=0.02, refutes={"the standard deviation": 2.0})

A claim passes only if every question that it asked holds and every counterclaim that it named was refuted by the same data. Tests without
the marker are not touched.
"""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pytest

from theorylab.evidence.claims import Claim, assertion_record, counterclaim_record

if TYPE_CHECKING:
    from theorylab.laboratory import Laboratory
    from theorylab.montecarlo.engine import Engine

__all__ = ["BlindClaimError", "claim"]

_PROPERTY = "theorylab"
_engine_key: pytest.StashKey[Engine] = pytest.StashKey()
_lab_key: pytest.StashKey[Laboratory] = pytest.StashKey()
_lost_key: pytest.StashKey[bool] = pytest.StashKey()
_held_key: pytest.StashKey[bool] = pytest.StashKey()


class BlindClaimError(AssertionError):
    """A claim that its own data could not have refuted, or whose questions did not all hold."""


def claim(id: str, *, kind: str, statement: str, source: str, tex: str = "") -> pytest.MarkDecorator:
    """Mark a test as the check of a claim; the arguments are those of `theorylab.evidence.claims.Claim`."""
    return pytest.mark.claim(Claim(id=id, kind=kind, statement=statement, tex=tex, source=source))


# Options ---------------------------------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the laboratory."""
    group = parser.getgroup("theorylab", "theorylab: claims decided numerically")
    group.addoption("--scale", dest="theory_scale", choices=("quick", "full"), default="quick", help="grids and margins (default: quick)")
    group.addoption("--theory-seed", default="0", metavar="N|random", help="seed of every stream, or 'random' for a fresh one, printed (default: 0)")
    group.addoption("--theory-alpha", type=float, default=1e-6, metavar="A", help="error level of one estimand (default: 1e-6)")
    group.addoption("--backend", dest="theory_backend", choices=("numpy", "cupy"), default="numpy", help="array backend (default: numpy)")
    group.addoption("--theory-jobs", type=int, default=1, metavar="N", help="processes for long experiments (default: 1)")
    group.addoption(
        "--scheduler", dest="theory_scheduler", metavar="ADDRESS|FILE", help="Dask scheduler that draws the blocks, or its scheduler file"
    )
    group.addoption("--theory-ledger", metavar="PATH", help="ledger file (default: results/ledger.sqlite for seed 0, in memory otherwise)")
    group.addoption("--theory-results", metavar="DIR", help="folder of evidence.json (default: results)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and settle the seed before any worker starts, so that all draw from the same one."""
    config.addinivalue_line("markers", "claim(claim): the check of a theoretical claim; use theorylab.pytest_plugin.claim")
    option = config.option
    if option.theory_seed == "random":
        option.theory_seed = str(secrets.randbelow(2**32 - 1) + 1)
    if not option.theory_seed.isdigit():
        raise pytest.UsageError(f"--theory-seed must be a non-negative integer or 'random'; got {option.theory_seed!r}")
    if not 0.0 < option.theory_alpha < 1.0:
        raise pytest.UsageError(f"--theory-alpha must be in (0, 1); got {option.theory_alpha}")
    if option.theory_jobs < 1:
        raise pytest.UsageError(f"--theory-jobs must be an integer >= 1; got {option.theory_jobs}")
    config.stash[_held_key] = _interrupts_are_held()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Collector(config), "theorylab-collector")


def _interrupts_are_held() -> bool:
    return hasattr(signal, "pthread_sigmask") and signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> Generator[None, None, None]:
    """Take Ctrl-C, which `theorylab check` has held back, as soon as pytest makes one line of it."""
    yield
    if session.config.stash.get(_held_key, False):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Hold it back again while the evidence is written and everything is closed."""
    if session.config.stash.get(_held_key, False):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    yield


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what would repeat this run, if anything but the default was asked for."""
    option = config.option
    if option.theory_seed == "0" and option.theory_scale == "quick":
        return None
    return f"theorylab: --theory-seed {option.theory_seed} --scale {option.theory_scale} --theory-alpha {option.theory_alpha:g}"


def _results(config: pytest.Config) -> Path:
    given = config.option.theory_results
    return Path(given) if given else config.rootpath / "results"


def _ledger_path(config: pytest.Config) -> Path | None:
    if config.option.theory_ledger:
        return Path(config.option.theory_ledger)
    return _results(config) / "ledger.sqlite" if config.option.theory_seed == "0" else None


def _engine(config: pytest.Config) -> Engine:
    """Return the session's engine, made when the first claim needs it."""
    if _engine_key not in config.stash:
        from theorylab.session import SetupError, open_engine

        option = config.option
        try:
            config.stash[_engine_key] = open_engine(
                _ledger_path(config), jobs=option.theory_jobs, scheduler=option.theory_scheduler, backend=option.theory_backend
            )
        except SetupError as error:
            if hasattr(config, "workerinput"):
                pytest.fail(f"theorylab: {error}", pytrace=False)  # pytest-xdist passes on the message of a test, not that of an exit
            pytest.exit(f"theorylab: {error}", returncode=2)
    return config.stash[_engine_key]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop workers and close the ledger."""
    if _engine_key in config.stash:
        config.stash[_engine_key].close()


# One claim -------------------------------------------------------------------------------------------------------------------------------


def _claim_of(item: pytest.Item) -> Claim | None:
    marker = item.get_closest_marker("claim")
    if marker is None:
        return None
    if marker.args and isinstance(marker.args[0], Claim):
        return marker.args[0]
    raise pytest.UsageError(f"{item.nodeid}: mark claims with theorylab.pytest_plugin.claim(id, kind=..., statement=..., source=...)")


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Laboratory:
    """Return the laboratory of one claim: ``lab.run(sampler, **parameters)``, then ask questions about its quantities."""
    from theorylab.laboratory import Laboratory

    if _claim_of(request.node) is None:
        pytest.fail("the fixture lab belongs to claims: decorate the test with theorylab.pytest_plugin.claim", pytrace=False)
    config = request.config
    laboratory = Laboratory(
        int(config.option.theory_seed), scale=config.option.theory_scale, alpha=config.option.theory_alpha, engine=_engine(config)
    )
    request.node.stash[_lab_key] = laboratory
    return laboratory


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """After a claim's test function, require that all it asked holds and that it is not blind."""
    stated = _claim_of(pyfuncitem)
    if stated is None:
        return (yield)
    from theorylab.montecarlo.engine import WorkerError
    from theorylab.montecarlo.ledger import LedgerError
    from theorylab.montecarlo.samplers import SamplerError
    from theorylab.montecarlo.threads import one_blas_thread

    # The closed forms too: beside another worker two BLAS threads take ten times as long as one.
    with one_blas_thread():
        try:
            result = yield
        except LedgerError as error:
            _stop(pyfuncitem, error)
        except WorkerError as error:
            if pyfuncitem.config.option.theory_scheduler:
                _stop(pyfuncitem, error)
            pytest.fail(f"theorylab: {error}", pytrace=False)
        except SamplerError as error:
            pytest.fail(f"theorylab: {error}", pytrace=False)
    laboratory = pyfuncitem.stash.get(_lab_key, None)
    if laboratory is None:
        raise BlindClaimError(f"{stated.id}: a claim's test must use the fixture lab")
    _settle(stated, laboratory)
    return result


def _stop(item: pytest.Item, error: Exception) -> NoReturn:
    """End the run when its cluster or its ledger is lost: no claim after this one could be decided, and this one's data say nothing against it."""
    if hasattr(item.config, "workerinput"):
        item.session.shouldstop = f"theorylab: {error}"  # pytest-xdist tells the controller, which an exit would not
        item.stash[_lost_key] = True
        pytest.fail(f"theorylab: {error}", pytrace=False)
    pytest.exit(f"theorylab: {error}", returncode=2)


def _settle(stated: Claim, laboratory: Laboratory) -> None:
    if not laboratory.assertions:
        raise BlindClaimError(f"{stated.id} asked no question")
    failed = [verdict for verdict in laboratory.assertions if verdict.state != "holds"]
    if failed:
        hint = "; a statement meant to be false goes through lab.refutes(verdict, label)"
        raise BlindClaimError(f"{stated.id}: {failed[0].sentence()}{hint}")
    counterclaims = list(laboratory.counterclaims)
    for verdict in laboratory.assertions:
        counterclaims += verdict.counterclaims
    if not counterclaims:
        raise BlindClaimError(f"{stated.id} is blind: it names no counterclaim that its data must refute")
    survivors = [counterclaim.label for counterclaim in counterclaims if counterclaim.verdict != "refuted"]
    if survivors:
        raise BlindClaimError(f"{stated.id} is blind: the data do not refute {'; '.join(repr(label) for label in survivors)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the evidence of a claim to its report, which travels from workers to the controller."""
    report = yield
    decisive = call.when == "call" or (call.when == "setup" and report.failed)
    stated = _claim_of(item) if decisive and not item.stash.get(_lost_key, False) else None
    if stated is not None:
        report.user_properties.append((_PROPERTY, _test_record(item, stated, report)))
    return report


def _test_record(item: pytest.Item, stated: Claim, report: pytest.TestReport) -> dict[str, Any]:
    from theorylab import __version__

    laboratory = item.stash.get(_lab_key, None)
    estimands = laboratory.estimands_asked if laboratory else 0
    assertions, counterclaims = [], []
    for verdict in laboratory.assertions if laboratory else []:
        assertions.append({**assertion_record(verdict), "test": item.nodeid})
        counterclaims += [{**counterclaim_record(each), "test": item.nodeid} for each in verdict.counterclaims]
    for each in laboratory.counterclaims if laboratory else []:
        counterclaims.append({**counterclaim_record(each), "test": item.nodeid})
    option = item.config.option
    return {
        "paper": _paper_of(item.path),
        "claim": stated.id,
        "kind": stated.kind,
        "statement": stated.statement,
        "tex": stated.tex,
        "source": stated.source,
        "assertions": assertions,
        "counterclaims": counterclaims,
        "tests": [{"id": item.nodeid, "outcome": report.outcome, "seconds": round(report.duration, 4), "estimands": estimands}],
        "estimands": estimands,
        "seed": int(option.theory_seed),
        "scale": option.theory_scale,
        "backend": option.theory_backend,
        "alpha": option.theory_alpha,
        "version": __version__,
        "checked": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _paper_of(path: Path) -> str:
    """Return the slug whose file this is: ``test_<slug>.py`` or ``test_<slug>_<theme>.py``; in a foreign repository the file's own name."""
    from theorylab.papers import slugs

    stem = path.stem.removeprefix("test_")
    owners = [slug for slug in slugs() if stem == slug or stem.startswith(slug + "_")]
    return max(owners, key=len, default=stem)


# The whole run ---------------------------------------------------------------------------------------------------------------------------


class _Collector:
    """Collects the evidence of all reports in the process that writes it (with xdist: the controller)."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.tests: list[dict[str, Any]] = []
        self.trouble = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the evidence out of a report."""
        self.tests += [cast(dict[str, Any], record) for name, record in report.user_properties if name == _PROPERTY]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the evidence file."""
        if not self.tests:
            return
        from theorylab.evidence.store import group_by_claim, write_evidence

        path = _results(self.config) / "evidence.json"
        try:
            write_evidence(path, group_by_claim(self.tests))
        except (OSError, ValueError) as error:
            self.trouble = f"theorylab: cannot write {path}: {error}"
            session.exitstatus = pytest.ExitCode.INTERRUPTED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table of claims, the error bound of the whole run, and where the evidence lies."""
        if not self.tests:
            return
        from theorylab.evidence.store import group_by_claim, in_order
        from theorylab.evidence.table import render_claims

        option = self.config.option
        records = in_order(group_by_claim(self.tests))
        for paper in dict.fromkeys(record["paper"] for record in records):
            terminalreporter.section(f"claims of {paper}", sep="-")
            own = [record for record in records if record["paper"] == paper]
            # Line by line: where a character set lacks a sign, pytest escapes all of what it is given, ends of lines too.
            for line in render_claims(own, colour=terminalreporter.hasmarkup, width=terminalreporter._tw.fullwidth).splitlines():
                terminalreporter.write_line(line)
        estimands = sum(test["estimands"] for test in self.tests)
        bound = min(1.0, estimands * option.theory_alpha)
        held = sum(record["verdict"] == "holds" for record in records)
        terminalreporter.write_line(
            f"{held} of {len(records)} claims hold; if all are true, the chance that any of {estimands} estimands "
            f"raises a false alarm is below {bound:.2g}"
        )
        terminalreporter.write_line(f"seed {option.theory_seed} (repeat with --theory-seed {option.theory_seed}), scale {option.theory_scale}")
        terminalreporter.write_line(self.trouble or f"evidence: {_results(self.config) / 'evidence.json'}")
