# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the plan that a look showed of a deployment group may still be carried out."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import plan, still_shown
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.asg_processes import Suspension
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.shown import Shown
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import choose
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import (
    group,
    made,
    rev,
    rollback,
    s3,
)

NOW = datetime(2026, 11, 29, 18, 34, 46, tzinfo=UTC)
BLANK = Shown("123456789012", "eu-central-1", "app", "prod", made="2026-11-29T18:34:46Z")
GOOD_AND_BAD = [made(1, 1), made(2, 2)]


def after(deployment: str, target: t.Any = None, good: str = "", source: str = "", **more: t.Any) -> Shown:
    """What a look showed that had seen this deployment last."""
    source = source or ("last_good" if target else "unchanged")
    more = {"why": "it was good", "left": "what is left", **more}
    return replace(BLANK, deployment=deployment, target=target, target_deployment=good, source=source, **more)


SHOWN = after("d-2", rev(1), "d-1")
NOTHING = after("d-2")


def planned(was: Shown, deployments: t.Sequence[Deployment], **given: t.Any) -> plan.Plan:
    """The plan that is made now."""
    wish, past = was.wish(**given), history.read(deployments)
    of = group(auto_scaling_groups=("web",))
    return plan.make(wish, plan.Facts(of, past), choose(wish.selection, of, past))


def carried_out(was: Shown, deployments: t.Sequence[Deployment], made_: plan.Plan | None = None) -> plan.Plan:
    return still_shown.judge(was, made_ or planned(was, deployments), NOW)


def changed(found: plan.Plan, check: str = "plan_changed") -> str:
    """Why nothing is written; empty where it is."""
    why = [finding for finding in found.findings if finding.check == check]
    if not why:
        return ""
    assert (found.verb, found.method, found.target, found.request) == ("refuse", "none", None, None)
    assert [(finding.severity, finding.message) for finding in why] == [("block", found.reason)]
    return found.reason


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
        (after("d-2", source="refused"), [made(2, 2)], "refuse", ""),
        (NOTHING, [*GOOD_AND_BAD, made(3, 3)], "", "since the look-up, which had found nothing to do"),
        (NOTHING, GOOD_AND_BAD, "nothing", ""),
        (after(""), [made(1, 1), made(2, 2)], "", "somebody deployed github acct/app@2222222 (deployment d-2"),
    ],
)
def test_what_is_a_change(shown: Shown, deployments: list[Deployment], verb: str, words: str) -> None:
    found = carried_out(shown, deployments)
    assert words in changed(found)
    assert bool(words) is bool(changed(found))
    assert words or found.verb == verb
    if found.verb == "act":
        assert found.choice.target == rev(1)


def test_what_was_shown_stands_in_the_message_with_what_to_do() -> None:
    why = changed(carried_out(SHOWN, [*GOOD_AND_BAD, made(3, 3)]))
    assert "since the look-up, which had shown what is left → github acct/app@1111111" in why
    assert why.endswith("Look at it, then run the same command again to roll that back")


def test_a_long_description_is_cut() -> None:
    why = changed(carried_out(SHOWN, [*GOOD_AND_BAD, made(3, 3, description="x" * 256)]))
    assert f'"{"x" * 100}…"' in why


# -- to no other target than the one that was shown


def test_it_goes_there_though_another_one_would_be_chosen_now() -> None:
    """Nobody has deployed: a fix that was running has become the last good one."""
    deployments = [made(1, 1), made(2, 2), made(3, 3)]
    found = carried_out(after("d-3", rev(1), "d-1", direction="back"), deployments)
    assert (found.verb, found.choice.target, found.choice.source) == ("act", rev(1), "last_good")
    assert (found.reason, found.choice.why) == ("it was good", "it was good")
    assert (found.good and found.good.id, found.left) == ("d-1", rev(3))


def test_the_direction_is_the_one_that_was_shown() -> None:
    """It was found in the whole history, of which the target may not be read once more."""
    newest = [made(n, n) for n in range(7, 9)]
    was = after("d-8", rev(1), "", "revision", direction="back")
    assert planned(was, newest).choice.direction == "unknown"
    assert carried_out(was, newest).choice.direction == "back"


def test_a_group_that_codedeploy_took_elsewhere_goes_on_to_what_was_shown() -> None:
    deployments = [made(1, 1), made(2, 2), made(3, 3, "Failed"), rollback(4, 3, 2)]
    found = carried_out(after("d-3", rev(1), "d-1", "steps_back"), deployments)
    assert (found.verb, found.choice.target, found.choice.source) == ("act", rev(1), "steps_back")


