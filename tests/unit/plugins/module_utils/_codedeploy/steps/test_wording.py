# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people read, and how a run becomes a result."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import plan, planner
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.act import Accepted
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.diagnosis import Diagnosis, Standing
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.run import GroupRun
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.watch import Seen, Watched
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import wording
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding, Outcome
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import (
    group,
    made,
    rev,
    rollback,
)

ONE, TWO, THREE = "github acct/app@1111111", "github acct/app@2222222", "github acct/app@3333333"


def planned(*deployments: Deployment, **wish: t.Any) -> plan.Plan:
    """A real plan for these deployments; without any, of three of which the last is bad."""
    past = history.read(deployments or (made(1, 1), made(2, 2), made(3, 3)))
    wanted = plan.Wish(target.Selection(), **wish)
    choice = target.choose(wanted.selection, group(), past)
    return plan.make(wanted, plan.Facts(group(), past), choice)


def run(outcome: Outcome | None = None, reason: str = "", seen: Seen | None = None, **more: t.Any) -> GroupRun:
    """A run of the plan above, that ours is ``d-9`` of."""
    made_plan = more.pop("plan", None) or planned()
    accepted = more.pop("accepted", Accepted(Watched("d-9"), wrote=True))
    given: dict[str, t.Any] = {"timings": {"ended": 74.2}, **more}
    return GroupRun(
        "app", "prod", plan=made_plan, outcome=outcome, reason=reason, accepted=accepted, seen=seen, **given
    )


OURS = made(9, 2, "Succeeded")
FAILED = made(9, 2, "Failed")


def test_what_was_accepted() -> None:
    route = f"{THREE} → {TWO} (last good)"
    assert wording.accepted_line(run()) == f"{route}: CodeDeploy has created deployment d-9"
    adopting = dataclasses.replace(planned(), method="adopt")
    assert wording.accepted_line(run(plan=adopting)) == f"{route}: following deployment d-9, which is already running"
    stopping = dataclasses.replace(planned(), method="codedeploy_stop")
    assert wording.accepted_line(run(plan=stopping)) == f"{route}: CodeDeploy stops deployment d-9 and rolls it back"
    room = Accepted(Watched("d-3", makes_room="ends"), wrote=True)
    assert "d-3 is in the way and is stopped" in wording.accepted_line(run(accepted=room))
    room = Accepted(Watched("d-3", makes_room="rollback_begins"), wrote=False)
    assert "d-3 is in the way and is waited for" in wording.accepted_line(run(accepted=room))
    assert wording.accepted_line(run(accepted=None)) == ""


FINAL: list[tuple[GroupRun, str]] = [
    (run("rolled_back", seen=Seen(OURS)), f"rolled_back: {THREE} → {TWO} in 74 s, deployment d-9"),
    (
        run("failed", "1 of 3 targets failed", Seen(OURS), standing=Standing(new=2, unknown=1)),
        f"failed: 1 of 3 targets failed. Installed now: of 3 instances 2 on {TWO}, 1 on neither for certain. Run the "
        "same command again to deploy it once more",
    ),
    (
        run("failed", "it failed", Seen(FAILED, rollback(10, 9, 3, counts={"Failed": 1})), standing=Standing(2, 1)),
        f"failed: it failed. Installed now: of 3 instances 2 on {THREE}, 1 on what was there before it. Next good: "
        f"{ONE}. Try: deployment_id: d-1",
    ),
    (
        run("started"),
        f"started: {THREE} → {TWO}. AWS accepted it; we did not wait for its end. Run the same command again to follow "
        "it to its end, with wait: true",
    ),
    (
        run("planned", accepted=None),
        f"planned: {THREE} → {TWO} by codedeploy_deployment; nothing was written",
    ),
    (
        run("planned", "d-3 is running", plan=dataclasses.replace(planned(), verb="wait"), accepted=None),
        "planned: d-3 is running: a real run would wait for it and then decide again; nothing was written",
    ),
    (run("unchanged", "there already.", accepted=None), "unchanged: there already"),
    (run("timeout", "still going."), "timeout: still going"),
    (run("lost_contact", "AWS has accepted it."), "lost_contact: AWS has accepted it"),
    (run("refused", "busy.", accepted=None), "refused: busy. Nothing was written"),
    # A call is about one group, so this is said by the play only.
    (run("not_attempted", "stopped before", accepted=None), "not_attempted: stopped before"),
    (
        run("refused", "busy", accepted=None, changed=True),
        "refused: busy. What had already begun is not undone",
    ),
    (
        run("superseded", "d-10 came after it"),
        "superseded: d-10 came after it. Nothing else of prod was changed. Look at what was deployed, then run the "
        "same command again to roll that back",
    ),
    (
        run("failed", "it failed", Seen(FAILED), standing=Standing(new=1, old=2)),
        f"failed: it failed. Installed now: of 3 instances 1 on {TWO}, 2 on {THREE}. Next good: {ONE}. "
        "Try: deployment_id: d-1",
    ),
    (
        run("failed", "it failed", Seen(FAILED), standing=Standing(), diagnosis=Diagnosis("d-9", "NO_INSTANCES")),
        f"failed: it failed. No instance was touched: prod is on {THREE}. Advice: no instance is in the deployment "
        "group: look at its tags and Auto Scaling groups, and whether the instances are running. "
        f"Next good: {ONE}. Try: deployment_id: d-1",
    ),
    (
        run("failed", "it failed", Seen(FAILED, rollback(10, 9, 3))),
        f"failed: it failed. prod is on {THREE}, where CodeDeploy's rollback d-10 took it. Next good: {ONE}. "
        "Try: deployment_id: d-1",
    ),
    (
        run("failed", "it failed", Seen(FAILED), originals_serve=True),
        f"failed: it failed. The traffic has not left the original instances, which are on {THREE}. Next good: {ONE}. "
        "Try: deployment_id: d-1",
    ),
    (
        run("rollback_failed", "both failed", Seen(FAILED, rollback(10, 9, 3, "Failed"))),
        f"rollback_failed: both failed. It is not certain what runs in prod now: it was on {THREE} before. "
        f"Next good: {ONE}. "
        "Try: deployment_id: d-1",
    ),
    (
        run("failed", "it failed", Seen(FAILED), plan=planned(made(1, 1), made(2, 2)), standing=Standing(unknown=1)),
        "failed: it failed. Installed now: of 1 instance 1 on neither for certain. No other good revision is on "
        "record: name one with revision",
    ),
]


