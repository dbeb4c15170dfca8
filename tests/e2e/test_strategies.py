# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each kind of service in each situation: a test for each cell of the tables of docs/strategies.md.

One play takes all services of a situation back; each of the tests looks at one of them.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

import pytest

from tests.e2e import play
from tests.e2e.altered import Altered
from tests.e2e.code_deploy import PORT, CodeDeploy
from tests.e2e.stage import CLUSTER, READS, Stage
from tests.module.strategies import pause, record
from tests.simulator_process import SimulatorProcess
from tests.world import NETWORK

# How a service that ECS deploys is deployed: no longer than it has to be, and without an end.
SHORT: dict[str, dict[str, t.Any]] = {
    "BLUE_GREEN": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1},
    "LINEAR": {
        "strategy": "LINEAR",
        "bakeTimeInMinutes": 1,
        "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 1},
    },
    "CANARY": {
        "strategy": "CANARY",
        "bakeTimeInMinutes": 1,
        "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 1},
    },
}
ENDLESS: dict[str, dict[str, t.Any]] = {
    "BLUE_GREEN": {"bakeTimeInMinutes": 1440},
    "LINEAR": {"linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 1440}},
    "CANARY": {"canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 1440}},
}
STAGES = {"BLUE_GREEN": "BAKE_TIME", "LINEAR": "PRODUCTION_TRAFFIC_SHIFT", "CANARY": "PRODUCTION_TRAFFIC_SHIFT"}
# NO_CONTROLLER is ROLLING with answers that lack deploymentController, as in samples of AWS's own documentation.
ROLLING = ("ROLLING", "NO_CONTROLLER", "DAEMON")
ECS = (*ROLLING, *SHORT)
KINDS = (*ECS, "CODE_DEPLOY", "EXTERNAL")
PAUSED = (*SHORT, "CODE_DEPLOY")
# Nobody rolls EXTERNAL back but we: the_same_command_again is its test.
ROLLED_BACK = (*ECS, "CODE_DEPLOY")
# Minutes for which CodeDeploy keeps the original task set of a deployment that is to last.
WAIT = 120
# Seconds that the tasks of such a deployment need to start, where nothing else makes it last.
SLOW = 36000.0


def name_of(kind: str) -> str:
    """The service of this kind; its version 2 is good and its version 3 bad."""
    return kind.lower().replace("_", "-")


@dataclass(frozen=True)
class After:
    """What a play has sent about one service, and what the service is like afterwards."""

    writes: list[dict[str, t.Any]]
    runs: dict[str, int]
    on: str
    revisions: set[str]
    deployment: dict[str, t.Any]
    sets: dict[str, str]

    @property
    def sent(self) -> list[str]:
        """The operations that were more than looking or marking."""
        return [call["operation"] for call in self.writes if call["operation"] != "TagResource"]


@dataclass(frozen=True)
class Played:
    """What a run of the command has made of a situation."""

    done: play.Play
    before: dict[str, After]
    after: dict[str, After]


class Services:
    """All kinds of services in one cluster. Version 2 of each is good."""

    def __init__(self, stage: Stage, kinds: tuple[str, ...], **group: t.Any) -> None:
        self.stage = stage
        self.kinds = kinds
        self._code_deploy: CodeDeploy | None = None
        stage.world.add_instances(CLUSTER, 2)
        if "CODE_DEPLOY" in kinds:
            self._code_deploy = CodeDeploy(stage, name_of("CODE_DEPLOY"), **group)
            good = self._code_deploy.deploy(2, settle=120)
            if group.get("ready") == "STOP_DEPLOYMENT":
                self._code_deploy.let_go_on(good)
        for kind in kinds:
            if kind != "CODE_DEPLOY":
                for version in (1, 2, 3):
                    stage.world.register(name_of(kind), f"registry/{name_of(kind)}:{version}", **PORT)
        for kind in kinds:
            if kind in ECS:
                more = {"launchType": "EC2", "schedulingStrategy": "DAEMON"} if kind == "DAEMON" else {}
                configuration = {"deploymentConfiguration": SHORT[kind]} if kind in SHORT else {}
                stage.world.create_service(CLUSTER, name_of(kind), f"{name_of(kind)}:2", **configuration, **more)
        if "EXTERNAL" in kinds:
            stage.world.ecs.create_service(
                cluster=CLUSTER, serviceName="external", desiredCount=2, deploymentController={"type": "EXTERNAL"}
            )
            for version in (1, 2):
                self._promote(self._task_set(f"external:{version}"))
        stage.pass_time(60 * WAIT + 600)

    def deploy(self, settle: float = 1200, **configured: dict[str, t.Any]) -> None:
        """Version 3 of each; ``configured`` goes to the deployment of its kind."""
        for kind in self.kinds:
            if kind in ECS:
                more = {"deploymentConfiguration": configured[kind]} if kind in configured else {}
                self.stage.world.deploy(CLUSTER, name_of(kind), f"{name_of(kind)}:3", **more)
        self._latest = self._code_deploy.deploy(3, settle=0) if self._code_deploy else ""
        if "EXTERNAL" in self.kinds:
            self._new = self._task_set("external:3")
        self.stage.pass_time(settle)

    def deploy_without_end(self) -> None:
        """Version 3 of each is on its way, and not there for a long time."""
        self.stage.control.timings(slow_start=SLOW)
        for kind in (*ROLLING, "EXTERNAL"):
            self.stage.control.image(f"registry/{name_of(kind)}:3", behaviour="slow")
        self.deploy(settle=300, **ENDLESS)

    def finish(self) -> None:
        """What EXTERNAL's other party does at the end of a deployment."""
        self._promote(self._new)

    def undo(self) -> None:
        """Somebody lets AWS roll back what is on its way."""
        for kind in self.kinds:
            if kind in ECS:
                arn = record(self.stage, service=name_of(kind))["serviceDeploymentArn"]
                self.stage.world.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
        if self._code_deploy:
            self._code_deploy.stop(self._latest)
        self.stage.pass_time(600)

    def play(self) -> Played:
        """Take them all back."""
        self.stage.control.reset_calls()
        before = self._look()
        services = [name_of(kind) for kind in self.kinds]
        variables = {"rollback_cluster": CLUSTER, "rollback_services": services, "rollback_reason": "500s"}

        def strip(answer: dict[str, t.Any]) -> None:
            for service in answer["services"]:
                if service["serviceName"] == name_of("NO_CONTROLLER"):
                    del service["deploymentController"]

        with Altered(self.stage.url, "DescribeServices", strip) as aws:
            done = play.run(aws.url, play.ROLLBACK, *play.arguments(variables))
        return Played(done, before, self._look())

    def _look(self) -> dict[str, After]:
        writes = [call for call in self.stage.control.log() if not call["operation"].startswith(READS)]
        return {kind: self._after(kind, writes) for kind in self.kinds}

    def _after(self, kind: str, writes: list[dict[str, t.Any]]) -> After:
        name = name_of(kind)
        of_ecs = kind in ECS
        service = self.stage.world.service(CLUSTER, name)
        listed = self.stage.world.ecs.list_service_deployments(cluster=CLUSTER, service=name) if of_ecs else {}
        return After(
            [call for call in writes if is_about(call, name)],
            self.stage.runs(name),
            self.stage.on(name),
            {item["targetServiceRevisionArn"] for item in listed.get("serviceDeployments", [])},
            record(self.stage, service=name) if of_ecs else {},
            {item["taskDefinition"].rpartition("/")[2]: item["status"] for item in service.get("taskSets", [])},
        )

    def _task_set(self, version: str) -> str:
        made = self.stage.world.ecs.create_task_set(
            cluster=CLUSTER,
            service="external",
            taskDefinition=version,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            scale={"value": 100, "unit": "PERCENT"},
        )
        # The clock stands still between plays, and what comes later is younger.
        self.stage.pass_time(60)
        return str(made["taskSet"]["id"])

    def _promote(self, task_set: str) -> None:
        self.stage.world.ecs.update_service_primary_task_set(
            cluster=CLUSTER, service="external", primaryTaskSet=task_set
        )


def is_about(call: dict[str, t.Any], name: str) -> bool:
    """Whether a request is about this service or one of its task definitions. There is one of CodeDeploy's."""
    if call["service"] == "codedeploy":
        return name == "code-deploy"
    return re.search(rf'[/"]{name}[:/"]', json.dumps(call["params"])) is not None


# Of each situation: what the command makes of it, and what the same command makes of that.
@pytest.fixture(scope="module")
def in_flight(simulator: SimulatorProcess) -> tuple[Played, Played]:
    services = Services(Stage(simulator), KINDS, wait=WAIT)
    services.deploy_without_end()
    return services.play(), services.play()


@pytest.fixture(scope="module")
def paused(simulator: SimulatorProcess) -> tuple[Played, Played]:
    services = Services(Stage(simulator), PAUSED, ready="STOP_DEPLOYMENT")
    services.deploy(**{kind: {"lifecycleHooks": [pause()]} for kind in SHORT})
    return services.play(), services.play()


@pytest.fixture(scope="module")
def finished(simulator: SimulatorProcess) -> tuple[Played, Played]:
    services = Services(Stage(simulator), KINDS)
    services.deploy()
    services.finish()
    return services.play(), services.play()


@pytest.fixture(scope="module")
def rolled_back(simulator: SimulatorProcess) -> Played:
    services = Services(Stage(simulator), ROLLED_BACK, wait=WAIT)
    services.deploy_without_end()
    services.undo()
    return services.play()


def check_rolled_back(played: Played, kind: str, method: str, *sent: str, versions: tuple[int, int] = (3, 2)) -> After:
    """What was sent, published, printed and marked, and where the service is. Returns what it is like now."""
    name, after = name_of(kind), played.after[kind]
    bad, good = (f"{name}:{version}" for version in versions)
    result = played.done.of(name)
    assert played.done.rc == 0, played.done.stdout
    assert (result["outcome"], result["method"], result["changed"]) == ("rolled_back", method, True)
    assert result["target"]["task_definition"].endswith(f"/{good}")
    assert after.sent == list(sent)
    assert (after.on, after.runs[good]) == (good, 2)
    assert f"[{name}] {bad} → {good}  " in played.done.stderr
    assert f"[{name}] rolled_back: {bad} → {good} in " in played.done.stderr
    marked = [call["params"]["resourceArn"] for call in after.writes if call["operation"] == "TagResource"]
    assert any(arn.endswith(f"/{bad}") for arn in marked)
    return after


def check_native(played: Played, kind: str, method: str, operation: str) -> None:
    """ECS itself has gone back: no new deployment, no new revision, and nothing of the bad version runs."""
    before = played.before[kind]
    after = check_rolled_back(played, kind, method, operation)
    [call] = [call for call in after.writes if call["operation"] == operation]
    assert call["params"].get("action", call["params"].get("stopType")) == "ROLLBACK"
    assert (before.deployment["status"], after.deployment["status"]) == ("IN_PROGRESS", "ROLLBACK_SUCCESSFUL")
    assert after.deployment["serviceDeploymentArn"] == before.deployment["serviceDeploymentArn"]
    assert after.revisions == before.revisions
    assert after.runs == {f"{name_of(kind)}:2": 2}


# -- in flight


@pytest.mark.parametrize("kind", ECS)
def test_in_flight_ecs_goes_back_itself(in_flight: tuple[Played, Played], kind: str) -> None:
    assert in_flight[0].before[kind].deployment.get("lifecycleStage", "") == STAGES.get(kind, "")
    check_native(in_flight[0], kind, "stop_deployment", "StopServiceDeployment")


def test_in_flight_codedeploy_is_stopped(in_flight: tuple[Played, Played]) -> None:
    """The traffic was shifted, and the original task set still stood."""
    played = in_flight[0]
    assert played.before["CODE_DEPLOY"].sets == {"code-deploy:2": "ACTIVE", "code-deploy:3": "PRIMARY"}
    after = check_rolled_back(played, "CODE_DEPLOY", "codedeploy_stop", "StopDeployment")
    [stop] = [write for write in after.writes if write["operation"] == "StopDeployment"]
    assert stop["params"]["autoRollbackEnabled"] is True
    assert after.sets == {"code-deploy:2": "PRIMARY"}


def test_in_flight_what_something_else_prepares_goes(in_flight: tuple[Played, Played]) -> None:
    """external:3 is on its way in, and external:2 serves."""
    after = check_rolled_back(in_flight[0], "EXTERNAL", "stop_deployment", "DeleteTaskSet")
    sets = {version: status for version, status in after.sets.items() if status != "DRAINING"}
    assert sets == {"external:1": "ACTIVE", "external:2": "PRIMARY"}


# -- paused


@pytest.mark.newest
@pytest.mark.parametrize("kind", SHORT)
def test_paused_the_hook_is_answered(paused: tuple[Played, Played], kind: str) -> None:
    hooks = paused[0].before[kind].deployment["lifecycleHookDetails"]
    assert [hook["status"] for hook in hooks] == ["AWAITING_ACTION"]
    check_native(paused[0], kind, "continue_rollback", "ContinueServiceDeployment")


def test_paused_codedeploy_is_stopped(paused: tuple[Played, Played]) -> None:
    """It waits for somebody's ContinueDeployment before it shifts the traffic."""
    played = paused[0]
    assert played.before["CODE_DEPLOY"].sets == {"code-deploy:2": "PRIMARY", "code-deploy:3": "ACTIVE"}
    after = check_rolled_back(played, "CODE_DEPLOY", "codedeploy_stop", "StopDeployment")
    assert after.sets == {"code-deploy:2": "PRIMARY"}


# -- finished


@pytest.mark.parametrize("kind", ECS)
def test_finished_the_good_version_is_deployed(finished: tuple[Played, Played], kind: str) -> None:
    played = finished[0]
    assert played.before[kind].deployment["status"] == "SUCCESSFUL"
    after = check_rolled_back(played, kind, "update_service", "UpdateService")
    [update] = [call["params"] for call in after.writes if call["operation"] == "UpdateService"]
    assert set(update) == {"cluster", "service", "taskDefinition"}
    assert (after.deployment["status"], len(after.revisions - played.before[kind].revisions)) == ("SUCCESSFUL", 1)
    assert after.runs == {f"{name_of(kind)}:2": 2}


def test_finished_codedeploy_deploys_the_good_version(finished: tuple[Played, Played]) -> None:
    after = check_rolled_back(finished[0], "CODE_DEPLOY", "codedeploy_deployment", "CreateDeployment")
    content = after.writes[0]["params"]["revision"]["appSpecContent"]["content"]
    assert "code-deploy:2" in content
    assert after.sets == {"code-deploy:2": "PRIMARY"}


def test_finished_the_task_set_that_stands_takes_over(finished: tuple[Played, Played]) -> None:
    after = check_rolled_back(finished[0], "EXTERNAL", "primary_task_set", "UpdateServicePrimaryTaskSet")
    assert after.sets == {"external:1": "ACTIVE", "external:2": "PRIMARY", "external:3": "ACTIVE"}


# -- already rolled back


def check_unchanged(played: Played, kind: str, why: str) -> None:
    """Nothing was written, and the service is what it was."""
    name, before, after = name_of(kind), played.before[kind], played.after[kind]
    result = played.done.of(name)
    assert played.done.rc == 0, played.done.stdout
    assert (result["outcome"], result["changed"], after.writes) == ("unchanged", False, [])
    assert (after.on, after.runs, after.deployment, after.sets) == (
        before.on,
        before.runs,
        before.deployment,
        before.sets,
    )
    assert re.search(rf"^\[{name}\] unchanged: {name}:\d: .*{why}", played.done.stderr, re.M)


@pytest.mark.parametrize("kind", ROLLED_BACK)
def test_rolled_back_by_aws_it_is_left_alone(rolled_back: Played, kind: str) -> None:
    by = "CodeDeploy" if kind == "CODE_DEPLOY" else "ECS"
    check_unchanged(rolled_back, kind, f"{by} itself rolled it back from {name_of(kind)}:3 to {name_of(kind)}:2")


@pytest.mark.parametrize(
    ("situation", "kind"),
    [
        *(("in_flight", kind) for kind in KINDS),
        *(("paused", kind) for kind in PAUSED),
        *(("finished", kind) for kind in KINDS),
    ],
)
def test_the_same_command_again_changes_nothing(request: pytest.FixtureRequest, situation: str, kind: str) -> None:
    check_unchanged(request.getfixturevalue(situation)[1], kind, "already rolled back from ")


# -- what is none of these


def test_an_unknown_controller_is_refused(stage: Stage) -> None:
    stage.story()

    def rename(answer: dict[str, t.Any]) -> None:
        for service in answer["services"]:
            service["deploymentController"] = {"type": "SOMETHING_NEW"}

    with Altered(stage.url, "DescribeServices", rename) as aws:
        named = {"rollback_cluster": CLUSTER, "rollback_services": "web"}
        done = play.run(aws.url, play.ROLLBACK, *play.arguments(named))
    assert (done.rc, done.outcomes, stage.writes()) == (2, {"web": "refused"}, [])
    [message] = done.messages
    assert "service web has the deployment controller SOMETHING_NEW" in message
    assert message.endswith("Nothing was written")
    assert stage.runs() == {"web:3": 2}
