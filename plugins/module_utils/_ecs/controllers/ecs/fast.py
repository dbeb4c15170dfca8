# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One deployment without waiting: no bake time, no steps, no PAUSE hooks, and everything as it was afterwards. Pure.

UpdateService with an older task definition walks the service's whole strategy again. What is changed for the one
deployment is written into tags of the service before it is changed, so that a run after a crash can put it back. A
deploymentConfiguration alone starts no deployment
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html).
"""

from __future__ import annotations

import base64
import binascii
import json
import typing as t
import zlib

# Base64 has no character that a tag value may not have; 256 of them fit into one.
_PREFIX: t.Final = "lastgood:configuration-"
_CHUNK: t.Final = 256
# More than that would crowd out the service's own tags: it can have 50.
_MOST_CHUNKS: t.Final = 8
# What goes with a strategy, and is sent again with it.
_OF_STRATEGIES: t.Final = ("linearConfiguration", "canaryConfiguration")

Configuration = t.Mapping[str, t.Any]


def override(configuration: Configuration) -> dict[str, t.Any]:
    """The changes for one deployment; empty if there is nothing to skip.

    Traffic goes over all at once to tasks that are up and healthy, as with BLUE_GREEN. Hooks that run a Lambda function
    stay: they check something.
    """
    changes: dict[str, t.Any] = {}
    if configuration.get("strategy") in ("LINEAR", "CANARY"):
        changes["strategy"] = "BLUE_GREEN"
    if configuration.get("bakeTimeInMinutes"):
        changes["bakeTimeInMinutes"] = 0
    hooks = configuration.get("lifecycleHooks") or []
    kept = [hook for hook in hooks if not _is_pause(hook)]
    if len(kept) != len(hooks):
        changes["lifecycleHooks"] = kept
    return changes


def waits_for_somebody(configuration: Configuration) -> list[str]:
    """The lifecycle stages at which a deployment waits until a person answers a PAUSE hook."""
    hooks = configuration.get("lifecycleHooks") or []
    waiting = (hook.get("lifecycleStages") or [] for hook in hooks if hook.get("targetType") == "PAUSE")
    return list(dict.fromkeys(stage for stages in waiting for stage in stages))


def _is_pause(hook: t.Mapping[str, t.Any]) -> bool:
    """An older botocore drops ``targetType`` from answers; only a hook that runs a function names one."""
    return hook.get("targetType") == "PAUSE" or not hook.get("hookTargetArn")


def restore(configuration: Configuration) -> dict[str, t.Any]:
    """What puts the configuration back: exactly what :func:`override` changes, since AWS keeps all the rest."""
    changed = override(configuration)
    keys = (*changed, *(_OF_STRATEGIES if "strategy" in changed else ()))
    return {key: configuration[key] for key in keys if key in configuration}


def differs(configuration: Configuration, back: Configuration) -> bool:
    """Whether anything has to be put back."""
    now = {key: configuration[key] for key in back if key in configuration}
    return bool(json.loads(_as_text(now)) != back)


def record(configuration: Configuration) -> dict[str, str] | None:
    """The tags that remember what :func:`restore` needs; None if it does not fit into tags."""
    text = _as_text(restore(configuration))
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    chunks = [packed[i : i + _CHUNK] for i in range(0, len(packed), _CHUNK)]
    if len(chunks) > _MOST_CHUNKS:
        return None
    return {f"{_PREFIX}{number}": chunk for number, chunk in enumerate(chunks, start=1)}


def _as_text(configuration: Configuration) -> str:
    return json.dumps(configuration, sort_keys=True, separators=(",", ":"), default=str)


def recorded(tags: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    """What the tags remember; None if there is no record. Raises :class:`ValueError` if it cannot be read."""
    chunks = {key: value for key, value in tags.items() if key.startswith(_PREFIX)}
    if not chunks:
        return None
    try:
        ordered = [chunks[f"{_PREFIX}{number}"] for number in range(1, len(chunks) + 1)]
        read = json.loads(zlib.decompress(base64.b64decode("".join(ordered), validate=True)))
    except (KeyError, binascii.Error, zlib.error, ValueError) as exc:
        raise ValueError(f"the tags {_PREFIX}* of the service cannot be read ({exc})") from exc
    if not isinstance(read, dict):
        raise ValueError(f"the tags {_PREFIX}* of the service hold something else than a configuration")
    return read


def tag_keys(tags: t.Mapping[str, str]) -> list[str]:
    """The keys of the record among a service's tags."""
    return sorted(key for key in tags if key.startswith(_PREFIX))
