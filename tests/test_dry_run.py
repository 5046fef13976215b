"""Dry runs: what they say against what then happens, and that they leave nothing behind."""

from __future__ import annotations

import math
import threading
import time
from collections import namedtuple

import numpy as np
import pytest

from theorylab.dry_run import plan_document, plan_sweep, plan_table, planner
from theorylab.dry_run.calibration import CALL_SECONDS, Calibrator, Job, spread_order
from theorylab.dry_run.engine import Planned
from theorylab.dry_run.limits import OutOfTime, time_limit
from theorylab.dry_run.memory import PeakOfProcess, traced_peak
from theorylab.dry_run.prediction import LocalLaw
from theorylab.dry_run.stretching import stretched
from theorylab.laboratory import Laboratory
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.ledger import Ledger, LedgerError
from theorylab.montecarlo.samplers import block_size, entries
from theorylab.rows import known, point, sample_mean


@block_size(256)
def sample_gamma(rng, size, *, shape):
    x = rng.standard_gamma(shape, size)
    return {"x": x, "square": x**2, "below": (x < shape).astype(float)}


@block_size(256)
def sample_powers(rng, size, *, length):
    return {"power": rng.random(size)[:, None] ** np.arange(1, length + 1)}


@block_size(64)
def sample_uneven(rng, size, *, shape):
    """Return columns that make an interval wait: the fourth power of a normal."""
    return rng.standard_normal(size) ** 4 * shape


def draw_laws(rng, size, *, classes):
    return rng.dirichlet(np.ones(classes), size), rng.integers(classes, size=size)


def questions(lab):
    """Ask everything that a sweep can ask."""
    rows = []
    for shape in (1.0, 4.0):
        run = lab.run(sample_gamma, shape=shape)
        rows.append(point(run.mean("x"), relative=0.01, shape=shape))
        rows.append(point(run.mean("square") / run.mean("x"), relative=0.05, shape=shape))
        rows.append(point(run.probability_below(0.2 * shape, "x"), relative=0.1, shape=shape))
        rows.append(point(run.probability("below"), absolute=0.01, shape=shape))
    pair = lab.run(sample_gamma, shape=2.0).mean("x") - lab.run(sample_gamma, shape=3.0).mean("x")
    rows.append(point(pair, absolute=0.05))
    powers = lab.run(sample_powers, statistics=entries("power", 20), separate=True, length=20)
    rows += [point(powers.mean(f"power[{k}]"), relative=0.02) for k in (0, 19)]
    rows.append(point(lab.run(sample_uneven, shape=2.0).mean(), relative=0.1))
    rows.append(sample_mean(lab.run(sample_gamma, shape=1.0).few(1000, "x")))
    raw = lab.replicates(sample_gamma, least=3000, shape=5.0)
    rows.append(known(float(raw["x"].mean()), replicates=len(raw["square"])))
    laws, labels = lab.draw(draw_laws, 700, classes=3)
    assert laws.shape == (700, 3)
    assert labels.shape == (700,)
    return rows


def planned(function, **settings):
    return plan_sweep("paper", "sweep", function, planner(**{"seed": 0, "scale": "quick"} | settings))


# What is foretold ---------------------------------------------------------------------------------------------------------------------------


def test_as_many_replicates_are_foretold_as_are_drawn():
    plan = planned(questions)
    lab = Laboratory(0, engine=Engine())
    questions(lab)
    # Raw replicates and single calls are not the engine's.
    drawn = lab.engine.replicates_drawn + 3072 + 700
    assert plan.incomplete == ""
    assert drawn / 2 <= plan.replicates <= 2 * drawn
    assert plan.new_replicates == plan.replicates
    assert plan.experiments == 15


