# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way to AWS: a real botocore client, with a made-up answer where the wire would begin."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import socket
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import botocore
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.session
import pytest
from botocore.awsrequest import HeadersDict

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, Denied, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    IncompleteAnswerError,
    UnknownOperationError,
)
from ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter import RateLimiter
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock

Answer = t.Tuple[int, t.Any]


@functools.cache
def session() -> botocore.session.Session:
    return botocore.session.Session()


class Raw(io.BytesIO):
    def stream(self, **kwargs: t.Any) -> t.Iterator[bytes]:
        yield self.read()


class Wire:
    """Answers requests one after the other, and keeps what was asked. An exception is a connection that breaks."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, t.Any]]] = []
        self.made = 0
        self.headers: dict[str, str] = {}
        self.retries: dict[str, t.Any] = {"max_attempts": 1, "mode": "standard"}

    def client(self, service: str) -> t.Any:
        self.made += 1
        client = session().create_client(
            service,
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=botocore.config.Config(retries=self.retries),
        )
        client.meta.events.register_last("before-send", self._send)
        return client

    def _send(self, request: t.Any, **kwargs: t.Any) -> t.Any:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        self.asked.append((operation, json.loads(request.body)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers: t.Any = HeadersDict({"content-type": "application/x-amz-json-1.1", **self.headers})
        return botocore.awsrequest.AWSResponse(request.url, status, headers, Raw(text))


def error(code: str, status: int = 400) -> Answer:
    return status, {"__type": code, "message": "no"}


class XmlWire(Wire):
    """The same for services that answer in XML, which the answers are."""

    def _send(self, request: t.Any, **kwargs: t.Any) -> t.Any:
        status, body = self.answers.pop(0)
        return botocore.awsrequest.AWSResponse(request.url, status, {"content-type": "text/xml"}, Raw(body))


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


def over(*answers: Answer | Exception) -> tuple[Aws, Wire, RateLimiter]:
    wire = Wire(*answers)
    limiter = RateLimiter(clock=lambda: 0.0, sleep=lambda seconds: None)
    return Aws(wire.client, limiter), wire, limiter


def test_a_call(slept: list[float]) -> None:
    aws, wire, _limiter = over((200, {"services": []}))
    assert aws.call("ecs", "describe_services", services=["web"])["services"] == []
    assert wire.asked == [("DescribeServices", {"services": ["web"]})]
    assert aws.api_calls == {"DescribeServices": 1}
    assert slept == []


def test_a_client_is_made_once() -> None:
    aws, wire, _limiter = over((200, {}), (200, {}))
    aws.call("ecs", "list_clusters")
    aws.call("ecs", "list_clusters")
    assert wire.made == 1
    assert aws.client("ecs") is aws.client("ecs")


def test_calls_are_counted_by_operation() -> None:
    aws, _wire, _limiter = over((200, {}), (200, {}), (200, {}))
    aws.call("ecs", "list_clusters")
    aws.call("ecs", "describe_services", services=["web"])
    aws.call("ecs", "list_clusters")
    assert aws.api_calls == {"DescribeServices": 1, "ListClusters": 2}


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "Throttling",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ServerException",
        "ServiceUnavailableException",
    ],
)
def test_passing_trouble_is_tried_again_and_each_try_is_counted(code: str, slept: list[float]) -> None:
    aws, wire, _limiter = over(error(code), error(code), error(code), (200, {"clusterArns": []}))
    assert aws.call("ecs", "list_clusters")["clusterArns"] == []
    assert aws.api_calls == {"ListClusters": 4}
    assert len(wire.asked) == 4
    assert slept
    assert all(nap >= 0 for nap in slept)


def test_throttling_halves_the_rate_of_its_bucket(slept: list[float]) -> None:
    throttled, answer = error("ThrottlingException"), (200, {"services": []})
    aws, _wire, limiter = over(throttled, throttled, answer, throttled, answer)
    full = limiter.bucket("ecs", "DescribeServices").rate
    other = limiter.bucket("ecs", "UpdateService").rate
    aws.call("ecs", "describe_services", services=["web"])
    # It may be that service alone.
    assert limiter.bucket("ecs", "DescribeServices").rate == full
    aws.call("ecs", "describe_services", services=["api"])
    assert limiter.bucket("ecs", "DescribeServices").rate == full / 2
    assert limiter.bucket("ecs", "UpdateService").rate == other


def test_other_trouble_does_not_slow_us_down(slept: list[float]) -> None:
    aws, _wire, limiter = over(error("ServerException", 500), (200, {"services": []}))
    full = limiter.bucket("ecs", "DescribeServices").rate
    aws.call("ecs", "describe_services", services=["web"])
    assert limiter.bucket("ecs", "DescribeServices").rate == full


def test_throttling_that_does_not_end_is_raised(slept: list[float]) -> None:
    aws, wire, _limiter = over(*[error("ThrottlingException")] * 50)
    with pytest.raises(botocore.exceptions.ClientError, match="ThrottlingException"):
        aws.call("ecs", "list_clusters")
    assert len(wire.asked) == aws.api_calls["ListClusters"] < 50


@pytest.mark.parametrize("code", ["AccessDeniedException", "ClusterNotFoundException", "ExpiredTokenException"])
def test_what_does_not_pass_is_raised_at_once(code: str, slept: list[float]) -> None:
    aws, _wire, _limiter = over(error(code))
    with pytest.raises(botocore.exceptions.ClientError, match=code):
        aws.call("ecs", "list_clusters")
    assert aws.api_calls == {"ListClusters": 1}
    assert slept == []


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("no", Denied("ecs:ListClusters", "")),
        (
            "User: me is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/app because no "
            "identity-based policy allows the iam:PassRole action",
            Denied("iam:PassRole", "arn:aws:iam::1:role/app"),
        ),
        ("User: me is not authorized to perform: ecs:ListClusters on resource: *", Denied("ecs:ListClusters", "")),
    ],
)
def test_what_was_denied_is_known(text: str, denied: Denied) -> None:
    refusal = (400, {"__type": "AccessDeniedException", "message": text})
    aws, _wire, _limiter = over((200, {}), refusal, refusal, error("ExpiredTokenException"))
    aws.call("ecs", "list_clusters")
    assert aws.denied == ()
    for ask in (aws, aws.brisk, aws):
        with contextlib.suppress(botocore.exceptions.ClientError):
            ask.call("ecs", "list_clusters")
    assert aws.denied == (denied,)


def test_every_try_is_paced() -> None:
    wire = Wire(*[(200, {})] * 70)
    naps: list[float] = []
    aws = Aws(wire.client, RateLimiter(clock=lambda: 0.0, sleep=naps.append))
    for _turn in range(62):
        aws.call("ecs", "list_clusters")
    # 60 % of a burst of 100, then 60 % of 20 a second
    assert naps == [pytest.approx(1 / 12), pytest.approx(2 / 12)]


def test_a_brisk_call_gives_up_at_once(slept: list[float]) -> None:
    aws, wire, _limiter = over(*[error("ThrottlingException")] * 50)
    with pytest.raises(botocore.exceptions.ClientError, match="ThrottlingException"):
        aws.brisk.call("ecs", "list_clusters")
    # botocore has its own five attempts.
    assert len(wire.asked) <= 5


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_brisk_call_does_not_try_a_broken_connection_again(slept: list[float], mode: str) -> None:
    lost = botocore.exceptions.EndpointConnectionError(endpoint_url="https://ecs")
    aws, wire, _limiter = over(lost, (200, {"clusterArns": []}), lost, (200, {"clusterArns": ["a"]}))
    wire.retries = {"mode": mode}
    with pytest.raises(botocore.exceptions.EndpointConnectionError):
        aws.brisk.call("ecs", "list_clusters")
    assert aws.brisk.call("ecs", "list_clusters")["clusterArns"] == []
    # Whoever is not brisk has botocore's attempts.
    assert aws.call("ecs", "list_clusters")["clusterArns"] == ["a"]
    # It is the same client, and they are counted together.
    assert (wire.made, aws.api_calls, aws.brisk.api_calls) == (1, {"ListClusters": 4}, {"ListClusters": 4})


def test_what_is_asked_steadily_is_asked_by_whoever_outlasts() -> None:
    lost = botocore.exceptions.EndpointConnectionError(endpoint_url="https://ecs")
    _aws, wire, limiter = over(lost, lost, (200, {"clusterArns": ["a"]}))
    untils: list[float] = []

    def outlast(ask: t.Callable[[], t.Any], operation: str, until: float = float("inf")) -> t.Any:
        untils.append(until)
        while True:
            with contextlib.suppress(botocore.exceptions.EndpointConnectionError):
                return ask()

    steady = Aws(wire.client, limiter, outlast)
    assert list(steady.steadily("ListClusters", lambda aws: aws.call("ecs", "list_clusters"), 7)["clusterArns"]) == [
        "a"
    ]
    assert (untils, steady.api_calls) == ([7], {"ListClusters": 3})


def test_without_anybody_who_outlasts_it_is_asked_as_ever(slept: list[float]) -> None:
    aws, _wire, _limiter = over(error("ServerException"), (200, {"clusterArns": ["a"]}))
    assert aws.steadily("ListClusters", lambda aws: aws.call("ecs", "list_clusters"))["clusterArns"] == ["a"]


def test_pages(slept: list[float]) -> None:
    first, second = {"taskArns": ["a", "b"], "nextToken": "t"}, {"taskArns": ["c"], "nextToken": ""}
    aws, wire, _limiter = over((200, first), (200, second))
    assert list(aws.pages("ecs", "list_tasks", "taskArns", cluster="prod")) == ["a", "b", "c"]
    assert wire.asked == [("ListTasks", {"cluster": "prod"}), ("ListTasks", {"cluster": "prod", "nextToken": "t"})]


def test_pages_are_read_as_they_are_asked_for() -> None:
    aws, wire, _limiter = over((200, {"taskArns": ["a"], "nextToken": "t"}))
    assert next(aws.pages("ecs", "list_tasks", "taskArns")) == "a"
    assert len(wire.asked) == 1


def test_an_empty_page_in_the_middle_is_not_the_end() -> None:
    aws, _wire, _limiter = over((200, {"taskArns": [], "nextToken": "t"}), (200, {"taskArns": ["a"]}))
    assert list(aws.pages("ecs", "list_tasks", "taskArns")) == ["a"]


@pytest.mark.parametrize("body", [{}, b"", {"failures": []}])
def test_a_page_that_was_cut_is_an_error_and_not_the_end(body: t.Any) -> None:
    aws, _wire, _limiter = over((200, {"taskArns": ["a"], "nextToken": "t"}), *[(200, body)] * 3)
    found = aws.pages("ecs", "list_tasks", "taskArns")
    assert next(found) == "a"
    with pytest.raises(IncompleteAnswerError, match="The answer to list_tasks lacks 'taskArns'"):
        next(found)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Fri, 20 Nov 2026 13:50:07 GMT", datetime(2026, 11, 20, 13, 50, 7, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 13:50:07 -0000", datetime(2026, 11, 20, 13, 50, 7, tzinfo=UTC)),
        ("noon", None),
        ("Fri, 99 Nov 2026 13:50:07 GMT", None),
        (None, None),
    ],
)
def test_the_date_of_an_answer(header: str | None, expected: datetime | None, slept: list[float]) -> None:
    aws, wire, _limiter = over((200, {"deploymentGroupsInfo": []}), error("ServerException", 500), (200, {}))
    assert aws.date is None
    wire.headers = {"Date": header} if header else {}
    aws.call("codedeploy", "batch_get_deployment_groups", applicationName="web", deploymentGroupNames=["prod"])
    assert aws.date == expected
    # An answer without one changes nothing.
    wire.headers = {}
    aws.call("codedeploy", "list_applications")
    assert aws.date == expected


def test_require() -> None:
    assert require({"services": []}, "services", "describe_services") == []
    with pytest.raises(IncompleteAnswerError):
        require({}, "services", "describe_services")


@pytest.mark.parametrize(
    ("items", "size", "expected"),
    [
        ([], 3, []),
        (["a"], 3, [["a"]]),
        (["a", "b", "c"], 3, [["a", "b", "c"]]),
        (["a", "b", "c"], 2, [["a", "b"], ["c"]]),
    ],
)
def test_batches(items: list[str], size: int, expected: list[list[str]]) -> None:
    assert list(batches(items, size)) == expected


@pytest.mark.parametrize(
    ("method", "operation"),
    [("roll_everything_back", "RollEverythingBack"), ("continue_something", "ContinueSomething")],
)
def test_an_operation_that_botocore_does_not_know(method: str, operation: str) -> None:
    aws, wire, _limiter = over()
    with pytest.raises(UnknownOperationError) as caught:
        aws.call("ecs", method, cluster="prod")
    error = caught.value
    assert (error.operation, error.code, error.no_answer, error.is_denied) == (
        operation,
        "UnknownOperation",
        False,
        False,
    )
    assert error.explain() == (
        f"The installed botocore {botocore.__version__} does not know {operation}, so it was not called. Install a "
        "newer boto3 and botocore on the machine that runs this, then run the same command again."
    )
    assert (wire.asked, aws.api_calls) == ([], {})


GROUPS = """<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">
<DescribeAutoScalingGroupsResult><AutoScalingGroups>{groups}</AutoScalingGroups>{token}
</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"""


def groups(name: str = "", token: str = "") -> Answer:
    member = f"<member><AutoScalingGroupName>{name}</AutoScalingGroupName></member>" if name else ""
    text = GROUPS.format(groups=member, token=token and f"<NextToken>{token}</NextToken>")
    return 200, text.encode()


def test_pages_of_services_that_spell_the_token_otherwise() -> None:
    aws = Aws(XmlWire(groups("web", "next"), groups("api")).client)
    found = aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    assert [item["AutoScalingGroupName"] for item in found] == ["web", "api"]


def test_no_items_in_xml() -> None:
    assert (
        list(Aws(XmlWire(groups()).client).pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"))
        == []
    )


@pytest.mark.parametrize("length", [0, 100, 300])
def test_xml_that_was_cut_is_no_answer(length: int) -> None:
    status, body = groups("web")
    aws = Aws(XmlWire(*[(status, body[:length])] * 3).client)
    with pytest.raises(IncompleteAnswerError) as caught:
        aws.call("autoscaling", "describe_auto_scaling_groups")
    assert caught.value.no_answer
    assert "The answer to describe_auto_scaling_groups was cut off on the way" in caught.value.explain()


class Stopped(Clock):
    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


GONE = botocore.exceptions.ConnectTimeoutError(endpoint_url="https://api.ecr.eu-central-1.amazonaws.com/")


def test_what_only_tells_more_is_tried_once_and_not_again_if_it_is_silent() -> None:
    """A controller without a way to ECR waited for minutes, for each image again."""
    wire = Wire(GONE, (200, {"imageDetails": []}))
    wire.retries = {"max_attempts": 5, "mode": "standard"}
    clock = Stopped()
    aws = Aws(wire.client, clock=clock)
    for _time in range(3):
        with pytest.raises(botocore.exceptions.ConnectTimeoutError):
            aws.beside.call("ecr", "describe_images", repositoryName="web")
    assert len(wire.asked) == 1
    with pytest.raises(botocore.exceptions.ConnectTimeoutError):
        aws.brisk.beside.call("ecr", "describe_images", repositoryName="web")
    assert len(wire.asked) == 1
    clock.seconds += 301
    assert aws.beside.call("ecr", "describe_images", repositoryName="web")["imageDetails"] == []


def test_what_is_watched_is_asked_at_each_look_although_it_was_silent() -> None:
    wire = Wire(*[botocore.exceptions.ConnectTimeoutError(endpoint_url="https://monitoring.invalid")] * 2)
    aws = Aws(wire.client)
    for _time in range(2):
        with pytest.raises(botocore.exceptions.ConnectTimeoutError):
            aws.watching.call("ecr", "describe_images", repositoryName="web")
    assert len(wire.asked) == 2
    # Others who ask beside are not kept waiting by the same service.
    with pytest.raises(botocore.exceptions.ConnectTimeoutError):
        aws.beside.call("ecr", "describe_images", repositoryName="web")
    assert len(wire.asked) == 2


def test_each_service_but_those_that_deploy_has_clients_of_its_own_beside() -> None:
    made: list[tuple[str, str]] = []

    def maker(kind: str) -> t.Callable[[str], t.Any]:
        def make(service: str) -> t.Any:
            made.append((kind, service))
            return Wire().client(service)

        return make

    aws = Aws(maker("ordinary"), make_prompt_client=maker("prompt"), make_beside_client=maker("beside"))
    for service in ("ecs", "codedeploy", "ecr", "ssm"):
        aws.client(service)
        assert aws.beside.client(service) is aws.beside.client(service)
    assert made == [
        *(("ordinary", "ecs"), ("prompt", "ecs"), ("ordinary", "codedeploy"), ("prompt", "codedeploy")),
        *(("ordinary", "ecr"), ("beside", "ecr"), ("ordinary", "ssm"), ("beside", "ssm")),
    ]


@pytest.mark.parametrize(
    ("service", "method", "params", "times"),
    [("ecs", "list_clusters", {}, 1), ("ecr", "describe_images", {"repositoryName": "web"}, 3)],
)
def test_what_is_throttled_beside_does_not_take_a_minute(
    slept: list[float], service: str, method: str, params: dict[str, t.Any], times: int
) -> None:
    wire = Wire(*[(400, {"__type": "ThrottlingException", "message": "Rate exceeded"})] * 9)
    wire.retries = {"total_max_attempts": 1}
    with pytest.raises(botocore.exceptions.ClientError):
        Aws(wire.client).beside.call(service, method, **params)
    assert len(wire.asked) == times
    assert sum(slept) <= 4


@pytest.fixture
def deaf() -> t.Iterator[tuple[str, list[socket.socket]]]:
    """An endpoint that takes connections and never answers, and the connections that it has taken."""
    taken: list[socket.socket] = []
    listens = socket.create_server(("127.0.0.1", 0))

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                taken.append(listens.accept()[0])

    threading.Thread(target=take, daemon=True).start()
    yield f"http://127.0.0.1:{listens.getsockname()[1]}", taken
    for one in (listens, *taken):
        one.close()


def test_an_endpoint_that_takes_connections_and_never_answers_is_tried_once(
    deaf: tuple[str, list[socket.socket]],
) -> None:
    url, taken = deaf

    def make(service: str) -> t.Any:
        # The real limit would only make this slow.
        config = botocore.config.Config(connect_timeout=2, read_timeout=0.1, retries={"total_max_attempts": 1})
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return session().create_client(service, region_name="eu-central-1", endpoint_url=url, config=config, **keys)

    aws = Aws(make)
    for _time in range(3):
        with pytest.raises(botocore.exceptions.ReadTimeoutError):
            aws.beside.call("ssm", "get_parameters", Names=["/shop/here"])
    assert (len(taken), aws.api_calls) == (1, {"GetParameters": 1})


def test_what_only_tells_more_and_answers_is_asked_again() -> None:
    denied = (400, {"__type": "AccessDeniedException", "message": "no"})
    wire = Wire(denied, (200, {"imageDetails": []}))
    aws = Aws(wire.client)
    with pytest.raises(botocore.exceptions.ClientError):
        aws.beside.call("ecr", "describe_images", repositoryName="web")
    assert aws.beside.call("ecr", "describe_images", repositoryName="web")["imageDetails"] == []


def test_xml_that_was_cut_once_is_asked_for_again() -> None:
    status, body = groups("web")
    aws = Aws(XmlWire((status, body[:100]), (status, body)).client)
    assert aws.call("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"]
    assert aws.api_calls == {"DescribeAutoScalingGroups": 2}


@pytest.mark.parametrize("cut", [b"", b'{"clusterArns": ['])
def test_json_that_was_cut_once_is_asked_for_again(cut: bytes, slept: list[float]) -> None:
    aws, wire, _limiter = over((200, cut), (200, {"clusterArns": []}))
    assert aws.call("ecs", "list_clusters")["clusterArns"] == []
    assert (aws.api_calls, len(wire.asked)) == ({"ListClusters": 2}, 2)


def test_json_that_is_cut_each_time_is_no_answer(slept: list[float]) -> None:
    aws, _wire, _limiter = over(*[(200, b'{"clusterArns": [')] * 3)
    with pytest.raises(IncompleteAnswerError):
        require(aws.call("ecs", "list_clusters"), "clusterArns", "list_clusters")
    assert aws.api_calls == {"ListClusters": 3}


def test_a_write_whose_answer_was_cut_is_not_sent_again(slept: list[float]) -> None:
    aws, wire, _limiter = over((200, b'{"cluster": {'))
    assert "cluster" not in aws.call("ecs", "create_cluster")
    assert len(wire.asked) == 1


def test_a_brisk_read_that_was_cut_is_not_sent_again(slept: list[float]) -> None:
    aws, wire, _limiter = over((200, b'{"clusterArns": ['))
    assert "clusterArns" not in aws.brisk.call("ecs", "list_clusters")
    assert len(wire.asked) == 1


def test_threads_make_one_client_after_the_other() -> None:
    """Sessions are not for several threads, and clients that were made at once would each ask for credentials."""
    wire, busy, at_once, pause = Wire(), threading.Lock(), [], threading.Event()

    def make(service: str) -> t.Any:
        at_once.append(not busy.acquire(blocking=False))
        pause.wait(0.05)
        client = wire.client(service)
        busy.release()
        return client

    aws = Aws(make)
    with ThreadPoolExecutor(6) as pool:
        clients = list(pool.map(aws.client, ["ecs", "ecs", "ecs"]))
        list(pool.map(lambda each: each.client("ecs"), [aws.brisk, aws.hurried, aws.beside]))
    assert len({id(client) for client in clients}) == 1
    # One for all, and one for requests beside, which have limits of their own.
    assert at_once == [False] * len(at_once)
    assert len(at_once) == 2
