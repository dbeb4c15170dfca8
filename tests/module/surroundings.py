# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is around a service in the simulator: listeners, secrets, files, roles; and APIs that do not answer."""

from __future__ import annotations

import json
import typing as t
from io import BytesIO

import pytest
from botocore.awsrequest import AWSResponse

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from lastgood_simulator.ecs.state import all_states
from tests.module.services import ACCOUNT, CLUSTER, Shop
from tests.module.strategies import BLUE_GREEN
from tests.world import REGION

SSM = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop/0a1b2c3d"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
LISTENER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/net/web/0123456789abcdef/0123456789abcdef"
NETWORK_GROUPS = ("net-blue", "net-green")
_DESCRIBE_LISTENERS = """<DescribeListenersResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">
<DescribeListenersResult><Listeners><member><ListenerArn>{listener}</ListenerArn><DefaultActions><member>
<Type>forward</Type><TargetGroupArn>{group}</TargetGroupArn></member></DefaultActions></member></Listeners>
</DescribeListenersResult></DescribeListenersResponse>"""
_DESCRIBE_STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>shop</StackName><StackId>{stack}</StackId>
<CreationTime>2026-11-20T12:00:00Z</CreationTime><StackStatus>{status}</StackStatus></member></Stacks>
</DescribeStacksResult></DescribeStacksResponse>"""


class Wire:
    """What happens to requests of the modules on their way, by operation: an error of botocore's, or an answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.meets: dict[str, Exception | str] = {}
        self.met: list[str] = []
        client = Aws.client

        def watched(aws: Aws, service: str) -> t.Any:
            is_new = service not in aws._clients
            found = client(aws, service)
            if is_new:
                found.meta.events.register_first("before-send", self._before_send)
            return found

        monkeypatch.setattr(Aws, "client", watched)

    def _before_send(self, event_name: str, request: t.Any, **_more: t.Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        meets = self.meets.get(operation)
        if meets is None:
            return None
        self.met.append(operation)
        if isinstance(meets, Exception):
            raise meets
        return AWSResponse(request.url, 200, {}, _Raw(meets.encode()))

    def stack_is(self, status: str) -> None:
        """CloudFormation's answer. moto's own needs packages that weigh more than all the others."""
        self.meets["DescribeStacks"] = _DESCRIBE_STACKS.format(stack=STACK, status=status)

    def listener_forwards_to(self, group: str) -> None:
        """Elastic Load Balancing's answer for a Network Load Balancer, which moto treats as one with rules."""
        self.meets["DescribeListeners"] = _DESCRIBE_LISTENERS.format(listener=LISTENER, group=group)


class _Raw(BytesIO):
    def stream(self, *_args: t.Any, **_options: t.Any) -> t.Iterator[bytes]:
        yield self.read()


def belongs_to_a_stack() -> None:
    """The service ``web``, that is. Nobody but AWS can write tags that begin with aws:."""
    [state] = all_states()
    tags = {"aws:cloudformation:stack-name": "shop", "aws:cloudformation:stack-id": STACK}
    state.services[f"{CLUSTER}:web"].tags.extend({"key": key, "value": value} for key, value in tags.items())


# -- what a container names


def awslogs(group: str, **options: str) -> dict[str, t.Any]:
    """A container that logs to this group."""
    return {
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": group, "awslogs-region": REGION, **options},
        }
    }


def secrets(*values: str) -> dict[str, t.Any]:
    """A container with these secrets."""
    return {"secrets": [{"name": f"S{n}", "valueFrom": value} for n, value in enumerate(values)]}


def environment_file(key: str) -> dict[str, t.Any]:
    """A container with an environment file in the bucket ``shop``."""
    return {"environmentFiles": [{"type": "s3", "value": f"arn:aws:s3:::shop/{key}"}]}


# -- listeners


