# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job templates and the workflow of extensions/patterns/rollback, as AWX runs them."""

from __future__ import annotations

import json
import shutil
import typing as t
from pathlib import Path

import pytest

from dev import pattern
from tests.e2e import play
from tests.e2e.awx import Job, answers, credential_with_region, extra_variables, imported, meta_variables, sliced
from tests.e2e.fleet import APPLICATION, GROUP, Fleet
from tests.e2e.stage import CLUSTER, Stage
from tests.world import REGION

# ansible-runner starts the command on a terminal of its own, as AWX does; a worker of pytest-xdist has a second thread.
pytestmark = pytest.mark.filterwarnings("ignore:This process.*use of forkpty:DeprecationWarning")

ALWAYS = ("outcome", "summary", "run_id", "still_suspended")
ROLE = "arn:aws:iam::123456789012:role/rollback"
ASKED = answers("rollback", rollback_services="web", rollback_cluster=CLUSTER, rollback_reason="500s {{ since }} 13:52")


class Workflow:
    """The workflow: each job gets the answers, and what the jobs before have published, unless it was answered."""

    def __init__(self, stage: Stage, folder: Path, asked: t.Mapping[str, str] = ASKED, **how: t.Any) -> None:
        self.stage, self.folder, self.asked, self.how = stage, folder, asked, how
        self.published: dict[str, t.Any] = {}

    def job(self, playbook: str, **how: t.Any) -> Job:
        step = {"workflow_step": how.pop("step")} if "step" in how else {}
        done = Job(self.stage, self.folder, playbook, {**step, **self.published, **self.asked}, **{**self.how, **how})
        self.published |= done.artifacts
        return done

    def plan(self) -> Job:
        return self.job("plan.yml", check=True)

    def apply(self, **how: t.Any) -> Job:
        return self.job("apply_plan.yml", **how)

    def tell(self, step: str = "rollback") -> Job:
        return self.job("tell.yml", step=step)


@pytest.fixture
def services(stage: Stage) -> Stage:
    """A service on a bad version."""
    stage.story()
    return stage


def test_plan_approval_and_exactly_that_plan(services: Stage, tmp_path: Path) -> None:
    """With a role that is assumed, and nothing else in the environment that says where it is."""
    workflow = Workflow(
        services, tmp_path, credential=credential_with_region(tmp_path, role_arn=ROLE, external_id="x-1")
    )
    planned = workflow.plan()
    assert planned.ended == ("successful", 0)
    # Each step has credentials of its own.
    assert set(services.writes()) == {"AssumeRole"}
    assumed = next(call["params"] for call in services.control.log() if call["operation"] == "AssumeRole")
    assert (assumed["RoleArn"], assumed["RoleSessionName"], assumed["ExternalId"]) == (ROLE, "lastgood-awx", "x-1")
    [(key, item)] = planned.artifacts["rollback_plan"].items()
    assert key.startswith(f"web.{CLUSTER}.{REGION}.")
    # The people who approve read this.
    assert "web:3 → web:1" in planned.output
    assert planned.artifacts["rollback_summary"].startswith("[web] planned: web:3 → web:1")
    assert set(planned.artifacts) == {f"rollback_{name}" for name in ("plan", *ALWAYS)}
    assert len(json.dumps(planned.artifacts)) < 40_000

    services.control.reset_calls()
    done = workflow.apply()
    assert done.ended == ("successful", 0), done.failures
    result = done.artifacts["rollback_result"][key]
    assert (result["outcome"], result["plan_id"], services.on()) == ("rolled_back", item["plan_id"], "web:1")
    # A brace in an answer is no template, neither here nor there.
    assert "500s {{ since }} 13:52" in done.artifacts["rollback_summary"]
    assert services.count("UpdateService") == 1
    assert set(done.artifacts) == {f"rollback_{name}" for name in ("result", *ALWAYS)}
    assert any("rolled_back" in event["stdout"] for event in done.events if event["event"] == "verbose")

    told = workflow.tell()
    assert told.ended == ("successful", 0)
    assert told.artifacts == {"workflow_summary": done.artifacts["rollback_summary"]}
    # In its output quotes are escaped.
    assert "rolled_back: web:3 → web:1" in told.output


