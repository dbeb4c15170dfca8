# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The only way to AWS: every request of a module is counted, paced and retried here."""

from __future__ import annotations

import copy
import functools
import threading
import typing as t
from collections import Counter
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # The module says that it is missing.

from ansible_collections.amazon.aws.plugins.module_utils.botocore import gather_sdk_versions
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from ansible_collections.lastgood.aws.plugins.module_utils._aws import identity, unknown_members
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    DENIED_CODES,
    RETRIED_CODES,
    THROTTLING_CODES,
    IncompleteAnswerError,
    UnknownOperationError,
    action_of,
    of_aws,
)
from ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter import RateLimiter
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock

# These deploy. All others only tell more about a deployment.
_DEPLOYERS: t.Final = frozenset({"ecs", "codedeploy"})
# For how many seconds a service that did not answer is not asked again. Longer than all that comes before a write,
# shorter than a deployment whose health is watched.
_SILENCE: t.Final = 300.0
Answer = t.Dict[str, t.Any]
# How often a read is sent whose answer is cut off on the way. A write is sent once: AWS has done it.
_READS: t.Final = ("BatchGet", "Describe", "Get", "List")
_READ_ATTEMPTS: t.Final = 3
# What a request of :attr:`Aws.prompt` is given.
PROMPT_SECONDS: t.Final = 2.0
_Found = t.TypeVar("_Found")


class Denied(t.NamedTuple):
    """A request that AWS denied: what it needs, in IAM's words, and the ARN that AWS names; empty if it names none."""

    action: str
    resource: str


class Outlast(t.Protocol):
    """Repeats a question until there is an answer or it is time to give up."""

    def __call__(self, ask: t.Callable[[], _Found], operation: str, until: float = float("inf")) -> _Found:
        """The answer. Raises the last error if there is none."""


