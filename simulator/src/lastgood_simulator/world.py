# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated world: everything that is not moto's, and the one way that every request takes."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import get_account_id_from
from moto.moto_api._internal.models import moto_api_backend

# Importing them registers their operations.
from lastgood_simulator import (  # noqa: F401  # pylint: disable=unused-import
    autoscaling,
    cloudwatch,
    codedeploy,
    credentials,
    ecs,
    events,
    iam,
    permissions,
    s3,
    scaling,
    service_quotas,
    sns,
    tagging,
)
from lastgood_simulator.calls import CallLog
from lastgood_simulator.clock import Clock
from lastgood_simulator.codedeploy.bundles import Agents, Bundles
from lastgood_simulator.codedeploy.deployments import create
from lastgood_simulator.codedeploy.state import all_states as all_codedeploy_states
from lastgood_simulator.ecs.state import EcsState, all_states, state_of
from lastgood_simulator.errors import AwsError, Dropped, Hanging, Reply, error_reply, xml_reply
from lastgood_simulator.faults import Fault, Faults, Interference
from lastgood_simulator.functions import Functions
from lastgood_simulator.images import Registry
from lastgood_simulator.listing import Listing
from lastgood_simulator.operations import OPERATIONS, Context
from lastgood_simulator.past import PRESENT, PROFILES, History, Late, Lateness
from lastgood_simulator.permissions import Denial, Denials
from lastgood_simulator.quotas import Quotas
from lastgood_simulator.requests import Request
from lastgood_simulator.timings import Timings

# A test sends this in the User-Agent header. It sees everything as it is, and what it changes counts as old, because it
# sets the stage and looks at the result.
OBSERVER = "lastgood-observer"
_READS = ("Describe", "List", "Get", "BatchGet", "Head", "Filter")

# Requests that change what a deployment looks at: everything must have happened before they do.
_STATE_CHANGES = {"SetAlarmState", "PutMetricAlarm", "DeleteAlarms", "PutCompositeAlarm"}


