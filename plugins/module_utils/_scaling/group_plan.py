# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Read Auto Scaling groups and decide what to do with each, before anything is written."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._scaling import journal
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.decide import Decision, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.earlier import (
    NOTHING,
    Earlier,
    Settling,
    decide_after,
    stamped,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.groups import Groups
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import (
    NONE,
    PROCESSES,
    Finding,
    Group,
    Severity,
    words,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.options import EVERYTHING, GroupRequest
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.plan import MISSING, Plan


def plan(groups: Groups, request: GroupRequest, settling: Settling[Group]) -> list[Plan]:
    """A plan for each group, in the order of the request. Writes nothing.

    Raises :class:`AwsCallError` or :class:`IncompleteAnswerError` if the groups cannot be read.
    """
    if request.names == (EVERYTHING,):
        return [_plan(request.wish, settling, group) for group in groups.find_recorded().values()]
    found = groups.find(request.names)
    wish = stamped(request.wish, settling.now())
    return [_plan(wish, settling, found[name]) if name in found else _absent(request, name) for name in request.names]


def _plan(wish: Wish, settling: Settling[Group], group: Group) -> Plan:
    read: journal.Journal = journal.parse(group.tags, PROCESSES)
    group, record, suspended = settling.settle(wish, group, read)
    # What AWS itself has suspended is not ours, however late an answer is.
    group = replace(group, suspended=suspended.difference(group.by_aws))
    decision = decide_group(wish, group, record, settling.of(group.resource_id))
    return Plan(group.resource_id, group, decision, record)


def decide_group(wish: Wish, group: Group, record: journal.Journal, earlier: Earlier = NOTHING) -> Decision:
    """What to do with a group. What AWS itself has suspended is always left alone."""
    ours = wish.flags.difference(group.by_aws)
    made = decide_after(earlier, replace(wish, flags=ours), group.suspended, record)
    left = wish.flags & frozenset(group.by_aws)
    if wish.state == "restored":
        left &= record.ours if isinstance(record, journal.Record) else NONE
    if not left:
        return made
    reasons = ", ".join(sorted({group.by_aws[name] or "no reason given" for name in left}))
    told = f"AWS itself has suspended {words(left)} ({reasons}), which was left as it is"
    severity: Severity = "info" if wish.state == "suspended" else "warn"
    finding = Finding(
        "suspended_by_aws",
        severity,
        f"{told}. AWS does that to a group that keeps failing to launch instances: look at its activity history, and "
        "resume by hand once the cause is gone",
    )
    reason = made.reason if ours or made.steps else told
    return replace(made, reason=reason, findings=(*made.findings, finding))


def _absent(request: GroupRequest, name: str) -> Plan:
    """The plan for a group that does not exist. Groups come and go, for example with blue/green deployments."""
    reason = (
        "there is no Auto Scaling group by that name in this account and Region. Check the name, the Region and the "
        "credentials. Nothing was changed here"
    )
    finding = Finding("group_missing", MISSING[request.missing], reason)
    return Plan(name, None, Decision("missing", reason, frozenset(), None, (), (finding,)))