@pytest.mark.parametrize("shape", [0.5, 1.0, 9.0])
@pytest.mark.parametrize("relative", [0.1, 0.01])
def test_a_mean_of_known_variance_takes_the_look_that_its_interval_asks_for(shape, relative):
    def sweep(lab):
        return [point(lab.run(sample_gamma, shape=shape).mean("x"), relative=relative)]

    # Of a gamma variate the squared coefficient of variation is 1/shape, and the looks have z from 2.9 to 3.6; at most one look more or less.
    least, most = ((z / relative) ** 2 / shape for z in (2.9, 3.6))
    assert least / 2 <= planned(sweep).replicates <= 4 * max(most, 512)


def test_what_the_budget_ends_is_foretold_too():
    def sweep(lab):
        lab.budget = 2048
        return [point(lab.run(sample_gamma, shape=1.0).mean("x"), relative=1e-5)]

    assert planned(sweep).replicates == 2048


def test_seconds_and_memory_follow_the_calls():
    clock, held = [0.0], []

    def call(size):
        clock[0] += 0.002 + 1e-5 * size
        held.append(np.empty(1000 * size))
        held.clear()
        return {"value": np.zeros(size)}

    calibrator = Calibrator(5.0)
    calibrator._clock = lambda: clock[0]
    pilot = calibrator.pilot("one", Job("function", {"n": 1}, call, 4096, 32))
    assert pilot.basis == "measured"
    assert pilot.cost.seconds(4096) == pytest.approx(0.002 + 4096e-5, rel=1e-6)
    assert pilot.cost.seconds(1) == pytest.approx(0.00201, rel=1e-6)
    assert pilot.cost.bytes(4096) == pytest.approx(4096 * 8000, rel=0.05)


def test_what_is_prepared_once_is_counted_once():
    clock, prepared = [0.0], set()

    def job(n):
        def call(size):
            clock[0] += 1e-4 * size + (0 if n in prepared else 0.3)
            prepared.add(n)
            return {"value": np.zeros(size)}

        return Job("function", {"n": n}, call, 64, 32)

    calibrator = Calibrator(5.0)
    calibrator._clock = lambda: clock[0]
    # The first call of a function compiles and loads, for this and all later runs.
    assert calibrator.pilot("1", job(1)).cost.preparing_seconds == 0.0
    second = calibrator.pilot("2", job(2)).cost
    assert second.preparing_seconds == pytest.approx(0.3)
    assert second.seconds(64) == pytest.approx(64e-4)


def test_where_time_is_up_other_parameters_predict():
    clock, sizes = [0.0], []

    def job(n):
        def call(size):
            sizes.append(n)
            clock[0] += 1e-5 * n**2 * size
            return {"value": np.full(size, float(n))}

        return Job("function", {"n": n, "kind": "square"}, call, 64, 32)

    calibrator = Calibrator(30.0)
    calibrator._clock = lambda: clock[0]
    jobs = {str(n): job(n) for n in (10, 20, 40, 80, 160, 320, 640)}
    calibrator.calibrate(jobs)
    assert len(set(sizes)) < len(jobs)
    pilots = {n: calibrator.pilot(str(n), jobs[str(n)]) for n in (10, 640)}
    assert pilots[640].basis == "predicted"
    assert 64e-5 * 640**2 / 2 < pilots[640].cost.seconds(64) < 64e-5 * 640**2 * 2
    assert pilots[10].cost.seconds(64) == pytest.approx(64e-3, rel=1e-6)


def test_a_power_law_is_found_and_kept_to():
    measured = [{"n": n, "d": d, "weights": (1.0,) * d} for n in (10, 100, 1000) for d in (2, 8, 32)]
    costs = [3e-6 * own["n"] * own["d"] ** 2 for own in measured]
    law = LocalLaw(measured, {"n": 4000, "d": 16, "weights": (1.0,) * 16})
    assert law.predict(costs) == pytest.approx(3e-6 * 4000 * 256, rel=0.35)
    assert measured[law.nearest]["n"] == 1000
    alone = LocalLaw(measured[:1], {"n": 4000, "d": 16, "weights": (1.0,) * 16})
    assert alone.predict(costs[:1]) == pytest.approx(costs[0])


