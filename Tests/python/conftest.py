"""What the tests here share is in shared.py; those in Tests/interop have it by their own conftest.py."""

from __future__ import annotations

import logging

import pytest

from amps import link  # noqa: F401
from shared import *  # noqa: F401, F403


@pytest.fixture(autouse=True)
def nothing_logged(caplog, request):
    """Errors that the bindings log fail the test, unless it says that it logs some."""
    caplog.set_level(logging.DEBUG, logger="plait")
    yield
    if request.node.get_closest_marker("logs_errors") is None:
        errors = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
        assert not errors, [r.getMessage() + str(r.exc_info) for r in errors]
