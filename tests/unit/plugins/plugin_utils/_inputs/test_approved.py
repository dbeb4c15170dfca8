# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plans that a later job carries out, and what may be said beside them."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import approved, specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES, Around
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, cleaned

WEB = bound.sealed(
    {
        "region": "eu-central-1",
        "cluster": "prod",
        "service": "web",
        "left": "web:43",
        "target": "web:41",
        "source": "last_good",
        "in_flight": "supersede",
        "pin_images": "auto",
        "force": ["stack"],
        "fast": False,
        "tasks": 4,
        "deregister": True,
    }
)
API = bound.sealed({**WEB, "service": "api", "left": "api:8", "target": "api:7"})
PUBLISHED = {"web.prod.eu-central-1.1": {"service": "web", "outcome": "planned", "plan": WEB}}
BOTH = {**PUBLISHED, "api.prod.eu-central-1.1": {"service": "api", "outcome": "planned", "plan": API}}


def inputs(plan: t.Any, hosts: int = 1, **given: t.Any) -> Values:
    """What the variables come to; they are named without their prefix."""
    prefix, finish = ENTRIES["rollback", "main"]
    spec = specs.entry_points()["rollback"]["main"]
    named = {f"{prefix}{name}": value for name, value in {"approved_plan": plan, **given}.items()}
    return finish(cleaned(spec, prefix, named), Around(lambda path, skip: {"timeout": 600}, hosts))


@pytest.mark.parametrize(
    "given", [PUBLISHED, json.dumps(PUBLISHED), WEB, json.dumps(WEB), [WEB], json.dumps([WEB]), {"web": WEB}]
)
def test_as_it_is_handed_over(given: t.Any) -> None:
    found = inputs(given)
    assert (found["plans"], found["named"], found["services"]) == ([WEB], None, ["web"])
    assert (found["cluster"], found["region"], found["plan_max_age"]) == ("prod", "eu-central-1", 86400)
    assert found["module_defaults"] == {"region": "eu-central-1"}
    assert [found[name] for name in approved.SETTLED] == [None] * len(approved.SETTLED)


def test_plans_of_many_services_are_looked_at_before_any_is_carried_out() -> None:
    """One that no longer fits refuses all of them, so they do not go back at once."""
    many = [bound.sealed({**WEB, "service": f"s{number}"}) for number in range(11)]
    found = inputs(many)
    assert (len(found["plans"]), found["at_once"]) == (11, False)


def test_the_text_of_a_plan_survives_what_awx_does_to_it() -> None:
    """As ansible-core since 2.19 reads the YAML of AWX: an account is a number, an empty text null."""
    arrived = {**WEB, "plan_id": 929050770195, "service": 404, "left": None}
    [item] = PUBLISHED.values()
    assert inputs({"web": {**item, "plan": arrived, approved.TEXT: json.dumps(WEB)}})["plans"] == [WEB]
    for text in ("{", None, 7):
        assert inputs({"web": {**item, approved.TEXT: text}})["plans"] == [WEB]


@pytest.mark.parametrize("given", ["soon", "{", "[]", "{}", [], {}, {"web": {"service": "web"}}, ["web"], "7"])
def test_what_is_no_plan(given: t.Any) -> None:
    with pytest.raises(BadInput, match=r"rollback_approved_plan (is neither|has no plan)"):
        inputs(given)


def test_without_one_services_are_named() -> None:
    found = inputs("", services="web")
    assert (found["plans"], found["named"], found["services"]) == (None, ["web"], ["web"])


def test_that_of_a_deployment_group_is_for_another_playbook() -> None:
    with pytest.raises(BadInput, match="is not about services"):
        inputs(bound.sealed({"application": "web", "deployment_group": "prod"}))


@pytest.mark.parametrize(
    "given",
    [
        {"services": "web"},
        {
            "services": ["arn:aws:ecs:eu-central-1:1:service/prod/web"],
            "cluster": "arn:aws:ecs:eu-central-1:1:cluster/prod",
        },
        {"cluster": "prod", "region": "eu-central-1", "config": "ecspresso.yml"},
        {"revision": "41"},
        {"revision": "web:41", "from_revision": "43"},
        {"revision": "arn:aws:ecs:eu-central-1:1:task-definition/web:41"},
        {"steps_back": "1"},
        {"tasks": "4", "in_flight": "supersede", "force": "stack", "deregister": "true"},
        {"fallback": "previous_registered"},
        # The defaults, as surveys send them.
        {"in_flight": "stop", "pin_images": "auto", "fast": "false", "undo": "false", "force": ""},
    ],
)
def test_what_agrees_with_it(given: dict[str, t.Any]) -> None:
    assert inputs(PUBLISHED, **given)["plans"] == [WEB]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cluster": "dev"}, "is for cluster prod, and rollback_cluster is dev. Leave one of them out"),
        ({"region": "us-east-1"}, "is for region eu-central-1, and rollback_region is us-east-1"),
        ({"services": "api"}, "is for web, and rollback_services names api"),
        ({"services": "web,api"}, "is for web, and rollback_services names api, web"),
        ({"revision": "40"}, "rollback_revision is 40, and the plan of web in rollback_approved_plan has web:41"),
        ({"revision": "api:41"}, "rollback_revision is api:41"),
        (
            {"from_revision": "42"},
            "rollback_from_revision is 42, and the plan of web in rollback_approved_plan has web:43",
        ),
        ({"as_of": "-2h"}, "rollback_as_of is -2h, and the plan of web in rollback_approved_plan has last_good"),
        ({"undo": "true"}, "rollback_undo is True"),
        ({"tasks": "5"}, "rollback_tasks is 5, and the plan of web in rollback_approved_plan has 4"),
        ({"fast": "true"}, "rollback_fast is True, and the plan of web in rollback_approved_plan has none"),
        ({"in_flight": "refuse"}, "rollback_in_flight is refuse"),
        ({"force": "again"}, "rollback_force is "),
        ({"plan_max_age": "0"}, "rollback_plan_max_age is '0': give a number of seconds, at least 1"),
    ],
)
def test_what_contradicts_it(given: dict[str, t.Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        inputs(PUBLISHED, **given)
    assert message in str(caught.value)


def test_a_plan_without_a_target_is_contradicted_by_no_version() -> None:
    settled = bound.sealed({**WEB, "target": "", "left": "", "source": "unchanged"})
    assert inputs(settled, revision="40")["plans"] == [settled]


def test_several_services() -> None:
    assert inputs(BOTH)["services"] == ["web", "api"]
    with pytest.raises(BadInput, match="is for api, web, and rollback_services names web"):
        inputs(BOTH, services="web")
    elsewhere = bound.sealed({**API, "cluster": "dev"})
    with pytest.raises(BadInput, match="several clusters or Regions"):
        inputs([WEB, elsewhere])


def test_of_several_hosts_each_takes_its_own() -> None:
    assert inputs(BOTH, hosts=2, services="web")["plans"] == [WEB]
    assert inputs([WEB, bound.sealed({**API, "cluster": "dev"})], hosts=2, cluster="prod")["plans"] == [WEB]
    with pytest.raises(BadInput, match="rollback_services names worker"):
        inputs(BOTH, hosts=2, services="worker")
    with pytest.raises(BadInput, match="has no plan for this host"):
        inputs(BOTH, hosts=2, cluster="dev")
