# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tag that has moved since its version was good: what runs after the rollback, and what the user is told of it."""

from __future__ import annotations

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage
from tests.ecr import LATEST, REPOSITORY, Ecr


@pytest.fixture
def digests(stage: Stage) -> tuple[str, str]:
    """web:1 was good and web:2 is bad. Both go by ``latest``, which named another image then. Returns both digests."""
    ecr = Ecr(stage.world)
    good = ecr.push("good")
    stage.world.register("web", LATEST)
    stage.world.create_service(CLUSTER, "web", "web:1")
    stage.pass_time(300)
    bad = ecr.push("bad")
    # Each release differs in something besides its image, as real ones do.
    stage.world.register("web", LATEST, environment=[{"name": "RELEASE", "value": "2"}])
    stage.world.deploy(CLUSTER, "web", "web:2")
    stage.pass_time(300)
    assert running_digests(stage) == {bad}
    stage.control.reset_calls()
    return good, bad


def running_digests(stage: Stage) -> set[str]:
    """What the running tasks run."""
    arns = stage.world.ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
    tasks = stage.world.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
    return {task["containers"][0]["imageDigest"] for task in tasks if task["lastStatus"] == "RUNNING"}


@pytest.mark.newest
def test_the_copy_runs_the_image_that_was_good(stage: Stage, rollback: Rollback, digests: tuple[str, str]) -> None:
    good, bad = digests
    done = rollback()
    assert done.rc == 0, done.stdout
    result = done.of()
    assert (
        result["outcome"],
        result["target"]["task_definition"].rpartition("/")[2],
        result["copy_of"].rpartition("/")[2],
    ) == (
        "rolled_back",
        "web:3",
        "web:1",
    )
    assert [name for name in stage.writes() if name != "TagResource"] == ["RegisterTaskDefinition", "UpdateService"]
    [registered] = [call["params"] for call in stage.control.log() if call["operation"] == "RegisterTaskDefinition"]
    assert registered["containerDefinitions"][0]["image"] == f"{REPOSITORY}@{good}"
    assert running_digests(stage) == {good}
    assert result["after"]["image_digests"] == {"app": good}
    assert (stage.on(), stage.runs()) == ("web:3", {"web:3": 2})
    [moved] = done.findings("image_moved")
    assert f"it names {bad} now" in moved
    assert done.findings("image_identity") == []
    assert done.findings("copy") == ["web:3 was registered as a copy of web:1"]
    assert "[web] rolled_back: web:2 → web:3 (web:1 with its image pinned) in " in done.stderr
    stage.control.reset_calls()
    assert (rollback().outcomes, stage.writes()) == ({"web": "unchanged"}, [])


@pytest.mark.newest
def test_with_never_the_identity_is_not_proven(stage: Stage, rollback: Rollback, digests: tuple[str, str]) -> None:
    _good, bad = digests
    planned = play.named(rollback("--check", pin_images="never").published["rollback_plan"], "web")["findings"]
    assert any("that it is the image that was good is not proven" in found["message"] for found in planned)
    done = rollback(pin_images="never")
    assert done.rc == 0, done.stdout
    assert (done.of()["outcome"], stage.on(), running_digests(stage)) == ("rolled_back", "web:1", {bad})
    assert "RegisterTaskDefinition" not in stage.writes()
    assert any("runs another image than when it was good" in message for message in done.findings("image_identity"))
