# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one write, when all goes well and when it does not."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Pause, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    CLUSTER,
    FakeAws,
    arn,
    connection_lost,
    deployment,
    flown,
    planned,
    raw_service,
    refused_by_aws,
    service,
    started_tag,
    steps,
    task_definition,
    told,
)

BEFORE = service(deployment(42, "ecs-svc/old"))
AFTER = service(
    deployment(42, "ecs-svc/old", status="ACTIVE"), deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS", running=0)
)
THEIRS = service(deployment(42, "ecs-svc/old", status="ACTIVE"), deployment(44, "ecs-svc/theirs"))


def back() -> Plan:
    return planned(BEFORE, told(41, 42))


def answering(update: t.Any, look: Service | Exception | None = None) -> FakeAws:
    seen = {"services": [raw_service(look)]} if isinstance(look, Service) else look
    return FakeAws(
        update_service={"service": raw_service(update)} if isinstance(update, Service) else update,
        describe_services=seen,
    )


# -- is it still as planned?


# -- update_service


def test_update_service_sends_nothing_but_the_task_definition() -> None:
    aws = answering(AFTER)
    accepted = write.update_service(aws, back(), None)
    assert aws.requests == [("update_service", {"cluster": CLUSTER, "service": "web", "taskDefinition": arn(41)})]
    assert (accepted.wrote, accepted.deployment_id, accepted.back_of) == (True, "ecs-svc/ours", "")
    assert (accepted.deployment_id, accepted.findings) == ("ecs-svc/ours", ())
    assert accepted.service.deployments == AFTER.deployments


@pytest.mark.parametrize("tasks", [0, 8])
def test_the_task_count_is_sent_where_it_was_given(tasks: int) -> None:
    aws = answering(AFTER)
    write.update_service(aws, back(), tasks)
    assert aws.sent("update_service")[0]["desiredCount"] == tasks


def test_a_failed_deployment_of_the_target_is_forced() -> None:
    failed = service(deployment(42, "ecs-svc/old", rollout="FAILED"))
    aws = answering(service(deployment(42, "ecs-svc/ours", rollout="IN_PROGRESS")))
    write.update_service(aws, planned(failed, told(41, 42), Selection(revision="42")), None)
    assert aws.sent("update_service")[0]["forceNewDeployment"] is True


def test_a_deployment_that_slipped_in_between_is_told() -> None:
    late = deployment(43, "ecs-svc/late", status="ACTIVE")
    accepted = write.update_service(answering(service(*AFTER.deployments, late)), back(), None)
    (finding,) = accepted.findings
    assert (finding.check, finding.severity) == ("superseded_another", "warn")
    assert "ecs-svc/late to web:43" in finding.message


def test_somebody_else_is_primary_in_the_answer_to_the_write() -> None:
    ours = deployment(41, "ecs-svc/ours", status="ACTIVE")
    after = service(deployment(43, "ecs-svc/late"), ours, deployment(42, "ecs-svc/old", status="ACTIVE"))
    accepted = write.update_service(answering(after), back(), None)
    # What was written is not called unwritten: ours is watched, and found superseded.
    assert (accepted.wrote, accepted.deployment_id) == (True, "ecs-svc/ours")


@pytest.mark.parametrize("after", [service(deployment(43, "ecs-svc/late")), service(), BEFORE])
def test_an_answer_to_the_write_that_does_not_show_it(after: Service) -> None:
    with pytest.raises(AnswerLost, match="AWS accepted UpdateService, but its answer shows no deployment to web:41"):
        write.update_service(answering(after), back(), None)


def test_a_refusal_by_aws_is_raised_as_it_is() -> None:
    aws = answering(refused_by_aws("UpdateService"))
    with pytest.raises(AwsCallError) as caught:
        write.update_service(aws, back(), None)
    assert caught.value.is_denied
    assert [name for name, _params in aws.requests] == ["update_service"]


@pytest.mark.parametrize("lost", [connection_lost(), {}])
def test_an_answer_that_was_lost_though_the_write_was_applied(lost: t.Any) -> None:
    aws = answering(lost, AFTER)
    accepted = write.update_service(aws, back(), None)
    assert (accepted.wrote, accepted.deployment_id) == (True, "ecs-svc/ours")
    (finding,) = accepted.findings
    assert (finding.check, finding.severity) == ("answer_lost", "warn")
    assert "ecs-svc/ours to web:41" in finding.message
    assert [name for name, _params in aws.requests] == ["update_service", "describe_services"]


