# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rulebooks as ansible-rulebook reads them, and what their actions send, as JSON.

Run with the Python that has ansible-rulebook: ``parsed.py RULEBOOK...``.
"""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import yaml
from ansible_rulebook.json_generator import visit_ruleset
from ansible_rulebook.rules_parser import parse_rule_sets
from ansible_rulebook.util import substitute_variables
from ansible_rulebook.validators import Validate

EVENT = {
    "deployment": {
        "name": "web.prod.eu-central-1",
        "kind": "deployment",
        "reason": 'it\'s "so" <b>',
        "state": "failed",
        "reported": "FAILED",
    },
    "catch_up": True,
    "set_aside": {"why": "malformed", "text": "it is not JSON"},
}
VARIABLES = {
    "on_event_services": ["web.prod.eu-central-1"],
    "on_event_deployment_groups": [],
    # One that speaks for a service, and one that speaks for two.
    "on_event_alarms": {"5xx": ["web.prod.eu-central-1"], "cpu": ["web.prod.eu-central-1", "api.prod.eu-central-1"]},
    "on_event_cool_down": 60,
    "lastgood_queue": "events",
    "lastgood_region": "eu-central-1",
    "lastgood_token": "secret",
    "lastgood_job_template": "Answer an event",
    "lastgood_organization": "Default",
}


def lock(rule: t.Any, name: str) -> str:
    """Under which lock the rule answers an event of this name; empty if it needs none."""
    deployment = t.cast("dict[str, str]", EVENT["deployment"])
    event = {**EVENT, "deployment": {**deployment, "name": name}}
    sent = [substitute_variables(action.action_args, {**VARIABLES, "event": event}) for action in rule.actions]
    return next((str(one["lock"]) for one in sent if "lock" in one), "")


def read(path: Path) -> dict[str, t.Any]:
    """Fails if it is not valid."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    Validate.rulebook(data)
    [ruleset] = parse_rule_sets(data, VARIABLES)
    serialised = visit_ruleset(ruleset, VARIABLES)["RuleSet"]["rules"]
    conditions = {rule["Rule"]["name"]: rule["Rule"]["condition"] for rule in serialised}
    return {
        "strategy": str(ruleset.execution_strategy),
        "sources": [
            {"name": source.source_name, "filters": [found.filter_name for found in source.source_filters]}
            for source in ruleset.sources
        ],
        "rules": [
            {
                "name": rule.name,
                "condition": conditions[rule.name],
                "throttle": rule.throttle and rule.throttle.group_by_attributes,
                "actions": {
                    action.action: substitute_variables(action.action_args, {**VARIABLES, "event": EVENT})
                    for action in rule.actions
                },
                "locks": {name: lock(rule, name) for name in ("5xx", "cpu", "web.prod.eu-central-1")},
            }
            for rule in ruleset.rules
        ],
    }


if __name__ == "__main__":
    print(json.dumps({Path(name).stem: read(Path(name)) for name in sys.argv[1:]}, default=str))