@pytest.mark.long
def test_on_the_oldest_core_somebody_deploys_before_the_approval(services: Stage, tmp_path: Path) -> None:
    workflow = Workflow(services, tmp_path, {**ASKED, "rollback_region": REGION}, oldest=True)
    assert workflow.plan().ended == ("successful", 0)
    services.deploy("web", 4)
    services.control.reset_calls()
    done = workflow.apply()
    assert (done.ended, services.writes(), services.on()) == (("failed", 2), [], "web:4")
    [result] = done.artifacts["rollback_result"].values()
    assert (result["outcome"], [one["check"] for one in result["findings"] if one["severity"] == "block"]) == (
        "refused",
        ["plan_changed"],
    )
    assert "somebody deployed web:4" in done.failures[0]
    told = workflow.tell()
    assert told.ended == ("failed", 2)
    assert told.failures == [done.artifacts["rollback_summary"]] == [told.artifacts["workflow_summary"]]


@pytest.mark.long
def test_on_the_oldest_core_exactly_that_plan(services: Stage, tmp_path: Path) -> None:
    workflow = Workflow(services, tmp_path, {**ASKED, "rollback_region": REGION}, oldest=True)
    [planned] = workflow.plan().artifacts["rollback_plan"].values()
    [done] = workflow.apply().artifacts["rollback_result"].values()
    assert (done["outcome"], done["plan_id"], services.on()) == ("rolled_back", planned["plan_id"], "web:1")
    assert workflow.tell().ended == ("successful", 0)


@pytest.mark.long
def test_a_job_that_is_cancelled_leaves_nothing_that_the_next_one_does_not_finish(
    services: Stage, tmp_path: Path
) -> None:
    workflow = Workflow(services, tmp_path, {**ASKED, "rollback_region": REGION})
    assert workflow.plan().ended == ("successful", 0)
    # The rollback takes longer than AWX takes to cancel, however long that is.
    services.control.timings(task_start=36000)
    cancelled = workflow.apply(cancel=lambda: services.count("UpdateService") > 0)
    assert cancelled.ended[0] == "canceled"
    assert cancelled.artifacts == {}
    told = workflow.tell()
    assert told.ended == ("failed", 2)
    assert told.failures[0].startswith("It is not known how the rollback ended")
    services.control.advance(1000)
    again = Workflow(services, tmp_path, {**ASKED, "rollback_region": REGION}).job("rollback.yml")
    [result] = again.artifacts["rollback_result"].values()
    assert (again.ended, services.on()) == (("successful", 0), "web:1")
    assert result["outcome"] in ("rolled_back", "unchanged")
    assert services.count("UpdateService") == 1


@pytest.mark.long
def test_two_slices_publish_under_names_of_their_own(stage: Stage, tmp_path: Path) -> None:
    """AWX gives each slice some hosts of the inventory, and merges what they publish by name."""
    for name in ("web", "api"):
        stage.story(name)
    asked = answers("rollback_hosts", rollback_hosts="ecs_services", rollback_reason="500s")
    known = imported(stage, tmp_path)
    merged: dict[str, t.Any] = {}
    jobs = []
    for number in (1, 2):
        part = sliced(known, number, 2)
        jobs.append(Job(stage, tmp_path, "rollback_hosts.yml", asked, inventory=part, trusted={"rollback_slices": 2}))
        merged.update(jobs[-1].artifacts)
    assert [job.ended for job in jobs] == [("successful", 0)] * 2
    assert set(merged) == {f"rollback_{name}_{job.id}" for name in ("result", *ALWAYS) for job in jobs}
    names = [item["service"] for job in jobs for item in merged[f"rollback_result_{job.id}"].values()]
    assert (names, stage.on("web"), stage.on("api")) == (["api", "web"], "web:1", "api:1")


@pytest.mark.parametrize("given", [{}, {"plan": ""}, {"plan": {"web": {"plan_id": "1"}}, "approved_plan": ""}])
def test_without_a_plan_nothing_is_done(services: Stage, given: dict[str, t.Any]) -> None:
    """The role by itself would decide what to do."""
    named = {f"rollback_{name}": value for name, value in {"services": "web", "cluster": CLUSTER, **given}.items()}
    services.control.reset_calls()
    done = play.run(services.url, "lastgood.aws.apply_plan", *play.arguments(named))
    assert (done.rc, services.control.log()) == (2, [])
    assert done.messages[0].startswith("There is no plan to carry out: rollback_plan is empty.")


