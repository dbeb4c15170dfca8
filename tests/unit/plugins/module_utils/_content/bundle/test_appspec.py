# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AppSpec files, with PyYAML and without."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, documents, yaml_subset
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import (
    Hook,
    Mapping,
    Permission,
    Unreadable,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content import recordings

FULL = b"""# What goes where.
version: 0.0
os: linux
files:
  - source: /
    destination: /srv/app   # everything
  - source: "a: b"
    destination: '/srv/it''s'
file_exists_behavior: RETAIN
permissions:
- object: /srv/app
  pattern: "*.sh"
  except: [a.sh, "b c.sh"]
  type:
    - file
  owner: www
  group: 33
  mode: 4755
  acls:
    - "u:www:rw"
    - d:g:www:r
  context:
    user: user_u
    type: httpd_t
    range: s0
- object: /srv/other
hooks:
  ApplicationStop:
    - location: stop.sh
      timeout: 300
      runas: root
    - location: two.sh
  BeforeInstall: []
"""


@pytest.fixture(params=["PyYAML", "subset"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "subset":
        monkeypatch.setattr(documents, "HAS_YAML", False)
    else:
        pytest.importorskip("yaml")
    return str(request.param)


@pytest.mark.usefixtures("reader")
def test_everything_that_an_appspec_file_says() -> None:
    found = appspec.parse(FULL)
    assert found.os == "linux"
    assert found.files == (Mapping(b"/", b"/srv/app"), Mapping(b"a: b", b"/srv/it's"))
    assert found.file_exists_behavior == "RETAIN"
    assert found.permissions == (
        Permission(
            b"/srv/app",
            b"*.sh",
            (b"a.sh", b"b c.sh"),
            ("file",),
            "www",
            "33",
            0o4755,
            ("u:www:rw", "d:g:www:r"),
            True,
        ),
        Permission(b"/srv/other"),
    )
    assert found.hooks == {
        "ApplicationStop": (Hook(b"stop.sh", 300, "root"), Hook(b"two.sh", 3600)),
        "BeforeInstall": (),
    }


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    "content",
    [
        b"version: 0.0\nos: linux\n",
        b"---\nversion: 0.0\nos: linux\nfiles:\nhooks:\npermissions:\n",
        b"version: 0\nos: linux\nfiles: []\nhooks: {}\n",
        b"\xef\xbb\xbfversion: 0.0\r\nos: linux\r\nfiles: ~\r\n",
        b"version: 0.0\nos: 'linux'\nfile_exists_behavior:\n",
    ],
)
def test_what_says_nothing(content: bytes) -> None:
    assert appspec.parse(content) == appspec.AppSpec("linux")


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not a mapping"),
        (b"- a\n", "not a mapping"),
        (b"os: linux\n", "version"),
        (b"version: 1.0\nos: linux\n", "version is 1.0"),
        (b"version: '0.0'\nos: linux\n", "version"),
        (b"version: 0.0\n", "operating system ''"),
        (b"version: 0.0\nos: windows\n", "operating system 'windows'"),
        (b"version: 0.0\nos: linux\nfiles: content\n", "files is not a list"),
        (b"version: 0.0\nos: linux\nfiles:\n  - content\n", "not a mapping"),
        (b"version: 0.0\nos: linux\nfiles:\n  - source: a\n", "no destination"),
        (b"version: 0.0\nos: linux\nfiles:\n  - destination: /a\n", "no source"),
        (b"version: 0.0\nos: linux\nfiles:\n  - source: [a]\n    destination: /a\n", "not a single value"),
        (b"version: 0.0\nos: linux\npermissions:\n  - owner: a\n", "without an object"),
        (b"version: 0.0\nos: linux\npermissions:\n  - object: /a\n    type: file\n", "type is not a list"),
        (b"version: 0.0\nos: linux\npermissions:\n  - object: /a\n    type: [link]\n", "only file and directory"),
        (b"version: 0.0\nos: linux\npermissions:\n  - object: /a\n    mode: u+x\n", "octal"),
        (b"version: 0.0\nos: linux\npermissions:\n  - object: /a\n    mode: 12345\n", "octal"),
        (b"version: 0.0\nos: linux\npermissions:\n  - object: /a\n    mode: 0755\n", "reads as 493"),
        (b"version: 0.0\nos: linux\npermissions:\n  - object: /a\n    context:\n      role: r\n", "role"),
        (b"version: 0.0\nos: linux\nhooks:\n  AfterInstall: a.sh\n", "no list of scripts"),
        (b"version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - timeout: 5\n", "no location"),
        (b"version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: a\n      timeout: 0\n", "timeout 0"),
        (b"version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: a\n      timeout: soon\n", "timeout soon"),
        (
            b"version: 0.0\nos: linux\nhooks:\n  AfterInstal:\n    - location: a\n",
            "unknown lifecycle events: AfterInstal",
        ),
        (
            b"version: 0.0\nos: linux\nfile_exists_behavior: retain\n",
            "file_exists_behavior is 'retain'.* only DISALLOW",
        ),
        (b"version: 0.0\nos: linux\nfile_exists_behavior: KEEP\n", "file_exists_behavior is 'KEEP'"),
        (b"version: 0.0\nos: linux\n\xff\n", "not UTF-8"),
        (b"version: 0.0\nos: linux\nfiles:\n\t- a\n", "line 4"),
        (b"version: 0.0\n  os: linux\n", "line 2"),
        (b"version: 'a\n", "line"),
    ],
)
def test_what_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        appspec.parse(content)


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("written", "mode"), [("644", 0o644), ("'0644'", 0o644), ("4", 0o4), ("0644", 0o420), ("4755", 0o4755), ("", None)]
)
def test_modes(written: str, mode: int | None) -> None:
    """A plain 0644 is the number 420 in YAML, of which the agent takes the digits."""
    found = appspec.parse(f"version: 0.0\nos: linux\npermissions:\n  - object: /a\n    mode: {written}\n".encode())
    assert found.permissions[0].mode == mode


