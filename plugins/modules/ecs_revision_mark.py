#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_revision_mark
short_description: Mark ECS task definitions as good, bad, pinned or a barrier for rollbacks
version_added: 1.0.0
description:
  - Sets or removes a mark on revisions of task definitions. A mark is a tag, so it outlives the run, and everybody who
    rolls back sees it, whatever the deployment history says or has forgotten.
  - M(lastgood.aws.ecs_rollback) marks what it leaves as bad by itself. This module is for what only people know.
  - Each task definition is dealt with on its own. If one fails the others are marked all the same, and the module
    fails at the end with all results.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
attributes:
  check_mode:
    support: full
    details:
      - Reads as always, writes nothing, and returns RV(task_definitions[].outcome=planned) if something would be
        written. Whether tagging is allowed shows only when it is done.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - A mark that is there already is not written again, unless another O(reason) is given.
options:
  task_definition:
    description:
      - Revisions of task definitions, as C(family:number) (V(web:43)) or as ARNs with the revision.
    type: list
    elements: str
    required: true
    aliases:
      - task_definitions
  mark:
    description:
      - The mark.
      - V(bad) means that it is never chosen as the version to go back to. The history cannot outweigh that.
      - V(good) means that it may be chosen although the history does not prove it good. V(bad) outweighs it.
      - V(pinned) means that this collection never deregisters it.
      - V(barrier) means that a rollback must not cross it, so it must not go from this revision or a newer one to an
        older one. This is for versions that have changed what older ones cannot deal with, above all the schema of a
        database.
      - V(good) and V(bad) exclude each other. To set one removes the other, and RV(task_definitions[].reason) says so.
    type: str
    choices:
      - good
      - bad
      - pinned
      - barrier
    required: true
  state:
    description:
      - Whether the mark should be there.
    type: str
    choices:
      - present
      - absent
    default: present
  reason:
    description:
      - Why. It is written into the mark behind the time, where others read it. Characters that AWS does not allow in
        tags become underscores, and what does not fit into 256 characters is cut off.
      - Without a reason, a mark that is there already is left as it is, with its own time and reason.
      - It is not used with O(state=absent).
    type: str
notes:
  - >-
    A mark set here counts for every service. The mark V(bad) of a rollback counts for the service that was rolled back
    (tag C(lastgood:bad-of)), until it is set here too.
  - >-
    The marks are the tags C(lastgood:good), C(lastgood:bad), C(lastgood:pinned) and C(lastgood:barrier). Whoever
    manages tags with other tools tells them to ignore keys that begin with C(lastgood:).
  - >-
    It needs the permissions C(ecs:DescribeTaskDefinition), C(ecs:TagResource) and, to remove a mark,
    C(ecs:UntagResource).
  - >-
    AWS does not document whether the tags of a task definition that is V(INACTIVE) can be changed. The module tries,
    and tells what AWS answers.
seealso:
  - module: lastgood.aws.ecs_rollback
  - module: lastgood.aws.ecs_rollback_info
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Never go back to web:42
  lastgood.aws.ecs_revision_mark:
    task_definition: web:42
    mark: bad
    reason: sends every mail twice

- name: Let rollbacks take web:38, which ran before the history begins
  lastgood.aws.ecs_revision_mark:
    task_definition: web:38
    mark: good
    reason: in service all summer

- name: The migration of 4.0 cannot be undone, so keep rollbacks from crossing it
  lastgood.aws.ecs_revision_mark:
    task_definitions:
      - web:40
      - worker:17
    mark: barrier
    reason: drops the column orders.legacy_id

- name: Take a mark away
  lastgood.aws.ecs_revision_mark:
    task_definition: web:42
    mark: bad
    state: absent
"""

RETURN = r"""
task_definitions:
  description:
    - One entry for each task definition, in the order in which they were asked for.
    - One that was named twice, by its ARN and by its short name, is there once.
  returned: when the options are valid
  type: list
  elements: dict
  contains:
    task_definition:
      description: ARN of the task definition, or what was asked for if it could not be read.
      returned: always
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:42
    status:
      description: Its status. V(ACTIVE), V(INACTIVE) or V(DELETE_IN_PROGRESS).
      returned: always, null if it could not be read
      type: str
      sample: ACTIVE
    outcome:
      description:
        - How it ended.
        - V(unchanged) means that it was marked as asked already, V(marked) and V(unmarked) that it is now.
        - V(planned) means that it would be done, were this not check mode.
        - V(failed) means that it could not be done, RV(task_definitions[].reason) says why.
      returned: always
      type: str
      sample: marked
    changed:
      description:
        - Whether a tag was written or removed, or would be in check mode.
        - V(true), too, if AWS did not answer a write, so that nobody knows.
      returned: always
      type: bool
      sample: true
    before:
      description:
        - The marks that were there, each with the time in UTC and the reason.
        - Empty if the task definition could not be read.
      returned: always
      type: dict
      contains: &marks
        good:
          description: Since when and why it is good.
          returned: when it has this mark
          type: str
          sample: 2026-11-14T09:12:40Z soaked for a week
        bad:
          description: Since when and why it is bad.
          returned: when it has this mark
          type: str
          sample: 2026-11-20T14:03:05Z sends every mail twice
        pinned:
          description: Since when and why it is pinned.
          returned: when it has this mark
          type: str
          sample: 2026-11-14T09:12:40Z audited
        barrier:
          description: Since when and why it is a barrier.
          returned: when it has this mark
          type: str
          sample: 2026-11-14T09:12:40Z drops the column orders.legacy_id
    after:
      description:
        - The marks that are there now, or would be after check mode.
        - Empty if the task definition could not be read.
      returned: always, null if AWS did not answer a write, so that nobody knows
      type: dict
      contains: *marks
    reason:
      description: What was done, or what kept it from being done, for people.
      returned: always
      type: str
      sample: "marked bad: 2026-11-20T14:03:05Z sends every mail twice, no longer good"
    findings:
      description: What was noticed on the way. Each finding of the severity V(warn) is shown as a warning, too.
      returned: always
      type: list
      elements: dict
      contains:
        check:
          description: What was checked.
          returned: always
          type: str
          sample: status
        severity:
          description: V(warn).
          returned: always
          type: str
          sample: warn
        message:
          description: What was found.
          returned: always
          type: str
          sample: web:38 is INACTIVE. ECS deploys only ACTIVE task definitions, whatever their marks say
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: when the options are valid
  type: dict
  sample:
    DescribeTaskDefinition: 1
    TagResource: 1
    UntagResource: 1
"""

import typing as t
from datetime import datetime, timezone

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import revision_marks

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "task_definition": {"type": "list", "elements": "str", "required": True, "aliases": ["task_definitions"]},
    "mark": {"type": "str", "required": True, "choices": ["good", "bad", "pinned", "barrier"]},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "reason": {"type": "str"},
}


def main() -> None:
    """Mark them, and tell how each of them ended."""
    module = LastgoodAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    params = module.params
    try:
        asked = revision_marks.task_definitions(params["task_definition"])
    except revision_marks.BadRequest as exc:
        module.fail_json(msg=f"{exc}. Nothing was changed.")
    wish = revision_marks.Wish(
        mark=params["mark"],
        present=params["state"] == "present",
        reason=(params["reason"] or "").strip(),
        now=datetime.now(timezone.utc),
    )
    aws = Aws(module.client)
    results = revision_marks.mark(aws, asked, wish, module.check_mode, progress.say)
    module.report("task_definitions", results, aws.api_calls, revision_marks.summary)


if __name__ == "__main__":
    main()
