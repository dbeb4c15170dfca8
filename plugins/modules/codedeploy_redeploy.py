#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codedeploy_redeploy
short_description: Redeploy the last known good revision of a CodeDeploy deployment group
version_added: 1.0.0
description:
  - Takes a deployment group back to the newest revision that was really deployed successfully, and says why it is that
    one. What counts is the record of CodeDeploy's deployments.
  - A redeploy is a new deployment with an id of its own, as CodeDeploy's own rollbacks are. This module follows it to
    its end, and says RV(outcome=rolled_back) only if that deployment succeeded with the target, no target of it
    failed, and none came after it.
  - It is safe to run twice. A group that was already taken back, by this module, by CodeDeploy or by somebody's hand,
    is V(unchanged), and a deployment that already leads to the target is followed to its end.
  - If it fails, it says which instances failed at which lifecycle event and script, what helps, and what the
    instances have now.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._contact
  - lastgood.aws._pace
  - lastgood.aws._full_names
  - lastgood.aws._codedeploy_redeploy
attributes:
  check_mode:
    support: full
    details:
      - The plan is made from real reads and nothing is written. The outcome is then V(planned).
  diff_mode:
    support: full
    details:
      - Shows the revision before and after.
  idempotent:
    support: full
options:
  reason:
    description:
      - Why, for the description of the deployment, where people read it later.
    type: str
  log_tail:
    description:
      - Show the last lines that failing scripts printed, in RV(diagnosis) and, up to three of them, in RV(summary).
        They may hold secrets.
    type: bool
    default: true
  wait:
    description:
      - Wait for the end. Without it the outcome is V(started), and nothing is verified. A deployment that is in the way
        is seen off in any case.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait, in seconds. Nothing is undone when the time is up.
    type: int
    default: 3600
  application:
    description:
      - Name of the CodeDeploy application. O(plan) names it, too, and cannot be given with it.
    type: str
    required: false
  deployment_group:
    description:
      - Name of the deployment group. O(plan) names it, too, and cannot be given with it.
    type: str
    required: false
  plan:
    description:
      - A plan to carry out, as RV(plan) of a run of this module in check mode, or of
        M(lastgood.aws.codedeploy_deployment_info), returned it. The group goes where the plan says, or is left as it
        is. What the plan is based on is looked at once more, with as few calls as that takes.
      - If somebody has deployed since, it is V(refused) with the finding V(plan_changed), which says what was deployed.
        It does not count as such a change if the deployment seen then has ended since, well or not, or is being rolled
        back to that same target. How to get there is decided anew.
      - If no target was shown, nothing is deployed.
      - If the plan is older than 60 seconds, the bundle is looked at again, and the checks before the write are made
        again. Until then, findings and RV(content_warnings) about what is not read again are only in the result of the
        look.
      - A plan says what is done. So it cannot be given with O(application), O(deployment_group), O(guard_content), nor
        with any option that chooses the revision or says how it is deployed. There are two exceptions. If the revision
        or the name of the deployment configuration is too long for a plan, the plan has only a fingerprint of it, and
        O(revision) or O(deployment_config) has to be given as well.
      - A plan for another account or Region is refused, and so is one whose C(plan_id) does not fit its content. The id
        is a fingerprint. It shows that a plan was changed or cut by mistake. It is not a signature, and proves nothing
        about who made the plan.
    type: dict
  plan_max_age:
    description:
      - How old O(plan) may be, in seconds, by AWS's clock. An older one is V(refused) with the finding V(plan_too_old).
    type: int
    default: 86400
notes:
  - On the compute platform V(Server) deployments in place and blue/green are supported. A redeploy of a blue/green
    group provisions a new replacement fleet.
  - ECS services that CodeDeploy deploys are better taken back with M(lastgood.aws.ecs_rollback), which also looks at
    the service, its tasks and its traffic.
  - Files that scripts made, or that somebody put on the instances, are not part of a revision, and CodeDeploy does not
    bring them back. RV(content_warnings) says what a redeploy does to existing files.
