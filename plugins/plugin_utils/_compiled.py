# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Files of this collection that ansible-playbook imports are compiled once, and not for each play.

Python keeps what it has compiled in ``__pycache__``. ansible-core's loader for collections does not
(``_AnsibleCollectionPkgLoaderBase.get_code`` compiles the source each time): 90 files, an eighth of a second of each
play. For plugins themselves ansible-core uses Python's own loader, and so does this, for files and for nothing else:
packages, redirections, other collections and whatever cannot be kept are left to ansible-core.

``LASTGOOD_AWS_BYTECODE_CACHE=false`` in the environment turns it off, and so does PYTHONDONTWRITEBYTECODE.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import types
import typing as t
from importlib.machinery import ModuleSpec

VARIABLE: t.Final = "LASTGOOD_AWS_BYTECODE_CACHE"
_OFF: t.Final = frozenset({"0", "false", "no", "off"})
# The class of ansible-core's finder for collections; ansible-core keeps it private. Other finders may stand before it.
_OF_CORE: t.Final = "_AnsibleCollectionFinder"
_HOUSE: t.Final = "ansible_collections.lastgood.aws.plugins."
_ROOMS: t.Final = (f"{_HOUSE}module_utils.", f"{_HOUSE}plugin_utils.")


class Finder:
    """Finds the files of :data:`_ROOMS`, for Python's import. One for a process."""

    def find_spec(
        self, fullname: str, path: t.Sequence[str] | None = None, _target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """How to import a file, None for all that is left to ansible-core.

        ``path`` is where the package is that the file belongs to; ansible-core has found that.
        """
        if not fullname.startswith(_ROOMS) or path is None or len(path) != 1:
            return None
        whole = os.path.join(path[0], fullname.rpartition(".")[2])
        file = f"{whole}.py"
        if os.path.isdir(whole) or not os.path.isfile(file) or not can_be_kept(path[0]):
            return None
        return importlib.util.spec_from_file_location(fullname, file)


@functools.cache
def can_be_kept(folder: str) -> bool:
    """Whether Python can write down what it compiles of this folder."""
    try:
        cache = os.path.dirname(importlib.util.cache_from_source(os.path.join(folder, "any.py")))
    except NotImplementedError:
        # This Python keeps nothing.
        return False
    while not os.path.exists(cache):
        cache = os.path.dirname(cache)
    return os.path.isdir(cache) and os.access(cache, os.W_OK | os.X_OK)


def is_wanted(environment: t.Mapping[str, str]) -> bool:
    """Whether the user has not turned it off."""
    return environment.get(VARIABLE, "").strip().lower() not in _OFF


def install() -> None:
    """Ask right before ansible-core's finder from now on, unless it is turned off or there is no such finder."""
    known = any(isinstance(finder, Finder) for finder in sys.meta_path)
    if known or sys.dont_write_bytecode or not is_wanted(os.environ):
        return
    for place, finder in enumerate(sys.meta_path):
        if type(finder).__name__ == _OF_CORE:
            sys.meta_path.insert(place, t.cast(t.Any, Finder()))
            return


# Importing this is enough, since it has to come before the other imports.
install()