@pytest.mark.parametrize(
    "look",
    [
        BEFORE,
        # somebody else's
        service(deployment(43, "ecs-svc/late")),
        # there before: not ours
        service(deployment(41, "ecs-svc/old")),
        service(),
    ],
)
@pytest.mark.parametrize("lost", [connection_lost(), {}])
def test_an_answer_that_was_lost_and_nothing_shows_that_the_write_was_applied(look: Service, lost: t.Any) -> None:
    with pytest.raises(AnswerLost) as caught:
        write.update_service(answering(lost, look), back(), None)
    assert "nothing shows a deployment to web:41 yet: whether AWS applied it is not known" in str(caught.value)


@pytest.mark.parametrize("look", [refused_by_aws("DescribeServices"), connection_lost()])
@pytest.mark.parametrize("lost", [connection_lost(), {}])
def test_an_answer_that_was_lost_and_what_became_of_it_cannot_be_read(look: Exception, lost: t.Any) -> None:
    with pytest.raises(AnswerLost) as caught:
        write.update_service(answering(lost, look), back(), None)
    assert "the answer to UpdateService was lost" in str(caught.value)
    assert "whether AWS applied it is not known" in str(caught.value)
    assert "Run the same command again" in str(caught.value)


def test_a_plan_without_a_target_is_stale() -> None:
    with pytest.raises(PlanIsStale):
        write.update_service(FakeAws(), dataclasses.replace(back(), target=None), None)


# -- stop_deployment

FLYING = service(deployment(42, "ecs-svc/42", rollout="IN_PROGRESS"))


def stopping() -> Plan:
    return planned(FLYING, told(41, (42, "IN_PROGRESS")))


def test_ecs_is_asked_to_go_back() -> None:
    aws = FakeAws(stop_service_deployment={})
    running = stopping().running
    assert running is not None
    accepted = write.roll_back_natively(aws, stopping())
    assert aws.requests == [("stop_service_deployment", {"serviceDeploymentArn": running.id, "stopType": "ROLLBACK"})]
    assert (accepted.wrote, accepted.deployment_id, accepted.back_of) == (True, "", running.id)
    assert accepted.back_of.endswith("/D60")


@pytest.mark.parametrize("code", ["ConflictException", "ServiceDeploymentNotFoundException"])
def test_it_ended_before_it_could_be_stopped(code: str) -> None:
    aws = FakeAws(stop_service_deployment=refused_by_aws("StopServiceDeployment", code))
    with pytest.raises(PlanIsStale, match="ended meanwhile"):
        write.roll_back_natively(aws, stopping())


def test_a_stop_that_is_denied_is_raised_as_it_is() -> None:
    denied = refused_by_aws("StopServiceDeployment")
    aws = FakeAws(stop_service_deployment=denied, describe_service_deployments=of_the_record(status="IN_PROGRESS"))
    with pytest.raises(AwsCallError) as caught:
        write.roll_back_natively(aws, stopping())
    assert caught.value.is_denied