def forward(blue: str, green: str, *weights: int) -> list[dict[str, t.Any]]:
    """The action of a listener or a rule that shares out the traffic."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip((blue, green), weights, strict=True)]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


class Balancer:
    """A load balancer with a listener rule, and its two target groups."""

    def __init__(self, shop: Shop) -> None:
        ec2, self.elb = shop.world.client("ec2"), shop.world.client("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
            for n, zone in enumerate("ab")
        ]
        made = self.elb.create_load_balancer(Name="lb", Subnets=[s["SubnetId"] for s in subnets])["LoadBalancers"][0]
        more = {"Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip"}
        self.blue, self.green = (
            self.elb.create_target_group(Name=name, **more)["TargetGroups"][0]["TargetGroupArn"]
            for name in ("blue", "green")
        )
        listener = self.elb.create_listener(
            LoadBalancerArn=made["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )["Listeners"][0]["ListenerArn"]
        self.rule = self.elb.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
            Actions=forward(self.blue, self.green, 100, 0),
        )["Rules"][0]["RuleArn"]

    def of_service(self) -> dict[str, t.Any]:
        """What a service says that is behind the rule."""
        return balanced(self.blue, self.green, self.rule)

    def set_weights(self, *weights: int) -> None:
        """Those of blue and green."""
        self.elb.modify_rule(RuleArn=self.rule, Actions=forward(self.blue, self.green, *weights))


def balanced(blue: str, green: str, listener: str) -> dict[str, t.Any]:
    """What a service says that is behind this listener, or listener rule."""
    advanced = {"alternateTargetGroupArn": green, "productionListenerRule": listener, "roleArn": f"{ROLE}/lb"}
    return {"targetGroupArn": blue, "containerName": "app", "containerPort": 80, "advancedConfiguration": advanced}


# -- all of it


def service_with_everything(shop: Shop, wire: Wire) -> None:
    """web:1 was good and names something of every kind, all of which is there; web:2 is in service."""
    wire.stack_is("UPDATE_COMPLETE")
    wire.listener_forwards_to(_group(NETWORK_GROUPS[0]))
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web"
    _push(shop, "1")
    ssm, iam = shop.world.client("ssm"), shop.world.client("iam")
    ssm.put_parameter(Name="/shop/key", Value="value", Type="String")
    secret = shop.world.client("secretsmanager").create_secret(Name="db", SecretString="value")["ARN"]
    shop.world.client("logs").create_log_group(logGroupName="/shop/web")
    iam.create_role(RoleName="web", AssumeRolePolicyDocument="{}")
    files = shop.world.client("s3")
    files.create_bucket(Bucket="shop", CreateBucketConfiguration={"LocationConstraint": REGION})
    files.put_object(Bucket="shop", Key="prod.env", Body=b"KEY=value")
    container = {
        "name": "app",
        "image": f"{image}:1",
        "essential": True,
        "memory": 128,
        "portMappings": [{"containerPort": 80}],
        **awslogs("/shop/web"),
        **secrets(secret, f"{SSM}/shop/key"),
        **environment_file("prod.env"),
    }
    for more in ({"taskRoleArn": f"{ROLE}/web", "volumes": [volume(shop)]}, {}):
        shop.world.ecs.register_task_definition(
            family="web",
            containerDefinitions=[container],
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            **more,
        )
    shop.world.alarm()
    watched = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}}
    shop.create(
        "web:1",
        settle=3600,
        deploymentConfiguration={**BLUE_GREEN, **watched},
        loadBalancers=[Balancer(shop).of_service(), balanced(*(_group(name) for name in NETWORK_GROUPS), LISTENER)],
    )
    shop.deploy("web:2", settle=3600)
    shop.world.make_scalable(CLUSTER, "web", 1, 5)
    belongs_to_a_stack()


def _group(name: str) -> str:
    return f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/0123456789abcdef"


def _push(shop: Shop, tag: str) -> None:
    ecr = shop.world.client("ecr")
    ecr.create_repository(repositoryName="web")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": tag}]})
    ecr.put_image(repositoryName="web", imageManifest=manifest, imageTag=tag)


def volume(shop: Shop) -> dict[str, t.Any]:
    """An EFS file system with an access point, as a volume ``data``."""
    efs = shop.world.client("efs")
    made = efs.create_file_system(CreationToken="data")["FileSystemId"]
    access = efs.create_access_point(ClientToken="data", FileSystemId=made)["AccessPointId"]
    authorization = {"accessPointId": access, "iam": "ENABLED"}
    settings = {"fileSystemId": made, "transitEncryption": "ENABLED", "authorizationConfig": authorization}
    return {"name": "data", "efsVolumeConfiguration": settings}
