# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places where the guard works, where it does so if somebody has named them, and where it never does."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.places import (
    DENIED,
    DENIED_IN_HOMES,
    NEVER,
    NEVER_FILES,
    Places,
    refusal,
    reserved,
)

OWN = (b"/srv/agent", b"/var/lib/lastgood/content-guard")
EVERY_TREE = sorted(tree for trees in DENIED.values() for tree in trees)

OPEN = [
    b"/srv/app/web/index.html",
    b"/etc/shop/settings.conf",
    b"/etc/default/shop",
    b"/etc/sysconfig/shop",
    b"/etc/nginx/conf.d/shop.conf",
    b"/etc/logrotate.d/shop",
    b"/home/shop/app/a",
    b"/home/shop/.config/shop/a",
    b"/opt/shop/bin/shop",
    b"/srv/agents",
    b"/srv/app/.sshfs",
    b"/usr/local/bin/shop",
    b"/usr/share/shop/a",
    b"/etc/cron.data/a",
    b"/etc/sudoers.data",
    b"/bootstrap/a",
]
# The path, and what it is refused for. The directory of each can be opened.
CLOSED = [
    (b"/etc/sudoers.d/shop", "who may log in"),
    (b"/etc/pam.d/sshd", "who may log in"),
    (b"/etc/security/limits.d/a.conf", "who may log in"),
    (b"/etc/ssh/sshd_config", "who may log in"),
    (b"/etc/ssh/sshd_config.d/a.conf", "who may log in"),
    (b"/etc/ssh/ssh_host_ed25519_key", "who may log in"),
    (b"/root/.ssh/authorized_keys", "who may log in"),
    (b"/home/ubuntu/.ssh/authorized_keys", "who may log in"),
    (b"/srv/app/.ssh/authorized_keys2", "who may log in"),
    (b"/home/ubuntu/.rhosts", "who may log in"),
    (b"/etc/polkit-1/rules.d/a.rules", "who may log in"),
    (b"/etc/profile.d/a.sh", "who may log in"),
    (b"/etc/cron.d/shop", "runs by itself"),
    (b"/etc/cron.daily/shop", "runs by itself"),
    (b"/var/spool/cron/crontabs/root", "runs by itself"),
    (b"/var/spool/cron/root", "runs by itself"),
    (b"/etc/systemd/system/shop.service", "runs by itself"),
    (b"/etc/systemd/system/sshd.service.d/a.conf", "runs by itself"),
    (b"/usr/local/lib/systemd/system/shop.service", "runs by itself"),
    (b"/home/shop/.config/systemd/user/shop.service", "runs by itself"),
    (b"/etc/init.d/shop", "runs by itself"),
    (b"/etc/rc3.d/S20shop", "runs by itself"),
    (b"/etc/udev/rules.d/a.rules", "runs by itself"),
    (b"/etc/modprobe.d/a.conf", "runs by itself"),
    (b"/usr/lib/systemd/system/shop.service", "programs and libraries"),
    (b"/lib/systemd/systemd", "programs and libraries"),
    (b"/etc/ld.so.conf.d/a.conf", "programs and libraries"),
    (b"/usr/bin/python3", "programs and libraries"),
    (b"/usr/bin", "programs and libraries"),
    (b"/etc/default/grub", "start or to be reached"),
    (b"/etc/netplan/a.yaml", "start or to be reached"),
]
SHUT = [
    (b"/", "in the root directory itself"),
    (b"/etc", "in the root directory itself"),
    (b"/vmlinuz", "in the root directory itself"),
    (b"/etc/passwd", "the system itself needs"),
    (b"/etc/passwd-", "the system itself needs"),
    (b"/etc/shadow", "the system itself needs"),
    (b"/etc/shadow-", "the system itself needs"),
    (b"/etc/gshadow-", "the system itself needs"),
    (b"/etc/group-", "the system itself needs"),
    (b"/etc/sudoers", "the system itself needs"),
    (b"/etc/nsswitch.conf", "the system itself needs"),
    (b"/etc/ld.so.preload", "the system itself needs"),
    (b"/etc/ld.so.conf", "the system itself needs"),
    (b"/etc/crontab", "the system itself needs"),
    (b"/etc/fstab", "the system itself needs"),
    (b"/boot/grub/grub.cfg", "where nothing is saved"),
    (b"/proc/self/mem", "where nothing is saved"),
    (b"/run/systemd/system/a.service", "where nothing is saved"),
    (b"/etc/codedeploy-agent/conf/codedeployagent.yml", "where nothing is saved"),
    (b"/srv/agent/deployment-instructions/x-cleanup", "where nothing is saved"),
    (b"/var/lib/lastgood/content-guard/x/y/manifest.json", "where nothing is saved"),
]


def above(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


@pytest.mark.parametrize("path", OPEN)
def test_an_application_may_have_these(path: bytes) -> None:
    assert refusal(path, Places(OWN)) == ""


@pytest.mark.parametrize(("path", "why"), CLOSED)
def test_these_are_refused_with_the_way_to_open_them(path: bytes, why: str) -> None:
    said = refusal(path, Places(OWN))
    assert why in said
    assert said.endswith(f"add the directory {above(path).decode()} to allow_paths")


@pytest.mark.parametrize("path", [path for path, _why in CLOSED if above(path) != b"/usr"])
def test_naming_the_directory_opens_exactly_its_files(path: bytes) -> None:
    directory = above(path)
    assert refusal(path, Places(OWN, (directory,))) == ""
    below = directory + b"/deeper/" + path.rpartition(b"/")[2]
    assert refusal(below, Places(OWN, (directory,))) == refusal(below, Places(OWN))
    assert refusal(path, Places(OWN, (above(directory),)))
    assert refusal(path, Places(OWN, (directory + b"/deeper",)))
    assert reserved(directory, Places(OWN)) == ""


@pytest.mark.parametrize(("path", "why"), SHUT)
def test_nothing_opens_these(path: bytes, why: str) -> None:
    said = refusal(path, Places(OWN, (above(path), path)))
    assert why in said
    assert "allow_paths" not in said


@pytest.mark.parametrize("tree", EVERY_TREE)
def test_a_tree_is_closed_at_any_depth(tree: bytes) -> None:
    for path in (tree + b"/a", tree + b"/a/b/c"):
        assert "allow_paths" in refusal(path, Places(OWN))
    assert not refusal(tree + b"-of-ours/a", Places(OWN)) or any(
        (tree + b"-of-ours").startswith(other + b"/") for other in EVERY_TREE
    )


def test_the_lists_are_in_their_plain_form() -> None:
    """Otherwise they would never match."""
    for path in [*EVERY_TREE, *NEVER, *NEVER_FILES]:
        assert path.startswith(b"/")
        assert not path.endswith(b"/")
        assert b"//" not in path
    for names in DENIED_IN_HOMES.values():
        assert not any(name.startswith(b"/") or name.endswith(b"/") for name in names)


def test_a_message_holds_no_control_characters() -> None:
    said = refusal(b"/etc/cron.d/\x1b[2J/a", Places())
    assert "[2J" in said
    assert "\x1b" not in said
