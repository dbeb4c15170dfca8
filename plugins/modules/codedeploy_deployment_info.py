#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codedeploy_deployment_info
short_description: Show what a CodeDeploy deployment group would go back to, and why a deployment failed
version_added: 1.0.0
description:
  - Makes the plan that M(lastgood.aws.codedeploy_redeploy) would act on, and changes nothing.
  - Shows every revision that was deployed to the group, as far as CodeDeploy has it on record, with a verdict and the
    reason for it, the newest first.
  - Shows which targets of a deployment failed, at which lifecycle event and script, and what helps.
  - A deployment group that could not be taken back is shown with RV(outcome=refused) and the reason. That does not fail
    this module.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.info_module
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._full_names
  - lastgood.aws._codedeploy_redeploy
options:
  diagnose:
    description:
      - Id of the deployment to look at for RV(diagnosis). Without it that is the one of O(deployment_id), or else the
        newest deployment if it failed or was stopped.
    type: str
  log_tail:
    description:
      - Show the last lines that failing scripts printed, in RV(diagnosis). They may hold secrets.
    type: bool
    default: true
seealso:
  - module: lastgood.aws.codedeploy_redeploy
  - module: lastgood.aws.codedeploy_auto_rollback
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Look up what the group would go back to
  lastgood.aws.codedeploy_deployment_info:
    application: shop
    deployment_group: prod-web
  register: plan

- name: Show the revisions with their verdicts
  ansible.builtin.debug:
    msg: "{{ plan.candidates }}"

- name: Find out why a deployment failed
  lastgood.aws.codedeploy_deployment_info:
    application: shop
    deployment_group: prod-web
    diagnose: d-A1B2C3D4E
    log_tail: false
  register: looked

- name: Show which instances failed, and at what
  ansible.builtin.debug:
    msg: "{{ looked.diagnosis.failed_targets }}"
"""

RETURN = r"""
application:
  description: Name of the application.
  returned: always
  type: str
  sample: shop
deployment_group:
  description: Name of the deployment group.
  returned: always
  type: str
  sample: prod-web
region:
  description: The Region that it is in.
  returned: always
  type: str
  sample: eu-central-1
account:
  description: The account that it is in.
  returned: always, null if it was not found
  type: str
  sample: "123456789012"
deployment_group_id:
  description: Id of the deployment group, by which the agents on its instances name their files.
  returned: always, null if the group could not be read
  type: str
  sample: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
outcome:
  description: V(planned) if it would go back, V(unchanged) if there is nothing to do, V(refused) if it cannot.
  returned: always
  type: str
  sample: planned
reason:
  description: Why, in words.
  returned: always
  type: str
  sample: Succeeded at 2026-11-14T09:12:40Z
summary:
  description: All of it in one line.
  returned: always
  type: str
  sample: "[web] s3://releases/web-9.zip → s3://releases/web-8.zip  last_good: Succeeded at 2026-11-14T09:12:40Z"
method:
  description:
    - How it would go back. The methods of M(lastgood.aws.codedeploy_redeploy). V(none) together with
      RV(outcome=planned) means that a deployment would be waited for first.
  returned: always
  type: str
  sample: codedeploy_deployment
deployment_id:
  description: Id of the deployment that has brought the group to where it is, if nothing would have to be done.
  returned: always, null if something would
  type: str
  sample: d-A1B2C3D4E
current:
  description: What the group is on, or was being brought to when the last deployment ended without success.
  returned: always, null if the group could not be read
  type: dict
  contains:
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
      description: Id of the newest deployment to the group.
      returned: always, null if there is none
      type: str
      sample: d-B2C3D4E5F
    status:
      description: Status of that deployment.
      returned: always, null if there is none
      type: str
      sample: Succeeded
target:
  description: The revision that it would go back to, as it would be given to CodeDeploy.
  returned: always, null if there is none
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
  returned: always, null if there is none
  type: str
  sample: s3://releases/shop/web-1.8.zip (version 3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY)
