# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what an earlier look showed of a deployment group may still be carried out."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import expected, plan
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.asg_processes import Suspension
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.expected import Expected
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history, pinning
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Selection, choose
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import (
    group,
    made,
    rev,
    rollback,
    s3,
)

GOOD_AND_BAD = [made(1, 1), made(2, 2)]


def planned(
    deployments: t.Sequence[Deployment], bundle: pinning.Decision | None = None, **selection: t.Any
) -> plan.Plan:
    wish, past = plan.Wish(Selection(**selection)), history.read(deployments)
    facts = plan.Facts(group(auto_scaling_groups=("web",)), past, bundle=bundle)
    return plan.make(wish, facts, choose(wish.selection, group(), past))


def carried_out(
    shown: Expected,
    deployments: t.Sequence[Deployment],
    first: plan.Plan | None = None,
    anew: plan.Plan | plan.Refusal | None = None,
    **selection: t.Any,
) -> plan.Plan:
    def plan_for(wish: plan.Wish) -> plan.Plan | plan.Refusal:
        facts = plan.Facts(group(), history.read(deployments))
        return anew or plan.make(wish, facts, choose(wish.selection, group(), facts.history))

    found = expected.bind(
        shown, first or planned(deployments, **selection), plan.Wish(Selection(**selection)), plan_for
    )
    assert isinstance(found, plan.Plan)
    return found


def changed(found: plan.Plan) -> str:
    """Why nothing is written; empty where it is."""
    why = [finding for finding in found.findings if finding.check == "plan_changed"]
    if not why:
        return ""
    assert (found.verb, found.method, found.target, found.request) == ("refuse", "none", None, None)
    assert [(finding.severity, finding.message) for finding in why] == [("block", found.reason)]
    return found.reason


# -- what is handed on


def test_what_a_look_shows() -> None:
    assert expected.of(planned(GOOD_AND_BAD)) == Expected("d-2", rev(1), "d-1", "last_good")
    assert expected.of(planned([made(1, 1), made(2, 2), made(3, 1)])) == Expected("d-3")
    assert expected.of(planned([made(1, 1)])) == Expected("d-1")
    assert expected.of(planned([], revision=rev(1))) == Expected("", rev(1), "", "revision")
    # Single instances, too: everything that comes after it is newer.
    partial = made(3, 2, creator="autoscaling")
    assert expected.of(planned([*GOOD_AND_BAD, partial])).deployment == "d-3"


def test_what_a_look_shows_of_an_object_is_tied_to_its_version() -> None:
    tied = pinning.Decision(s3("app.zip", "v5"))
    shown = expected.of(planned([], tied, revision=s3("app.zip")))
    assert shown.revision == s3("app.zip", "v5")


def test_what_codedeploy_was_to_suspend_is_handed_on() -> None:
    given = replace(planned(GOOD_AND_BAD), suspension=Suspension(("AZRebalance",)))
    assert expected.of(given).processes == ("AZRebalance",)


@pytest.mark.parametrize(
    "shown",
    [
        Expected("d-2", rev(1), "d-1", "last_good", ("AZRebalance",)),
        Expected("d-2", s3("app.zip", "v5"), "", "revision"),
        Expected("d-2"),
        Expected(),
    ],
)
def test_it_is_read_as_it_was_written(shown: Expected) -> None:
    assert expected.read(shown.as_dict()) == shown


def test_what_is_not_given_binds_nothing() -> None:
    assert (expected.read(None), expected.read({})) == (None, None)
    assert expected.read({"deployment": " ", "target": None, "suspended_by_codedeploy": None}) == Expected()


def test_a_target_without_a_revision_cannot_be_meant() -> None:
    with pytest.raises(BadOption, match="expect: target has no revision"):
        expected.read({"deployment": "d-1", "target": {"deployment_id": "d-1"}})


# -- whether it still holds

SHOWN = Expected("d-2", rev(1), "d-1", "last_good")
NOTHING = Expected("d-2")