seealso:
  - module: lastgood.aws.codedeploy_auto_rollback
  - module: lastgood.aws.ecs_rollback
  - module: lastgood.aws.autoscaling_suspend
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Redeploy the last known good revision
  lastgood.aws.codedeploy_redeploy:
    application: shop
    deployment_group: prod-web
    reason: 500s since 13:52

- name: The ApplicationStop script of the bad revision is broken, and so is not waited for
  lastgood.aws.codedeploy_redeploy:
    application: shop
    deployment_group: prod-web
    ignore_application_stop_failures: true

- name: A certain version of a bundle, all at once, keeping files that are in the way
  lastgood.aws.codedeploy_redeploy:
    application: shop
    deployment_group: prod-web
    revision: s3://releases/shop/web-1.8.zip?versionId=3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY
    deployment_config: CodeDeployDefault.AllAtOnce
    file_exists_behavior: retain

- name: Show what would be done, change nothing
  lastgood.aws.codedeploy_redeploy:
    application: shop
    deployment_group: prod-web
  check_mode: true
  register: shown

- name: Do that, unless somebody deploys in between
  lastgood.aws.codedeploy_redeploy:
    plan: "{{ shown.plan }}"
"""

RETURN = r"""
application:
  description: Name of the application.
  returned: always, but not if the options themselves are wrong
  type: str
  sample: shop
deployment_group:
  description: Name of the deployment group.
  returned: always, but not if the options themselves are wrong
  type: str
  sample: prod-web
region:
  description: The Region that it is in.
  returned: always, but not if the options themselves are wrong
  type: str
  sample: eu-central-1
account:
  description: The account that it is in.
  returned: always, null if it was not found
  type: str
  sample: "123456789012"
outcome:
  description:
    - V(unchanged), there was nothing to do. V(rolled_back), our deployment succeeded with the target, no target of it
      failed, and none came after it. V(started), CodeDeploy accepted it and it was not waited for. V(planned), check
      mode.
    - These fail the module. V(superseded), somebody else's deployment came after ours. V(failed), ours failed, or
      targets of it did although CodeDeploy counts it as a success, as its configuration lets it; the same command
      again deploys it once more. V(rollback_failed), ours failed, and so did CodeDeploy's rollback of it, or of no
      instance it is certain what it has. V(lost_contact), AWS could not be asked any more, or refused to say more;
      what it accepted goes on. V(timeout), still going, nothing was undone. V(refused), nothing was stopped and nothing
      was deployed.
    - V(failed) with the finding V(stopped_then_refused), a running deployment was stopped to make room, and then ours
      could not be created. The finding says what was stopped, what the instances have installed, and what to do next.
  returned: always, but not if the options themselves are wrong
  type: str
  sample: rolled_back
method:
  description:
    - How it went back. V(codedeploy_deployment) (a new deployment), V(codedeploy_stop) (the running deployment was
      stopped, and CodeDeploy rolled it back), V(adopt) (a deployment that was already running was followed), or
      V(none).
  returned: always, but not if the options themselves are wrong
  type: str
  sample: codedeploy_deployment
deployment_id:
  description: Id of the deployment that brings the target, or that has brought it earlier if nothing had to be done.
  returned: always, but not if the options themselves are wrong; null if there is none
  type: str
  sample: d-A1B2C3D4E
target:
  description: The revision to go back to, as CodeDeploy's API has it.
  returned: always, but not if the options themselves are wrong; null if there is none
  type: dict
  sample:
    revisionType: S3
    s3Location:
      bucket: releases
      bundleType: zip
      key: shop/web-1.8.zip
      version: 3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY
target_name:
  description: The same in words.
  returned: always, but not if the options themselves are wrong; null if there is none
  type: str
  sample: s3://releases/shop/web-1.8.zip (version 3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY)