target_source:
  description: How the target was found. The sources of M(lastgood.aws.codedeploy_redeploy).
  returned: always
  type: str
  sample: last_good
target_why:
  description: Why this one, in words.
  returned: always
  type: str
  sample: Succeeded at 2026-11-14T09:12:40Z
direction:
  description:
    - The direction from the revision that is left to the target. V(back), the group deployed it earlier. V(forward), it
      came later. V(same), nothing moves. V(unknown), the group never deployed it.
    - Only what was left for an older revision counts as bad later on. After a move that does not go back, the next one
      without a named revision begins from there.
  returned: always, null if there is no target
  type: str
  sample: back
target_deployment_id:
  description: Id of the deployment that the target is known from. Instances may still have its bundle.
  returned: always, null if none is on record
  type: str
  sample: d-C3D4E5F6G
file_exists_behavior:
  description: The content option that the redeploy would have.
  returned: always, null if nothing would be deployed
  type: str
  sample: DISALLOW
left:
  description: The revision that would be left behind, as CodeDeploy's API has it.
  returned: always, null if none would
  type: dict
  sample:
    revisionType: S3
    s3Location:
      bucket: releases
      bundleType: zip
      key: shop/web-1.9.zip
candidates:
  description: The revisions that were deployed to the group or tried, the most recently used first.
  returned: always
  type: list
  elements: dict
  contains:
    revision:
      description:
        - The revision, as CodeDeploy's API has it. If a deployment recorded no version of an object in S3, and the
          version that it took is certain, it is that one.
      returned: always
      type: dict
      sample:
        revisionType: S3
        s3Location:
          bucket: releases
          bundleType: zip
          key: shop/web-1.9.zip
    revision_name:
      description: The same in words.
      returned: always
      type: str
      sample: s3://releases/shop/web-1.9.zip
    verdict:
      description: V(good), V(bad) or V(unknown).
      returned: always
      type: str
      sample: bad
    why:
      description: What it was judged by.
      returned: always
      type: str
      sample: "CodeDeploy rolled it back at 2026-11-18T10:02:00Z (HEALTH_CONSTRAINTS: too many instances failed)"
    last_used:
      description: When it last came to the group. Of one that never did, when it was tried first.
      returned: always
      type: str
      sample: "2026-11-18T10:02:00Z"
    deployment_id:
      description: The deployment that proved it good last, or else the last one that tried it.
      returned: always
      type: str
      sample: d-C3D4E5F6G
    file_exists_behavior:
      description: The content option of that deployment.
      returned: always, null if it has none
      type: str
      sample: DISALLOW
    past:
      description: What happened to it, as far as the record goes, the oldest first.
      returned: always
      type: list
      elements: dict
      sample:
        - at: "2026-11-18T10:02:00Z"
          what: "CodeDeploy rolled it back at 2026-11-18T10:02:00Z (HEALTH_CONSTRAINTS: too many instances failed)"
          verdict: bad
          deployment_id: d-C3D4E5F6G
    current:
      description: Whether it is what the group is on now.
      returned: always
      type: bool
      sample: false
in_flight:
  description: The deployment that is still running, or that CodeDeploy may be about to roll back.
  returned: always, null if there is none
  type: dict
  sample:
    deployment_id: d-B2C3D4E5F
    status: InProgress
    creator: user
    revision:
      revisionType: S3
      s3Location:
        bucket: releases
        bundleType: zip
        key: shop/web-1.9.zip
    revision_name: s3://releases/shop/web-1.9.zip
    created_at: "2026-11-20T13:52:00Z"
last_rollback:
  description: The newest deployment that this collection made to take the group back, if one is on record.
  returned: always, null if there is none
  type: dict
  contains:
    deployment_id:
      description: Its id.
      returned: always
      type: str
      sample: d-C3D4E5F6G
    status:
      description: Its status.
      returned: always
      type: str
      sample: Succeeded
    began:
      description: When it was created.
      returned: always
      type: str
      sample: "2026-11-20T14:02:00Z"
    ended:
      description: When it ended.
      returned: always, null if it has not
      type: str
      sample: "2026-11-20T14:09:31Z"