class World:
    """The control methods, and :meth:`answer` for AWS requests. One lock around everything."""

    def __init__(self, clock: Clock, speed: float, profile: str = "") -> None:
        self._clock = clock
        self._speed = speed
        self._profile = profile
        self.lock = threading.RLock()
        self._start_over()

    def _start_over(self) -> None:
        self.timings_of = Timings(self._speed)
        self.registry = Registry()
        self.functions = Functions()
        self.bundles = Bundles()
        self.agents = Agents()
        self.listing = Listing()
        self.faults = Faults()
        self.denials = Denials()
        self.call_log = CallLog()
        self.buckets = Quotas()
        self.history = History()
        self.lateness = Lateness()
        self._be_late(self._profile)

    # --- control ---

    def now(self) -> float:
        """The simulator's time, seconds since the epoch."""
        return self._clock.now()

    def machine_time(self) -> float:
        """What the clock of the machine shows from which requests come: the same, unless it was skewed."""
        return self._clock.machine()

    def skew(self, seconds: float) -> None:
        """Put AWS's clock, and so its Date header, so many seconds ahead of the machine's (negative: behind).

        Beyond five minutes AWS refuses every request.
        """
        with self.lock:
            self.catch_up()
            self._clock.skew = float(seconds)

    def advance(self, seconds: float) -> float:
        """Skip ahead and let everything happen that is due; returns the new time."""
        with self.lock:
            now = self._clock.advance(seconds)
            self.catch_up()
            return now

    def advance_to_next(self, at_most: float = 3600.0) -> float:
        """Skip to the next moment at which something is due, but at most so many seconds; returns the new time."""
        with self.lock:
            self.catch_up()
            now = self._clock.now()
            states = [*all_states(), *all_codedeploy_states()]
            due = [moment for state in states for moment in state.due() if moment > now]
            return self.advance(min([at_most, *(moment - now for moment in due)]))

    def stop_clock(self) -> None:
        """Let no time pass but by :meth:`advance`, so that nothing depends on how fast a machine is."""
        with self.lock:
            self._clock.stop()

    def start_clock(self) -> None:
        """Let time pass as it does on the wall."""
        with self.lock:
            self._clock.start()

    def set_speed(self, speed: float) -> None:
        """Divide durations by ``speed`` from now on; what is scheduled already stays so."""
        if speed <= 0:
            raise ValueError(f"speed must be positive, not {speed}")
        with self.lock:
            self.catch_up()
            self.timings_of.speed = self._speed = float(speed)

    def reset(self) -> None:
        """Forget everything but the clock and the speed: resources, scripted failures, calls, timings, images."""
        with self.lock:
            moto_api_backend.reset()
            self._start_over()

    def image(
        self,
        name: str,
        behaviour: str = "ok",
        digest: str | None = None,
        exit_code: int = 1,
        reason: str | None = None,
        after: float | None = None,
    ) -> dict[str, Any]:
        """Say how containers of an image behave: ok, crash, cannot_pull, unhealthy or slow.

        A new ``digest`` moves the tag; the old image keeps its behaviour under its own digest. ``exit_code`` and
        ``after`` (seconds of running, 0: before the task is RUNNING) are those of a crash, ``reason`` is the text of a
        crash or of a failed pull.
        """
        with self.lock:
            self.catch_up()
            image = self.registry.set(name, behaviour, digest, exit_code, reason, after)
            return {"name": name, "digest": image.digest, "behaviour": image.behaviour}

    def hook(self, name: str, behaviour: str = "succeed", after: float | None = None) -> None:
        """Say how a Lambda function (ARN or name) answers as a lifecycle hook: succeed, fail, hang or invalid.

        ``after`` is the number of seconds that it takes. One that hangs answers IN_PROGRESS until a test changes that,
        or until the hook times out; ``invalid`` is an answer without a hookStatus.
        """
        with self.lock:
            self.catch_up()
            self.functions.set(name, behaviour, after)

    def bundle(
        self,
        name: str,
        behaviour: str = "fail",
        event: str | None = None,
        code: str | None = None,
        script: str | None = None,
        message: str | None = None,
        log: str = "",
        instances: list[str] | None = None,
        timeout: float = 3600.0,
    ) -> None:
        """Say how a revision behaves in a lifecycle event on instances of CodeDeploy: ok, fail or hang.

        ``name`` is the key of an object in Amazon S3, ``bucket/key``, ``bucket/key@version`` (or ``@etag``), the id of
        a commit or ``repository@commit``. ``event`` is ValidateService if it is not given; ok without an event makes
        all of them fine. ``code``, ``script``, ``message`` and ``log`` are what the diagnostics show, ``instances``
        those on which it happens (default: all), ``timeout`` is how long a script that hangs is given.
        """
        with self.lock:
            self.catch_up()
            self.bundles.set(name, behaviour, event, code, script, message, log, instances, timeout)

    def agent(self, instance: str, running: bool = True) -> None:
        """Start or stop the CodeDeploy agent of an instance."""
        with self.lock:
            self.catch_up()
            self.agents.set(instance, running)
            self.catch_up()

    def listing_order(self, order: str = "newest_first", operation: str = "ListDeployments") -> None:
        """Order ListDeployments or ListServiceDeployments newest_first, oldest_first or shuffled.

        AWS promises no order.
        """
        with self.lock:
            self.listing.set(order, operation)

    def late(
        self,
        operation: str,
        seconds: float = 0.0,
        times: int | None = None,
        flips: bool = False,
        when: dict[str, Any] | None = None,
    ) -> None:
        """Let answers of ``operation`` show the past, for requests with the parameters ``when``.

        They show what was so many realistic ``seconds`` ago; a list leaves out what is younger. With ``times`` the
        first so many answers after each change show what was before it (for ``seconds`` at most, if they are given),
        and later ones the present. With ``flips`` every second answer does: new, old, new. The newest rule for an
        operation counts. Raises ValueError for an operation whose past nobody keeps.
        """
        with self.lock:
            self.catch_up()
            self.lateness.add(Late(operation, self.timings_of.scaled(seconds), times, flips, when or {}))
            if not self.history.enabled:
                self.history.enabled = True
                self._note(-math.inf)

    def profile(self, name: str) -> None:
        """Answer as late as a profile says, instead of what was said before: ``aws``, or ``""`` for never."""
        with self.lock:
            self.lateness = Lateness()
            self._profile = name
            self._be_late(name)

    def _be_late(self, profile: str) -> None:
        if profile not in PROFILES:
            raise ValueError(f"unknown profile {profile!r}; there are {', '.join(filter(None, PROFILES))}")
        for operation, how in PROFILES[profile].items():
            self.late(operation, **how)

    def deployment_by(
        self,
        creator: str,
        params: dict[str, Any],
        instances: list[str] | None = None,
        external_id: str | None = None,
        region: str = "us-east-1",
    ) -> str:
        """Let somebody else than the user create a deployment of CodeDeploy; returns its id.

        ``creator`` is one of those of the API, ``params`` are those of CreateDeployment. ``instances`` restricts it to
        some, as deployments by Auto Scaling are; ``external_id`` is the stack of one by CloudFormation.
        """
        with self.lock:
            self.catch_up()
            account = os.environ.get("MOTO_ACCOUNT_ID") or DEFAULT_ACCOUNT_ID
            context = Context(self, account, region, "", self._clock.now())
            try:
                return create(context, params, creator, external_id, instances).id
            except AwsError as error:
                raise ValueError(str(error)) from None

    def fail(
        self,
        operation: str,
        code: str = "ServerException",
        message: str | None = None,
        times: int | None = 1,
        when: dict[str, Any] | None = None,
        after: bool = False,
        kind: str = "error",
        seconds: float | None = None,
    ) -> None:
        """Let the next ``times`` (None: all) requests of ``operation`` (``*``: any) fail, for so many ``seconds`` only.

        ``when`` restricts it to requests with these parameters, ``after`` lets the request take effect first, ``kind``
        is error, truncate (half a body), empty (no body), drop (the connection is closed) or hang (it stays open, and
        no answer comes).
        """
        with self.lock:
            until = float("inf") if seconds is None else self._clock.now() + seconds
            self.faults.add(Fault(operation, code, message, times, when or {}, after, kind, until))

    def clear_failures(self) -> None:
        """Forget what :meth:`fail`, :meth:`deny` and :meth:`on` scripted."""
        with self.lock:
            self.faults.clear()
            self.denials.clear()

    def deny(
        self,
        action: str,
        resource: str = "*",
        policy: str = "identity",
        explicit: bool = False,
        arn: str | None = None,
    ) -> None:
        """Forbid an action (``ecs:DescribeServices``, ``iam:PassRole``, ``ecs:*``) on a resource (an ARN or its name).

        A request about several resources is refused as a whole if one of them is forbidden, in AWS's words: no
        ``policy`` (identity, resource, scp, rcp, boundary, session, endpoint) allows it, or one denies it explicitly,
        and the one with this ``arn`` if AWS is to name it.
        """
        with self.lock:
            self.denials.add(Denial(action, resource, policy, explicit, arn))

    def on(self, operation: str, do: dict[str, Any], when: str = "before", nth: int = 1) -> None:
        """Do something when the ``nth`` request of ``operation`` from now on arrives, or after it is answered.

        ``do`` is ``{"operation": "UpdateService", "params": {...}}`` (with ``"service"`` for another one than ecs), or
        a control method: ``{"control": "advance", "params": {"seconds": 60}}``.
        """
        name = do.get("control") or do.get("operation")
        known = name in CONTROL if "control" in do else (do.get("service", "ecs"), name) in OPERATIONS
        if not known:
            raise ValueError(f"nothing here can do {do}")
        with self.lock:
            self.faults.interfere(Interference(operation, do, when, nth))

    def calls(self) -> dict[str, int]:
        """Operation to number of requests since the start or :meth:`reset_calls`."""
        with self.lock:
            return self.call_log.counts()

    def reset_calls(self) -> None:
        """Start counting and logging afresh."""
        with self.lock:
            self.call_log.reset()

    def log(self) -> list[dict[str, Any]]:
        """``{operation, service, time, params, agent, needs}`` of each request, in order.

        ``agent`` is its User-Agent header, ``needs`` are the actions of IAM that it takes to be allowed to send it.
        """
        with self.lock:
            return self.call_log.entries()

    def quotas(self, enabled: bool = True, scale: float = 1.0) -> None:
        """Throttle as AWS does, with bursts and rates multiplied by ``scale``."""
        with self.lock:
            self.buckets.set(enabled, scale)

    def timings(self, **seconds: float) -> dict[str, float]:
        """Change durations (realistic seconds, see timings.py) and return all of them."""
        with self.lock:
            self.catch_up()
            return self.timings_of.set(**seconds)

    # --- the world ---

    def catch_up(self) -> None:
        """Let everything happen that is due."""
        now = self._clock.now()
        for state in all_states():
            state.now = now
            state.catch_up()
        for codedeploy_state in all_codedeploy_states():
            codedeploy_state.now = now
            codedeploy_state.catch_up()

    def ecs(self, context: Context) -> EcsState:
        """Amazon ECS in the caller's account and Region, at the time of the call."""
        state = state_of(context.account, context.region, self.timings_of, self.registry, self.functions, self.history)
        state.now = context.now
        return state

    def answer(self, request: Request, forward: Callable[[], Reply]) -> Reply:
        """Answer an AWS request, by one of our operations or by moto (``forward``). Raises Dropped and Hanging."""
        reply = self._reply(request, forward)
        # An origin server with a clock sends it with every answer (RFC 9110, section 6.6.1), and AWS does.
        reply.headers = {name: value for name, value in reply.headers.items() if name.lower() != "date"}
        reply.headers["Date"] = formatdate(self._clock.now(), usegmt=True)
        return reply

    def _reply(self, request: Request, forward: Callable[[], Reply]) -> Reply:
        with self.lock:
            context = self._context(request)
            try:
                if request.operation:
                    agent = request.headers.get("user-agent", "")
                    needs = {action: None for action, _resource in permissions.needed(request, context)}
                    self.call_log.add(request.service, request.operation, context.now, request.params, agent, needs)
                return self._answer(request, context, forward)
            except (Dropped, Hanging):
                raise
            except AwsError as error:
                return error_reply(error, request.protocol)
            except Exception as error:
                # A defect of moto's or ours. A client must still get an error of AWS's shape, and we the traceback.
                logging.getLogger(__name__).exception("%s:%s failed", request.service, request.operation)
                failure = AwsError("InternalFailure", f"The simulator failed: {error!r}", 500)
                return error_reply(failure, request.protocol)

    def _answer(self, request: Request, context: Context, forward: Callable[[], Reply]) -> Reply:
        service, operation = request.service, request.operation
        credentials.check_time(request, self._clock.skew)
        permissions.check(request, context)
        self.denials.check(request, context)
        self.buckets.take(context.account, context.region, service, operation, context.now)
        for deed in self.faults.due(service, operation, "before"):
            self._do(deed, context)
        fault = self.faults.take(service, operation, request.params, self._clock.now()) if operation else None
        if fault is not None and not fault.after:
            return _broken(fault, request, context, None)
        if operation in _STATE_CHANGES:
            self.catch_up()
        # Interference may have moved the clock.
        context = Context(self, context.account, context.region, context.access_key, self._clock.now())
        observed = OBSERVER in request.headers.get("user-agent", "")
        if not observed:
            self.history.view = self.lateness.view(service, operation, request.params, self.history, context.now)
        with self._viewing(), autoscaling.as_seen(context), self._noting(operation, observed):
            handler = OPERATIONS.get((service, operation))
            result = handler(context, request.params) if handler is not None else None
            reply = forward() if result is None else _reply_of(request, result)
        if (service, operation) == ("s3", "PutObject"):
            s3.date(context.account, context.region, request.params, context.now)
        if service == cloudwatch.SERVICE and operation in _STATE_CHANGES:
            cloudwatch.date(context, operation, request.params)
        if service == "autoscaling" and not operation.startswith("Describe"):
            self._look(context)
        for deed in self.faults.due(service, operation, "after"):
            self._do(deed, context)
        return reply if fault is None else _broken(fault, request, context, reply)

    @contextlib.contextmanager
    def _viewing(self) -> Iterator[None]:
        """After the `with` block everything is seen as it is."""
        try:
            yield
        finally:
            self.history.view = PRESENT

    @contextlib.contextmanager
    def _noting(self, operation: str, settled: bool = False) -> Iterator[None]:
        """What an operation that is not a read changes in the `with` block is noted as one change."""
        if not self.history.enabled or operation.startswith(_READS):
            yield
            return
        self.catch_up()
        self.history.begin(settled)
        try:
            yield
            self._note(self._clock.now())
        finally:
            self.history.end(self._clock.now())

    def _note(self, at: float) -> None:
        for state in all_states():
            state.note(at)
        scaling.note(self.history, at)
        autoscaling.note(self.history, at)

    def _look(self, context: Context) -> None:
        """Auto Scaling groups may have changed."""
        for state in all_codedeploy_states():
            state.now = context.now
            state.look()

    def _do(self, deed: dict[str, Any], context: Context) -> None:
        params = deed.get("params") or {}
        if "control" in deed:
            CONTROL[deed["control"]](self, **params)
            return
        with self._noting(deed["operation"]):
            OPERATIONS[deed.get("service", "ecs"), deed["operation"]](context, params)

    def account_of(self, request: Request) -> str:
        """The account whose credentials signed a request."""
        return os.environ.get("MOTO_ACCOUNT_ID") or get_account_id_from(request.access_key)

    def _context(self, request: Request) -> Context:
        return Context(self, self.account_of(request), request.region, request.access_key, self._clock.now())