@pytest.mark.parametrize(
    ("shown", "deployments", "verb", "words"),
    [
        (SHOWN, GOOD_AND_BAD, "act", ""),
        # What was seen has ended, one way or another.
        (SHOWN, [made(1, 1), made(2, 2, "InProgress")], "act", ""),
        (SHOWN, [made(1, 1), made(2, 2, "Failed")], "act", ""),
        (SHOWN, [made(1, 1), made(2, 2, "Stopped")], "act", ""),
        # CodeDeploy rolls it back to that same target, or has done so.
        (SHOWN, [made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1, "InProgress")], "act", ""),
        (SHOWN, [made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1)], "nothing", ""),
        # So does somebody else, whatever came before it.
        (SHOWN, [*GOOD_AND_BAD, made(3, 1, "InProgress")], "act", ""),
        (SHOWN, [*GOOD_AND_BAD, made(3, 1)], "nothing", ""),
        (SHOWN, [*GOOD_AND_BAD, made(3, 3), made(4, 1)], "nothing", ""),
        # Deployments to single instances follow what the group is on.
        (SHOWN, [*GOOD_AND_BAD, made(3, 2, creator="autoscaling")], "act", ""),
        (SHOWN, [*GOOD_AND_BAD, made(3, 2, creator="CodeDeployAutoUpdate")], "act", ""),
        # Somebody deployed something else, however that ended.
        (SHOWN, [*GOOD_AND_BAD, made(3, 3, "InProgress")], "", "somebody deployed github acct/app@3333333"),
        (SHOWN, [*GOOD_AND_BAD, made(3, 3)], "", "(deployment d-3, created at 2026-11-20T15:00:00Z, Succeeded)"),
        (SHOWN, [*GOOD_AND_BAD, made(3, 3, "Failed"), rollback(4, 3, 2)], "", "deployment d-3"),
        (SHOWN, [*GOOD_AND_BAD, made(3, 2)], "", "somebody deployed github acct/app@2222222"),
        (SHOWN, [*GOOD_AND_BAD, made(3, 3, creator="CloudFormation")], "", "created by CloudFormation at"),
        (SHOWN, [*GOOD_AND_BAD, made(3, 3, creator="Something")], "", "created by Something at"),
        (SHOWN, [*GOOD_AND_BAD, made(3, 3, description="release\n 3")], "", 'described as "release 3"'),
        # What the look saw is not there, so nobody knows what came after it.
        (
            SHOWN,
            [made(1, 1), made(3, 3)],
            "",
            "deployment d-2, the newest one that the look-up had seen, is no longer on record",
        ),
        # There was nothing to do.
        (NOTHING, [made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1)], "nothing", ""),
        (NOTHING, [made(2, 2)], "refuse", ""),
        (NOTHING, [*GOOD_AND_BAD, made(3, 3)], "", "since the look-up, which had found nothing to do"),
        (NOTHING, GOOD_AND_BAD, "", "the look-up had found nothing to do, and now there is something"),
        (Expected(), [made(1, 1), made(2, 2)], "", "somebody deployed github acct/app@2222222 (deployment d-2"),
    ],
)
def test_what_is_a_change(shown: Expected, deployments: list[Deployment], verb: str, words: str) -> None:
    found = carried_out(shown, deployments)
    assert words in changed(found)
    assert bool(words) is bool(changed(found))
    assert words or found.verb == verb
    if found.verb == "act":
        assert found.choice.target == rev(1)


def test_what_was_shown_stands_in_the_message_with_what_to_do() -> None:
    why = changed(carried_out(SHOWN, [*GOOD_AND_BAD, made(3, 3)]))
    assert "since the look-up, which had shown github acct/app@1111111" in why
    assert why.endswith("Look at it, then run the same command again to roll that back")


def test_a_long_description_is_cut() -> None:
    why = changed(carried_out(SHOWN, [*GOOD_AND_BAD, made(3, 3, description="x" * 256)]))
    assert f'"{"x" * 100}…"' in why


# -- to no other target than the one that was shown


def test_a_plan_that_leads_elsewhere_is_made_anew_for_what_was_shown() -> None:
    """Nobody has deployed: a fix that was running has become the last good one."""
    deployments = [made(1, 1), made(2, 2), made(3, 3)]
    shown = Expected("d-3", rev(1), "d-1", "last_good")
    found = carried_out(shown, deployments)
    assert planned(deployments).choice.target == rev(2)
    assert (found.verb, found.choice.target, found.choice.source) == ("act", rev(1), "last_good")
    assert found.choice.why == "it was shown, and nobody has deployed since"
    assert (found.good and found.good.id, found.left) == ("d-1", rev(3))


def test_what_was_shown_and_is_not_on_record_is_taken_by_its_revision() -> None:
    shown = Expected("d-2", s3("app.zip", "v5"), "", "revision")
    found = carried_out(shown, GOOD_AND_BAD, revision=s3("app.zip"))
    assert (found.verb, found.choice.target, found.choice.source) == ("act", s3("app.zip", "v5"), "revision")


def test_a_group_that_codedeploy_took_elsewhere_goes_on_to_what_was_shown() -> None:
    deployments = [made(1, 1), made(2, 2), made(3, 3, "Failed"), rollback(4, 3, 2)]
    found = carried_out(Expected("d-3", rev(1), "d-1", "steps_back"), deployments)
    assert planned(deployments).verb == "nothing"
    assert (found.verb, found.choice.target, found.choice.source) == ("act", rev(1), "steps_back")