@pytest.mark.parametrize("count", [0, 1, 2, 5, 16, 31])
def test_measurements_are_spread_over_the_grid(count):
    order = spread_order(count)
    assert sorted(order) == list(range(count))
    if count > 4:
        assert order[0] == 0
        assert abs(order[1] - count / 2) <= 4


# Wall-clock hours ----------------------------------------------------------------------------------------------------------------------------


def test_hours_on_many_workers():
    blocks = Planned(0, 0, 3600.0, 0.0, "measured", [(100, 9.0), (300, 9.0)])
    assert blocks.hours(1) == pytest.approx(1.0)
    assert blocks.hours(10) == pytest.approx(0.1, rel=0.01)
    # Not more workers than blocks have work.
    assert blocks.hours(1000) == pytest.approx(2 * 9.0 / 3600, rel=0.2)
    short = Planned(0, 0, 4.0, 0.0, "measured", [(400, 0.01)])
    assert short.hours(10) == pytest.approx(4.0 / 3600)
    assert short.hours(10, cluster=True) < 1.0 / 3600
    runs = Planned(5, 5, 3600.0, 0.0, "measured")
    assert runs.hours(1000) == pytest.approx(1.0)


# What the ledger holds ------------------------------------------------------------------------------------------------------------------------


def test_what_the_ledger_holds_need_not_be_drawn_and_the_file_stays_as_it_is(tmp_path):
    path = tmp_path / "ledger.sqlite"
    engine = Engine(Ledger(path))
    Laboratory(0, engine=engine).run(sample_gamma, shape=1.0).mean("x").measure(relative=0.05)
    Laboratory(0, engine=engine).run(sample_gamma, shape=2.0).few(300, "x")
    held = engine.replicates_drawn
    engine.close()
    before = path.read_bytes()

    def sweep(lab):
        lab.run(sample_gamma, shape=1.0).mean("x").measure(relative=0.01)
        lab.run(sample_gamma, shape=2.0).few(300, "x")
        return []

    plan = planned(sweep, ledger=path)
    assert plan.replicates - plan.new_replicates == held
    assert planned(sweep, ledger=path, seed=1).new_replicates == plan.replicates
    assert planned(sweep, ledger=tmp_path / "none.sqlite").new_replicates == plan.replicates
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.sqlite"]


def test_a_ledger_in_use_is_read_too(tmp_path):
    path = tmp_path / "ledger.sqlite"
    engine = Engine(Ledger(path))
    Laboratory(0, engine=engine).run(sample_gamma, shape=1.0).mean("x").measure(relative=0.05)

    def sweep(lab):
        return [point(lab.run(sample_gamma, shape=1.0).mean("x"), relative=0.05)]

    plan = planned(sweep, ledger=path)
    assert plan.new_replicates < plan.replicates
    engine.close()


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no ledger" * 100, encoding="utf-8")
    with pytest.raises(LedgerError, match=r"notes\.txt"):
        planned(questions, ledger=path)


# What goes wrong ----------------------------------------------------------------------------------------------------------------------------


def test_a_sweep_that_fails_on_a_pilot_keeps_what_was_planned():
    def sweep(lab):
        lab.run(sample_gamma, shape=1.0).mean("x").measure(relative=0.1)
        raise ZeroDivisionError("no such row")

    plan = planned(sweep)
    assert plan.incomplete == "ZeroDivisionError: no such row"
    assert plan.replicates >= 512
    assert "more than this; ZeroDivisionError" in plan_table([plan], "numpy")


def sample_forever(rng, size, *, shape):
    while size:
        time.sleep(0.01)


def test_what_does_not_end_is_stopped_and_said(monkeypatch):
    monkeypatch.setattr("theorylab.dry_run.calibration.CALL_SECONDS", 0.2)

    def sweep(lab):
        return [point(lab.run(sample_forever, shape=1.0).mean(), relative=0.1)]

    plan = planned(sweep)
    assert plan.incomplete == "some calls were too slow to measure"
    # Sleeping takes no processor time, so what is known to be taken is little.
    assert plan.replicates == 4096


