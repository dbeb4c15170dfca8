# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which unit tests depend on the version of ansible-core or of the SDK.

Those whose own file, or whose subject, imports one of them. The rest is functions over plain data, whose tables say the
same whatever the version.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PLUGINS = "ansible_collections.lastgood.aws.plugins."
VERSIONED = ("ansible", "ansible_collections.amazon", "boto3", "botocore")


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in the file, with each name that may be a module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def is_versioned(file: Path) -> bool:
    """Whether a file imports ansible-core, amazon.aws or the SDK."""
    return any(f"{name}.".startswith(f"{versioned}.") for name in imported(file) for versioned in VERSIONED)


def subjects(collection: Path, test: Path) -> Iterator[Path]:
    """The files below plugins/ that a test imports."""
    for name in imported(test):
        if name.startswith(PLUGINS):
            file = (collection / "plugins" / Path(*name.removeprefix(PLUGINS).split("."))).with_suffix(".py")
            if file.exists():
                yield file


def dependent(collection: Path) -> list[Path]:
    """The test files, relative to the collection, that have to be run with each version."""
    return [
        test.relative_to(collection)
        for test in sorted((collection / "tests" / "unit").rglob("test_*.py"))
        if is_versioned(test) or any(map(is_versioned, subjects(collection, test)))
    ]