findings:
  description: What the checks found. The same as those of M(lastgood.aws.codedeploy_redeploy).
  returned: always
  type: list
  elements: dict
  sample:
    - check: left_out
      severity: info
      message: "s3://releases/shop/web-1.9.zip: its deployment failed at 2026-11-18T10:02:00Z (HEALTH_CONSTRAINTS)"
content_warnings:
  description: What the redeploy would do to files that are on the instances, and that no revision brings back.
  returned: always
  type: list
  elements: str
  sample: []
removed_instances:
  description:
    - Instances that one of the group's last three deployments went to, that exist, and that are no longer in the group.
      They keep what was installed, and a redeploy does not reach them. The finding V(removed_instances) says the same
      in words.
    - Not for blue/green, which makes or chooses its instances for each deployment. CodeDeploy does not list the
      instances of a group, so one that was removed before these deployments is not found.
  returned: always, empty if it is not known
  type: list
  elements: dict
  contains:
    instance_id:
      description: Id of the instance in EC2, or its name on premises.
      returned: always
      type: str
      sample: i-0a1b2c3d4e5f60718
    revision:
      description: What the group installed there last, as CodeDeploy's API has it.
      returned: always, null if it is not known
      type: dict
      sample:
        revisionType: S3
        s3Location:
          bucket: releases
          bundleType: zip
          key: shop/web-1.7.zip
    revision_name:
      description: The same in words.
      returned: always, null if it is not known
      type: str
      sample: s3://releases/shop/web-1.7.zip
    deployment_id:
      description: The deployment that installed it.
      returned: always, null if it is not known
      type: str
      sample: d-9Z8Y7X6W5
  sample: []
auto_scaling_groups:
  description:
    - The Auto Scaling groups of the deployment group, if it deploys in place.
    - M(lastgood.aws.autoscaling_suspend) keeps them from moving instances during the deployment.
  returned: always
  type: list
  elements: str
  sample:
    - web
