# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What to do about errors of CodeDeploy and of its agent. Pure.

Sources: https://docs.aws.amazon.com/codedeploy/latest/userguide/error-codes.html (deployments), the pages "Troubleshoot
EC2/on-premises deployment issues" and "Troubleshoot instance issues" of the same guide (events), and the texts of the
agent itself (https://github.com/aws/aws-codedeploy-agent, branch 1.8.x).
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core import causes
from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import RUN_AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._core.causes import Cause

_ROLE: t.Final = "look at the policies of the deployment group's service role"
_LOAD_BALANCER: t.Final = "look at the load balancers and target groups of the deployment group"
_NO_BUNDLE: t.Final = (
    "the instance may not read the bundle: its instance profile needs s3:GetObject (of a version s3:GetObjectVersion)"
)
_LATER: t.Final = f"{RUN_AGAIN} in a few minutes"

# ErrorCode in botocore's model. Empty: the targets or CodeDeploy's own words say what to do.
DEPLOYMENT: t.Final[t.Mapping[str, str]] = {
    "AGENT_ISSUE": "check that the CodeDeploy agent is installed and running on all instances of the deployment group",
    "ALARM_ACTIVE": "an alarm of the deployment group is firing. If it is the bad version that set it off, give "
    "override_alarms: true",
    "APPLICATION_MISSING": "the application does not exist any more: look at its name and at the Region",
    "AUTOSCALING_VALIDATION_ERROR": "look at the Auto Scaling groups of the deployment group",
    "AUTO_SCALING_CONFIGURATION": "look at the Auto Scaling groups of the deployment group and their lifecycle hooks",
    "AUTO_SCALING_IAM_ROLE_PERMISSIONS": f"{_ROLE}: it needs those for Auto Scaling",
    "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND": "something the deployment needs was deleted in the meantime",
    "CUSTOMER_APPLICATION_UNHEALTHY": "the application did not become healthy: look at its own log",
    "DEPLOYMENT_GROUP_MISSING": "the deployment group does not exist any more: look at its name and at the Region",
    "ECS_UPDATE_ERROR": "look at the events of the ECS service",
    "ELASTIC_LOAD_BALANCING_INVALID": _LOAD_BALANCER,
    "ELB_INVALID_INSTANCE": f"{_LOAD_BALANCER}: an instance cannot be registered there",
    "HEALTH_CONSTRAINTS": "",
    "HEALTH_CONSTRAINTS_INVALID": "fewer instances are healthy than the deployment configuration requires: name a less "
    "strict one with deployment_config, or repair instances first",
    "HOOK_EXECUTION_FAILURE": "a hook failed: look at the log of its Lambda function",
    "IAM_ROLE_MISSING": "the service role of the deployment group does not exist: create it, or give the group another",
    "IAM_ROLE_PERMISSIONS": _ROLE,
    "INTERNAL_ERROR": f"something went wrong within CodeDeploy: {_LATER}",
    "INVALID_ECS_SERVICE": "look at the ECS service of the deployment group: it must be there, be ACTIVE, and have the "
    "deployment controller CODE_DEPLOY",
    "INVALID_LAMBDA_CONFIGURATION": "look at the alias of the Lambda function and at its routing",
    "INVALID_LAMBDA_FUNCTION": "look at the Lambda function: it, or its version, is not there",
    "INVALID_REVISION": "the AppSpec file of the revision cannot be used",
    "MANUAL_STOP": "somebody stopped it",
    "MISSING_BLUE_GREEN_DEPLOYMENT_CONFIGURATION": "the deployment group has no blue/green settings",
    "MISSING_ELB_INFORMATION": f"{_LOAD_BALANCER}: none is named",
    "MISSING_GITHUB_TOKEN": "connect the application to GitHub again, in the console of CodeDeploy",
    "NO_EC2_SUBSCRIPTION": "the account is not subscribed to Amazon EC2",
    "NO_INSTANCES": "no instance is in the deployment group: look at its tags and Auto Scaling groups, and whether the "
    "instances are running",
    "OVER_MAX_INSTANCES": "the deployment group has more instances than the account may deploy to at once: ask AWS for "
    "a higher quota",
    "RESOURCE_LIMIT_EXCEEDED": "a quota of the account is used up",
    "REVISION_MISSING": "the revision is no longer registered with the application: name another one with revision",
    "THROTTLED": f"requests of CodeDeploy in this account were throttled: {_LATER}",
    "TIMEOUT": "one of its steps took too long",
    "CLOUDFORMATION_STACK_FAILURE": "look at the events of the CloudFormation stack",
}

# LifecycleErrorCode in botocore's model. Empty: the message says what to do.
EVENT: t.Final[t.Mapping[str, str]] = {
    "Success": "",
    "ScriptMissing": "the AppSpec file names a script that the bundle does not have",
    "ScriptNotExecutable": "the script is not executable: set its mode in the bundle",
    "ScriptTimedOut": "the script ran longer than its timeout in the AppSpec file allows (3600 s if none is given)",
    "ScriptFailed": "everything that the script printed is on the instance, in logs/scripts.log of the deployment's "
    "directory",
    "UnknownError": "",
}

# What the agent, or CodeDeploy for it, says in a message, the cause outside of the revision that this names, and what
# helps. The first that fits is taken.
_TEXTS: t.Final[t.Sequence[tuple[str, Cause, str]]] = (
    (
        "specified file already exists at this location",
        "the instances",
        "a file that was not put there by a deployment of this group is in the way. Give file_exists_behavior: "
        "overwrite to replace it, or retain to keep it, or move it away on the instance",
    ),
    (
        # aws/aws-codedeploy-agent#307: sent if the agent did not take the command in time, in any event.
        "not able to receive the lifecycle event",
        "the instances",
        "the CodeDeploy agent did not answer: check that it is running, its clock is right, the instance has its "
        "instance profile, and it can reach the CodeDeploy endpoints",
    ),
    (
        # aws/aws-codedeploy-agent#402
        "after an agent restart",
        # A revision that takes all the memory ends like that, too.
        "",
        "the CodeDeploy agent restarted in the middle of it: its log says why (usually memory)",
    ),
    (
        "bundle etag",
        "",
        "the bundle in S3 was replaced since this revision was last good. Name a revision with its version",
    ),
    ("no space left on device", "the instances", "the disk of the instance is full"),
    ("access denied", "a role", _NO_BUNDLE),
    ("accessdenied", "a role", _NO_BUNDLE),
    ("specified key does not exist", "", "the bundle is no longer in S3: name another revision"),
    (
        "missing credentials",
        "a role",
        "the instance has no instance profile, or the agent was started before it had one",
    ),
)

# The scripts of these come from the revision that is left
# (https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html), and these are
# the events that ignoreApplicationStopFailures covers
# (https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html).
OF_THE_LAST_REVISION: t.Final = frozenset({"ApplicationStop", "BeforeBlockTraffic", "AfterBlockTraffic"})
_IGNORE: t.Final = (
    "this script is not from the revision being deployed: the agent runs it from the one installed last. Give "
    "ignore_application_stop_failures: true"
)


def on_deployment(code: str) -> str:
    """What to do about a deployment that failed with this code; empty if we do not know."""
    return DEPLOYMENT.get(code, "")


def on_event(event: str, code: str, message: str) -> str:
    """What to do about a lifecycle event that failed; empty if we do not know."""
    text = message.lower()
    known = next((advice for words, _cause, advice in _TEXTS if words in text), "")
    if known:
        return known
    if event in OF_THE_LAST_REVISION:
        return _IGNORE
    return EVENT.get(code, "")


def cause(event: str, message: str) -> Cause:
    """The cause outside of the revision that a lifecycle event names which failed; empty if it names none."""
    text = message.lower()
    known = next((found for words, found, _advice in _TEXTS if words in text), None)
    if known is not None:
        return known
    if event in OF_THE_LAST_REVISION:
        return "the revision that was there before"
    return causes.outside(message)
