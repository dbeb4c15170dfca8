# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reads and writes of services answer while something changes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from tests.live.check import Answer, check
from tests.live.lab import IMAGE, OTHER_IMAGE, Lab

_CLIENTS = 3
_SECONDS = 15
_EVERY = 0.25


def flips(looks: Sequence[bool]) -> int:
    """How often an answer was old again after one that was new."""
    return sum(1 for before, after in itertools.pairwise(looks) if before and not after)


@check(
    3,
    "staleness-of-describe-services",
    "For how long do three clients see the service as it was before UpdateService, and do answers flip?",
    "Up to 1 s, and answers may be new, old and new again",
)
def staleness(lab: Lab) -> Answer:
    first, second = lab.define(IMAGE), lab.define(OTHER_IMAGE)
    service = lab.service(first)
    lab.wait("the first deployment", lambda: lab.completed(service))
    clients = [lab.client("ecs", f"client-{number}") for number in range(_CLIENTS)]
    looks: list[tuple[float, int, bool]] = []
    flipped = 0
    for number in range(4):
        wanted = second if number % 2 == 0 else first
        lab.update(service, taskDefinition=wanted)
        begin, round_ = lab.place.now(), []
        while lab.place.now() - begin < _SECONDS:
            for index, client in enumerate(clients):
                is_new = lab.describe(service, client)["taskDefinition"] == wanted
                round_.append((round(lab.place.now() - begin, 2), index, is_new))
            lab.place.sleep(_EVERY)
        looks += round_
        flipped += flips([is_new for _since, _index, is_new in round_])
        lab.wait("the end of the deployment", lambda: lab.completed(service), 120)
    stale = [since for since, _index, is_new in looks if not is_new]
    facts = {
        "stale_answers_seen": bool(stale),
        "flips_seen": flipped > 0,
        "stale_for_at_most_seconds": max(stale, default=0.0),
    }
    text = f"{len(stale)} of {len(looks)} answers were old, the last after {facts['stale_for_at_most_seconds']} s"
    return Answer(f"{text}; {flipped} flips", facts)


@check(
    4,
    "answer-of-update-service",
    "What does UpdateService itself answer: the service before or after the update?",
    "After it: a new PRIMARY deployment, and the new task definition",
)
def answer_of_a_write(lab: Lab) -> Answer:
    first, second = lab.define(IMAGE), lab.define(OTHER_IMAGE)
    service = lab.service(first)
    lab.wait("the first deployment", lambda: lab.completed(service))
    before = lab.describe(service)
    answer = lab.update(service, taskDefinition=second)
    [primary] = [found for found in answer["deployments"] if found["status"] == "PRIMARY"]
    record = str(answer.get("currentServiceDeployment") or "")
    old = str(before.get("currentServiceDeployment") or "")
    lab.wait("the end of the deployment", lambda: lab.completed(service), 120)
    settled = lab.describe(service)["deployments"][0]["id"]
    counted = lab.update(service, desiredCount=0)
    facts = {
        "names_the_new_version": answer["taskDefinition"] == second,
        "has_the_new_primary": primary["taskDefinition"] == second,
        "names_the_record": "none" if not record else "old" if record == old else "new",
        "a_count_alone_deploys": counted["deployments"][0]["id"] != settled,
    }
    text = "the new PRIMARY deployment" if facts["has_the_new_primary"] else "still the old PRIMARY deployment"
    return Answer(f"{text}; currentServiceDeployment: {facts['names_the_record']}", facts)