@pytest.mark.parametrize("status", ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"])
def test_a_stop_whose_answer_was_lost_though_it_was_applied(status: str) -> None:
    running = stopping().running
    assert running is not None
    record = {"serviceDeploymentArn": running.id, "status": status}
    aws = FakeAws(
        stop_service_deployment=connection_lost(), describe_service_deployments={"serviceDeployments": [record]}
    )
    accepted = write.roll_back_natively(aws, stopping())
    assert (accepted.wrote, accepted.back_of) == (True, running.id)
    assert [(f.check, f.severity) for f in accepted.findings] == [("answer_lost", "warn")]


def test_a_stop_whose_answer_was_lost_and_that_was_not_applied() -> None:
    aws = FakeAws(stop_service_deployment=connection_lost(), describe_service_deployments={"serviceDeployments": []})
    # ECS is only eventually consistent, so that nothing shows yet proves nothing.
    with pytest.raises(AnswerLost, match="nothing shows that ECS rolls the deployment back yet"):
        write.roll_back_natively(aws, stopping())


def test_a_stop_whose_answer_was_lost_and_what_became_of_it_cannot_be_read() -> None:
    aws = FakeAws(
        stop_service_deployment=connection_lost(),
        describe_service_deployments=refused_by_aws("DescribeServiceDeployments"),
    )
    with pytest.raises(AnswerLost, match="StopServiceDeployment was lost"):
        write.roll_back_natively(aws, stopping())


def test_nothing_to_stop() -> None:
    with pytest.raises(PlanIsStale):
        write.roll_back_natively(FakeAws(), back())


# -- adopt


def test_ecs_s_own_rollback_is_followed_by_its_record() -> None:
    made = planned(service(deployment(41, "ecs-svc/41")), told(41, (42, "ROLLBACK_IN_PROGRESS", 41)))
    accepted = write.adopt(made)
    assert made.running is not None
    assert (accepted.wrote, accepted.deployment_id, accepted.back_of) == (False, "", made.running.id)


def test_a_running_return_is_followed_by_its_deployment() -> None:
    made = planned(service(deployment(41, "ecs-svc/41", rollout="IN_PROGRESS")), told(41, 42, (41, "IN_PROGRESS")))
    accepted = write.adopt(made)
    assert (accepted.wrote, accepted.deployment_id, accepted.back_of) == (False, "ecs-svc/41", "")


def test_unfinished_work_is_followed_by_its_deployment() -> None:
    tags = started_tag(arn(42), arn(41), "ecs-svc/41", "back")
    accepted = write.adopt(planned(service(deployment(41, "ecs-svc/41"), tags=tags), told(41, 42, 41)))
    assert (accepted.wrote, accepted.deployment_id) == (False, "ecs-svc/41")


# -- at a hook


PARKED = flown(42, "IN_PROGRESS", 60, [41], paused_at=Pause("ecs-pause-1", None, "ROLLBACK"))


def parked_plan() -> Plan:
    made = planned(BEFORE, history.read([*steps(41), PARKED]), Selection(revision="41"))
    assert made.method == "continue_rollback"
    return made


def of_the_record(**shown: t.Any) -> dict[str, t.Any]:
    return {"serviceDeployments": [{"serviceDeploymentArn": PARKED.id, **shown}]}


def waits_at(hook: str) -> dict[str, t.Any]:
    return of_the_record(status="IN_PROGRESS", lifecycleHookDetails=[{"hookId": hook, "status": "AWAITING_ACTION"}])


def test_a_hook_is_answered_with_rollback_in_so_many_words() -> None:
    aws = FakeAws(continue_service_deployment={"serviceDeploymentArn": PARKED.id})
    accepted = write.roll_back_natively(aws, parked_plan())
    assert aws.requests == [
        (
            "continue_service_deployment",
            {"serviceDeploymentArn": PARKED.id, "hookId": "ecs-pause-1", "action": "ROLLBACK"},
        )
    ]
    assert (accepted.wrote, accepted.back_of) == (True, PARKED.id)


@pytest.mark.parametrize("code", ["InvalidParameterException", "ClientException"])
@pytest.mark.parametrize(
    "now",
    [
        of_the_record(status="IN_PROGRESS", lifecycleHookDetails=[{"hookId": "ecs-pause-1", "status": "SUCCEEDED"}]),
        of_the_record(status="ROLLBACK_IN_PROGRESS"),
        waits_at("ecs-pause-2"),
        {"serviceDeployments": []},
    ],
    ids=["it goes on", "it goes back", "it waits at the next one", "it is gone"],
)
def test_somebody_else_answered_the_hook(code: str, now: dict[str, t.Any]) -> None:
    refusal = refused_by_aws("ContinueServiceDeployment", code)
    aws = FakeAws(continue_service_deployment=refusal, describe_service_deployments=now)
    with pytest.raises(PlanIsStale, match="somebody answered the hook meanwhile"):
        write.roll_back_natively(aws, parked_plan())


@pytest.mark.parametrize("now", [waits_at("ecs-pause-1"), refused_by_aws("DescribeServiceDeployments")])
def test_an_answer_that_ecs_refuses_while_the_hook_still_waits(now: t.Any) -> None:
    refusal = refused_by_aws("ContinueServiceDeployment", "InvalidParameterException", "not like this")
    stop = refused_by_aws("StopServiceDeployment", "InvalidParameterException", "nor a stop")
    aws = FakeAws(continue_service_deployment=refusal, describe_service_deployments=now, stop_service_deployment=stop)
    with pytest.raises(AwsCallError, match="not like this"):
        write.roll_back_natively(aws, parked_plan())
    assert aws.sent("stop_service_deployment") == [{"serviceDeploymentArn": PARKED.id, "stopType": "ROLLBACK"}]


@pytest.mark.parametrize("code", ["InvalidParameterException", "UnsupportedFeatureException", "AccessDeniedException"])
def test_a_hook_that_takes_no_answer_is_left_by_a_stop(code: str) -> None:
    aws = FakeAws(
        continue_service_deployment=refused_by_aws("ContinueServiceDeployment", code, "not like this"),
        describe_service_deployments=waits_at("ecs-pause-1"),
        stop_service_deployment={"serviceDeploymentArn": PARKED.id},
    )
    begun = write.roll_back_natively(aws, parked_plan())
    assert (begun.wrote, begun.back_of, [note.check for note in begun.findings]) == (True, PARKED.id, ["other_way"])
    assert "it was stopped instead" in begun.findings[0].message


def test_a_stop_that_is_refused_at_a_hook_becomes_an_answer_to_it() -> None:
    aws = FakeAws(
        stop_service_deployment=refused_by_aws("StopServiceDeployment", "InvalidParameterException", "not like this"),
        describe_service_deployments=waits_at("ecs-pause-1"),
        continue_service_deployment={"serviceDeploymentArn": PARKED.id},
    )
    begun = write.roll_back_natively(aws, stopping())
    [sent] = aws.sent("continue_service_deployment")
    assert (sent["hookId"], sent["action"], begun.wrote) == ("ecs-pause-1", "ROLLBACK", True)
    assert "it was answered at its hook instead" in begun.findings[0].message


def test_a_stop_that_is_refused_elsewhere_stays_refused() -> None:
    aws = FakeAws(
        stop_service_deployment=refused_by_aws("StopServiceDeployment", "InvalidParameterException", "not like this"),
        describe_service_deployments=of_the_record(status="IN_PROGRESS"),
    )
    with pytest.raises(AwsCallError, match="not like this"):
        write.roll_back_natively(aws, stopping())


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnsupportedFeatureException"])
def test_another_refusal_needs_no_second_look(code: str) -> None:
    stop = refused_by_aws("StopServiceDeployment", code)
    aws = FakeAws(
        continue_service_deployment=refused_by_aws("ContinueServiceDeployment", code), stop_service_deployment=stop
    )
    with pytest.raises(AwsCallError):
        write.roll_back_natively(aws, parked_plan())
    assert [name for name, _params in aws.requests] == ["continue_service_deployment", "stop_service_deployment"]


PAUSED = Pause("ecs-pause-1", None, "ROLLBACK")


def test_a_hook_is_answered_with_continue() -> None:
    aws = FakeAws(continue_service_deployment={})
    finding = write.answer_pause(aws, PARKED.id, PAUSED)
    [sent] = aws.sent("continue_service_deployment")
    assert sent == {"serviceDeploymentArn": PARKED.id, "hookId": "ecs-pause-1", "action": "CONTINUE"}
    assert finding is not None
    assert (finding.check, finding.severity) == ("fast", "info")


@pytest.mark.parametrize(
    ("refusal", "now", "raised"),
    [
        ("InvalidParameterException", waits_at("ecs-pause-2"), False),
        ("ConflictException", None, False),
        ("InvalidParameterException", waits_at("ecs-pause-1"), True),
        ("AccessDeniedException", None, True),
    ],
    ids=["somebody answered it", "it has ended", "it still waits there", "denied"],
)
def test_a_hook_that_takes_no_continue(refusal: str, now: t.Any, raised: bool) -> None:
    refused = refused_by_aws("ContinueServiceDeployment", refusal)
    aws = FakeAws(continue_service_deployment=refused, describe_service_deployments=now)
    if raised:
        with pytest.raises(AwsCallError):
            write.answer_pause(aws, PARKED.id, PAUSED)
    else:
        assert write.answer_pause(aws, PARKED.id, PAUSED) is None


# -- copies

DIGEST = "sha256:" + "1" * 64


def with_copy(pin: dict[str, str] | None = None) -> Plan:
    whole = task_definition(41)
    made = dataclasses.replace(whole, content={**whole.content, "family": "web"})
    change = write.Update(copy={"app": DIGEST} if pin is None else pin)
    return dataclasses.replace(back(), target=made, way=dataclasses.replace(back().way, change=change))


def described(number: int, image: str) -> dict[str, t.Any]:
    containers = [{"name": "app", "image": image, "portMappings": [{"containerPort": 80}]}]
    content = {"taskDefinitionArn": arn(number), "status": "ACTIVE", "family": "web"}
    return {"taskDefinition": {**content, "containerDefinitions": containers}}


def deployed(number: int) -> Service:
    return service(deployment(42, "ecs-svc/old", status="ACTIVE"), deployment(number, "ecs-svc/ours"))


def test_the_copy_is_deployed_in_place_of_the_target() -> None:
    aws = answering(deployed(43), BEFORE)
    aws.answers.update(
        describe_task_definition=described(42, "registry/web:2"),
        register_task_definition=described(43, f"registry/web@{DIGEST}"),
    )
    accepted = write.update_service(aws, with_copy(), None)
    assert aws.sent("update_service")[0]["taskDefinition"] == arn(43)
    [request] = aws.sent("register_task_definition")
    assert request["containerDefinitions"][0]["image"] == f"registry/web@{DIGEST}"
    assert (accepted.copy, [f.check for f in accepted.findings]) == (arn(43), ["copy"])


def test_a_copy_that_is_there_is_used() -> None:
    aws = answering(deployed(43), BEFORE)
    aws.answers.update(describe_task_definition=described(43, f"registry/web@{DIGEST}"))
    accepted = write.update_service(aws, with_copy(), None)
    assert (accepted.copy, accepted.findings) == (arn(43), ())


def test_what_runs_is_the_copy() -> None:
    aws = FakeAws(describe_task_definition=described(42, "registry/web:1"))
    with pytest.raises(deployments.AlreadyThere) as caught:
        write.update_service(aws, with_copy({}), None)
    assert caught.value.copy == arn(42)


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterException", "ClientException"])
def test_a_copy_without_tags_where_those_are_refused(code: str) -> None:
    """A permission, 50 tags that are there already, or a tag policy."""
    answers = [refused_by_aws("RegisterTaskDefinition", code), described(43, f"registry/web@{DIGEST}")]
    aws = answering(deployed(43), BEFORE)
    aws.answers.update(describe_task_definition=described(42, "registry/web:2"), register_task_definition=answers)
    accepted = write.update_service(aws, with_copy(), None)
    assert ["tags" in request for request in aws.sent("register_task_definition")] == [True, False]
    assert [f.check for f in accepted.findings] == ["copy", "copy_tags"]


def test_a_copy_that_is_refused_for_another_reason() -> None:
    refused = refused_by_aws("RegisterTaskDefinition", "ClientException")
    aws = FakeAws(describe_task_definition=described(42, "registry/web:2"), register_task_definition=refused)
    with pytest.raises(AwsCallError):
        write.update_service(aws, with_copy(), None)
    assert len(aws.sent("register_task_definition")) == 2


def test_a_copy_whose_registration_was_not_answered() -> None:
    aws = FakeAws(describe_task_definition=described(42, "registry/web:2"), register_task_definition=connection_lost())
    with pytest.raises(AnswerLost, match="the answer to RegisterTaskDefinition was lost"):
        write.update_service(aws, with_copy(), None)


def test_a_copy_that_could_not_be_deployed_is_told() -> None:
    aws = answering(refused_by_aws("UpdateService"), BEFORE)
    aws.answers.update(
        describe_task_definition=described(42, "registry/web:2"),
        register_task_definition=described(43, f"registry/web@{DIGEST}"),
    )
    with pytest.raises(deployments.NotDeployed, match="ecs:UpdateService") as caught:
        write.update_service(aws, with_copy(), None)
    assert caught.value.note.message == "web:43 was registered as a copy of web:41"


def test_a_copy_of_an_earlier_run_that_could_not_be_deployed_is_no_news() -> None:
    aws = answering(refused_by_aws("UpdateService"), BEFORE)
    aws.answers.update(describe_task_definition=described(43, f"registry/web@{DIGEST}"))
    with pytest.raises(AwsCallError):
        write.update_service(aws, with_copy(), None)


@pytest.mark.parametrize(
    ("now", "error", "says"),
    [
        (THEIRS, deployments.Overtaken, "somebody deployed meanwhile"),
        (refused_by_aws("DescribeServices"), deployments.NotDeployed, "ecs:DescribeServices"),
    ],
)
def test_while_the_copy_was_registered_somebody_deployed(
    now: Service | Exception, error: type[Exception], says: str
) -> None:
    """Or nobody knows whether somebody did."""
    aws = answering(deployed(43), now)
    aws.answers.update(
        describe_task_definition=described(42, "registry/web:2"),
        register_task_definition=described(43, f"registry/web@{DIGEST}"),
    )
    with pytest.raises(error, match=says) as caught:
        write.update_service(aws, with_copy(), None)
    assert t.cast("t.Any", caught.value).note.message == "web:43 was registered as a copy of web:41"
    assert aws.sent("update_service") == []


def test_while_the_configuration_was_recorded_somebody_deployed() -> None:
    aws = answering(AFTER, THEIRS)
    fast = dataclasses.replace(back().way, change=write.Update(override={"bakeTimeInMinutes": 0}))
    with pytest.raises(PlanIsStale, match="somebody deployed meanwhile"):
        write.update_service(aws, dataclasses.replace(back(), way=fast), None, {"bakeTimeInMinutes": 0})
    assert aws.sent("update_service") == []