def test_what_was_shown_and_turned_out_bad_is_refused() -> None:
    deployments = [made(1, 1), made(2, 2, "Failed"), made(3, 3)]
    why = changed(carried_out(Expected("d-3", rev(2), "d-2", "last_good"), deployments))
    assert why.startswith(
        "github acct/app@2222222, which the look-up had shown, counts as bad now (its deployment failed"
    )


def test_a_plan_that_leads_elsewhere_again_is_refused() -> None:
    tied = planned([], pinning.Decision(s3("app.zip", "v6")), revision=s3("app.zip"))
    shown = Expected("", s3("app.zip", "v5"), "", "revision")
    why = changed(carried_out(shown, [], first=tied, anew=tied, revision=s3("app.zip")))
    assert why.startswith(
        "s3://releases/app.zip (version v5), which the look-up had shown, is not what would be deployed"
    )


@pytest.mark.parametrize(
    ("shown", "there", "method", "same"),
    [
        (s3("app.zip", "v5"), s3("app.zip", "v5", "abc"), "codedeploy_deployment", True),
        (s3("app.zip"), s3("app.zip", "v5"), "codedeploy_deployment", True),
        (s3("app.zip", "v5"), s3("app.zip", "v6"), "codedeploy_deployment", False),
        # A place without a version is whatever is there by now. What runs already is not ours to tie.
        (s3("app.zip", "v5"), s3("app.zip"), "codedeploy_deployment", False),
        (s3("app.zip", "v5"), s3("app.zip"), "adopt", True),
        (s3("app.zip", "v5"), s3("app.zip", "v6"), "adopt", False),
        (s3("app.zip", "v5"), s3("other.zip", "v5"), "adopt", False),
        (rev(1), rev(2), "codedeploy_stop", False),
    ],
)
def test_what_is_the_same_target(shown: t.Any, there: t.Any, method: t.Any, same: bool) -> None:
    given = replace(planned(GOOD_AND_BAD), chosen=there, method=method)
    assert isinstance(expected.judge(Expected("d-2", shown), given), plan.Plan) is same


def test_what_is_waited_for_is_judged_when_it_has_ended() -> None:
    waits = replace(planned(GOOD_AND_BAD), verb="wait", method="none", chosen=rev(7))
    assert expected.judge(SHOWN, waits) is waits


def test_what_cannot_be_planned_is_passed_on() -> None:
    refusal = plan.Refusal("prod", "denied", ())
    wish = plan.Wish(Selection())
    assert expected.bind(SHOWN, refusal, wish, lambda _wish: refusal) is refusal
    elsewhere = planned([made(1, 1), made(2, 2), made(3, 3)])
    assert expected.bind(Expected("d-3", rev(1), "d-1"), elsewhere, wish, lambda _wish: refusal) is refusal


def test_the_wish_for_what_was_shown() -> None:
    given = plan.Wish(Selection(steps_back=3), in_flight="wait", deployment_config="AllAtOnce")
    assert given.going_to(SHOWN.good, SHOWN.revision) == replace(
        given, selection=Selection(deployment_id="d-1", force=AGAIN)
    )
    by_revision = given.going_to("", rev(1))
    assert by_revision.selection == Selection(revision=rev(1), force=AGAIN)


# -- what CodeDeploy was to suspend


@pytest.mark.parametrize(
    ("method", "suspension", "words"),
    [
        ("codedeploy_deployment", Suspension(("AZRebalance", "Terminate")), ""),
        (
            "codedeploy_deployment",
            Suspension(by_us=("AZRebalance",), why="it is denied."),
            "would not now (it is denied)",
        ),
        ("codedeploy_stop", None, "CodeDeploy was to suspend AZRebalance, and would not now"),
    ],
)
def test_nothing_is_written_without_what_was_to_be_suspended(method: t.Any, suspension: t.Any, words: str) -> None:
    shown = replace(SHOWN, processes=("AZRebalance",))
    found = carried_out(shown, GOOD_AND_BAD, replace(planned(GOOD_AND_BAD), method=method, suspension=suspension))
    assert words in changed(found)
    assert bool(words) is bool(changed(found))


def test_what_is_followed_without_being_suspended_is_said() -> None:
    shown = replace(SHOWN, processes=("AZRebalance",))
    found = carried_out(shown, [*GOOD_AND_BAD, made(3, 1, "InProgress")])
    assert (found.verb, found.method) == ("act", "adopt")
    [finding] = found.findings
    assert (finding.check, finding.severity) == ("suspend_processes", "warn")
    assert finding.message.startswith("AZRebalance are not suspended: CodeDeploy was not asked to for deployment d-3")
    assert not carried_out(shown, [*GOOD_AND_BAD, made(3, 1)]).findings
