# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""botocore's API models and clients, without what costs time and changes nothing.

Before botocore reads the model of a service, it lists all services, to see whether this is one: it looks into four
hundred folders, for 20 ms. This looks into one. And for each of the 130 handlers that a client has, botocore asks
inspect for its whole signature, half of what a client takes, to see whether it has ``**kwargs``.
"""

from __future__ import annotations

import contextlib
import inspect
import types
import typing as t
from collections.abc import Sequence

try:
    from botocore import hooks
    from botocore.exceptions import DataNotFoundError
    from botocore.loaders import Loader
except ImportError:
    # The module gets its own process then, which says that it is missing.
    Loader = object  # type: ignore[assignment, misc]


class Services(Sequence[str]):
    """The services that have a model of this type. They are listed only if somebody wants to see the list."""

    def __init__(self, loader: OneByOne, type_name: str) -> None:
        self._loader = loader
        self._type_name = type_name

    def __contains__(self, name: object) -> bool:
        try:
            return bool(self._loader.list_api_versions(str(name), self._type_name))
        except DataNotFoundError:
            return False

    def _all(self) -> list[str]:
        return Loader.list_available_services(self._loader, self._type_name)

    @t.overload
    def __getitem__(self, index: int) -> str:
        """One."""

    @t.overload
    def __getitem__(self, index: slice) -> list[str]:
        """Some."""

    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())


class OneByOne(Loader):
    """botocore's loader of models."""

    def list_available_services(self, type_name: str) -> t.Any:
        """See :class:`Services`."""
        return Services(self, type_name)


def accepts_kwargs(handler: t.Any, otherwise: t.Callable[[t.Any], t.Any]) -> bool:
    """Whether a handler has ``**kwargs``. Of what is no plain function or method, ``otherwise`` is asked."""
    function = handler.__func__ if isinstance(handler, types.MethodType) else handler
    if isinstance(function, types.FunctionType) and not hasattr(function, "__signature__"):
        return bool(function.__code__.co_flags & inspect.CO_VARKEYWORDS)
    return bool(otherwise(handler))


@contextlib.contextmanager
def quick_handlers() -> t.Iterator[None]:
    """In this context, botocore looks at its handlers by :func:`accepts_kwargs`."""
    seen_by: t.Any = hooks
    theirs = getattr(hooks, "accepts_kwargs", None)
    if theirs is None:
        yield
        return
    seen_by.accepts_kwargs = lambda handler: accepts_kwargs(handler, theirs)
    try:
        yield
    finally:
        seen_by.accepts_kwargs = theirs
