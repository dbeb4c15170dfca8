# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the questions are asked: an account of AWS, or the simulator."""

from __future__ import annotations

import contextlib
import json
import os
import time
import typing as t
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest import mock

import boto3
from botocore import auth
from botocore.config import Config

from tests.simulator import Simulator

# What somebody has to say who wants this to run against an account.
CONFIRMATION = ("LASTGOOD_LIVE", "yes-spend-cents")
# Answers as they are, not as a client's patience makes them.
ONE_TRY = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30)
_REGISTRY = "https://public.ecr.aws"
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=10, read_timeout=30)


class NotConfirmed(Exception):
    """Nobody has said that this may run against an account."""


class Place(t.Protocol):
    """An account and Region, or the simulator in process."""

    source: str
    region: str

    def session(self) -> t.Any:
        """A session of boto3 with the credentials of the run."""

    def assumed(self, role: str, policy: t.Mapping[str, t.Any]) -> contextlib.AbstractContextManager[t.Any]:
        """A session with a role and a session policy."""

    def unknown(self) -> contextlib.AbstractContextManager[t.Any]:
        """A session with credentials that do not exist."""

    def clock_off(self, seconds: float) -> contextlib.AbstractContextManager[None]:
        """The clock of this machine is ``seconds`` behind AWS's."""

    def now(self) -> float:
        """Seconds since some moment."""

    def epoch(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""

    def missing(self, image: str) -> None:
        """This image does not exist."""

    def index_digest(self, image: str) -> str:
        """The digest that a tag of a public image has in its registry."""

    def throttled(self) -> contextlib.AbstractContextManager[None]:
        """AWS's request quotas count."""


class Account:
    """AWS itself, with the credentials that boto3 finds."""

    source = "aws"

    def __init__(self, region: str, environment: t.Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        variable, value = CONFIRMATION
        if environment.get(variable) != value:
            raise NotConfirmed(f"say {variable}={value} to create and delete resources in your account")
        if "PYTEST_VERSION" in environment or "PYTEST_CURRENT_TEST" in environment:
            raise NotConfirmed("no test may use an account")
        self.region = region

    def session(self) -> t.Any:
        return boto3.Session(region_name=self.region)

    @contextlib.contextmanager
    def assumed(self, role: str, policy: t.Mapping[str, t.Any]) -> Iterator[t.Any]:
        answer = (
            self.session()
            .client("sts")
            .assume_role(RoleArn=role, RoleSessionName="lastgood-live", Policy=json.dumps(policy), DurationSeconds=900)
        )
        yield _session(answer["Credentials"], self.region)

    @contextlib.contextmanager
    def unknown(self) -> Iterator[t.Any]:
        yield boto3.Session("AKIAEXAMPLEEXAMPLE00", "it-opens-nothing", region_name=self.region)

    @contextlib.contextmanager
    def clock_off(self, seconds: float) -> Iterator[None]:
        def behind(remove_tzinfo: bool = True) -> datetime:
            moment = datetime.now(UTC) - timedelta(seconds=seconds)
            return moment.replace(tzinfo=None) if remove_tzinfo else moment

        with mock.patch.object(auth, "get_current_datetime", behind):
            yield

    def now(self) -> float:
        return time.monotonic()

    def epoch(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def missing(self, image: str) -> None:
        """It is true already."""

    def index_digest(self, image: str) -> str:
        repository, _colon, tag = image.removeprefix("public.ecr.aws/").partition(":")
        return _manifest_digest(repository, tag)

    @contextlib.contextmanager
    def throttled(self) -> Iterator[None]:
        yield


class Simulated:
    """The simulator in this process, as late as its profile ``aws`` says. Sleeping moves its clock."""

    source = "simulator"

    def __init__(self, simulator: Simulator, region: str = "eu-central-1") -> None:
        self.simulator = simulator
        self.region = region
        simulator.profile("aws")

    def session(self) -> t.Any:
        return boto3.Session(region_name=self.region)

    @contextlib.contextmanager
    def assumed(self, role: str, policy: t.Mapping[str, t.Any]) -> Iterator[t.Any]:
        # moto knows no session policies, so for that time it is the role's own.
        name = role.rpartition("/")[2]
        session = self.session()
        iam = session.client("iam")
        own = {
            known: iam.get_role_policy(RoleName=name, PolicyName=known)["PolicyDocument"]
            for known in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        for known in own:
            iam.put_role_policy(RoleName=name, PolicyName=known, PolicyDocument=json.dumps(policy))
        sts = session.client("sts")
        answer = sts.assume_role(RoleArn=role, RoleSessionName="lastgood-live", Policy=json.dumps(policy))
        try:
            with _policies_count():
                yield _session(answer["Credentials"], self.region)
        finally:
            for known, document in own.items():
                iam.put_role_policy(RoleName=name, PolicyName=known, PolicyDocument=json.dumps(document))

    @contextlib.contextmanager
    def unknown(self) -> Iterator[t.Any]:
        with _policies_count():
            yield boto3.Session("AKIAEXAMPLEEXAMPLE00", "it-opens-nothing", region_name=self.region)

    @contextlib.contextmanager
    def clock_off(self, seconds: float) -> Iterator[None]:
        self.simulator.skew(seconds)
        try:
            yield
        finally:
            self.simulator.skew(0)

    def now(self) -> float:
        return self.simulator.machine_time()

    def epoch(self) -> float:
        return self.simulator.now()

    def sleep(self, seconds: float) -> None:
        self.simulator.advance(seconds)

    def missing(self, image: str) -> None:
        self.simulator.image(image, "cannot_pull")

    def index_digest(self, image: str) -> str:
        return str(self.simulator.image(image)["digest"])

    @contextlib.contextmanager
    def throttled(self) -> Iterator[None]:
        self.simulator.quotas(True)
        try:
            yield
        finally:
            self.simulator.quotas(False)


@contextlib.contextmanager
def _policies_count() -> Iterator[None]:
    # Imported late: moto is not needed to ask AWS.
    from moto.core.authorization import enable_iam_authentication

    with enable_iam_authentication():
        yield


def _session(credentials: t.Mapping[str, t.Any], region: str) -> t.Any:
    return boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], region_name=region
    )


def _manifest_digest(repository: str, tag: str) -> str:
    """Ask the public registry, which gives everybody a token."""
    kinds = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
    with urllib.request.urlopen(f"{_REGISTRY}/token/?scope=repository:{repository}:pull", timeout=30) as answer:
        token = json.load(answer)["token"]
    request = urllib.request.Request(
        f"{_REGISTRY}/v2/{repository}/manifests/{tag}",
        headers={"Authorization": f"Bearer {token}", "Accept": ", ".join(kinds)},
        method="HEAD",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["Docker-Content-Digest"])