target_source:
  description:
    - How the target was found. V(last_good), V(steps_back), V(as_of), V(revision), V(deployment_id),
      V(running_rollback) or V(none).
  returned: always, but not if the options themselves are wrong
  type: str
  sample: last_good
target_why:
  description: Why this one, in words.
  returned: always, but not if the options themselves are wrong
  type: str
  sample: d-9Z8Y7X6W5 succeeded at 2026-11-14T09:12:40Z
direction:
  description:
    - The direction from the revision that is left to the target. V(back), the group deployed it earlier. V(forward), it
      came later. V(same), nothing moves. V(unknown), the group never deployed it.
    - Only what was left for an older revision counts as bad later on. After a move that does not go back, the next one
      without a named revision begins from there.
  returned: always, null if there is no target, but not if the options themselves are wrong
  type: str
  sample: back
before:
  description: What the group was on, or was being brought to.
  returned: always, but not if the options themselves are wrong; null if the group could not be read
  type: dict
  contains: &state
    revision:
      description: The revision, as CodeDeploy's API has it.
      returned: always, null if there is none
      type: dict
      sample:
        revisionType: GitHub
        gitHubLocation:
          commitId: 3f2a1c9d5e8b7f6a4c3d2e1f0a9b8c7d6e5f4a3b
          repository: acme/shop
    revision_name:
      description: The same in words.
      returned: always, null if there is none
      type: str
      sample: github acme/shop@3f2a1c9
    deployment_id:
      description: Id of the newest deployment.
      returned: always, null if there is none
      type: str
      sample: d-B2C3D4E5F
    status:
      description: Status of that deployment.
      returned: always, null if there is none
      type: str
      sample: Succeeded
after:
  description: The same at the last look.
  returned: always, but not if the options themselves are wrong; null if there was no deployment
  type: dict
  contains: *state
as_of:
  description: The point in time of O(as_of), in UTC.
  returned: always, but not if the options themselves are wrong; null if it is not given
  type: str
  sample: "2026-11-20T13:50:00Z"
reason:
  description: Why it ended like this, in words.
  returned: always, but not if the options themselves are wrong
  type: str
  sample: deployment d-A1B2C3D4E of s3://releases/shop/web-1.8.zip succeeded, and none came after it
findings:
  description: What the checks before the write and the run itself found.
  returned: always, but not if the options themselves are wrong
  type: list
  elements: dict
  contains:
    check:
      description: What was checked.
      returned: always
      type: str
      sample: pinned
    severity:
      description: V(block), V(warn), V(unknown) (it could not be read, which is not fine), or V(info).
      returned: always
      type: str
      sample: info
    message:
      description: What was found.
      returned: always
      type: str
      sample: >-
        s3://releases/shop/web-1.8.zip was not changed since d-9Z8Y7X6W5 deployed it
content_warnings:
  description:
    - What the redeploy does to files that are on the instances, and that no revision brings back.
    - Empty if a O(plan) is carried out that is not older than 60 seconds. The look that made it has shown them.
  returned: always, but not if the options themselves are wrong
  type: list
  elements: str
  sample: []
auto_scaling_groups:
  description:
    - The Auto Scaling groups of the deployment group, if it deploys in place.
    - M(lastgood.aws.autoscaling_suspend) keeps them from moving instances during the deployment.
  returned: always, but not if the options themselves are wrong
  type: list
  elements: str
  sample:
    - web
