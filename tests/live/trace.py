# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down every request and its answer, as AWS sent it."""

from __future__ import annotations

import json
import threading
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

Call = dict[str, t.Any]
ROOT = Path(__file__).resolve().parents[2]
# What is here came from AWS.
RECORDINGS = ROOT / "tests" / "recordings" / "live"
_KEPT = "lastgood_live"


@dataclass
class Recorder:
    """The calls of all clients that it watches, in the order of their answers. ``now`` counts seconds."""

    now: Callable[[], float]
    calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _begin: float = 0.0

    def start(self) -> None:
        """Forget what was written down; the time is 0."""
        with self._lock:
            self.calls = []
            self._begin = self.now()

    def watch(self, client: t.Any, name: str) -> None:
        """Write down what this client does. ``name`` tells several clients of a check apart."""
        service = client.meta.service_model.service_name

        def asked(params: t.Any, context: t.Any, **_more: t.Any) -> None:
            context[_KEPT] = (json.loads(json.dumps(params, default=_plain)), self.now())

        def answered(http_response: t.Any, parsed: t.Any, model: t.Any, context: t.Any, **_more: t.Any) -> None:
            metadata = parsed.get("ResponseMetadata", {})
            self._add(
                context,
                client=name,
                service=service,
                operation=model.name,
                status=metadata.get("HTTPStatusCode"),
                retries=metadata.get("RetryAttempts", 0),
                date=_date(metadata.get("HTTPHeaders", {}).get("date")),
                error=parsed.get("Error", {}).get("Code", ""),
                answer=_body(http_response, parsed),
            )

        def failed(exception: Exception, context: t.Any, event_name: str = "", **_more: t.Any) -> None:
            operation = event_name.rpartition(".")[2]
            self._add(
                context,
                client=name,
                service=service,
                operation=operation,
                status=None,
                retries=0,
                date=None,
                error=type(exception).__name__,
                answer={},
            )

        events = client.meta.events
        events.register("before-parameter-build.*.*", asked, unique_id=f"live-asked-{name}")
        events.register("after-call.*.*", answered, unique_id=f"live-answered-{name}")
        events.register("after-call-error.*.*", failed, unique_id=f"live-failed-{name}")

    def _add(self, context: t.Any, **what: t.Any) -> None:
        parameters, began = context.get(_KEPT, ({}, self.now()))
        call = {
            "at": round(began - self._begin, 3),
            "took": round(self.now() - began, 3),
            "parameters": parameters,
            **what,
        }
        with self._lock:
            self.calls.append(call)


def write(trace: dict[str, t.Any], folder: Path) -> Path:
    """Write a trace. Raises ValueError if one of the simulator would end up among those of AWS."""
    if trace["source"] != "aws" and folder.resolve() == RECORDINGS:
        raise ValueError(f"{RECORDINGS.relative_to(ROOT)} is for traces of AWS, and this one is the simulator's")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{trace['check']}.json"
    path.write_text(json.dumps(trace, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _body(http_response: t.Any, parsed: t.Any) -> t.Any:
    """The body as it came, with members that botocore does not know; what botocore made of it if it is not JSON."""
    try:
        body = json.loads(http_response.content)
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    shown = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
    return json.loads(json.dumps(shown, default=_plain))


def _plain(value: t.Any) -> t.Any:
    return value.timestamp() if isinstance(value, datetime) else str(value)


def _date(header: str | None) -> float | None:
    return parsedate_to_datetime(header).timestamp() if header else None
