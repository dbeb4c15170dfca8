# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    # How codedeploy_redeploy and codedeploy_deployment_info choose the revision to go back to, and how it is deployed.
    DOCUMENTATION = r"""
options:
  application:
    description:
      - Name of the CodeDeploy application.
    type: str
    required: true
  deployment_group:
    description:
      - Name of the deployment group.
    type: str
    required: true
  deployment_id:
    description:
      - Go back to what this deployment deployed. An explicit choice always wins, also over an earlier rollback.
      - At most one of O(deployment_id), O(revision), O(as_of) and O(steps_back) can be given.
    type: str
  revision:
    description:
      - The revision to go back to, as C(s3://bucket/key?versionId=...), as C(github:owner/repository@commit), or as the
        dictionary that CodeDeploy's API takes (C(revisionType) with C(s3Location), C(gitHubLocation), C(appSpecContent)
        or C(string), in camel case or in snake case).
      - After the question mark of an S3 location there may be C(versionId), C(etag) and C(bundleType), separated by
        C(&). The name shows what kind of bundle it is, or C(bundleType) says so.
      - A place without a version means the version of it that was deployed to the group; if several were, name one. The
        first digits of a commit are enough if it was deployed to the group.
    type: raw
  as_of:
    description:
      - Go back to what the deployment group was on at this time, in ISO 8601 with its offset (V(2026-11-20T13:50:00Z),
        V(2026-11-20T15:50:00+02:00)), or as an age, in weeks, days, hours, minutes and seconds (V(-2h), V(-90m),
        V(-1d)).
      - Without an offset it is UTC, with a warning. A time in the future is refused, by AWS's clock.
    type: str
  steps_back:
    description:
      - Go back to the n-th good revision, counted from what is there now. Without O(deployment_id), O(revision),
        O(as_of) and this, it is the first one, V(1).
      - If CodeDeploy or somebody has already returned the group, V(2) and more are counted from the revision that was
        left, so that asking twice does not go back twice.
    type: int
  force:
    description:
      - Guards to turn off, each by its own word, as a list or a text with commas.
      - V(again), go back although the group was already returned and nothing was deployed since, or deploy what you
        name even if it is there already.
      - V(marked), V(barrier), V(family) and V(stack) are known, and turn nothing off here.
      - V(true) turns off all of them, with a warning that says which. V(false) and an empty list turn off none.
    type: list
    elements: str
    default: []
  in_flight:
    description:
      - What to do with a deployment that is still running. One that already leads to the target is followed to its end.
      - V(stop) stops it. If CodeDeploy's own rollback leads to the target and nothing else is asked for, that is all;
        otherwise the target is deployed once the running deployment has ended, since a group runs one at a time. It is
        checked first whether CodeDeploy would accept that deployment, as far as this can be read.
      - V(wait) lets it end, and then decides again. V(refuse) refuses.
    type: str
    choices:
      - stop
      - wait
      - refuse
    default: stop
  file_exists_behavior:
    description:
      - What the CodeDeploy agent does if a file is in the way of one in the revision and was not put there by the last
        deployment. V(disallow) lets the deployment fail, V(overwrite) replaces the file, V(retain) keeps it. V(fail) is
        another word for V(disallow).
      - V(inherit) uses the setting of the deployment that proved the revision good, as CodeDeploy's own rollbacks do.
      - A C(file_exists_behavior) in the AppSpec file of the revision takes precedence on the instances.
      - Only for the compute platform V(Server).
    type: str
    choices:
      - inherit
      - disallow
      - fail
      - overwrite
      - retain
    default: inherit
  rollback_events:
    description:
      - On which events CodeDeploy rolls this one deployment back by itself. Any of V(DEPLOYMENT_FAILURE),
        V(DEPLOYMENT_STOP_ON_ALARM) and V(DEPLOYMENT_STOP_ON_REQUEST).
      - An empty list, and V(none) alone, switch it off. Without this option the deployment group's own setting
        applies.
    type: list
    elements: str
  override_alarms:
    description:
      - Whether alarms of the deployment group may stop this one deployment. The alarm that the bad revision has set off
        is often still firing when the good one is deployed.
      - V(auto) ignores those that are firing now, V(true) all of them, V(false) none. With V(false), nothing is
        deployed or stopped while one is firing, because it would stop the deployment.
      - Ignoring alarms needs the permission C(codedeploy:UpdateDeploymentGroup).
    type: str
    choices:
      - auto
      - "true"
      - "false"
    default: auto
  deployment_config:
    description:
      - Name of the deployment configuration for this one deployment, instead of the deployment group's. One that does
        not exist, or is for another compute platform, is refused before anything is written.
    type: str
  ignore_application_stop_failures:
    description:
      - Continue if the C(ApplicationStop) script fails. It comes from the revision installed last, which is often the
        bad one.
      - Only for the compute platform V(Server).
    type: bool
    default: false
  update_outdated_instances_only:
    description:
      - Deploy only to instances that are not on the group's target revision. After a deployment that failed halfway,
        those may not be the instances that have to go back, so it is best left off.
      - Only for the compute platform V(Server).
    type: bool
    default: false
  suspend_processes:
    description:
      - Processes that CodeDeploy suspends in the Auto Scaling groups of the deployment group during this one
        deployment, in addition to those that the deployment group names. CodeDeploy resumes them when the deployment
        has ended, and the module checks that.
      - Only for deployments in place on the compute platform V(Server), and with botocore 1.44.0 or newer. A finding
        names what CodeDeploy does not suspend, because botocore is older or because it is suspended already.
        M(lastgood.aws.autoscaling_suspend) can suspend all that.
    type: list
    elements: str
    choices:
      - Terminate
      - AZRebalance
      - InstanceRefresh
      - ScheduledActions
    default: []
  guard_content:
    description:
      - Say in RV(plan) that files on the instances are kept through the redeploy, as the playbook
        C(lastgood.aws.redeploy) does with C(rollback_guard_content). The module itself does nothing about it.
    type: bool
    default: false
  require_pinned:
    description:
      - Refuse a revision that is not proven to be what it was when it was good. One in S3 is proven by a version or an
        ETag, one in GitHub by its commit.
    type: bool
    default: false
"""
