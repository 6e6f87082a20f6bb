import socket

import pytest

from gridwright.errors import TrackingError
from gridwright.preflight import check_storage


def test_a_database_that_nobody_runs_is_refused_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        uri = f"postgresql+psycopg2://ada:secret@127.0.0.1:{port}/runs"
        check_storage(uri, None, tmp_path)
    with pytest.raises(TrackingError) as refused:
        check_storage(uri, None, tmp_path)
    assert str(refused.value).startswith(f"no database answers at 127.0.0.1:{port} (")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["/runs?host=/run/postgresql", "a:5432,b:5432/runs", "127.0.0.1:port/runs"]
)
def test_what_only_the_driver_understands_is_left_to_it(tmp_path, address):
    check_storage(f"postgresql://{address}", None, tmp_path)


def test_another_scheme_is_refused(tmp_path):
    with pytest.raises(TrackingError, match=r"must be a database .* but got 'mongodb://\.\.\.'$"):
        check_storage("mongodb://ada:secret@here/runs", None, tmp_path)