# What the control endpoint and scripted interference may call.
CONTROL: dict[str, Callable[..., Any]] = {
    method.__name__: method
    for method in (
        World.now,
        World.machine_time,
        World.skew,
        World.advance,
        World.advance_to_next,
        World.stop_clock,
        World.start_clock,
        World.set_speed,
        World.reset,
        World.image,
        World.hook,
        World.bundle,
        World.agent,
        World.listing_order,
        World.late,
        World.profile,
        World.deployment_by,
        World.fail,
        World.clear_failures,
        World.deny,
        World.on,
        World.calls,
        World.reset_calls,
        World.log,
        World.quotas,
        World.timings,
    )
}


def _reply_of(request: Request, result: dict[str, Any]) -> Reply:
    if request.protocol == "query":
        return xml_reply(request.operation, result)
    shown = {name: value for name, value in result.items() if value is not None}
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    return Reply(200, json.dumps(shown).encode(), headers)


def _broken(fault: Fault, request: Request, context: Context, reply: Reply | None) -> Reply:
    """The answer as the fault leaves it."""
    if fault.kind == "drop":
        raise Dropped()
    if fault.kind == "hang":
        raise Hanging()
    if fault.kind == "error":
        message = fault.message
        if message is None and fault.code in ("AccessDeniedException", "AccessDenied"):
            message = permissions.denied(request, context)
        if message is None:
            message = "Rate exceeded" if "Throttling" in fault.code else credentials.TEXTS.get(fault.code, fault.code)
        raise AwsError(fault.code, message, _STATUS.get(fault.code, 400))
    whole = reply.body if reply is not None else b'{"truncated": "here"}'
    headers = reply.headers if reply is not None else {"Content-Type": "application/x-amz-json-1.1"}
    return Reply(200, whole[: len(whole) // 2] if fault.kind == "truncate" else b"", headers)


# Everything else is 400. AccessDenied is what the XML services say.
_STATUS = credentials.STATUSES | {
    "AccessDenied": 403,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "ServerException": 500,
    "ServiceUnavailable": 503,
}