suspended_by_codedeploy:
  description:
    - The processes of these groups that CodeDeploy itself suspends during the deployment, as the deployment group is
      configured, and as O(suspend_processes) asks for.
    - Leave them out of the O(lastgood.aws.autoscaling_suspend#module:processes) that are suspended.
  returned: always, but not if the options themselves are wrong
  type: list
  elements: str
  sample:
    - AZRebalance
left_suspended:
  description:
    - Processes of Auto Scaling groups that CodeDeploy was to suspend for this deployment only, as O(suspend_processes)
      asks for, and that are still suspended after its end.
    - The filter P(lastgood.aws.still_suspended#filter) says how to resume them.
  returned: always, but not if the options themselves are wrong
  type: list
  elements: dict
  contains:
    resource_id:
      description: Name of the Auto Scaling group.
      returned: always
      type: str
      sample: web
    suspended:
      description: The processes.
      returned: always
      type: list
      elements: str
      sample:
        - AZRebalance
  sample: []
plan:
  description:
    - What was seen and shown, for O(plan) of the call that acts. At most 1 KB as JSON.
  returned: in check mode, but not if the options themselves are wrong
  type: dict
  contains:
    plan_id:
      description: The fingerprint of all the rest.
      returned: always
      type: str
      sample: 5d1c0c4f3d0b
    account:
      description: The account, null if the group could not be read.
      returned: always
      type: str
      sample: "123456789012"
    region:
      description: The Region.
      returned: always
      type: str
      sample: eu-central-1
    application:
      description: The application.
      returned: always
      type: str
      sample: shop
    deployment_group:
      description: The deployment group.
      returned: always
      type: str
      sample: prod-web
    left:
      description: What the group is on, in words. If it is too long for a plan, how it begins and a fingerprint of it.
      returned: always, empty if there is no target
      type: str
      sample: s3://releases/shop/web-1.9.zip (version Xw8LSQkdPnUTtP8xGwTb4sXxVnCmYzLE)
    deployment:
      description: Id of the newest deployment on record.
      returned: always, empty if nothing was deployed yet
      type: str
      sample: d-B2C3D4E5F
    target:
      description:
        - The revision to deploy, as CodeDeploy's API has it, with its version if it has one.
        - If it is too long for a plan, how it begins and a fingerprint of it.
      returned: always, null if there is nothing to do
      type: raw
      sample:
        revisionType: S3
        s3Location:
          bucket: releases
          bundleType: zip
          key: shop/web-1.8.zip
          version: 3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY
    target_deployment:
      description: Id of the deployment that proved it good, or that has brought it if there is nothing to do.
      returned: always, empty if there is none
      type: str
      sample: d-9Z8Y7X6W5
    direction:
      description: As in RV(direction).
      returned: always, empty if there is no target
      type: str
      sample: back
    in_flight:
      description: As it was asked for.
      returned: always
      type: str
      sample: stop
    file_exists_behavior:
      description: As it was asked for.
      returned: always
      type: str
      sample: inherit
    rollback_events:
      description: As it was asked for.
      returned: always, null if it was not
      type: list
      elements: str
    override_alarms:
      description: As it was asked for.
      returned: always
      type: str
      sample: auto
    deployment_config:
      description: As it was asked for. If it is too long for a plan, how it begins and a fingerprint of it.
      returned: always, empty if it was not asked for
      type: str
      sample: CodeDeployDefault.AllAtOnce
    ignore_application_stop_failures:
      description: As it was asked for.
      returned: always
      type: bool
      sample: false
    update_outdated_instances_only:
      description: As it was asked for.
      returned: always
      type: bool
      sample: false
    require_pinned:
      description: As it was asked for.
      returned: always
      type: bool
      sample: false
    suspended_by_codedeploy:
      description:
        - The processes of Auto Scaling groups that CodeDeploy was to suspend, as O(suspend_processes) asks for.
        - Nothing is deployed if it no longer would, because whoever suspends the other processes relies on it.
      returned: always
      type: list
      elements: str
      sample:
        - AZRebalance
    guard_content:
      description: As it was asked for.
      returned: always
      type: bool
      sample: false
    force:
      description: The guards that are turned off.
      returned: always
      type: list
      elements: str
      sample: []
    source:
      description: How the target was found. V(unchanged) or V(refused) if there is none.
      returned: always
      type: str
      sample: last_good
    why:
      description: Why this one, or why there is none, in words.
      returned: always
      type: str
      sample: Succeeded at 2026-11-14T09:12:40Z
    made:
      description: When the look was, by AWS's clock.
      returned: always
      type: str
      sample: "2026-11-29T18:34:46Z"
plan_id:
  description: Id of the plan that is shown, or that was carried out. A fingerprint, not a signature.
  returned: always, null if there was no plan, but not if the options themselves are wrong
  type: str
  sample: 5d1c0c4f3d0b
diagnosis:
  description:
    - Why targets failed, as far as it could be read. In check mode those of the newest deployment, if it ended without
      success.
  returned: always, but not if the options themselves are wrong; null if there was nothing to diagnose
  type: dict
  contains:
    deployment_id:
      description: The deployment that failed.
      returned: always
      type: str
      sample: d-A1B2C3D4E
    error_code:
      description: What CodeDeploy says of the deployment, as a code.
      returned: always, empty if it says nothing
      type: str
      sample: HEALTH_CONSTRAINTS
    error:
      description: The same in words.
      returned: always, empty if it says nothing
      type: str
      sample: The overall deployment failed because too many individual instances failed deployment.
    targets:
      description: How many targets have which status.
      returned: always
      type: dict
      sample:
        Failed: 1
        Skipped: 3
    failed_targets:
      description: The targets that failed, at most 25.
      returned: always
      type: list
      elements: dict
      contains:
        target:
          description: Id of the target.
          returned: always
          type: str
          sample: i-0a1b2c3d4e5f60718
        event:
          description: The lifecycle event that failed.
          returned: always
          type: str
          sample: AfterInstall
        script:
          description: The script that failed.
          returned: always, empty if it was none
          type: str
          sample: bin/migrate.sh
        error_code:
          description: What the agent says, as a code.
          returned: always
          type: str
          sample: ScriptFailed
        exit_code:
          description: The exit code of the script.
          returned: always, null if the agent does not name one
          type: int
          sample: 1
        message:
          description: The same in words.
          returned: always
          type: str
          sample: "Script at specified location: bin/migrate.sh failed with exit code 1"
        log_tail:
          description: The last lines that the script printed. See O(log_tail).
          returned: always, empty if it is not known
          type: str
          sample: "[stderr]no such table: orders"
        advice:
          description: What to do about it.
          returned: always, empty if nothing is known
          type: str
          sample: the disk of the instance is full
    advice:
      description: What to do, each once.
      returned: always
      type: list
      elements: str
      sample:
        - the disk of the instance is full
    unknown:
      description: What could not be read, and why.
      returned: always
      type: list
      elements: str
      sample: []
instances:
  description: After a failure in place, how many instances have what installed.
  returned: always, but not if the options themselves are wrong; null if it does not apply or is not known
  type: dict
  contains:
    new:
      description: Instances that have the revision of the last deployment.
      returned: always
      type: int
      sample: 2
    old:
      description: Instances that have what they had before.
      returned: always
      type: int
      sample: 1
    unknown:
      description: Instances on which the deployment failed while or after it replaced files.
      returned: always
      type: int
      sample: 1
timings:
  description: Seconds from the start of the call until it was planned, accepted by AWS, and ended.
  returned: always, but not if the options themselves are wrong
  type: dict
  sample:
    planned: 0.4
    accepted: 0.6
    ended: 74.1
summary:
  description: The whole call in one line. With C(-v) also the plan's id.
  returned: always, but not if the options themselves are wrong
  type: str
  sample: >-
    [prod-web] rolled_back: s3://releases/web-1.9.zip → s3://releases/web-1.8.zip in 74 s, deployment d-A1B2C3D4E
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: always, but not if the options themselves are wrong
  type: dict
  sample:
    BatchGetDeployments: 12
    CreateDeployment: 1
"""

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter import RateLimiter
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Orphaned, Outlast
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import shown
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import options as codedeploy_options
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import wording
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps.redeploy import Order, Redeploy
from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of, bound, force, keys, options
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption

MODULE_SPEC = {
    "reason": {"type": "str"},
    "log_tail": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 3600},
    "contact_timeout": {"type": "int", "default": 300},
    "slices": {"type": "int", "default": 1},
    "plan": {"type": "dict"},
    "plan_max_age": {"type": "int", "default": 86400},
    # A plan names them, too.
    "application": {"type": "str"},
    "deployment_group": {"type": "str"},
}


def plan_of(module: LastgoodAWSModule) -> shown.Shown | None:
    """The plan to carry out, None if options say what to do. Raises :class:`.BadOption`."""
    params = module.params
    if params["plan"] is None:
        for name in ("application", "deployment_group"):
            if params[name] is None:
                raise BadOption(f"{name}: no {name.replace('_', ' ')} is named. Give one, or plan")
        return None
    plan = shown.read(params["plan"], module.region or "")
    bound.beside(module.given - set(plan.lacks), codedeploy_options.SELECTION_SPEC)
    return plan


def order_of(module: LastgoodAWSModule) -> Order:
    """What the options ask for. Raises :class:`.BadOption`."""
    params = module.params
    plan = plan_of(module)
    if plan is None:
        application, group, wish = params["application"], params["deployment_group"], codedeploy_options.wish(params)
    else:
        application, group = plan.application, plan.deployment_group
        wish = plan.wish(revisions.if_given(params["revision"]), (params["deployment_config"] or "").strip())
    wait_timeout = options.wait_timeout(params["wait_timeout"])
    return Order(
        application=application.strip(),
        group=group.strip(),
        wish=wish,
        reason=params["reason"],
        wait=params["wait"],
        wait_timeout=wait_timeout,
        contact_timeout=options.contact_timeout(params["contact_timeout"]),
        log_tail=params["log_tail"],
        check_mode=module.check_mode,
        shown=plan,
        plan_max_age=options.plan_max_age(params["plan_max_age"]),
        guard_content=params["guard_content"],
        full_names=params["full_names"],
    )


def planned(module: LastgoodAWSModule, redeploy: Redeploy) -> dict[str, t.Any]:
    """The plan, for whoever carries it out, and for whoever looks up afterwards what was carried out."""
    plan = redeploy.shown
    if plan is None:
        return {"plan_id": None}
    return {"plan_id": plan.plan_id, **({"plan": plan.as_dict()} if module.check_mode else {})}


def main() -> None:
    """Redeploy, and report."""
    module = LastgoodAWSModule(
        argument_spec={**codedeploy_options.SELECTION_SPEC, **MODULE_SPEC, **keys.SPEC},
        mutually_exclusive=codedeploy_options.SELECTION_EXCLUSIVE,
        supports_check_mode=True,
    )
    try:
        order = order_of(module)
        limiter = RateLimiter(options.slices(module.params["slices"]))
    except BadOption as exc:
        # If something was shown before, more may have been done in between.
        untouched = "The deployment group was not changed." if module.params["plan"] else "Nothing was changed."
        module.fail_json(msg=f"{exc}. {untouched}")
    clock = Clock()
    patience = Outlast(clock, min(order.contact_timeout, order.wait_timeout))
    aws = Aws(module.client, limiter, patience, clock, make_beside_client=module.beside_client)
    redeploy = Redeploy(aws, order, clock)
    try:
        run = redeploy.run()
    except Orphaned:
        module.fail_json(msg="The play that this step belongs to is gone. What AWS has accepted goes on there.")
    module.warn_of(run.label, run.findings)
    for note in (*as_of.notes(order.wish.as_of), *force.notes(module.params["force"], force.REDEPLOY)):
        module.warn(note)
    told = f" (plan {redeploy.shown.plan_id})" if redeploy.shown is not None and module.verbosity else ""
    result = {**run.as_dict(), **planned(module, redeploy), "summary": f"{wording.summary(run)}{told}"}
    result["api_calls"] = aws.api_calls
    if module._diff:
        result["diff"] = run.diff()
    if not run.ok:
        module.fail_json(msg=result["summary"], **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
