# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""botocore finds the same models as with its own loader, and looks into fewer folders."""

from __future__ import annotations

import functools
import inspect
import os
import typing as t

import botocore.session
import pytest
from botocore import compat, hooks
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from ansible_collections.lastgood.aws.plugins.plugin_utils._models import OneByOne, accepts_kwargs, quick_handlers

TYPES = ["service-2", "endpoint-rule-set-1", "waiters-2"]


def folders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that are listed from now on."""
    seen: list[str] = []
    listdir = os.listdir

    def watched(path: t.Any) -> list[str]:
        seen.append(str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", watched)
    return seen


@pytest.mark.parametrize("type_name", TYPES)
def test_there_are_the_same_services(type_name: str) -> None:
    theirs, ours = Loader().list_available_services(type_name), OneByOne().list_available_services(type_name)
    assert list(ours) == theirs
    assert (len(ours), ours[0], ours[1:3]) == (len(theirs), theirs[0], theirs[1:3])
    assert ("ecs" in ours) is ("ecs" in theirs)
    assert "nonesuch" not in ours


@pytest.mark.parametrize("service", ["ecs", "codedeploy", "application-autoscaling"])
def test_a_model_is_the_same_and_no_other_service_is_looked_at(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    theirs = Loader().load_service_model(service, "service-2")
    seen = folders(monkeypatch)
    assert OneByOne().load_service_model(service, "service-2") == theirs
    assert {os.path.basename(path) for path in seen} == {service}


def test_an_unknown_service_is_refused_in_the_same_words() -> None:
    def refusal(loader: Loader) -> str:
        session = botocore.session.Session()
        session.register_component("data_loader", loader)
        with pytest.raises(UnknownServiceError) as caught:
            session.create_client("nonesuch", region_name="us-east-1")
        return str(caught.value)

    assert refusal(OneByOne()) == refusal(Loader())


class Handlers:
    def with_(self, **kwargs: t.Any) -> None:
        pass

    def without(self, one: int) -> None:
        pass

    @classmethod
    def of_class(cls, **kwargs: t.Any) -> None:
        pass

    @staticmethod
    def static(**kwargs: t.Any) -> None:
        pass

    def __call__(self, **kwargs: t.Any) -> None:
        pass


@functools.wraps(Handlers.with_)
def wrapping(one: int) -> None:
    pass


def signed(one: int) -> None:
    pass


signed.__signature__ = inspect.signature(Handlers.static)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "handler",
    [
        Handlers().with_,
        Handlers().without,
        Handlers.with_,
        Handlers.of_class,
        Handlers.static,
        Handlers(),
        functools.partial(Handlers.static, one=1),
        functools.partial(Handlers().without, 1),
        wrapping,
        signed,
        lambda **kwargs: None,
        lambda *args: None,
    ],
)
def test_handlers_are_seen_as_inspect_sees_them(handler: t.Any) -> None:
    assert accepts_kwargs(handler, compat.accepts_kwargs) is bool(compat.accepts_kwargs(handler))


def test_what_inspect_cannot_see_is_refused_as_before() -> None:
    with pytest.raises(TypeError):
        accepts_kwargs(3, compat.accepts_kwargs)


def test_a_client_has_the_same_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[t.Any] = []
    monkeypatch.setattr(hooks, "accepts_kwargs", lambda handler: seen.append(handler) or compat.accepts_kwargs(handler))

    def client() -> t.Any:
        session = botocore.session.Session()
        return session.create_client("ecs", region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")

    client()
    assert len(seen) > 100
    for handler in seen:
        assert accepts_kwargs(handler, compat.accepts_kwargs) is bool(compat.accepts_kwargs(handler))
    seen.clear()
    with quick_handlers():
        client().meta.events.register("before-send", Handlers().with_)
        with pytest.raises(ValueError, match="must accept keyword"):
            client().meta.events.register("before-send", Handlers().without)
    # Only what is no plain function was left to inspect.
    assert len(seen) < 20
    client()
    assert len(seen) > 100