@pytest.mark.usefixtures("reader")
def test_hooks_without_scripts_do_not_count() -> None:
    """parse_hooks leaves them out, so they may have any name."""
    found = appspec.parse(b"version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n  Whenever: ~\n")
    assert found.hooks == {}


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("written", "seconds"),
    [("4000", 4000), ("'60'", 60), ("300s", 300), ("1.5", 1), ("010", 8), ("'010'", 10), ("", 3600)],
)
def test_timeouts(written: str, seconds: int) -> None:
    text = f"version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: a\n      timeout: {written}\n"
    assert appspec.parse(text.encode()).hooks["AfterInstall"][0].timeout == seconds


@pytest.mark.usefixtures("reader")
def test_permissions_are_for_linux_only() -> None:
    content = b"version: 0.0\nos: windows\npermissions:\n  - object: C:/a\n"
    with pytest.raises(Unreadable, match="Linux only"):
        appspec.parse(content, "windows")


@pytest.mark.parametrize("name", recordings.names())
def test_both_readers_agree_on_recordings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("yaml")
    for deployment in recordings.deployments(name):
        with_yaml = appspec.parse(deployment.bundle.appspec)
        with monkeypatch.context() as without:
            without.setattr(documents, "HAS_YAML", False)
            assert appspec.parse(deployment.bundle.appspec) == with_yaml


@pytest.mark.parametrize(
    "text",
    [
        "a: b\n",
        "a:\n  b:\n    c: d\n",
        "a:\n- b\n- c\n",
        "a:\n  - b\n  -\n  - c: d\n    e: f\n",
        "- - a\n  - b\n- c\n",
        "-   a: b\n    c: d\n",
        "a: http://b/c#d # e\n",
        "a: it's\n",
        "'a b' : c\n",
        '"a": "b\\n\\x41\\u00e9\\"\\\\"\n',
        "a: []\nb: {}\nc: [ ] # d\n",
        "a: [b, 'c, d', \"e\"]\n",
        "a: [b, ]\n",
        "# only\na: b\n\n\n  # here\nc: d\n",
        "a:\n  # here\n  b: c\n",
        "a: # here\n  b: c\n",
        "a:\n# here\n- b\n",
        "a: 'b' # c\n",
        "a b: c d\n",
        "a: -1\n",
        "a: C:\\temp\n",
        "a: x:y\n",
        "a: ~\nb: null\nc:\n",
        "a: b\na: c\n",
        "---\na: b\n",
        "- \n- a\n",
    ],
)
def test_the_subset_says_what_pyyaml_says(text: str) -> None:
    pytest.importorskip("yaml")
    expected = appspec.load(text.encode())
    assert yaml_subset.read(text) == expected
    assert nulls(yaml_subset.read(text)) == nulls(expected)


def nulls(value: object) -> object:
    """Which of its scalars are nothing, which equality does not see."""
    if isinstance(value, dict):
        return {key: nulls(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [nulls(inner) for inner in value]
    assert isinstance(value, yaml_subset.Scalar)
    return value.null


@pytest.mark.parametrize(
    "text",
    [
        "a: &b c\n",
        "a: *b\n",
        "a: !c d\n",
        "a: |\n  b\n",
        "a: >\n  b\n",
        "a: {b: c}\n",
        "a: [b, [c]]\n",
        "a: [b\n  , c]\n",
        "a: [b\n",
        "a: b\n  c\n",
        "a: 'b\n  c'\n",
        "a: 'b' c\n",
        "a: b: c\n",
        "a\n",
        "a:\tb\n",
        "? a\n: b\n",
        "%YAML 1.1\n---\na: b\n",
        "a: b\n---\nc: d\n",
        "a: b\n...\n",
        "<<: b\n",
        "a: @b\n",
        "a: `b\n",
        'a: "b\\q"\n',
        "  a: b\nc: d\n",
        "a: b\n - c\n",
        "- a\nb: c\n",
        "a: - b\n",
        "{a: b}\n",
        "a: [b] c\n",
        "a: [,]\n",
    ],
)
def test_the_subset_refuses_the_rest(text: str) -> None:
    with pytest.raises(yaml_subset.NotRead, match="line "):
        yaml_subset.read(text)