def test_arithmetic_that_does_not_end_is_stopped_and_said(monkeypatch):
    monkeypatch.setattr("theorylab.dry_run.planning.STRETCH_SECONDS", 0.2)

    def sweep(lab):
        while True:
            math.sqrt(2.0)

    assert planned(sweep).incomplete.startswith("stopped after")


def test_a_limit_around_another_stands_still():
    with time_limit(0.2):
        with time_limit(5.0):
            time.sleep(0.3)
        with pytest.raises(OutOfTime), time_limit(0.01):
            time.sleep(1.0)
    with pytest.raises(OutOfTime), time_limit(0.05):
        _swallow()


def _swallow():
    try:
        time.sleep(1.0)
    except BaseException as error:  # as compiled code does that calls Python back
        raise SystemError("returned a result with an exception set") from error


def test_in_another_thread_nothing_is_limited():
    found = []
    thread = threading.Thread(target=lambda: found.append(planned(questions).replicates))
    thread.start()
    thread.join()
    assert found[0] > 0


@pytest.mark.parametrize(("settings", "message"), [({"seconds": 0.0}, "calibration seconds"), ({"scale": "big"}, "scale"), ({"seed": -1}, "seed")])
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        planned(questions, **settings)


# Its parts ----------------------------------------------------------------------------------------------------------------------------------

Pair = namedtuple("Pair", ["values", "name"])


def test_results_grow_along_the_axes_that_count_replicates():
    def result(size):
        pair = Pair(np.zeros((size, 2)), "name")
        return {"rows": np.arange(size), "curve": np.tile(np.arange(size), (5, 1)), "grid": np.zeros((3, 4)), "pair": pair, "n": 7}

    # The grid has as many rows as the larger call has replicates, but it had them in the smaller call as well.
    found = stretched({2: result(2), 3: result(3)}, 8)
    assert found["rows"].tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert found["curve"].shape == (5, 8)
    assert found["grid"].shape == (3, 4)
    assert isinstance(found["pair"], Pair)
    assert found["pair"].values.shape == (8, 2)
    assert found["n"] == 7
    assert stretched({1: np.zeros((4, 1))}, 6).shape == (4, 6)


def test_peaks_are_seen():
    assert traced_peak(lambda: np.ones(1_000_000)) == pytest.approx(8e6, rel=0.01)
    peak = PeakOfProcess()
    np.ones(30_000_000)
    assert peak.grown() == pytest.approx(240e6, rel=0.1) or peak.grown() == 0.0


def test_table_and_document_agree():
    plans = [planned(questions), planned(questions)]
    table = plan_table(plans, "numpy", workers=4).splitlines()
    document = plan_document(plans, scale="quick", workers=4)
    total = document["total"]
    assert document["scale"] == "quick"
    assert total["replicates"] == sum(sweep["replicates"] for sweep in document["sweeps"])
    assert f"{total['replicates']:,}" in table[3]
    assert len({len(line) for line in table[:4]}) == 1
    assert "hours on 4" in table[0]
    assert "GPU-minutes" in plan_table(plans, "cupy")


def test_a_single_call_has_a_limit():
    # What the tests above shorten.
    assert 1.0 <= CALL_SECONDS <= 60.0


def test_what_is_compiled_is_not_counted():
    numba = pytest.importorskip("numba")
    clock = [0.0]

    def job(n):
        @numba.njit
        def square(x):
            return x * x

        def call(size):
            clock[0] += 1e-4 * size + (0.0 if square.signatures else 5.0)
            return {"value": np.full(size, square(float(n)))}

        return Job("function", {"n": n}, call, 64, 32)

    calibrator = Calibrator(30.0)
    calibrator._clock = lambda: clock[0]
    for n in (1, 2):
        cost = calibrator.pilot(str(n), job(n)).cost
        assert cost.preparing_seconds == 0.0
        assert cost.seconds(64) == pytest.approx(64e-4)
