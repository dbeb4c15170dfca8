# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The twenty checks against the simulator, and everything around them."""

from __future__ import annotations

import json
import signal
import typing as t
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.live import place as places
from tests.live.__main__ import main
from tests.live.check import CHECKS, Answer, Check, Finding, disagreements
from tests.live.checks.answers import flips
from tests.live.checks.history import order
from tests.live.lab import MISSING_IMAGE, Cleanup, Lab
from tests.live.place import Account, NotConfirmed, Simulated
from tests.live.replay import differences, replay
from tests.live.run import chosen, left_behind, run, table
from tests.live.scrub import scrub
from tests.live.story import tell
from tests.live.sweep import sweep
from tests.live.trace import RECORDINGS, Recorder, write
from tests.simulator import Simulator

Trace = dict[str, t.Any]


class Whole(t.NamedTuple):
    """One run of all checks."""

    findings: dict[int, Finding]
    not_deleted: list[str]
    still_there: list[str]
    folder: Path
    clusters: set[str]

    def trace(self, name: str) -> Trace:
        return dict(json.loads((self.folder / f"{name}.json").read_text()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("traces")
    with Simulator() as simulator:
        place = Simulated(simulator)
        findings, left = run(place, CHECKS, folder, lambda _line: None)
        ecs = place.session().client("ecs")
        clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
        by_number = {finding.check.number: finding for finding in findings}
        return Whole(by_number, left, left_behind(place), folder, {cluster["status"] for cluster in clusters})


def test_there_are_twenty() -> None:
    assert [known.number for known in CHECKS] == list(range(1, 21))
    assert len({known.name for known in CHECKS}) == 20


@pytest.mark.parametrize("known", CHECKS, ids=lambda known: known.name)
def test_each_gives_an_answer(whole: Whole, known: Check) -> None:
    finding = whole.findings[known.number]
    assert (finding.state, finding.text != "") == ("answered", True), finding.text
    trace = whole.trace(known.name)
    assert trace["facts"] == dict(finding.facts)
    assert trace["calls"]
    assert trace["source"] == "simulator"


def test_nothing_is_left(whole: Whole) -> None:
    assert (whole.not_deleted, whole.still_there, whole.clusters) == ([], [], {"INACTIVE"})


@pytest.mark.parametrize(
    ("number", "facts"),
    [
        (1, {"order": "newest first", "each_once": True, "complete": True}),
        (2, {"listed_at_most_seconds": 2.0, "read_before_listed": True, "always_listed": True}),
        (3, {"stale_answers_seen": True, "flips_seen": True}),
        (4, {"names_the_new_version": True, "has_the_new_primary": True, "a_count_alone_deploys": False}),
        (5, {"value_of_257": "InvalidParameterException", "value_of_256": ""}),
        (6, {"is_enough": True, "without_pass_role": "AccessDeniedException", "count_without_pass_role": "accepted"}),
        (7, {"alone": "accepted", "both": "AccessDeniedException", "names_the_forbidden_one": True}),
        (8, {"flags_left_out": "kept"}),
        (9, {"old_deployment_id_again": True, "new_records": 0, "rollback_names_the_old_revision": True}),
        (10, {"breaker": "TRIGGERED", "failures": 3, "old_version_again": True}),
        (11, {"superseded_ends": "STOPPED", "stop_of_a_finished_one": "ConflictException"}),
        (12, {"revision_has": "the index's"}),
        (13, {"is_a_copy": True, "different": "", "unknown_to_botocore": ""}),
        (14, {"waits": True, "stop": "accepted", "after_the_stop": "ROLLBACK_SUCCESSFUL", "continue": "accepted"}),
        (15, {"PRE_SCALE_UP_waits": True, "POST_SCALE_UP_waits": True, "early_success": "accepted"}),
        (16, {"before": "SUCCESSFUL", "during": "ROLLBACK_SUCCESSFUL", "during_names_the_alarm": True}),
        (17, {"status": "Failed", "error": "NO_INSTANCES", "rollback_named": False}),
        (18, {"second": "DeploymentLimitExceededException", "names_the_first": True}),
        (19, {"clock_off_by_400_s": "InvalidSignatureException", "bad_token": "UnrecognizedClientException"}),
        (20, {"throttled": True, "code": "ThrottlingException"}),
    ],
)
def test_what_the_simulator_answers(whole: Whole, number: int, facts: dict[str, t.Any]) -> None:
    found = whole.findings[number].facts
    assert {name: found.get(name) for name in facts} == facts


def test_the_run_is_scrubbed_of_its_name(whole: Whole) -> None:
    text = "".join(path.read_text() for path in whole.folder.glob("*.json"))
    assert "lastgood-live-00000001" in text
    assert "RequestId" not in text


# -- when something goes wrong


def _check(steps: t.Callable[[Lab], Answer]) -> Check:
    return Check(99, "bad", "?", "?", steps)


def test_a_check_that_breaks_is_cleaned_up_and_reported() -> None:
    def breaks(lab: Lab) -> Answer:
        lab.service(lab.define())
        raise LookupError("no primary deployment")

    with Simulator() as simulator:
        place = Simulated(simulator)
        [finding], left = run(place, [_check(breaks)], None, lambda _line: None)
        assert (finding.state, finding.text) == ("failed", "LookupError: no primary deployment")
        assert (left, left_behind(place)) == ([], [])


def test_ctrl_c_deletes_everything_first() -> None:
    def is_stopped(lab: Lab) -> Answer:
        lab.service(lab.define())
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("not stopped")

    # What was started in the background ignores SIGINT, and hands that down.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Simulator() as simulator:
            place = Simulated(simulator)
            with pytest.raises(KeyboardInterrupt):
                run(place, [_check(is_stopped)], None, lambda _line: None)
            assert left_behind(place) == []
    finally:
        signal.signal(signal.SIGINT, before)


def test_live_clean_finds_what_a_killed_run_has_left() -> None:
    with Simulator() as simulator:
        place = Simulated(simulator)
        lab = Lab(place, Recorder(place.now))
        lab.open()
        service = lab.service(lab.define(taskRoleArn=lab.role("task")))
        scaling, cloudwatch = lab.client("application-autoscaling"), lab.client("cloudwatch")
        which = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
        scaling.register_scalable_target(
            **which, ResourceId=f"service/{lab.run}/{service}", MinCapacity=0, MaxCapacity=1
        )
        tags = [{"Key": key, "Value": value} for key, value in lab.tags.items()]
        cloudwatch.put_metric_alarm(
            AlarmName=f"{lab.run}-alarm", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", Tags=tags,
            Namespace="n", MetricName="m", Statistic="Sum", Period=60, Threshold=1,
        )  # fmt: skip
        lab.client("codedeploy").create_application(applicationName=f"{lab.run}-app", tags=tags)
        # Somebody else's, though it is called like ours.
        lab.ecs.create_cluster(clusterName="lastgood-live-of-somebody")
        kinds = ["application", "scalable", "service", "cluster", "task", "alarm", "role"]
        assert [what.partition(" ")[0] for what in left_behind(place)] == kinds

        assert sweep(place) == []
        assert left_behind(place) == []
        [other] = lab.ecs.describe_clusters(clusters=["lastgood-live-of-somebody"])["clusters"]
        assert other["status"] == "ACTIVE"


def test_what_cannot_be_deleted_yet_is_tried_again() -> None:
    slept: list[float] = []
    cleanup = Cleanup(slept.append)
    refusals = iter([ClientError({"Error": {"Code": "ClusterContainsTasksException"}}, "DeleteCluster")] * 2)

    def delete() -> None:
        for error in refusals:
            raise error

    cleanup.add("the cluster", delete)
    assert (cleanup.run(), slept) == ([], [5.0, 5.0])


def test_what_cannot_be_deleted_at_all_is_named() -> None:
    def delete() -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "DeleteRole")

    cleanup = Cleanup(lambda _seconds: None)
    cleanup.add("role web", delete)
    assert cleanup.run() == ["role web: AccessDenied"]


def test_without_a_role_the_checks_that_need_one_are_not_run() -> None:
    with Simulator() as simulator:
        simulator.deny("iam:CreateRole")
        findings, left = run(Simulated(simulator), chosen([4, 7, 17]), None, lambda _line: None)
    assert [finding.state for finding in findings] == ["answered", "not run", "not run"]
    assert "name one with --assumed-role" in findings[1].text
    assert "name one with --codedeploy-role" in findings[2].text
    assert left == []


# -- no accident


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, "say LASTGOOD_LIVE=yes-spend-cents"),
        ({"LASTGOOD_LIVE": "1"}, "say LASTGOOD_LIVE=yes-spend-cents"),
        ({"LASTGOOD_LIVE": "yes-spend-cents", "PYTEST_VERSION": "9"}, "no test may use an account"),
    ],
)
def test_an_account_is_not_used_by_accident(environment: dict[str, str], why: str) -> None:
    with pytest.raises(NotConfirmed, match=why):
        Account("eu-central-1", environment)