def test_the_plan_of_a_deployment_group_is_carried_out_too(stage: Stage, tmp_path: Path) -> None:
    fleet = Fleet(stage)
    fleet.story()
    file = tmp_path / "extravars"
    asked = answers(
        "redeploy", rollback_application=APPLICATION, rollback_deployment_group=GROUP, rollback_reason="500s"
    )
    file.write_text(extra_variables(asked, {}))
    planned = play.run(stage.url, pattern.PATTERN / "playbooks" / "plan_redeploy.yml", "-e", f"@{file}")
    assert (planned.rc, stage.writes()) == (0, []), planned.messages
    file.write_text(extra_variables({**planned.published, **asked}, {}))
    done = play.run(stage.url, "lastgood.aws.apply_plan", "-e", f"@{file}")
    assert (done.rc, done.outcomes, fleet.on()) == (0, {GROUP: "rolled_back"}, "web-1.zip"), done.messages
    assert done.of(GROUP)["plan_id"] == play.named(planned.published["rollback_plan"], GROUP)["plan_id"]


def test_a_slice_that_is_refused_publishes_under_names_of_its_own_too(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "extravars"
    asked = {**ASKED, **meta_variables(4711), "rollback_slices": 2, "rollback_wait": "flase"}
    file.write_text(extra_variables(asked, {}))
    stage.control.reset_calls()
    done = play.run(stage.url, play.ROLLBACK, "-e", f"@{file}")
    assert (done.rc, stage.control.log()) == (2, [])
    assert set(done.published) == {f"rollback_{name}_4711" for name in ("result", *ALWAYS)}
    assert "flase" in done.published["rollback_summary_4711"]


RESULT = {"web.shop.eu-central-1.1": {"outcome": "rolled_back"}}


@pytest.mark.parametrize(
    ("variables", "rc", "line"),
    [
        ({"workflow_step": "plan", "rollback_summary": "[web] refused: so"}, 2, "No rollback was planned, and nothing"),
        ({"workflow_step": "plan"}, 2, "No rollback was planned, and nothing was changed: no summary, see the output"),
        (
            {"workflow_step": "approval", "rollback_outcome": "unchanged"},
            2,
            "The rollback was not approved, and nothing",
        ),
        # The job was killed, so what is left is what the plan had published.
        ({"workflow_step": "rollback", "rollback_outcome": "unchanged"}, 2, "It is not known how the rollback ended"),
        (
            {"rollback_outcome": "timeout", "rollback_result": RESULT, "rollback_summary": "[web] timeout: {{ x }}"},
            2,
            "[web] timeout: {{ x }}",
        ),
        ({"rollback_outcome": "unchanged", "rollback_result": RESULT, "rollback_summary": "fine"}, 0, "fine"),
    ],
)
def test_the_end_of_the_workflow_is_told(
    stage: Stage, tmp_path: Path, variables: dict[str, t.Any], rc: int, line: str
) -> None:
    file = tmp_path / "extravars"
    file.write_text(extra_variables(variables, {}))
    done = play.run(stage.url, pattern.PATTERN / "playbooks" / "tell.yml", "-e", f"@{file}")
    told = done.tasks["Tell"][1]["msg"]
    published = done.tasks["Publish it for the notification"][1]["ansible_stats"]["data"]
    assert (done.rc, published) == (rc, {"workflow_summary": told})
    assert told.startswith(line)


def test_a_project_with_the_files_of_the_pattern_is_enough(stage: Stage, tmp_path: Path) -> None:
    """The collection is in the execution environment; nothing else of this repository is there."""
    shutil.copytree(pattern.PATTERN / "playbooks", tmp_path / "playbooks")
    found = sorted(f"playbooks/{template['playbook']}" for template in pattern.templates())
    done = play.run(stage.url, found[0], *found[1:], "--syntax-check", cwd=tmp_path)
    assert done.rc == 0, done.stdout + done.stderr
