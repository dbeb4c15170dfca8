# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change for one deployment only is written down before it is made, and undone when that is safe."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Standing
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import fast, overriding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    deployment,
    planned,
    raw_service,
    refused_by_aws,
    service,
    told,
)

CANARY: t.Final = {"strategy": "CANARY", "bakeTimeInMinutes": 10, "canaryConfiguration": {"canaryPercent": 5.0}}
SKIPPED: t.Final = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
BACK: t.Final = {"strategy": "CANARY", "bakeTimeInMinutes": 10, "canaryConfiguration": {"canaryPercent": 5.0}}
RECORD: t.Final = fast.record(CANARY) or {}


def on(**changes: t.Any) -> Service:
    return service(deployment(42, "ecs-svc/42"), strategy="CANARY", configuration=CANARY, **changes)


def plan_for(where: Service, override: t.Mapping[str, t.Any]) -> Plan:
    made = planned(where, told(41, 42))
    return dataclasses.replace(made, way=dataclasses.replace(made.way, change=Update(override=override)))


def seen(where: Service, configuration: t.Mapping[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
    raw = raw_service(dataclasses.replace(where, **changes))
    return {"services": [{**raw, "deploymentConfiguration": dict(configuration)}], "failures": []}


# -- before the deployment


def test_what_has_to_be_put_back_is_written_down_first() -> None:
    aws = FakeAws(tag_resource={})
    assert overriding.prepare(aws, plan_for(on(), SKIPPED)) == (SKIPPED, ())
    [request] = aws.sent("tag_resource")
    assert {tag["key"]: tag["value"] for tag in request["tags"]} == RECORD
    assert fast.recorded(RECORD) == BACK


@pytest.mark.parametrize(
    ("override", "tags"),
    [
        ({}, {}),
        # The tags hold what the service had before the run that was killed.
        (SKIPPED, RECORD),
    ],
    ids=["nothing to change", "a record of a run that was killed"],
)
def test_nothing_is_written_without_a_change_or_over_an_older_record(
    override: dict[str, t.Any], tags: dict[str, str]
) -> None:
    aws = FakeAws()
    assert overriding.prepare(aws, plan_for(on(tags=tags), override)) == (override, ())
    assert aws.requests == []


def test_without_a_record_nothing_is_changed() -> None:
    aws = FakeAws(tag_resource=refused_by_aws("TagResource"))
    override, [finding] = overriding.prepare(aws, plan_for(on(), SKIPPED))
    assert (override, finding.check, finding.severity) == ({}, "fast", "warn")
    assert "could not be undone after a crash" in finding.message
    assert "ecs:TagResource" in finding.message


def test_a_configuration_that_does_not_fit_into_tags_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "record", lambda _configuration: None)
    aws = FakeAws()
    override, [finding] = overriding.prepare(aws, plan_for(on(), SKIPPED))
    assert (override, "too large for the tags" in finding.message, aws.requests) == ({}, True, [])


# -- after it


def test_the_configuration_is_put_back_and_the_record_removed() -> None:
    after = on(tags=RECORD)
    aws = FakeAws(
        describe_services=seen(after, SKIPPED), update_service={"service": raw_service(after)}, untag_resource={}
    )
    done = overriding.restore(aws, after, plan_for(on(), SKIPPED), "ended")
    assert (done.changed, [f.severity for f in done.findings]) == (True, ["info"])
    [update] = aws.sent("update_service")
    assert update["deploymentConfiguration"] == BACK
    [untag] = aws.sent("untag_resource")
    assert untag["tagKeys"] == sorted(RECORD)


def test_tags_that_were_written_after_the_service_was_read_are_found() -> None:
    before = on()
    aws = FakeAws(
        describe_services=seen(before, SKIPPED, tags=RECORD),
        update_service={"service": raw_service(before)},
        untag_resource={},
    )
    assert overriding.restore(aws, before, plan_for(on(), SKIPPED), "ended").changed
    assert aws.sent("untag_resource")[0]["tagKeys"] == sorted(RECORD)


def test_what_is_right_already_is_not_written_again() -> None:
    after = on(tags=RECORD)
    aws = FakeAws(describe_services=seen(after, CANARY), untag_resource={})
    assert overriding.restore(aws, after, None, "ended").changed
    assert [name for name, _params in aws.requests] == ["describe_services", "untag_resource"]


def test_nothing_is_asked_if_nothing_was_changed() -> None:
    aws = FakeAws()
    done = overriding.restore(aws, on(), plan_for(on(), {}), "ended")
    assert (done.findings, done.changed, aws.requests) == ((), False, [])


def test_if_contact_was_lost_the_next_run_is_left_to_do_it() -> None:
    aws = FakeAws()
    done = overriding.restore(aws, on(tags=RECORD), None, "lost")
    [finding] = done.findings
    assert (done.changed, finding.severity, "not yet what it was" in finding.message) == (False, "warn", True)
    assert aws.requests == []


@pytest.mark.parametrize(
    ("state", "rollout", "waits"),
    [
        ("going", "COMPLETED", True),
        ("not_ours", "IN_PROGRESS", True),
        ("not_ours", "COMPLETED", False),
        # Ours has ended; a deployment that began since then is not held to what is put back.
        ("ended", "IN_PROGRESS", False),
    ],
)
def test_a_deployment_that_may_still_take_it_over_is_waited_for(state: Standing, rollout: str, waits: bool) -> None:
    after = on(tags=RECORD)
    now = seen(after, SKIPPED, deployments=(deployment(42, "ecs-svc/42", rollout=rollout),))
    aws = FakeAws(describe_services=now, update_service={"service": raw_service(after)}, untag_resource={})
    done = overriding.restore(aws, after, None, state)
    assert done.changed is not waits
    assert bool(aws.sent("update_service")) is not waits


def test_another_run_was_faster() -> None:
    aws = FakeAws(describe_services=seen(on(), CANARY))
    done = overriding.restore(aws, on(tags=RECORD), None, "ended")
    assert (done.findings, done.changed) == ((), False)


def test_a_record_that_cannot_be_read_changes_nothing() -> None:
    odd = on(tags=dict.fromkeys(RECORD, "?"))
    aws = FakeAws(describe_services=seen(odd, SKIPPED))
    done = overriding.restore(aws, odd, None, "ended")
    [finding] = done.findings
    assert (done.changed, finding.severity) == (False, "warn")
    assert finding.message.endswith("the deployment configuration was left as it is")


def test_a_write_that_is_refused_is_left_to_the_next_run() -> None:
    after = on(tags=RECORD)
    aws = FakeAws(describe_services=seen(after, SKIPPED), update_service=refused_by_aws("UpdateService"))
    done = overriding.restore(aws, after, None, "ended")
    [finding] = done.findings
    assert (done.changed, finding.message.endswith("The next run puts it back")) == (False, True)
    assert aws.sent("untag_resource") == []


def test_a_record_that_stays_is_named_with_its_tags() -> None:
    after = on(tags=RECORD)
    aws = FakeAws(
        describe_services=seen(after, SKIPPED),
        update_service={"service": raw_service(after)},
        untag_resource=refused_by_aws("UntagResource"),
    )
    done = overriding.restore(aws, after, None, "ended")
    [finding] = done.findings
    assert (done.changed, finding.severity) == (True, "warn")
    assert f"remove the tags {', '.join(sorted(RECORD))} of the service" in finding.message
