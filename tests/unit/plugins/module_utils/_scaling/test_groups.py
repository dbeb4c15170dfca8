# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Auto Scaling groups: what is decided where AWS has suspended something by itself, and what is sent."""

from __future__ import annotations

import itertools
import re
import typing as t
from datetime import UTC, datetime

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.decide import SetFlags, Wish, decide
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.group_plan import decide_group
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.groups import Groups
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import (
    KEY,
    Garbled,
    Journal,
    Record,
    encode,
    origin,
    parse,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import (
    FLAGS,
    NONE,
    PROCESSES,
    Flags,
    Group,
    State,
    ordered,
    words,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.options import DEFAULT_PROCESSES

NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
SOME = ("AZRebalance", "Launch", "ScheduledActions")
STATES: tuple[State, ...] = ("suspended", "resumed", "restored")
REASON = "Administratively suspended"
WHO = origin(NOW, "11111111", "ops@host", "first", PROCESSES)


def subsets(names: t.Iterable[str]) -> list[Flags]:
    given = sorted(names)
    return [frozenset(some) for size in range(len(given) + 1) for some in itertools.combinations(given, size)]


def records() -> list[Journal]:
    """Those that suspending writes, and none."""
    return [None, *(Record(ours, old, ours, WHO) for ours in subsets(SOME) for old in subsets(ours) if old != ours)]


CASES = [
    (Wish(state, flags, WHO), Group("web", users - aws, dict.fromkeys(aws, REASON)), record)
    for state, flags, users, aws, record in itertools.product(
        STATES, [some for some in subsets(SOME) if some], subsets(SOME), subsets(SOME), records()
    )
]


def test_what_aws_has_suspended_is_neither_resumed_nor_recorded() -> None:
    for wish, group, record in CASES:
        made = decide_group(wish, group, record)
        case = (wish, group, record)
        sent = [step.suspended for step in made.steps if isinstance(step, SetFlags)]
        assert not any(suspended & set(group.by_aws) for suspended in sent), case
        if isinstance(made.journal, Record) and made.journal != record:
            assert not made.journal.ours & set(group.by_aws), case


def test_it_is_told_where_it_matters() -> None:
    for wish, group, record in CASES:
        made = decide_group(wish, group, record)
        found = [finding for finding in made.findings if finding.check == "suspended_by_aws"]
        matters = wish.flags & set(group.by_aws)
        if wish.state == "restored":
            matters &= record.ours if isinstance(record, Record) else NONE
        assert len(found) == bool(matters), (wish, group, record)
        assert all(finding.severity in ("info", "warn") for finding in found)


def test_everything_else_is_decided_as_for_scalable_targets() -> None:
    for wish, group, record in CASES:
        if not group.by_aws:
            assert decide_group(wish, group, record) == decide(wish, group.suspended, record)


def test_a_second_time_writes_nothing() -> None:
    for wish, group, record in CASES:
        made = decide_group(wish, group, record)
        again = decide_group(wish, Group("web", made.after, group.by_aws), made.journal)
        assert again.steps == (), (wish, group, record)


@pytest.mark.parametrize("state", ["suspended", "resumed"])
def test_nothing_but_what_aws_has_suspended(state: State) -> None:
    wish = Wish(state, frozenset({"Launch"}), WHO)
    made = decide_group(wish, Group("web", NONE, {"Launch": REASON, "Terminate": ""}), None)
    assert made.outcome == "unchanged"
    assert made.reason == "AWS itself has suspended Launch (Administratively suspended), which was left as it is"


def test_a_reason_that_is_missing_counts_as_one_of_aws() -> None:
    found = [{"AutoScalingGroupName": "web", "SuspendedProcesses": [{"ProcessName": "Launch"}]}]
    group = Groups(Aws(lambda service: Fake(found))).find(["web"])["web"]
    assert (group.suspended, group.by_aws) == (NONE, {"Launch": ""})


class Fake:
    """boto3's client: keeps what is sent."""

    def __init__(self, groups: list[dict[str, t.Any]] | None = None) -> None:
        self.groups = groups or []
        self.sent: list[tuple[str, list[str]]] = []
        self.meta = self
        self.events = self

    def register(self, name: str, hook: t.Any) -> None:
        """botocore's events."""

    def describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str]) -> dict[str, t.Any]:
        assert len(AutoScalingGroupNames) <= 50
        return {"AutoScalingGroups": self.groups}

    def suspend_processes(self, AutoScalingGroupName: str, ScalingProcesses: list[str]) -> dict[str, t.Any]:
        self.sent.append(("suspend", ScalingProcesses))
        return {}

    def resume_processes(self, AutoScalingGroupName: str, ScalingProcesses: list[str]) -> dict[str, t.Any]:
        self.sent.append(("resume", ScalingProcesses))
        return {}


@pytest.mark.parametrize("before", subsets(SOME))
@pytest.mark.parametrize("after", subsets(SOME))
def test_an_empty_list_which_means_all_is_never_sent(before: Flags, after: Flags) -> None:
    fake = Fake()
    Groups(Aws(lambda service: fake)).set_flags(Group("web", before), after)
    expected = [("suspend", ordered(after - before)), ("resume", ordered(before - after))]
    assert fake.sent == [(verb, names) for verb, names in expected if names]


def test_processes_that_aws_adds_one_day_are_shown_and_left_alone() -> None:
    group = Group("web", frozenset({"RemoveFromLoadBalancerLowPriority", "Terminate"}))
    made = decide_group(Wish("resumed", frozenset({"Terminate"}), WHO), group, None)
    assert made.after == {"RemoveFromLoadBalancerLowPriority"}
    assert group.picture(group.suspended) == {"suspended_processes": ["Terminate", "RemoveFromLoadBalancerLowPriority"]}
    assert words(group.suspended) == "Terminate, RemoveFromLoadBalancerLowPriority"


@pytest.mark.parametrize("operation", ["SuspendProcesses", "ResumeProcesses"])
def test_the_names_are_those_of_the_api(operation: str) -> None:
    """They are no enumeration in botocore's model, but a list in its documentation."""
    model = botocore.session.Session().get_service_model("autoscaling")
    text = model.operation_model(operation).input_shape.members["ScalingProcesses"].documentation
    assert tuple(re.findall(r"<code>(\w+)</code>", text)) == PROCESSES
    assert set(DEFAULT_PROCESSES) < set(PROCESSES)


@pytest.mark.parametrize(
    ("by", "why"),
    [("ops@host", "redeploy of d-4KAMTWJPI"), ("a" * 300, "b" * 300), ("", ""), ("日本@host", "負荷 " * 90)],
)
def test_every_record_fits_into_a_tag_and_comes_back(by: str, why: str) -> None:
    who = origin(NOW, "4f3a9c2e", by, why, PROCESSES)
    assert len(who.why) >= min(len(why.strip()), 40)
    everything = frozenset(PROCESSES)
    for some in (NONE, *(frozenset({name}) for name in PROCESSES), everything - {"Launch"}):
        for record in (Record(everything, some, everything, who), Record(everything, everything, some, who)):
            value = encode(record)
            assert len(value) <= 256
            assert parse({KEY: value}, PROCESSES) == record
    assert Record(everything, NONE, everything, who).as_dict()["processes"] == list(PROCESSES)


def test_a_record_of_another_kind_of_target_is_garbled() -> None:
    for names, others in ((FLAGS, PROCESSES), (PROCESSES, FLAGS)):
        value = encode(Record(frozenset(names[:1]), NONE, frozenset(names[:1]), WHO))
        assert isinstance(parse({KEY: value}, names), Record)
        assert parse({KEY: value}, others) == Garbled(value)
