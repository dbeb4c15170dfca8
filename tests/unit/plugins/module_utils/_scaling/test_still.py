# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has left suspended, as the results of its steps tell, and the commands that put it back."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._scaling import still
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS

WEB = "service/prod/web"
ALL = FLAGS
IN, OUT, SCHEDULED = FLAGS


def picture(parts: t.Iterable[str] | None) -> dict[str, t.Any]:
    """Of a scalable target; None is what nobody knows."""
    if parts is None:
        return {}
    return {**{f"{name}_suspended": name in parts for name in FLAGS}, "min_capacity": 1, "max_capacity": 10}


def target(
    outcome: str,
    before: t.Iterable[str] | None,
    after: t.Iterable[str] | None,
    recorded: t.Sequence[str] = (),
    id_: str = WEB,
) -> dict[str, t.Any]:
    return {
        "resource_id": id_,
        "outcome": outcome,
        "before": picture(before),
        "after": picture(after),
        "record": {"flags": list(recorded), "at": "…"} if recorded else {},
    }


def group(outcome: str, before: t.Sequence[str], after: t.Sequence[str], recorded: t.Sequence[str] = ()) -> t.Any:
    return {
        "resource_id": "asg one",
        "outcome": outcome,
        "before": {"suspended_processes": list(before)},
        "after": {"suspended_processes": list(after)},
        "record": {"processes": list(recorded)} if recorded else {},
    }


def step(*targets: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"targets": list(targets), "changed": True}


SUSPENDED = step(target("suspended", (), ALL, ALL))
UNRECORDED = step(target("suspended", (), ALL))
NOT_READ = {"failed": True, "msg": "denied"}


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([], None),
        ([{}, {"skipped": True}], None),
        # Put back.
        ([SUSPENDED, {}, step(target("restored", ALL, ()))], None),
        ([UNRECORDED, step(target("resumed", ALL, ())), step(target("unchanged", (), ()))], None),
        # The last answer is old, or somebody has suspended it since.
        ([UNRECORDED, step(target("resumed", ALL, ())), step(target("unchanged", ALL, ALL))], None),
        ([SUSPENDED, step(target("restored", ALL, ())), step(target("unchanged", ALL, ALL))], None),
        # Part of it was put back, and the rest is as it was.
        ([UNRECORDED, step(target("resumed", ALL, [IN])), step(target("unchanged", ALL, ALL))], ((IN,), False)),
        # Left so, as it was asked for.
        ([SUSPENDED], (ALL, True)),
        ([UNRECORDED], (ALL, False)),
        # It could not be read, or not be set, or the answer was lost.
        ([SUSPENDED, {}, NOT_READ], (ALL, True)),
        ([SUSPENDED, {}, step(target("failed", ALL, ALL, ALL))], (ALL, True)),
        ([SUSPENDED, {}, step(target("failed", ALL, None, ALL))], (ALL, True)),
        ([UNRECORDED, step(target("failed", ALL, ALL)), step(target("unchanged", ALL, ALL))], (ALL, False)),
        # A part of it was suspended before, and is nobody's to put back.
        ([step(target("suspended", [IN], ALL, [OUT, SCHEDULED]))], ((OUT, SCHEDULED), True)),
        ([step(target("suspended", [IN], ALL))], ((OUT, SCHEDULED), False)),
        ([step(target("unchanged", ALL, ALL))], None),
        # An earlier run, which was killed, has left its record.
        ([step(target("unchanged", ALL, ALL, [OUT])), {}, NOT_READ], ((OUT,), True)),
        ([{}, {}, step(target("failed", ALL, ALL, [OUT]))], ((OUT,), True)),
        # Somebody else has changed it since: what still is, is told.
        ([SUSPENDED, {}, step(target("left_alone", [IN], [IN], ALL))], ((IN,), True)),
        # The suspension itself went wrong: the record was written, and AWS took the flags or did not.
        ([step(target("failed", (), (), ALL))], None),
        ([step(target("failed", (), None, ALL))], (ALL, True)),
        # There is no such target, or it was check mode.
        ([step(target("missing", None, None))], None),
        ([step(target("planned", (), ALL, ALL))], None),
    ],
)
def test_what_is_left(steps: list[dict[str, t.Any]], left: tuple[tuple[str, ...], bool] | None) -> None:
    found = [(tuple(one.as_dict()["suspended"]), one.recorded) for one in still.still_suspended(steps)]
    assert found == ([left] if left else [])


