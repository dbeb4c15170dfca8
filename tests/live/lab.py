# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The throw-away cluster, what checks make in it, and how all of it is deleted again."""

from __future__ import annotations

import contextlib
import json
import secrets
import typing as t
from collections.abc import Callable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from tests.live.check import Never, NotRun
from tests.live.place import ONE_TRY, PATIENT, Place
from tests.live.trace import Recorder

TAG = "lastgood-live"
PREFIX = "lastgood-live-"
ROLE_PATH = "/lastgood-live/"
# Public, a few megabytes, and made for several architectures.
IMAGE = "public.ecr.aws/docker/library/busybox:1.36"
OTHER_IMAGE = "public.ecr.aws/docker/library/busybox:1.37"
MISSING_IMAGE = "public.ecr.aws/docker/library/busybox:lastgood-does-not-exist"
_TRIES = 40
_BETWEEN = 5.0


class Cleanup:
    """What has to be deleted, the newest first. Something that cannot be deleted yet is tried again."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._steps: list[tuple[str, Callable[[], t.Any]]] = []

    def add(self, what: str, delete: Callable[[], t.Any]) -> None:
        """``delete`` may be called several times."""
        self._steps.append((what, delete))

    def run(self) -> list[str]:
        """Delete everything; returns what could not be deleted, and why."""
        left = []
        while self._steps:
            what, delete = self._steps.pop()
            problem = self._patiently(delete)
            if problem:
                left.append(f"{what}: {problem}")
        return left

    def _patiently(self, delete: Callable[[], t.Any]) -> str:
        problem = ""
        for _try in range(_TRIES):
            try:
                delete()
            except ClientError as error:
                problem = error.response.get("Error", {}).get("Code", "?")
                if "NotFound" in problem or problem == "NoSuchEntity":
                    return ""
            except BotoCoreError as error:
                problem = type(error).__name__
            else:
                return ""
            self._sleep(_BETWEEN)
        return problem


class Lab:
    """One run: a place, a name, clients that are recorded, and what was made."""

    def __init__(self, place: Place, recorder: Recorder, given: t.Mapping[str, str] | None = None) -> None:
        self.place = place
        self.recorder = recorder
        self.given = dict(given or {})
        self.run = PREFIX + secrets.token_hex(4)
        self.tags = {TAG: self.run}
        self.kept = Cleanup(place.sleep)
        self.cleanup = Cleanup(place.sleep)
        self._names = 0
        self._clients: dict[tuple[str, str, bool], t.Any] = {}
        self._session = place.session()
        self._roles: dict[str, str] = {}
        self.account = str(self.client("sts").get_caller_identity()["Account"])

    # -- clients

    def client(self, service: str, name: str = "", session: t.Any = None, patient: bool = True) -> t.Any:
        """A client whose requests are written down under ``name``. One that is not patient sends each only once."""
        key = (service, name, patient)
        if session is None and key in self._clients:
            return self._clients[key]
        made = (session or self._session).client(service, config=PATIENT if patient else ONE_TRY)
        self.recorder.watch(made, name or "kit")
        if session is None:
            self._clients[key] = made
        return made

    @property
    def ecs(self) -> t.Any:
        """A client of Amazon ECS."""
        return self.client("ecs")

    # -- time

    def wait(self, what: str, is_so: Callable[[], t.Any], limit: float = 300, every: float = 2) -> float:
        """Look until ``is_so``; returns how many seconds it took. Raises Never after ``limit`` seconds."""
        begin = self.place.now()
        while not is_so():
            if self.place.now() - begin > limit:
                raise Never(f"{what} did not happen within {limit:.0f} s")
            self.place.sleep(every)
        return round(self.place.now() - begin, 1)

    def settle(self) -> None:
        """Let so much time pass that answers show the present."""
        self.place.sleep(5)

    # -- the cluster and what is in it

    def name(self, what: str) -> str:
        """A name that nothing else of this run has."""
        self._names += 1
        return f"{self.run}-{what}-{self._names}"

    def open(self) -> None:
        """Make the cluster."""
        self.kept.add("the cluster", lambda: self.ecs.delete_cluster(cluster=self.run))
        self.ecs.create_cluster(clusterName=self.run, tags=ecs_tags(self.tags))

    def close(self) -> list[str]:
        """Delete everything; returns what is left."""
        return [*self.cleanup.run(), *self.kept.run()]

    def define(self, image: str = IMAGE, family: str = "", **more: t.Any) -> str:
        """Register a task definition of one container that sleeps, for a cluster without instances; returns its ARN."""
        container = {"name": "app", "image": image, "essential": True, "memory": 128, "command": ["sleep", "3600"]}
        answer = self.ecs.register_task_definition(
            family=family or self.name("task"),
            **{
                "containerDefinitions": [container],
                "requiresCompatibilities": ["EC2"],
                "networkMode": "bridge",
                "tags": ecs_tags(self.tags),
                **more,
            },
        )
        arn = str(answer["taskDefinition"]["taskDefinitionArn"])
        self.cleanup.add(f"task definition {arn}", lambda: forget_task_definition(self.ecs, arn))
        return arn

    def define_fargate(self, image: str = IMAGE, family: str = "") -> str:
        """The same for Fargate, as small as it can be."""
        more = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}
        return self.define(image, family, **more)

    def service(self, task_definition: str, desired: int = 0, **more: t.Any) -> str:
        """Create a service; returns its name. Without a launch type nothing ever runs, and nothing is paid."""
        name = self.name("service")
        self.cleanup.add(f"service {name}", lambda: forget_service(self.ecs, self.run, name))
        self.ecs.create_service(
            cluster=self.run,
            serviceName=name,
            taskDefinition=task_definition,
            desiredCount=desired,
            tags=ecs_tags(self.tags),
            **{"launchType": "EC2", **more},
        )
        # What was just created is not known everywhere yet.
        self.wait(f"service {name}", lambda: self._is_known(name), 60, 0.5)
        return name

    def _is_known(self, name: str) -> bool:
        if not self.ecs.describe_services(cluster=self.run, services=[name])["services"]:
            return False
        found: list[t.Any] = []
        code, _text = refusal(lambda: found.extend(self.records(name)))
        return not code and bool(found)

    def fargate(self, task_definition: str, **more: t.Any) -> str:
        """Create a service with one task on Fargate, and wait until it runs."""
        network = {"awsvpcConfiguration": {**self.network(), "assignPublicIp": "ENABLED"}}
        name = self.service(task_definition, 1, launchType="FARGATE", networkConfiguration=network, **more)
        self.wait(f"the first deployment of {name}", lambda: self.completed(name), 600, 5)
        return name

    def update(self, service: str, **what: t.Any) -> dict[str, t.Any]:
        """UpdateService; returns the service that it answers with."""
        return dict(self.ecs.update_service(cluster=self.run, service=service, **what)["service"])

    def describe(self, service: str, client: t.Any = None) -> dict[str, t.Any]:
        """DescribeServices of one service."""
        return dict((client or self.ecs).describe_services(cluster=self.run, services=[service])["services"][0])

    def completed(self, service: str) -> bool:
        """It has one deployment, and that is complete."""
        found = self.describe(service)["deployments"]
        return [deployment.get("rolloutState") for deployment in found] == ["COMPLETED"]

    def records(self, service: str, **filters: t.Any) -> list[dict[str, t.Any]]:
        """All service deployments, in AWS's order."""
        answer = self.ecs.list_service_deployments(cluster=self.run, service=service, **filters)
        found = list(answer["serviceDeployments"])
        while answer.get("nextToken"):
            answer = self.ecs.list_service_deployments(
                cluster=self.run, service=service, nextToken=answer["nextToken"], **filters
            )
            found += answer["serviceDeployments"]
        return found

    def record(self, arn: str) -> dict[str, t.Any]:
        """One service deployment, empty if AWS does not know it."""
        found = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
        return dict(found[0]) if found else {}

    def current(self, service: str) -> str:
        """The ARN of the newest service deployment, once AWS lists one that is not over or shows it."""
        return str(self.describe(service).get("currentServiceDeployment") or "")

    def begun(self, service: str, task_definition: str, **more: t.Any) -> str:
        """Start a deployment; returns the ARN of its record."""
        before = {record["serviceDeploymentArn"] for record in self.records(service)} | {self.current(service)}
        self.update(service, taskDefinition=task_definition, **more)
        found: list[str] = []

        def is_there() -> bool:
            shown = [self.current(service), *(record["serviceDeploymentArn"] for record in self.records(service))]
            found[:] = [arn for arn in shown if arn and arn not in before]
            return bool(found)

        self.wait(f"the record of a deployment of {service}", is_there, 60, 1)
        return found[0]

    def followed(self, arn: str, limit: float = 900, every: float = 2) -> list[str]:
        """The statuses that a service deployment goes through until it ends."""
        seen: list[str] = []

        def has_ended() -> bool:
            status = str(self.record(arn).get("status", ""))
            if status and seen[-1:] != [status]:
                seen.append(status)
            return status in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")

        self.wait(f"the end of {arn.rpartition('/')[2]}", has_ended, limit, every)
        return seen

    # -- what an account may lack

    def network(self) -> dict[str, t.Any]:
        """Subnets and a security group of the default VPC, or those given. Raises NotRun."""
        if self.given.get("subnets"):
            groups = self.given.get("security_groups", "")
            return {
                "subnets": self.given["subnets"].split(","),
                **({"securityGroups": groups.split(",")} if groups else {}),
            }
        ec2 = self.client("ec2")
        found = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        if not found:
            raise NotRun("there is no default VPC; name subnets with --subnets")
        inside = [{"Name": "vpc-id", "Values": [found[0]["VpcId"]]}]
        subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]]
        return {"subnets": subnets[:3]}

    def role(self, kind: str) -> str:
        """The ARN of a role that was given, or made for this run: assumed, codedeploy or task. Raises NotRun."""
        if self.given.get(f"{kind}_role"):
            return self.given[f"{kind}_role"]
        if kind not in self._roles:
            self._roles[kind] = self._make_role(kind)
        return self._roles[kind]

    def _make_role(self, kind: str) -> str:
        iam, name = self.client("iam"), f"{self.run}-{kind}"
        trusted: dict[str, t.Any] = {
            "assumed": {"AWS": f"arn:aws:iam::{self.account}:root"},
            "codedeploy": {"Service": "codedeploy.amazonaws.com"},
            "task": {"Service": "ecs-tasks.amazonaws.com"},
        }[kind]
        trust = {"Version": "2012-10-17", "Statement": [_statement("sts:AssumeRole", Principal=trusted)]}
        # What a role may do limits what a session policy can allow, so this one may do all that the checks try.
        allowed = {"assumed": ["ecs:*", "iam:PassRole"], "codedeploy": ["ec2:Describe*", "tag:GetResources"]}.get(kind)
        try:
            made = iam.create_role(
                RoleName=name,
                Path=ROLE_PATH,
                AssumeRolePolicyDocument=json.dumps(trust),
                Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "?")
            raise NotRun(
                f"there is no role to use: CreateRole was refused ({code}); name one with --{kind}-role"
            ) from None
        self.kept.add(f"role {name}", lambda: forget_role(iam, name))
        if allowed:
            policy = {"Version": "2012-10-17", "Statement": [_statement(allowed, Resource="*")]}
            iam.put_role_policy(RoleName=name, PolicyName="lastgood-live", PolicyDocument=json.dumps(policy))
        # IAM's changes take a while to reach every Region.
        self.place.sleep(15)
        return str(made["Role"]["Arn"])

    @contextlib.contextmanager
    def allowed(self, *statements: dict[str, t.Any]) -> Iterator[t.Any]:
        """A client of Amazon ECS that may do only this. Raises NotRun if there is no role to assume."""
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        with self.place.assumed(self.role("assumed"), policy) as session:
            yield self.client("ecs", "limited", session)


def _statement(action: t.Any, **more: t.Any) -> dict[str, t.Any]:
    return {"Effect": "Allow", "Action": action, **more}


def refusal(do: Callable[[], t.Any]) -> tuple[str, str]:
    """The code and the text of AWS's refusal; empty if it did not refuse."""
    try:
        do()
    except ClientError as error:
        found = error.response.get("Error", {})
        return str(found.get("Code", "?")), str(found.get("Message", ""))
    return "", ""


def ecs_tags(tags: t.Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as Amazon ECS spells them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def forget_task_definition(ecs: t.Any, arn: str) -> None:
    """Deregister a task definition and delete it. AWS removes it later, and nothing is paid for it."""
    ecs.deregister_task_definition(taskDefinition=arn)
    ecs.delete_task_definitions(taskDefinitions=[arn])


def forget_service(ecs: t.Any, cluster: str, name: str) -> None:
    """Delete a service with its tasks."""
    ecs.delete_service(cluster=cluster, service=name, force=True)


def forget_role(iam: t.Any, name: str) -> None:
    """Delete a role with its policies."""
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)
