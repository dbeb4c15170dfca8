# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lastgood.aws.plugins.filter.event_answer import event_answer
from ansible_collections.lastgood.aws.tests.unit.plugins.plugin_utils._events.test_seen import GROUP, SERVICE

RULES: dict[str, t.Any] = {"enabled": True, "dry_run": False, "on_failure": "rollback"}
EVENT = {"kind": "deployment", "state": "failed", "deployment_id": "ecs-svc/43", "account": "123456789012"}
WEB = {
    "kind": "service",
    "name": "web.prod.eu-central-1",
    "service": "web",
    "cluster": "prod",
    "region": "eu-central-1",
}
GREEN = {
    "kind": "group",
    "name": "green.shop.eu-central-1",
    "deployment_group": "green",
    "application": "shop",
    "region": "eu-central-1",
}


def test_a_service() -> None:
    assert event_answer(SERVICE, {"event": EVENT, "rules": RULES}, WEB) == {
        "do": "rollback",
        "line": "[web.prod.eu-central-1] rollback: ecs-svc/43 failed",
        "reason": "ecs-svc/43 failed",
        "from_revision": "web:43",
    }


def test_a_deployment_group_has_no_revision_to_hold_on_to() -> None:
    found = event_answer(GROUP, {"event": {**EVENT, "deployment_id": "d-9"}, "rules": RULES}, GREEN, ["on"])
    assert (found["do"], found["from_revision"]) == ("rollback", "")


def test_people_are_asked_with_the_command() -> None:
    found = event_answer(SERVICE, {"event": EVENT, "rules": {**RULES, "on_failure": "ask"}}, WEB)
    assert found["line"] == (
        "[web.prod.eu-central-1] ask: ecs-svc/43 failed. It would go back to web:41 (SUCCESSFUL at "
        "2026-11-14T09:12:40Z). To do that: ansible-playbook lastgood.aws.rollback -e rollback_cluster=prod "
        "-e rollback_services=web -e rollback_from_revision=web:43 -e rollback_region=eu-central-1"
    )


def test_what_was_cut_off_is_finished_wherever_it_got() -> None:
    look = {**SERVICE, "last_rollback": {"began": "2026-11-20T14:00:00Z", "ended": None}}
    assert event_answer(look, {"event": EVENT, "rules": RULES}, WEB)["from_revision"] == ""


def test_switches() -> None:
    assert event_answer(SERVICE, {"event": EVENT, "rules": RULES}, WEB, ["off"])["do"] == "nothing"


@pytest.mark.parametrize("inputs", [{}, {"event": EVENT}, {"event": EVENT, "rules": {"nonsense": 1}}, None])
def test_anything_else_is_refused(inputs: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"takes what the steps of lastgood.aws.on_event return"):
        event_answer(SERVICE, inputs, WEB)
