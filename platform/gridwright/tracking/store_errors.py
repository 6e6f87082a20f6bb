"""What goes wrong in a tracking store, as a sentence that names it and never its password."""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic.util import CommandError
from mlflow.exceptions import MlflowException
from requests import HTTPError
from sqlalchemy.exc import SQLAlchemyError

from gridwright.errors import TrackingError
from gridwright.passwords import without_passwords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridwright.tracking.records import TrackingSettings

#: What a database that works again later says.
_PASSING = re.compile(r"locked|busy|is full|disk I/O", re.IGNORECASE)
#: Errors of a disk that may have room again later.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
#: How MLflow's client gives the status of an answer that holds no error of MLflow's own.
_STATUS = re.compile(r"failed with error code (\d{3}) != 200")
_TLS_REASON = re.compile(r"\[SSL: (\w+)\]")
#: What the answers of a server mean to who has typed its address, by their HTTP status.
_REFUSALS = {
    401: (
        "it asks who you are, or does not know this user and password: set "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    ),
    403: (
        "your user may not do this there: who runs the server can permit it, or choose another "
        "name with tracking.experiment_name"
    ),
    404: "what answers there is no MLflow server: see tracking.uri",
}
#: The same by the reason that OpenSSL gives.
_TLS_FAILURES = {
    "WRONG_VERSION_NUMBER": "no TLS is spoken there: begin tracking.uri with http://",
    "CERTIFICATE_VERIFY_FAILED": (
        "its certificate is not trusted: set MLFLOW_TRACKING_SERVER_CERT_PATH to the certificate "
        "of who has signed it"
    ),
}


class StoreUnavailable(TrackingError):
    """The store cannot be used now, but may be later: unreachable, locked, or full."""


@contextmanager
def sentences(settings: TrackingSettings, action: str) -> Iterator[None]:
    """Turn what MLflow raises into a `TrackingError` that names the store, never its password.

    Raises:
        StoreUnavailable: what failed may work later.
        TrackingError: it will not.
    """
    try:
        yield
    except CommandError as error:
        raise TrackingError(
            f"cannot {action} at {settings.public_uri}: another version of MLflow made it "
            f"({error}); use that version, or set tracking.uri to another store"
        ) from None
    except (MlflowException, SQLAlchemyError, ImportError, OSError) as error:
        # ImportError: a driver. OSError: a disk that is full, or an artifact that is refused.
        kind = StoreUnavailable if _is_passing(error, settings) else TrackingError
        raise kind(f"cannot {action} at {settings.public_uri}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    text = without_passwords(str(error)).strip()
    tls = _TLS_REASON.search(text)
    meaning = _TLS_FAILURES.get(tls.group(1)) if tls else _REFUSALS.get(_status(error) or 0)
    if meaning:
        return meaning
    # SQLAlchemy begins some of its messages by what it was doing by itself.
    reasons = [line for line in text.splitlines() if not line.startswith("(raised as a")]
    return reasons[0] if reasons else type(error).__name__


def _status(error: Exception) -> int | None:
    """Return the HTTP status of an answer that says no more than that."""
    if isinstance(error, HTTPError) and error.response is not None:
        status: int = error.response.status_code
        return status
    found = _STATUS.search(str(error)) if isinstance(error, MlflowException) else None
    return int(found.group(1)) if found else None


def _is_passing(error: Exception, settings: TrackingSettings) -> bool:
    status = _status(error)
    of_a_server = settings.uri.startswith(("http:", "https:"))
    if status is None and of_a_server and isinstance(error, MlflowException):
        status = error.get_http_status_code()
    if status is not None:
        return status == 429 or status >= 500
    if isinstance(error, OSError):
        return error.errno in FULL
    return bool(_PASSING.search(str(error)))
