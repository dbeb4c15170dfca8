# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What botocore reads and works out for each session and client anew, done once for all tests of a process."""

from __future__ import annotations

import contextlib
import functools
import gc
import pickle
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

import botocore.compat
import botocore.hooks
import botocore.httpsession
import botocore.loaders
import botocore.regions
import botocore.useragent
from botocore.auth import SigV4Auth
from botocore.client import ClientCreator
from botocore.compat import HTTPHeaders
from botocore.context import get_context
from botocore.hooks import EventAliaser
from botocore.model import ServiceModel
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.useragent import UserAgentComponent, UserAgentString

from tests import handlers

# The collection's own way to make clients quickly.
MODELS = Path(__file__).resolve().parent.parent / "plugins" / "plugin_utils" / "_models.py"
# New objects between two looks of the garbage collector, and looks between two at older objects. A process that ends
# soon hardly needs any. One that runs thousands of tests finds what a few of them left behind in the processor's cache.
SELDOM = (500_000, 1, 1)
OFTEN = (10_000, 10, 10)
# So many answers are kept: more than one test gets.
ANSWERS = 500
OPERATIONS = "moto.core.responses.method_names_from_class"
SSL_CONTEXT = "botocore.httpsession.create_urllib3_context"
SANITIZE = "botocore.useragent.sanitize_user_agent_string_component"
# boto3 adds methods to the clients of these, and a session of botocore alone does not.
CUSTOMIZED = ("dynamodb", "ec2", "s3")


@contextlib.contextmanager
def once() -> Iterator[None]:
    """botocore parses the model of each service once; a module makes a new session for each of its clients.

    The same goes for what follows from a model (the class of its clients, its shapes, its rules for endpoints), for the
    names of events and the signatures of their handlers, of which each session works out some hundreds, and for the
    user agent of each request.
    """
    loader = botocore.loaders.create_loader()
    # Each session adds boto3's own folder, and whoever looks for a file looks into all of them.
    loader._search_paths = _Paths(loader.search_paths)
    sanitize = functools.cache(botocore.useragent.sanitize_user_agent_string_component)
    with contextlib.ExitStack() as stack:
        for patch in (
            mock.patch("botocore.session.create_loader", _always(loader)),
            handlers.once(),
            mock.patch.object(EventAliaser, "_alias_event_name", _aliases()),
            mock.patch("botocore.hooks.accepts_kwargs", _accepts_kwargs(botocore.hooks.accepts_kwargs)),
            mock.patch.object(ClientCreator, "_load_service_model", _models(ClientCreator._load_service_model)),
            mock.patch.object(ClientCreator, "_create_client_class", _classes(ClientCreator._create_client_class)),
            mock.patch("botocore.regions.EndpointProvider", _rules(botocore.regions.EndpointProvider)),
            mock.patch(SANITIZE, sanitize),
            mock.patch.object(UserAgentComponent, "to_string", functools.cache(UserAgentComponent.to_string)),
        ):
            stack.enter_context(patch)
        yield


class _Paths(list[str]):
    """Folders in which one loader looks, each once."""

    def append(self, path: str) -> None:
        if path not in self:
            super().append(path)


def _aliases() -> Callable[[EventAliaser, str], str]:
    known: dict[str, str] = {}
    work_out = EventAliaser._alias_event_name

    def alias(self: EventAliaser, name: str) -> str:
        if name not in known:
            known[name] = work_out(self, name)
        return known[name]

    return alias


def _accepts_kwargs(look: Callable[[Callable[..., object]], object]) -> Callable[[Callable[..., object]], bool]:
    # From its file: the collection is to be imported by ansible-core, and not before that.
    ours = runpy.run_path(str(MODELS))["accepts_kwargs"]
    return functools.partial(ours, otherwise=look)


def _models(load: Callable[..., ServiceModel]) -> Callable[..., ServiceModel]:
    known: dict[tuple[str, str | None], ServiceModel] = {}

    def load_service_model(creator: Any, service: str, api_version: str | None = None) -> ServiceModel:
        if (service, api_version) not in known:
            known[service, api_version] = load(creator, service, api_version)
        return known[service, api_version]

    return load_service_model


def _classes(create: Callable[..., type]) -> Callable[..., type]:
    known: dict[tuple[str, ServiceModel, Callable[..., Any]], type] = {}

    def create_client_class(creator: Any, service: str, model: ServiceModel) -> type:
        # A test may replace what makes the methods.
        key = (service, model, type(creator)._create_methods)
        if service in CUSTOMIZED:
            return create(creator, service, model)
        if key not in known:
            known[key] = create(creator, service, model)
        return known[key]

    return create_client_class