def test_processes_that_aws_suspends_by_itself_are_not_ours() -> None:
    steps = [step(group("suspended", ["Launch"], ["AZRebalance", "Launch"], ["AZRebalance"])), {}, NOT_READ]
    assert [one.as_dict() for one in still.still_suspended(steps)] == [
        {"resource_id": "asg one", "suspended": ["AZRebalance"], "recorded": True}
    ]


def redeploy(*processes: str) -> dict[str, t.Any]:
    """What codedeploy_redeploy says of what CodeDeploy has suspended and not resumed."""
    return {"left_suspended": [{"resource_id": "asg one", "suspended": list(processes)}] if processes else []}


OURS = group("suspended", [], ["AlarmNotification"], ["AlarmNotification"])
BOTH = ["AlarmNotification", "AZRebalance"]


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([{}, redeploy("AZRebalance")], [("AZRebalance", False)]),
        ([step(OURS), redeploy(), {}, step(group("restored", ["AlarmNotification"], []))], []),
        (
            [step(OURS), redeploy("AZRebalance"), {}, step(group("restored", BOTH, ["AZRebalance"]))],
            [("AZRebalance", False)],
        ),
        # CodeDeploy came to it in the end.
        ([step(OURS), redeploy("AZRebalance"), {}, step(group("restored", ["AlarmNotification"], []))], []),
        # What has a record and what has none need a command each.
        (
            [step(OURS), redeploy("AZRebalance"), {}, NOT_READ],
            [("AlarmNotification", True), ("AZRebalance", False)],
        ),
        (
            [step(OURS), redeploy("AZRebalance"), {}, step(group("failed", BOTH, BOTH, ["AlarmNotification"]))],
            [("AlarmNotification", True), ("AZRebalance", False)],
        ),
    ],
)
def test_what_codedeploy_has_left_is_left_too(steps: list[dict[str, t.Any]], left: list[tuple[str, bool]]) -> None:
    found = still.still_suspended(steps)
    assert [(", ".join(one.as_dict()["suspended"]), one.recorded) for one in found] == left


def test_what_has_a_record_and_what_has_none_need_a_command_each() -> None:
    assert words(step(OURS), redeploy("AZRebalance"), {}, NOT_READ) == (
        "Auto scaling is still suspended: AlarmNotification of asg one; AZRebalance of asg one. Put it back with: "
        """ansible-playbook lastgood.aws.restore_scaling -e '{"rollback_auto_scaling_groups": ["asg one"]}'; """
        """ansible localhost -m lastgood.aws.autoscaling_suspend -a '{"state": "resumed", """
        """"auto_scaling_group": ["asg one"], "processes": ["AZRebalance"]}'"""
    )


def words(*steps: dict[str, t.Any], region: str = "") -> str:
    return still.in_words(still.still_suspended(steps), region)


def test_nothing_to_say() -> None:
    assert words() == ""


def test_services_go_by_their_cluster() -> None:
    api, job = (target("suspended", (), ALL, ALL, id_) for id_ in ("service/prod/api", "service/batch/job"))
    assert words(step(*SUSPENDED["targets"], api, job), region="eu-central-1") == (
        "Auto scaling is still suspended: scale-in, scale-out, scheduled scaling of service/batch/job; scale-in, "
        "scale-out, scheduled scaling of service/prod/api; scale-in, scale-out, scheduled scaling of service/prod/web. "
        "Put it back with: ansible-playbook lastgood.aws.restore_scaling -e rollback_cluster=batch "
        "-e rollback_services=job -e rollback_region=eu-central-1; ansible-playbook lastgood.aws.restore_scaling "
        "-e rollback_cluster=prod -e rollback_services=api,web -e rollback_region=eu-central-1"
    )


def test_what_needs_quotes_gets_them() -> None:
    assert words(step(group("suspended", [], ["AZRebalance"], ["AZRebalance"]))).endswith(
        "Put it back with: ansible-playbook lastgood.aws.restore_scaling "
        """-e '{"rollback_auto_scaling_groups": ["asg one"]}'"""
    )


def test_without_a_record_the_parts_are_named() -> None:
    assert words(step(target("suspended", [IN], ALL)), region="eu-central-1").endswith(
        "Put it back with: ansible localhost -m lastgood.aws.autoscaling_suspend -a '"
        '{"state": "resumed", "resource_id": "service/prod/web", "dynamic_scaling_in": false, "region": "eu-central-1"}'
        "'"
    )
    assert words(step(group("suspended", [], ["AZRebalance"]))).endswith(
        "Put it back with: ansible localhost -m lastgood.aws.autoscaling_suspend -a '"
        '{"state": "resumed", "auto_scaling_group": ["asg one"], "processes": ["AZRebalance"]}'
        "'"
    )
