# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all module tests share: credentials that open nothing, and no waiting for real."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter import RateLimiter
from tests import granted, reading
from tests.module.seen import FOLDER, Seen, together, watching
from tests.module.services import Shop
from tests.simulator import Simulator
from tests.world import PROFILE

# That of tests.simulator in process.
REGION = "us-east-1"


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and a Region of no account, whatever the developer's own environment holds."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "ANSIBLE_DEBUG_BOTOCORE"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture(autouse=True, scope="session")
def quick() -> Iterator[None]:
    """Nothing is read twice."""
    reading.imports_are_no_garbage(reading.OFTEN)
    with reading.once(), reading.in_process():
        yield


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nothing really sleeps; the list has the seconds of each requested sleep."""
    seconds: list[float] = []
    monkeypatch.setattr("time.sleep", seconds.append)
    # Its default was bound when the class was made.
    unhurried = functools.partialmethod(RateLimiter.__init__, sleep=seconds.append)
    monkeypatch.setattr(RateLimiter, "__init__", unhurried)
    return seconds


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A cluster in its own simulator. Everything takes half the time there, so waiting takes half as many checks."""
    with Simulator(speed=2.0, profile=PROFILE) as sim:
        yield Shop(sim, monkeypatch)


@pytest.fixture(autouse=True, scope="session")
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    """The IAM actions that the modules need."""
    seen = Seen()
    with watching(seen):
        yield seen
    seen.write(getattr(request.config, "workerinput", {}).get("workerid", "alone"))


@pytest.fixture(autouse=True)
def needs_what_is_listed(seen: Seen) -> Iterator[None]:
    """A test during which a module asks for something that its policy does not allow fails."""
    seen.take()
    yield
    more = granted.unlisted(seen.take())
    assert not more, f"dev/permissions.yml does not list what was needed: {more}"


def pytest_sessionstart(session: pytest.Session) -> None:
    """What an earlier run has seen does not count."""
    if not hasattr(session.config, "workerinput"):
        for file in FOLDER.glob("module-*.json"):
            file.unlink()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """If all tests ran, each permission that is listed was needed by one of them."""
    if hasattr(session.config, "workerinput") or not _was_whole(session) or session.testsfailed:
        return
    extra = granted.unseen(together())
    if extra:
        print(f"\ndev/permissions.yml lists what no test saw any module need: {extra}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _was_whole(session: pytest.Session) -> bool:
    """Whether this was `pytest tests/module`, with nothing left out."""
    option = session.config.option
    chosen = [option.keyword, option.markexpr, getattr(option, "lf", False), option.collectonly, option.deselect]
    chosen += [option.ignore, option.ignore_glob]
    return [Path(name).name for name in session.config.args] == ["module"] and not any(chosen)