suspended_by_codedeploy:
  description:
    - The processes of these groups that CodeDeploy itself suspends during the deployment, as the deployment group is
      configured, and as O(suspend_processes) asks for.
    - Leave them out of the O(lastgood.aws.autoscaling_suspend#module:processes) that are suspended.
  returned: always
  type: list
  elements: str
  sample:
    - AZRebalance
diagnosis:
  description: Why targets of one deployment failed. The same as that of M(lastgood.aws.codedeploy_redeploy).
  returned: always, null if no deployment was looked at
  type: dict
  sample:
    deployment_id: d-B2C3D4E5F
    error_code: HEALTH_CONSTRAINTS
    error: The overall deployment failed because too many individual instances failed deployment.
    targets:
      Failed: 1
      Skipped: 2
    failed_targets:
      - target: i-0a1b2c3d4e5f60718
        event: AfterInstall
        script: bin/migrate.sh
        error_code: ScriptFailed
        message: "Script at specified location: bin/migrate.sh failed with exit code 1"
        log_tail: "[stderr]relation orders does not exist"
        exit_code: 1
        advice: everything that the script printed is on the instance, in logs/scripts.log of the deployment's directory
    advice:
      - everything that the script printed is on the instance, in logs/scripts.log of the deployment's directory
    unknown: []
plan:
  description:
    - What was seen and shown, for O(lastgood.aws.codedeploy_redeploy#module:plan). At most 1 KB as JSON.
    - What stands in it is described at RV(lastgood.aws.codedeploy_redeploy#module:plan).
  returned: always
  type: dict
  sample:
    plan_id: 5d1c0c4f3d0b
    account: "123456789012"
    region: eu-central-1
    application: shop
    deployment_group: prod-web
    left: s3://releases/shop/web-1.9.zip (version Xw8LSQkdPnUTtP8xGwTb4sXxVnCmYzLE)
    deployment: d-B2C3D4E5F
    target:
      revisionType: S3
      s3Location:
        bucket: releases
        bundleType: zip
        key: shop/web-1.8.zip
        version: 3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY
    target_deployment: d-9Z8Y7X6W5
    direction: back
    in_flight: stop
    file_exists_behavior: inherit
    rollback_events: null
    override_alarms: auto
    deployment_config: ""
    ignore_application_stop_failures: false
    update_outdated_instances_only: false
    require_pinned: false
    suspended_by_codedeploy: []
    guard_content: false
    force: []
    source: last_good
    why: Succeeded at 2026-11-14T09:12:40Z
    made: "2026-11-29T18:34:46Z"
plan_id:
  description: Id of that plan. A fingerprint, not a signature.
  returned: always
  type: str
  sample: 5d1c0c4f3d0b
as_of:
  description: The point in time of O(as_of), in UTC.
  returned: always, null if it is not given
  type: str
  sample: "2026-11-20T13:50:00Z"
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: always
  type: dict
  sample:
    BatchGetDeploymentGroups: 1
    BatchGetDeployments: 1
    ListDeployments: 1
"""

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, members
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import diagnosis, shown
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import PARTIAL
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import info, options
from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of, force, keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding


def main() -> None:
    """Plan, and show the plan."""
    module = LastgoodAWSModule(
        argument_spec={
            **options.SELECTION_SPEC,
            "diagnose": {"type": "str"},
            "log_tail": {"type": "bool", "default": True},
            **keys.SPEC,
        },
        mutually_exclusive=options.SELECTION_EXCLUSIVE,
        supports_check_mode=True,
    )
    params = module.params
    try:
        wish = options.wish(params)
    except options.BadOption as exc:
        module.fail_json(msg=f"{exc}.")
    aws = Aws(module.client, clock=Clock(), make_beside_client=module.beside_client)
    application, group = params["application"], params["deployment_group"]
    planner = Planner(aws, application, group, wish, clock=aws.clock, everything=True)
    planned = planner.make_plan()
    place = keys.Place(aws.region("codedeploy"), params["full_names"])
    line = f"[{place.label(group, application)}] {info.line(planned)}"
    progress.say(line)
    for note in (*as_of.notes(wish.as_of), *force.notes(module.params["force"], force.REDEPLOY)):
        module.warn(note)
    removed, noticed = _removed(aws, planned)
    found = info.of(planned, application, place)
    found["findings"] += [finding.as_dict() for finding in noticed]
    where = shown.Place(place.region, application, group, aws.clock.now(), params["guard_content"])
    plan = shown.of(planned, planner.wish, where)
    asked = (params["diagnose"] or wish.selection.deployment_id or "").strip()
    module.exit_json(
        changed=False,
        summary=line,
        diagnosis=_diagnosis(module, aws, info.to_diagnose(planned, asked), params["log_tail"]),
        **found,
        plan_id=plan.plan_id,
        plan=plan.as_dict(),
        removed_instances=[instance.as_dict() for instance in removed],
        as_of=as_of.shown(planner.wish.selection.as_of),
        api_calls=aws.api_calls,
    )


def _removed(aws: Aws, planned: Plan | Refusal) -> tuple[list[members.Removed], tuple[Finding, ...]]:
    if isinstance(planned, Refusal):
        return [], ()
    whole = [deployment for deployment in planned.deployments if deployment.creator not in PARTIAL]
    return members.read(aws, planned.group, whole)


def _diagnosis(module: LastgoodAWSModule, aws: Aws, deployment: str, log_tail: bool) -> dict[str, object] | None:
    if not deployment:
        return None
    try:
        found = api.batch_get_deployments(aws, [deployment]).get(deployment)
    except (AwsCallError, IncompleteAnswerError) as exc:
        module.warn(f"{deployment} was not looked at. {exc.explain()}")
        return None
    if found is None:
        module.warn(f"there is no deployment {deployment}. Check the id, the Region and the account")
        return None
    return diagnosis.collect(aws, found, log_tail).as_dict()


if __name__ == "__main__":
    main()
