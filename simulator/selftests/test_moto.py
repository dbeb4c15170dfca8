# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of moto that nobody promised us. When one of these fails, read the simulator before raising the pin."""

from __future__ import annotations

import importlib.metadata
import inspect

import moto.core.models
from moto import settings
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, FakeScalableTarget
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.core.authorization import ActionAuthenticatorMixin
from moto.ecs.models import Cluster as MotoCluster
from moto.ecs.models import EC2ContainerServiceBackend
from moto.elbv2.models import ELBv2Backend, FakeAction, FakeListener, FakeListenerRule, FakeLoadBalancer
from moto.iam.access_control import IAMPolicy, IAMRequest
from moto.iam.models import get_account_id_from
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.sns.models import SNSBackend, Topic
from moto.sts.models import STSBackend


def _parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


def test_the_version_is_the_one_that_was_read() -> None:
    major, minor = importlib.metadata.version("moto").split(".")[:2]
    assert (major, minor) == ("5", "2"), "moto >=5.2,<5.3 is what this was written against"


def test_backends_keep_their_things_where_we_look() -> None:
    ecs = EC2ContainerServiceBackend("us-east-1", "123456789012")
    assert [ecs.services, ecs.task_definitions, ecs.clusters, ecs.container_instances] == [{}, {}, {}, {}]
    assert "self.services.values()" in inspect.getsource(EC2ContainerServiceBackend.iter_tagged_resources)
    for name in ("active_services_count", "running_tasks_count", "pending_tasks_count", "arn", "tags"):
        assert f"self.{name} =" in inspect.getsource(MotoCluster.__init__)
    scaling = ApplicationAutoscalingBackend("us-east-1", "123456789012")
    assert scaling.targets == {}
    assert _parameters(ApplicationAutoscalingBackend.register_scalable_target)[1:] == [
        "namespace",
        "r_id",
        "dimension",
        "min_capacity",
        "max_capacity",
        "role_arn",
        "suspended_state",
    ]
    for name in ("min_capacity", "max_capacity", "suspended_state", "role_arn", "creation_time"):
        assert f"self.{name} =" in inspect.getsource(FakeScalableTarget.__init__)
    assert CloudWatchBackend("us-east-1", "123456789012").alarms == {}
    assert "self.state_value =" in inspect.getsource(Alarm.__init__)
    assert AutoScalingBackend("us-east-1", "123456789012").autoscaling_groups == {}
    assert "self._suspended_processes = processes" in inspect.getsource(FakeAutoScalingGroup)


def test_listeners_forward_by_actions() -> None:
    assert dict(ELBv2Backend("us-east-1", "123456789012").load_balancers) == {}
    assert "self.listeners" in inspect.getsource(FakeLoadBalancer.__init__)
    for name in ("arn", "default_actions"):
        assert f"self.{name} =" in inspect.getsource(FakeListener.__init__)
    assert isinstance(inspect.getattr_static(FakeListener, "rules"), property)
    for name in ("arn", "actions"):
        assert f"self.{name} =" in inspect.getsource(FakeListenerRule.__init__)
    action = FakeAction({"Type": "forward", "TargetGroupArn": "group"})
    assert (action.type, action.data["TargetGroupArn"]) == ("forward", "group")


def test_topics_can_be_published_to() -> None:
    assert dict(SNSBackend("us-east-1", "123456789012").topics) == {}
    assert _parameters(Topic.publish)[1:3] == ["message", "subject"]


def test_reset_makes_backends_afresh() -> None:
    ecs = EC2ContainerServiceBackend("us-east-1", "123456789012")
    ecs.__dict__["ours"] = 1
    ecs.reset()
    assert "ours" not in ecs.__dict__
    assert callable(moto_api_backend.reset)


def test_requests_pass_where_we_stand() -> None:
    assert _parameters(moto.core.models.botocore_stubber.process_request) == ["request"]
    assert _parameters(create_backend_app) == ["service"]
    assert _parameters(DomainDispatcherApplication.get_application) == ["self", "environ"]
    assert issubclass(MotoRequestHandler, object)
    assert _parameters(get_account_id_from) == ["access_key"]
    assert _parameters(STSBackend.get_caller_identity) == ["self", "access_key_id", "region"]
    assert ActionAuthenticatorMixin.request_count >= 0
    assert settings.INITIAL_NO_AUTH_ACTION_COUNT > 0
    assert _parameters(IAMRequest) == ["account_id", "method", "path", "data", "body", "headers", "action"]
    assert IAMPolicy('{"Statement": []}')._policy_json == {"Statement": []}
