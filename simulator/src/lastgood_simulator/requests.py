# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which operation of which service a request asks for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_S3_OPERATIONS = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
# A service's signing name where it is not the name that boto3 uses.
_BOTO_NAMES = {"monitoring": "cloudwatch", "elasticloadbalancing": "elbv2", "tagging": "resourcegroupstaggingapi"}


@dataclass
class Request:
    """One request, read once. ``params`` are those of the JSON body or of the query protocol, unflattened."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    url: str
    service: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    operation: str = ""
    protocol: str = ""
    params: dict[str, Any] = field(default_factory=dict)


def read_request(method: str, path: str, headers: dict[str, str], body: bytes, url: str) -> Request:
    """Recognise the operation. ``headers`` have lower-case names. Other REST services keep an empty ``operation``."""
    request = Request(method, path, headers, body, url)
    scope = _SCOPE.search(headers.get("authorization", ""))
    if scope:
        request.access_key, request.region, signing_name = scope.groups()
        request.service = _BOTO_NAMES.get(signing_name, signing_name)
    target = headers.get("x-amz-target", "")
    if target:
        request.operation = target.rsplit(".", 1)[-1]
        request.protocol = "json"
        try:
            params = json.loads(body or b"{}")
        except ValueError:
            params = {}
        request.params = params if isinstance(params, dict) else {}
    elif headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        flat = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        request.operation = flat.pop("Action", "")
        flat.pop("Version", None)
        request.protocol = "ec2" if request.service == "ec2" else "query"
        request.params = _unflatten(flat)
    elif request.service == "s3":
        _read_s3(request)
    return request


def _read_s3(request: Request) -> None:
    """Objects that are read and written; everything else of S3 keeps an empty ``operation``.

    Both ways of naming a bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    request.protocol = "rest-xml"
    url = urlsplit(request.url)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    host = request.headers.get("host") or url.hostname or ""
    path = unquote(request.path.lstrip("/"))
    virtual = re.match(r"(.+)\.s3[.-]", host)
    bucket, _slash, key = (virtual[1], "", path) if virtual else path.partition("/")
    if key and set(query) <= {"versionId", "x-id"} and request.method in _S3_OPERATIONS:
        request.operation = _S3_OPERATIONS[request.method]
        request.params = {"Bucket": bucket, "Key": key}
        if "versionId" in query:
            request.params["VersionId"] = query["versionId"]


def _unflatten(flat: dict[str, str]) -> dict[str, Any]:
    """``{"Names.member.1": "a"}`` to ``{"Names": ["a"]}``."""
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *parents, leaf = path.split(".")
        node = tree
        for name in parents:
            node = node.setdefault(name, {})
            if not isinstance(node, dict):
                break
        else:
            node[leaf] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if list(node) == ["member"]:
        return _listed(node["member"])
    if node and all(key.isdigit() for key in node):
        return [_listed(node[key]) for key in sorted(node, key=int)]
    return {name: _listed(value) for name, value in node.items()}