def test_what_was_shown_and_turned_out_bad_is_refused() -> None:
    deployments = [made(1, 1), made(2, 2, "Failed"), made(3, 3)]
    why = changed(carried_out(after("d-3", rev(2), "d-2"), deployments))
    assert why.startswith(
        "github acct/app@2222222, which the look-up had shown, counts as bad now (its deployment failed"
    )
    # Who names one takes it as it is.
    for source in ("deployment_id", "revision", "as_of", "running_rollback"):
        assert not changed(carried_out(after("d-3", rev(2), "d-2", source), deployments))


def test_another_version_of_the_object_is_refused() -> None:
    was = after("", s3("app.zip", "v5"), source="revision")
    why = changed(carried_out(was, [], replace(planned(was, []), chosen=s3("app.zip", "v6"))))
    assert why.startswith(
        "s3://releases/app.zip (version v5), which the look-up had shown, is not what would be deployed"
    )


@pytest.mark.parametrize(
    ("target", "there", "method", "same"),
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
def test_what_is_the_same_target(target: t.Any, there: t.Any, method: t.Any, same: bool) -> None:
    was = after("d-2", target, "d-1")
    given = replace(planned(SHOWN, GOOD_AND_BAD), chosen=there, method=method)
    assert (changed(still_shown.judge(was, given, NOW)) == "") is same


def test_what_is_waited_for_is_judged_when_it_has_ended() -> None:
    waits = replace(planned(SHOWN, GOOD_AND_BAD), verb="wait", method="none", chosen=rev(7))
    assert carried_out(SHOWN, [], waits) is waits


def test_what_was_forced_is_forced_once() -> None:
    was = after("d-2", rev(2), "d-2", "deployment_id", force=["again"])
    assert carried_out(was, GOOD_AND_BAD).verb == "act"
    assert not still_shown.was_done(was, planned(was, GOOD_AND_BAD))
    done = planned(was, [*GOOD_AND_BAD, made(3, 2)])
    assert (done.verb, still_shown.was_done(was, done)) == ("act", True)
    assert was.wish().unless_there().selection.force == frozenset()
    assert not still_shown.was_done(was, planned(was, [*GOOD_AND_BAD, made(3, 3)]))


# -- for whom it was made, and when


def test_that_of_another_account_or_too_old_is_refused() -> None:
    made_ = planned(SHOWN, GOOD_AND_BAD)
    other = still_shown.judge(replace(SHOWN, account="210987654321"), made_, NOW)
    assert changed(other) == (
        "the plan is for account 210987654321, and this is 123456789012. Run the same command again"
    )
    day = timedelta(days=1)
    assert not changed(still_shown.judge(SHOWN, made_, NOW + day), "plan_too_old")
    assert "86401 s ago" in changed(still_shown.judge(SHOWN, made_, NOW + day + timedelta(seconds=1)), "plan_too_old")
    assert changed(still_shown.judge(SHOWN, made_, NOW + timedelta(seconds=11), 10), "plan_too_old")


def test_of_what_could_not_be_read_nobody_knows_what_has_changed() -> None:
    unread = replace(BLANK, account=None, why="it is denied")
    found = carried_out(unread, GOOD_AND_BAD)
    assert (found.verb, changed(found)) == ("refuse", "")
    assert found.reason == "the plan shows no revision for prod to go back to: it is denied"


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
    was = replace(SHOWN, suspended_by_codedeploy=["AZRebalance"])
    found = carried_out(was, [], replace(planned(was, GOOD_AND_BAD), method=method, suspension=suspension))
    assert words in changed(found)
    assert bool(words) is bool(changed(found))


def test_what_is_followed_without_being_suspended_is_said() -> None:
    was = replace(SHOWN, suspended_by_codedeploy=["AZRebalance"])
    found = carried_out(was, [*GOOD_AND_BAD, made(3, 1, "InProgress")])
    assert (found.verb, found.method) == ("act", "adopt")
    [finding] = found.findings
    assert (finding.check, finding.severity) == ("suspend_processes", "warn")
    assert finding.message.startswith("AZRebalance are not suspended: CodeDeploy was not asked to for deployment d-3")
    assert not carried_out(was, [*GOOD_AND_BAD, made(3, 1)]).findings
