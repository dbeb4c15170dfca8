# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags: when they can be read, and what is refused."""

from __future__ import annotations

from tests.live.check import Answer, check
from tests.live.lab import Lab, refusal


@check(
    5,
    "tags",
    "How long after TagResource can a tag be read, and which tags are refused?",
    "Within 2 s; more than 50 tags, values of more than 256 characters and keys that begin with aws: are refused",
)
def lag_and_limits(lab: Lab) -> Answer:
    task_definition = lab.define()
    service = lab.service(task_definition)
    arn = lab.describe(service)["serviceArn"]
    lab.wait("the tags of the service", lambda: not refusal(lambda: _tags(lab, arn))[0], 60, 0.5)
    lags: list[float] = []
    for resource in (arn, task_definition) * 3:
        value = f"v{len(lags)}"
        lab.ecs.tag_resource(resourceArn=resource, tags=[{"key": "checked", "value": value}])
        lags.append(lab.wait("the tag", lambda r=resource, v=value: _tags(lab, r).get("checked") == v, 60, 0.25))

    def write(key: str, value: str) -> str:
        return refusal(lambda: lab.ecs.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value}]))[0]

    many = [{"key": f"k{number}", "value": "v"} for number in range(60)]
    facts = {
        "lag_at_most_seconds": max(lags),
        "too_many": refusal(lambda: lab.ecs.tag_resource(resourceArn=arn, tags=many))[0],
        "value_of_257": write("long", "v" * 257),
        "value_of_256": write("long", "v" * 256),
        # Two UTF-16 units each.
        "value_of_129_emoji": write("wide", "\U0001f600" * 129),
        "key_of_aws": write("aws:mine", "v"),
    }
    refused = ", ".join(f"{name} {code or 'accepted'}" for name, code in facts.items() if not name.startswith("lag"))
    return Answer(f"read after at most {max(lags)} s; {refused}", facts)


def _tags(lab: Lab, arn: str) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in lab.ecs.list_tags_for_resource(resourceArn=arn)["tags"]}
