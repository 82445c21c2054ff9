"""What the tests in Tests/python share, for these: above all the limit on every test, however pytest is started."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from shared import *  # noqa: E402, F401, F403