class Aws:
    """Clients by service name, with counting and pacing hooked into botocore's events.

    ``make_client`` makes a boto3 client for a service name (``module.client`` of an AnsibleAWSModule). The hooks sit on
    the wire: ``before-send`` fires for each attempt, so botocore's retries, paginators and waiters are counted and
    paced too. Raises what botocore raises; the API functions above translate it (:func:`~..errors.error_handler`).
    ``outlast`` is for :meth:`steadily`. ``clock`` learns AWS's time from each answer. ``make_prompt_client`` makes the
    clients for :attr:`prompt`, and ``make_beside_client`` those for :attr:`beside`.
    """

    def __init__(
        self,
        make_client: t.Callable[[str], t.Any],
        limiter: RateLimiter | None = None,
        outlast: Outlast | None = None,
        clock: Clock | None = None,
        make_prompt_client: t.Callable[[str], t.Any] | None = None,
        make_beside_client: t.Callable[[str], t.Any] | None = None,
    ) -> None:
        self._make_client = make_client
        self._make_beside_client = make_beside_client or make_client
        self._make_prompt_client = make_prompt_client or make_client
        self._limiter = limiter or RateLimiter()
        self._outlast = outlast
        self.clock = clock or Clock()
        self._clients: dict[str, t.Any] = {}
        self._prompt_clients: dict[str, t.Any] = {}
        self._beside_clients: dict[str, t.Any] = {}
        # Seconds that a request may wait for its turn; None if it waits as long as it takes.
        self._patience: float | None = None
        self._calls: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._making = threading.Lock()
        # The Date of AWS's latest answer, None before the first.
        self.date: datetime | None = None
        self._brisk = False
        self._denied: dict[Denied, None] = {}
        self._hurried = False
        self._is_beside = False
        self._remembers = True
        # The services that did not answer :attr:`beside`, each with its error and until when it is not asked.
        self._silent: dict[str, tuple[Exception, float]] = {}
        # Whether this thread is inside :meth:`brisk` or :meth:`hurried`, and what tells the request that it sends from
        # others.
        self._now = threading.local()

    @property
    def brisk(self) -> Aws:
        """The same AWS for requests that are repeated anyway: a lost connection is an error at once."""
        brisk = copy.copy(self)
        brisk._brisk = True
        return brisk

    @property
    def hurried(self) -> Aws:
        """The same AWS for requests that can be sent later instead: throttling is an error at once, too."""
        hurried = self.brisk
        hurried._hurried = True
        return hurried

    @property
    def prompt(self) -> Aws:
        """The same AWS for a request that must not hold anything up: tried once, for about two seconds.

        They begin when the limiter lets it go. Raises :class:`IncompleteAnswerError` at once if AWS has throttled such
        requests, and its turn would come later than that.
        """
        prompt = self.brisk
        prompt._make_client, prompt._clients = self._make_prompt_client, self._prompt_clients
        prompt._patience = PROMPT_SECONDS
        prompt._is_beside = False
        return prompt

    @property
    def beside(self) -> Aws:
        """The same AWS for what only tells more about a deployment. A controller may have no way to it, and a rollback
        must not wait for that.

        ECS and CodeDeploy are asked as by :attr:`prompt`. All other services get seconds, a connection to them is tried
        once, and one that did not answer is not asked again for a while. What they throttle is asked for three times.
        """
        beside = copy.copy(self)
        beside._make_client, beside._clients = self._make_beside_client, self._beside_clients
        beside._is_beside = True
        return beside

    @property
    def watching(self) -> Aws:
        """The same as :attr:`beside` for what is looked at again and again: a service that did not answer is asked at
        the next look.
        """
        watching = self.beside
        watching._remembers = False
        return watching

    def steadily(self, operation: str, ask: t.Callable[[Aws], _Found], until: float = float("inf")) -> _Found:
        """What ``ask`` returns, repeated while AWS does not answer. ``ask`` must be safe to repeat.

        It is not repeated past ``until``, monotonic seconds on the clock of ``outlast``.
        """
        outlast = self._outlast
        return ask(self) if outlast is None else outlast(lambda: ask(self.brisk), operation, until)

    @property
    def api_calls(self) -> dict[str, int]:
        """Requests sent so far by operation, retries included."""
        with self._counting:
            return dict(sorted(self._calls.items()))

    @property
    def slices(self) -> int:
        """How many processes like this one work at the same time; this one counts."""
        return self._limiter.slices

    @property
    def denied(self) -> tuple[Denied, ...]:
        """What AWS has denied so far, each once, the first one first."""
        with self._counting:
            return tuple(self._denied)

    def client(self, service: str) -> t.Any:
        """The boto3 client of a service, created once."""
        if self._is_beside and service in _DEPLOYERS:
            return self.prompt.client(service)
        # boto3's clients can be used by several threads at once; sessions, which make them, cannot
        # (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients).
        with self._making:
            if service not in self._clients:
                client = self._make_client(service)
                events = client.meta.events
                events.register("before-send", self._before_send)
                events.register("needs-retry", self._on_response)
                events.register("after-call", functools.partial(self._note_denial, service))
                # What is copied from an answer must be whole.
                events.register("before-parse.ecs.DescribeTaskDefinition", unknown_members.note)
                self._clients[service] = client
        return self._clients[service]

    def learn_quota(self, service: str, operation: str, burst: float, rate: float) -> None:
        """Pace the requests that share a quota with this operation by these figures (requests, and per second)."""
        self._limiter.learn(service, operation, burst, rate)

    def region(self, service: str) -> str:
        """The Region that requests to this service go to."""
        return str(self.client(service).meta.region_name or "")

    def _before_send(self, event_name: str, **kwargs: t.Any) -> None:
        service, operation = event_name.split(".")[1:3]
        if self._patience is not None and self._limiter.slowed_by(service, operation) > self._patience:
            raise IncompleteAnswerError(f"{operation} was not sent: AWS throttles these requests, and it would be late")
        self._limiter.acquire(service, operation)
        with self._counting:
            self._calls[operation] += 1

    def _on_response(
        self,
        event_name: str,
        response: t.Any = None,
        caught_exception: t.Any = None,
        attempts: int = 1,
        **kwargs: t.Any,
    ) -> int | None:
        # `response` is (http response, parsed body), or None if the connection broke. What is returned is the number of
        # seconds after which botocore sends the request again; None: it does not.
        brisk = getattr(self._now, "brisk", False)
        if not response:
            # Raising here is how to make botocore give up.
            if caught_exception is not None and brisk:
                raise caught_exception
            return None
        date = _date(response[0])
        if date is not None:
            self.date = date
            self.clock.learn(date)
        code = (response[1] or {}).get("Error", {}).get("Code", "")
        if code in THROTTLING_CODES:
            service, operation = event_name.split(".")[1:3]
            self._limiter.throttled(service, operation, getattr(self._now, "request", ""))
            if getattr(self._now, "hurried", False):
                raise ClientError(response[1], operation)
        again = not brisk and attempts < _READ_ATTEMPTS and event_name.split(".")[2].startswith(_READS)
        return 0 if again and _is_cut_off(response[0]) else None

    def _note_denial(self, service: str, event_name: str, parsed: t.Any = None, **kwargs: t.Any) -> None:
        error = (parsed or {}).get("Error") or {}
        if error.get("Code") not in DENIED_CODES:
            return
        said = identity.denial(str(error.get("Message") or ""))
        action = said.action if said is not None else action_of(service, event_name.split(".")[2])
        with self._counting:
            self._denied.setdefault(Denied(action, said.resource if said is not None else ""))

    def call(self, service: str, method: str, /, **params: t.Any) -> Answer:
        """Send one request. ``method`` is boto3's name of the operation (``describe_services``).

        Raises :class:`UnknownOperationError` if the installed botocore is too old to have it, and
        :class:`IncompleteAnswerError` if botocore cannot parse the answer: XML that was cut off on the way.
        """
        if self._is_beside:
            return self._ask_beside(service, method, params)
        if self._brisk:
            return self._briskly(service, method, params)
        for _attempt in range(_READ_ATTEMPTS - 1 if _camel(method).startswith(_READS) else 0):
            try:
                return t.cast(Answer, self._retried(service, method, params))
            except IncompleteAnswerError:
                pass
        return t.cast(Answer, self._retried(service, method, params))

    def _ask_beside(self, service: str, method: str, params: t.Mapping[str, t.Any]) -> Answer:
        if service in _DEPLOYERS:
            return self.prompt.call(service, method, **params)
        error, until = self._silent.get(service, (None, 0.0)) if self._remembers else (None, 0.0)
        if error is not None and self.clock.monotonic() < until:
            raise error
        self._now.brisk = True
        try:
            return t.cast(Answer, self._retried_briefly(service, method, params))
        except Exception as exc:
            trouble = of_aws(exc)
            if trouble is not None and trouble.no_answer:
                self._silent[service] = exc, self.clock.monotonic() + _SILENCE
            raise
        finally:
            self._now.brisk = False

    def _briskly(self, service: str, method: str, params: t.Mapping[str, t.Any]) -> Answer:
        self._now.brisk, self._now.hurried = True, self._hurried
        try:
            return self._send(service, method, params)
        finally:
            self._now.brisk = self._now.hurried = False

    @AWSRetry.jittered_backoff(retries=8, delay=1, max_delay=20, catch_extra_error_codes=RETRIED_CODES)
    def _retried(self, service: str, method: str, params: t.Mapping[str, t.Any]) -> Answer:
        return self._send(service, method, params)

    @AWSRetry.jittered_backoff(retries=3, delay=1, max_delay=2, catch_extra_error_codes=RETRIED_CODES)
    def _retried_briefly(self, service: str, method: str, params: t.Mapping[str, t.Any]) -> Answer:
        return self._send(service, method, params)

    def _send(self, service: str, method: str, params: t.Mapping[str, t.Any]) -> Answer:
        operation = getattr(self.client(service), method, None)
        if operation is None:
            raise UnknownOperationError(
                _camel(method),
                str(gather_sdk_versions().get("botocore_version", "")),
            )
        self._now.request = f"{method} {sorted(params.items())}"
        try:
            return t.cast(Answer, operation(**params))
        except Exception as exc:
            # It is not a BotoCoreError, so nobody above would translate it.
            if type(exc).__name__ != "ResponseParserError":
                raise
            raise IncompleteAnswerError(f"The answer to {method} was cut off on the way") from exc

    def pages(self, service: str, method: str, result_key: str, /, **params: t.Any) -> t.Iterator[t.Any]:
        """All items of a paged operation; pages are requested as needed.

        botocore has no paginator for ListServiceDeployments (1.44.5), so this follows ``nextToken``, which all of ECS
        and CodeDeploy use; both auto scalings use ``NextToken``. Raises :class:`IncompleteAnswerError` if a page lacks
        ``result_key``.
        """
        token: dict[str, str] = {}
        while True:
            page = self.call(service, method, **params, **token)
            yield from require(page, result_key, method)
            token = {name: page[name] for name in ("nextToken", "NextToken") if page.get(name)}
            if not token:
                return


def _camel(method: str) -> str:
    """The operation of a method: ``DescribeServices`` of ``describe_services``."""
    return "".join(word.capitalize() for word in method.split("_"))


def _is_cut_off(response: t.Any) -> bool:
    """Whether an answer in JSON lacks its end. botocore makes `{}` of it; it does notice XML that is cut off."""
    if "json" not in str(response.headers.get("Content-Type", "")) or response.status_code != 200:
        return False
    return not response.content.rstrip().endswith(b"}")


def _date(response: t.Any) -> datetime | None:
    """The Date header of an answer (RFC 9110, section 6.6.1); a proxy may leave it out or garble it."""
    try:
        found = parsedate_to_datetime(str(response.headers["Date"]))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def require(answer: Answer, key: str, method: str) -> t.Any:
    """``answer[key]``. Raises :class:`IncompleteAnswerError` if the key is missing: AWS's answer was cut off on the
    way.
    """
    if key not in answer:
        raise IncompleteAnswerError(message=f"The answer to {method} lacks '{key}', so it was cut off on the way")
    return answer[key]


def batches(items: t.Sequence[_Found], size: int) -> t.Iterator[list[_Found]]:
    """Slices of at most ``size`` items, in order."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
