"""Over TLS a cluster draws the same bits, and whoever comes without the right certificates is told what is wrong, at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import bench_samplers
import pytest
from local_cluster import LocalProcesses, local_processes

from theorylab.montecarlo.cluster import ClusterError
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.executors import Workers
from theorylab.montecarlo.samplers import make_request

pytest.importorskip("distributed")
pytest.importorskip("cryptography")

from certificates import make_certificates


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    folder = tmp_path_factory.mktemp("certificates")
    return {name: make_certificates(folder / name, name) for name in ("ours", "another")}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, authorities: dict[str, dict[str, str]]) -> Iterator[LocalProcesses]:
    options = ("--protocol", "tls", "--host", "tls://127.0.0.1")
    with local_processes(tmp_path_factory.mktemp("cluster"), 1, scheduler_options=options, environment=authorities["ours"]) as processes:
        yield processes


def configured(variables: dict[str, str], **settings: Any) -> AbstractContextManager[Any]:
    """Let Dask find these variables, which it reads from the environment when it is imported."""
    import dask

    found = {name.removeprefix("DASK_").lower().replace("__", "."): value for name, value in variables.items()}
    return dask.config.set(found | settings)


def test_the_same_bits_over_tls(cluster: LocalProcesses, authorities: dict[str, dict[str, str]]) -> None:
    vectors = []
    with configured(authorities["ours"]):
        assert cluster.address.startswith("tls://127.0.0.1:")
        for engine in (Engine(workers=Workers(scheduler=str(cluster.scheduler_file))), Engine()):
            experiment = engine.experiment(make_request(bench_samplers.sample_gamma_pair, {}), ("first", "second"), 0)
            vectors.append(engine.moments(experiment, 20).vector.tobytes())
            engine.close()
    assert vectors[0] == vectors[1]


def refused(address: str) -> str:
    with pytest.raises(ClusterError) as caught:
        Workers(scheduler=address)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_another_authority_is_refused(cluster: LocalProcesses, authorities: dict[str, dict[str, str]]) -> None:
    with configured(authorities["another"]):
        message = refused(cluster.address)
    assert message.startswith(f"cannot reach a scheduler at '{cluster.address}' within 5 s (TLS certificate does not match.")
    assert "certificate verify failed" in message
    assert message.endswith("; has it another TLS authority, or none?)")


def test_no_certificates_are_refused(cluster: LocalProcesses, authorities: dict[str, dict[str, str]]) -> None:
    for variables in ({}, {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": authorities["ours"]["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"]}):
        with configured(variables):
            assert refused(cluster.address).startswith(f"'{cluster.address}' needs certificates: set ca-file, client.cert and client.key (or ")


def test_certificates_that_are_not_there_are_refused(cluster: LocalProcesses, authorities: dict[str, dict[str, str]]) -> None:
    with configured({**authorities["ours"], "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": "/nowhere/ca.pem"}):
        message = refused(cluster.address)
    assert message.startswith("cannot use the certificates of Dask's configuration, distributed.comm.tls ([Errno 2] No such file or directory")


def test_a_client_without_tls_is_refused(cluster: LocalProcesses) -> None:
    with configured({}):
        message = refused(cluster.address.replace("tls://", "tcp://"))
    assert message.startswith("cannot reach a scheduler at 'tcp://127.0.0.1:")
    assert message.endswith("; does it want tls:// and certificates?)")


def test_plain_connections_are_refused_where_encryption_is_required(authorities: dict[str, dict[str, str]]) -> None:
    with configured(authorities["ours"], **{"distributed.comm.require-encryption": True}):
        assert refused("tcp://127.0.0.1:8786").endswith("and 'tcp://127.0.0.1:8786' has none: use tls://")


def test_tls_to_a_scheduler_without_it_is_refused(tmp_path: Path, authorities: dict[str, dict[str, str]]) -> None:
    with local_processes(tmp_path, workers=0) as plain, configured(authorities["ours"]):
        message = refused(plain.address.replace("tcp://", "tls://"))
    assert message.startswith("cannot reach a scheduler at 'tls://127.0.0.1:")
    assert message.endswith("; has it another TLS authority, or none?)")