def test_the_command_says_what_it_costs_and_does_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LASTGOOD_LIVE", raising=False)
    made: list[t.Any] = []
    monkeypatch.setattr(places.boto3, "Session", lambda *args, **more: made.append((args, more)))
    assert main(["--region", "eu-central-1"]) == 2
    shown = capsys.readouterr().out
    assert "less than 2 US cents" in shown
    assert "iam:CreateRole" in shown
    assert "LASTGOOD_LIVE=yes-spend-cents AWS_REGION=eu-central-1 make live" in shown
    assert made == []


def test_a_check_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--simulator", "--only", "21"]) == 2
    assert "there is no check 21" in capsys.readouterr().out


def test_the_command_against_the_simulator(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--simulator", "--only", "4", "--folder", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "1 answered, 0 not run, 0 failed" in shown
    assert "not asked" in shown
    assert "nothing with the tag lastgood-live is left" in shown
    assert [path.name for path in tmp_path.iterdir()] == ["answer-of-update-service.json"]


def test_a_trace_of_the_simulator_is_not_kept_as_one_of_aws() -> None:
    with pytest.raises(ValueError, match="this one is the simulator's"):
        write({"check": "tags", "source": "simulator"}, RECORDINGS)
    assert (
        not (RECORDINGS / "tags.json").exists() or json.loads((RECORDINGS / "tags.json").read_text())["source"] == "aws"
    )


# -- the table


def test_the_table_shows_where_aws_differs() -> None:
    known = chosen([1])[0]
    aws = Finding(known, "answered", "oldest first", {"order": "oldest first", "each_once": True, "x_seconds": 1.0})
    ours = Finding(known, "answered", "newest first", {"order": "newest first", "each_once": True, "x_seconds": 2.0})
    assert disagreements(aws.facts, ours.facts) == ["order"]
    shown = table([known], [aws], [ours])
    assert "1. The newest is first" in shown
    assert "order: oldest first / newest first" in shown
    assert "agrees" in table([known], [aws], [aws])


@pytest.mark.parametrize(
    ("times", "expected"),
    [([3, 2, 1], "newest first"), ([1, 2, 3], "oldest first"), ([2, 3, 1], "neither"), ([1], "newest first")],
)
def test_order(times: list[float], expected: str) -> None:
    assert order(times) == expected


@pytest.mark.parametrize(
    ("looks", "expected"),
    [([], 0), ([False, True, True], 0), ([True, False, True], 1), ([True, False, True, False], 2)],
)
def test_flips(looks: list[bool], expected: int) -> None:
    assert flips(looks) == expected


# -- the story


@pytest.mark.parametrize(("goes_back", "code"), [(True, 0), (False, 1)])
def test_the_story(goes_back: bool, code: int) -> None:
    said: list[str] = []
    with Simulator() as simulator:
        place = Simulated(simulator)

        def play(command: list[str]) -> int:
            ecs = place.session().client("ecs")
            cluster = command[2].partition("=")[2]
            service = command[4].partition("=")[2]
            if goes_back:
                family = ecs.list_task_definition_families(status="ACTIVE")["families"][0]
                ecs.update_service(cluster=cluster, service=service, taskDefinition=f"{family}:1")
            return 0

        assert tell(place, {}, said.append, play) == (code, [])
        assert left_behind(place) == []
    assert any("never comes up" in line for line in said)
    assert f"the good version was {said[0].partition(' ')[0]}" in said[-2]


# -- the replay


@pytest.mark.parametrize("known", CHECKS, ids=lambda known: known.name)
def test_a_trace_can_be_replayed(whole: Whole, known: Check) -> None:
    assert replay(whole.trace(known.name)) == []


def test_the_replay_sees_another_code_and_another_member(whole: Whole) -> None:
    trace = whole.trace("what-can-be-stopped")
    [refused] = [call for call in trace["calls"] if call["error"] == "ConflictException"][:1]
    refused["error"] = "UnsupportedFeatureException"
    [answered] = [call for call in trace["calls"] if call["operation"] == "UpdateService"][:1]
    answered["answer"]["service"]["brandNew"] = True
    found = replay(trace)
    assert "StopServiceDeployment: error 'UnsupportedFeatureException' is not in the simulator's" in found
    assert "UpdateService: member 'service.brandNew' is not in the simulator's" in found


def test_differences_of_nothing() -> None:
    assert differences([], []) == []


def test_the_images_of_the_lab_are_public() -> None:
    assert MISSING_IMAGE.startswith("public.ecr.aws/")


def test_scrubbing_an_error_text() -> None:
    text = "User: arn:aws:sts::999988887777:assumed-role/Admin/jane is not authorized"
    assert scrub(text, "999988887777") == (
        "User: arn:aws:sts::123456789012:assumed-role/caller-1/session is not authorized"
    )