@pytest.mark.parametrize(("done", "line"), FINAL)
def test_the_one_line_that_must_be_enough(done: GroupRun, line: str) -> None:
    assert wording.final_line(done) == line
    assert wording.summary(done) == f"[prod] {line}"


def test_every_outcome_has_its_line() -> None:
    assert set(t.get_args(Outcome)) == {done.outcome for done, _line in FINAL}


def test_a_run_as_a_result() -> None:
    result = run("rolled_back", "done", Seen(OURS), changed=True).as_dict()
    assert (result["outcome"], result["changed"], result["method"]) == ("rolled_back", True, "codedeploy_deployment")
    assert (result["deployment_id"], result["target"], result["target_name"]) == ("d-9", rev(2), TWO)
    assert (result["before"]["revision"], result["before"]["deployment_id"]) == (rev(3), "d-3")
    assert (result["after"]["revision"], result["after"]["deployment_id"]) == (rev(2), "d-9")
    assert result["timings"] == {"ended": 74.2}


def test_of_a_group_that_could_not_be_read_nothing_is_known() -> None:
    refused = GroupRun("app", "prod")
    refused.take_plan(plan.Refusal("prod", "it is not there", (Finding("group_missing", "block", "not there"),)))
    result = refused.as_dict()
    assert (result["outcome"], result["target"], result["before"], result["after"]) == ("refused", None, None, None)
    assert (result["method"], result["target_source"], result["deployment_id"]) == ("none", "none", None)
    assert not refused.ok
    assert refused.diff() == {"before_header": "prod", "after_header": "prod", "before": "\n", "after": "\n"}


def test_which_deployment_is_ours() -> None:
    back = Accepted(Watched("d-3", goes_back=True), wrote=True)
    assert run(accepted=back).deployment_id == ""
    assert run(accepted=back, seen=Seen(made(3, 3, "Stopped"), rollback(4, 3, 2))).deployment_id == "d-4"
    room = Accepted(Watched("d-3", makes_room="ends"), wrote=True)
    assert run(accepted=room, seen=Seen(made(3, 3, "Stopped"))).deployment_id == ""
    assert run().deployment_id == "d-9"


def test_what_was_found_before_stays_said() -> None:
    first = run(accepted=None, findings=[Finding("a", "info", "first")])
    first.take_plan(dataclasses.replace(planned(), findings=(Finding("a", "info", "first"), Finding("b", "info", "2"))))
    assert [finding.message for finding in first.findings] == ["first", "2"]


# -- planning again


def test_room_is_made_for_the_target_that_was_chosen() -> None:
    wish = plan.Wish(target.Selection(steps_back=2), in_flight="wait")
    chosen = planner.wish_again(wish, planned())
    assert chosen.in_flight == "wait"
    assert chosen.selection == target.Selection(deployment_id="d-2", force=AGAIN)
    unproven = dataclasses.replace(planned(), good=None)
    assert planner.wish_again(wish, unproven).selection == target.Selection(revision=rev(2), force=AGAIN)
    named = plan.Wish(target.Selection(revision=rev(7)))
    assert planner.wish_again(named, unproven).selection == target.Selection(revision=rev(7), force=AGAIN)


def test_the_second_plan_is_told_as_what_it_is() -> None:
    first = planned()
    second = planner.as_chosen(planned(made(1, 1), made(2, 2), made(3, 3), made(4, 3, "Stopped")), first)
    assert (second.choice.source, second.choice.why, second.left) == ("last_good", first.choice.why, first.left)
    settled = dataclasses.replace(first, verb="nothing")
    assert planner.as_chosen(settled, first) is settled


PAST = (made(1, 1), made(2, 2), made(3, 3))


@pytest.mark.parametrize(
    ("newer", "between"),
    [
        ((), ""),
        ((made(4, 4),), "d-4"),
        ((made(4, 4, "InProgress"),), "d-4"),
        ((made(4, 4, "Failed"),), "d-4"),
        ((rollback(4, 3, 2),), ""),
        ((rollback(4, 3, 2, "InProgress"),), ""),
        ((made(4, 3, creator="autoscaling"),), ""),
        ((made(4, 3, creator="CloudFormation"),), "d-4"),
    ],
)
def test_what_came_between(newer: tuple[Deployment, ...], between: str) -> None:
    found = planner.came_between(planned(*PAST), planned(*PAST, *newer))
    assert (found.id if found else "") == between


def test_one_that_is_followed_did_not_come_between() -> None:
    now = dataclasses.replace(planned(*PAST, made(4, 2, "InProgress")), method="adopt")
    assert planner.came_between(planned(*PAST), now) is None


def test_what_is_said_of_it() -> None:
    said = planner.told_of(made(4, 4, "InProgress"), planned())
    assert "somebody deployed github acct/app@4444444 (deployment d-4, InProgress)" in said
    assert f"the redeploy of {TWO}" in said
