# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that leaves its memory to the kernel ends like any other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE = """\
import atexit, threading, time

def late():
    time.sleep(0.1)
    print("a thread has ended")

def test_that_fails():
    atexit.register(print, "registered for the end")
    threading.Thread(target=late).start()
    assert not "as expected"
"""


def test_it_fails_if_a_test_fails_and_waits_for_all_that_python_waits_for(tmp_path: Path) -> None:
    suite = tmp_path / "test_some.py"
    suite.write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    command += ["-p", "tests.tidy", "--rootdir", str(tmp_path), "-c", "/dev/null", str(suite)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    closing = done.stdout.splitlines()[-3:]
    assert closing[0].startswith("1 failed")
    assert closing[1:] == ["a thread has ended", "registered for the end"]
