"""The limit on every test holds for each phase of it, and wherever tests lie."""

from __future__ import annotations

import faulthandler
import signal
import subprocess
import sys

import pytest

from conftest import LIMIT, ROOT
from limits import PHASE, Limits

HANGS = """
import threading

def test_hangs():
    threading.Event().wait()

def test_next():
    pass
"""


def test_all_waits_of_a_test_fit():
    assert 2 * LIMIT < PHASE


@pytest.mark.parametrize("phase", ["setup", "call", "teardown"])
def test_each_phase_has_its_own(monkeypatch, phase):
    asked, ended = [], []
    with monkeypatch.context() as patched:
        patched.setattr(signal, "setitimer", lambda which, seconds, again=0: asked.append((seconds, again)))
        patched.setattr(faulthandler, "dump_traceback_later", lambda seconds, **_: asked.append(seconds))
        patched.setattr(faulthandler, "cancel_dump_traceback_later", lambda: ended.append(True))
        around = getattr(Limits(5, 2), f"pytest_runtest_{phase}")(None)
        next(around)
        assert asked == [(5, 2), 13] and not ended
        assert next(around, None) is None
        assert asked[2:] == [(0, 0)] and ended


def pytest_on(environment, *arguments):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)


def test_one_that_hangs_fails_and_others_follow(environment, tmp_path):
    (tmp_path / "conftest.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'Tests' / 'python')!r})\n"
        "from limits import Limits\n"
        "def pytest_configure(config): config.pluginmanager.register(Limits(2, 5), 'plait-limits')\n"
    )
    (tmp_path / "test_it.py").write_text(HANGS)
    done = pytest_on(environment, tmp_path)
    assert "it took longer than 2 s" in done.stdout and "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("folder", ["python", "interop"])
def test_it_is_there_without_being_asked_for(environment, folder):
    environment = dict(environment, PYTHONPATH=str(ROOT / "bindings" / "python"))
    test = next((ROOT / "Tests" / folder).glob("test_amp.py" if folder == "interop" else "test_limits.py"))
    done = pytest_on(environment, "--collect-only", "--trace-config", test)
    assert done.returncode == 0 and "plait-limits" in done.stdout, done.stdout + done.stderr
