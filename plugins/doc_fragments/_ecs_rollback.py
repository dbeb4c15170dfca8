# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    # How ecs_rollback and ecs_rollback_info choose the version to go back to.
    DOCUMENTATION = r"""
options:
  revision:
    description:
      - The task definition to go back to, as a revision number of the family that runs now (V(41)), as
        C(family:number) (V(web:41)), or as an ARN.
      - It must be V(ACTIVE). An explicit revision always wins, also over a mark and over an earlier rollback. If it is
        known to be bad, or was never seen healthy, a warning says so.
      - A version of a family that the service never ran is refused, unless O(force) has V(family).
      - It may be newer than what runs. That is a move forward, not a rollback; the next rollback begins from there.
      - At most one of O(revision), O(as_of) and O(steps_back) can be given.
    type: str
  as_of:
    description:
      - Go back to what was in service at this time, in ISO 8601 with its offset (V(2026-11-20T13:50:00Z),
        V(2026-11-20T15:50:00+02:00)), or as an age, in weeks, days, hours, minutes and seconds (V(-2h), V(-90m),
        V(-1d)).
      - Without an offset it is UTC, with a warning. A time in the future is refused, by AWS's clock.
      - It needs the service deployment history, of which ECS keeps 90 days.
    type: str
  steps_back:
    description:
      - Go back to the n-th good version, counted from what runs now. Without O(revision), O(as_of) and this, it is the
        first one, V(1).
      - If ECS or somebody has already returned the service, V(2) and more are counted from the version that was left,
        so that asking twice does not go back twice.
    type: int
  undo:
    description:
      - Go back to what the last rollback of this collection left, because it was not the release after all. Its mark is
        removed once this ended well.
      - It is refused if anything was deployed since, and V(unchanged) if it was undone already. If the version was
        deregistered, it is refused, unless O(pin_images=always), which registers a copy.
      - It knows the last rollback by the tags of the service, so not if that ran with C(mark=false).
      - It cannot be given with O(revision), O(as_of), O(steps_back), O(from_revision) or O(fallback).
    type: bool
    default: false
  from_revision:
    description:
      - Move only services that run this revision now (a number, C(family:number) or an ARN); all others are
        V(unchanged).
      - A revision that none of the services ever ran is refused. If the history does not say, the service is
        V(unchanged) with a warning.
    type: str
  fallback:
    description:
      - What to do if no good version is on record, because ECS does not return the history (no permission, older than
        90 days) or because no earlier deployment was successful.
      - V(fail) refuses and lists what is known. V(previous_registered) takes the newest older ACTIVE revision of the
        family that is not known to be bad, whether or not it ever ran, and warns.
      - Without a record a newer ACTIVE revision than the one that runs may be the bad one that the service was already
        rolled back from. That is refused, unless O(force) has V(again).
    type: str
    choices:
      - fail
      - previous_registered
    default: fail
  in_flight:
    description:
      - What to do with a deployment that is still running, and that is not itself a rollback. A running rollback is
        always followed to its end.
      - V(stop) lets ECS itself go back if that leads to the target (C(StopServiceDeployment), which reuses the exact
        images), and supersedes the deployment if not.
      - V(supersede) always starts a new deployment. V(refuse) refuses.
      - For a service that CodeDeploy deploys, V(supersede) is the same as V(stop), since CodeDeploy runs one deployment
        at a time. If a stop does not lead to the target, the target is deployed once the other one has ended.
    type: str
    choices:
      - stop
      - supersede
      - refuse
    default: stop
  pin_images:
    description:
      - >-
        What to do about images that the target names by a tag, which may have moved since. ECS recorded the digest that
        each tag stood for when the version was good.
      - >-
        V(auto) asks ECR, or else the later deployments of the service, whether the tag still names that image, and if
        it does not, deploys a copy of the task definition that names the recorded digest. V(always) deploys such a copy
        in any case, even of a task definition that was deregistered but can still be read. V(never) deploys the task
        definition as it is, and says that the image is not proven.
      - A rollback by ECS itself reuses the recorded digests, and needs no copy.
    type: str
    choices:
      - auto
      - always
      - never
    default: auto
  force:
    description:
      - Guards to turn off, each by its own word, as a list or a text with commas.
      - V(again), go back even if the service was, or may have been, rolled back already and nothing was deployed since.
        It goes to an older version than the one that runs, never to a newer one.
      - V(barrier), go back across a version that is marked C(lastgood:barrier).
      - V(stack), go back while the service's CloudFormation stack is being changed, which may deploy over it.
      - V(family), go to a version of a family that the service never ran.
      - V(marked) is known, and turns nothing off here. A version that you name is deployed even if it is marked bad.
      - V(true) turns off all of them, with a warning that says which. V(false) and an empty list turn off none.
    type: list
    elements: str
    default: []
"""