def _rules(make: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[int, int, str], tuple[Any, Any, Any]] = {}

    def provider(ruleset_data: Any, partition_data: Any, **more: Any) -> Any:
        key = (id(ruleset_data), id(partition_data), repr(more))
        if key not in known:
            # It holds both, so that no others get their ids.
            known[key] = (make(ruleset_data, partition_data, **more), ruleset_data, partition_data)
        return known[key][0]

    return provider


def imports_are_no_garbage(thresholds: tuple[int, int, int] = SELDOM) -> None:
    """The collector need not look at all of moto again and again, nor at each answer that a client has read."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*thresholds)


@contextlib.contextmanager
def in_process() -> Iterator[None]:
    """What need not be done if moto is in this process, where it takes the requests from botocore.

    It prepares for those of the library requests too, whenever it starts: for each pattern of its two hundred services
    and each method of HTTP. Nobody checks what exactly was signed, nothing is encrypted, and most answers are those of
    the look before.
    """
    # A play, which needs :func:`once`, is not to wait for moto.
    from moto.core.utils import method_names_from_class

    with (
        mock.patch("moto.core.models.RESPONSES_METHODS", []),
        # moto asks for each request which of the methods of a class are operations.
        mock.patch(OPERATIONS, functools.cache(method_names_from_class)),
        mock.patch.object(SigV4Auth, "canonical_request", _always("")),
        mock.patch.object(SigV4Auth, "headers_to_sign", _always(HTTPHeaders())),
        # moto reads it where it enforces policies.
        mock.patch.object(SigV4Auth, "signed_headers", _always("x-amz-date")),
        mock.patch.object(SigV4Auth, "string_to_sign", _always("")),
        mock.patch.object(SigV4Auth, "signature", _always("")),
        mock.patch(SSL_CONTEXT, functools.cache(botocore.httpsession.create_urllib3_context)),
        # Each time would get a time zone of its own, though all are the same.
        mock.patch("botocore.compat.tzlocal", functools.cache(botocore.compat.tzlocal)),
        mock.patch.object(ResponseParserFactory, "create_parser", _parsers(ResponseParserFactory.create_parser)),
        mock.patch.object(UserAgentString, "to_string", _user_agents(UserAgentString.to_string)),
        mock.patch.object(JSONParser, "_handle_json_body", _answers(JSONParser._handle_json_body)),
    ):
        yield


def _always(value: Any) -> Callable[..., Any]:
    """No mock: that would keep each request that it was called with, and all that belongs to it."""
    return lambda *_arguments: value


def _parsers(make: Callable[[ResponseParserFactory, str], Any]) -> Callable[[ResponseParserFactory, str], Any]:
    """They keep nothing of what they parse. One for each request is work for the garbage collector."""
    known: WeakKeyDictionary[ResponseParserFactory, dict[str, Any]] = WeakKeyDictionary()

    def create_parser(factory: ResponseParserFactory, protocol: str) -> Any:
        made = known.setdefault(factory, {})
        if protocol not in made:
            made[protocol] = make(factory, protocol)
        return made[protocol]

    return create_parser


def _user_agents(build: Callable[[UserAgentString], str]) -> Callable[[UserAgentString], str]:
    """A client sends the same with each request, but for the marks of what botocore does for it."""
    known: WeakKeyDictionary[UserAgentString, dict[frozenset[str], str]] = WeakKeyDictionary()

    def to_string(agent: UserAgentString) -> str:
        of_the_client, of_the_request = agent._client_features, get_context()
        features = frozenset(of_the_client or ()).union(of_the_request.features if of_the_request else ())
        built = known.setdefault(agent, {})
        if features not in built:
            built[features] = build(agent)
        return built[features]

    return to_string


def _answers(parse: Callable[[JSONParser, bytes, Any], Any]) -> Callable[[JSONParser, bytes, Any], Any]:
    """Whoever watches a deployment gets the same answer many times. Each gets a copy, which it may change.

    pickle makes one in a tenth of the time that parsing takes.
    """
    known: dict[tuple[Any, bytes], bytes] = {}

    def handle_json_body(parser: JSONParser, body: bytes, shape: Any) -> Any:
        copied = known.get((shape, body))
        if copied is not None:
            return pickle.loads(copied)
        parsed = parse(parser, body, shape)
        if len(known) >= ANSWERS:
            known.clear()
        known[shape, body] = pickle.dumps(parsed, pickle.HIGHEST_PROTOCOL)
        return parsed

    return handle_json_body
