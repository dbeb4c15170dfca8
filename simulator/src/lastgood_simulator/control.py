# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Control a served simulator over HTTP. Standard library only."""

from __future__ import annotations

import functools
import json
import urllib.error
import urllib.request
from typing import Any

PATH = "/moto-api/sim/"


class ControlError(Exception):
    """The simulator refused a control request."""


@functools.cache
def _opener() -> urllib.request.OpenerDirector:
    """One for all, because each reads the certificates of the system. Loopback is never behind a proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Control:
    """The control methods of a simulator that listens at ``url``; their meaning is that of World's methods."""

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout

    def _do(self, method: str, **params: Any) -> Any:
        request = urllib.request.Request(
            self._url + PATH + method,
            data=json.dumps(params).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        try:
            with _opener().open(request, timeout=self._timeout) as response:
                return json.load(response)["result"]
        except urllib.error.HTTPError as error:
            raise ControlError(f"{method}: {error.read().decode(errors='replace')}") from None

    def now(self) -> float:
        """The simulator's time, seconds since the epoch."""
        return float(self._do("now"))

    def machine_time(self) -> float:
        """What the clock of the machine shows from which requests come."""
        return float(self._do("machine_time"))

    def skew(self, seconds: float) -> None:
        """Put AWS's clock so many seconds ahead of the machine's (negative: behind)."""
        self._do("skew", seconds=seconds)

    def advance(self, seconds: float) -> float:
        """Skip ahead; returns the new time."""
        return float(self._do("advance", seconds=seconds))

    def advance_to_next(self, at_most: float = 3600.0) -> float:
        """Skip to the next moment at which something is due; returns the new time."""
        return float(self._do("advance_to_next", at_most=at_most))

    def stop_clock(self) -> None:
        """Let no time pass but by :meth:`advance`."""
        self._do("stop_clock")

    def start_clock(self) -> None:
        """Let time pass as it does on the wall."""
        self._do("start_clock")

    def set_speed(self, speed: float) -> None:
        """Divide durations by ``speed`` from now on."""
        self._do("set_speed", speed=speed)

    def reset(self) -> None:
        """Forget everything but the clock and the speed."""
        self._do("reset")

    def image(
        self,
        name: str,
        behaviour: str = "ok",
        digest: str | None = None,
        exit_code: int = 1,
        reason: str | None = None,
        after: float | None = None,
    ) -> dict[str, Any]:
        """Say how containers of an image behave: ok, crash, cannot_pull, unhealthy or slow."""
        result: dict[str, Any] = self._do(
            "image", name=name, behaviour=behaviour, digest=digest, exit_code=exit_code, reason=reason, after=after
        )
        return result

    def hook(self, name: str, behaviour: str = "succeed", after: float | None = None) -> None:
        """Say how a Lambda function (ARN or name) answers as a lifecycle hook: succeed, fail, hang or invalid."""
        self._do("hook", name=name, behaviour=behaviour, after=after)

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
        """Say how a revision behaves in a lifecycle event on instances of CodeDeploy: ok, fail or hang."""
        params = {"code": code, "script": script, "message": message, "log": log, "timeout": timeout}
        self._do("bundle", name=name, behaviour=behaviour, event=event, instances=instances, **params)

    def agent(self, instance: str, running: bool = True) -> None:
        """Start or stop the CodeDeploy agent of an instance."""
        self._do("agent", instance=instance, running=running)

    def listing_order(self, order: str = "newest_first", operation: str = "ListDeployments") -> None:
        """Order ListDeployments or ListServiceDeployments newest_first, oldest_first or shuffled."""
        self._do("listing_order", order=order, operation=operation)

    def late(
        self,
        operation: str,
        seconds: float = 0.0,
        times: int | None = None,
        flips: bool = False,
        when: dict[str, Any] | None = None,
    ) -> None:
        """Let answers of ``operation`` show the past: what was ``seconds`` ago, or before the last change."""
        self._do("late", operation=operation, seconds=seconds, times=times, flips=flips, when=when)

    def profile(self, name: str) -> None:
        """Answer as late as a profile says: aws, or an empty one for answers that are never late."""
        self._do("profile", name=name)

    def deployment_by(
        self,
        creator: str,
        params: dict[str, Any],
        instances: list[str] | None = None,
        external_id: str | None = None,
        region: str = "us-east-1",
    ) -> str:
        """Let somebody else than the user create a deployment of CodeDeploy; returns its id."""
        more = {"instances": instances, "external_id": external_id, "region": region}
        return str(self._do("deployment_by", creator=creator, params=params, **more))

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
        """Let the next ``times`` (None: all) requests of ``operation`` (``*``: any) fail, for so many ``seconds``."""
        more = {} if seconds is None else {"seconds": seconds}
        params = {"code": code, "message": message, "times": times, "when": when, "after": after, "kind": kind}
        self._do("fail", operation=operation, **params, **more)

    def clear_failures(self) -> None:
        """Forget what was scripted by :meth:`fail`, :meth:`deny` and :meth:`on`."""
        self._do("clear_failures")

    def deny(
        self,
        action: str,
        resource: str = "*",
        policy: str = "identity",
        explicit: bool = False,
        arn: str | None = None,
    ) -> None:
        """Forbid an action on a resource (an ARN or its name), in AWS's words for this kind of policy."""
        self._do("deny", action=action, resource=resource, policy=policy, explicit=explicit, arn=arn)

    def on(self, operation: str, do: dict[str, Any], when: str = "before", nth: int = 1) -> None:
        """Do something when the ``nth`` request of ``operation`` from now on arrives, or after it is answered."""
        self._do("on", operation=operation, do=do, when=when, nth=nth)

    def calls(self) -> dict[str, int]:
        """Operation to number of requests."""
        result: dict[str, int] = self._do("calls")
        return result

    def reset_calls(self) -> None:
        """Start counting and logging afresh."""
        self._do("reset_calls")

    def log(self) -> list[dict[str, Any]]:
        """``{operation, service, time, params}`` of each request, in order."""
        result: list[dict[str, Any]] = self._do("log")
        return result

    def quotas(self, enabled: bool = True, scale: float = 1.0) -> None:
        """Throttle as AWS does, with bursts and rates multiplied by ``scale``."""
        self._do("quotas", enabled=enabled, scale=scale)

    def timings(self, **seconds: float) -> dict[str, float]:
        """Change durations (realistic seconds) and return all of them."""
        result: dict[str, float] = self._do("timings", **seconds)
        return result
