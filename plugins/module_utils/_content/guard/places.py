# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The places in which the guard saves and restores nothing, and how a user opens one of them. Pure.

The guard writes as root whatever an earlier run has saved. So it keeps away from what decides who may log in, what
runs as root by itself, and whether the machine starts. Paths are bytes, absolute and in their plain form.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import text

# Nothing opens these: the kernel's and the boot loader's files, devices, and what exists only while the system runs.
NEVER: t.Final = (
    b"/boot",
    b"/dev",
    b"/efi",
    b"/etc/codedeploy-agent",
    b"/opt/codedeploy-agent",
    b"/proc",
    b"/run",
    b"/sys",
)
# Single files that nothing opens: accounts, file systems, the loader. "-" is the backup that passwd(1) and others keep
# (shadow(5)).
_ACCOUNTS: t.Final = (b"passwd", b"shadow", b"group", b"gshadow", b"subuid", b"subgid")
NEVER_FILES: t.Final = frozenset(
    b"/etc/" + name
    for name in (
        *(name + end for name in _ACCOUNTS for end in (b"", b"-")),
        *(b"sudoers", b"crypttab", b"fstab", b"machine-id", b"nsswitch.conf"),
        *(b"ld.so.cache", b"ld.so.conf", b"ld.so.preload"),
        *(b"crontab", b"anacrontab", b"inittab", b"rc.local", b"inetd.conf", b"doas.conf"),
        *(b"profile", b"bash.bashrc", b"bashrc", b"environment", b"login.defs", b"securetty", b"shells"),
        *(b"hosts.allow", b"hosts.deny", b"hosts.equiv", b"krb5.conf", b"krb5.keytab", b"nslcd.conf", b"pam.conf"),
        *(b"modules", b"sysctl.conf", b"mdadm.conf", b"dracut.conf", b"resolv.conf"),
    )
)
# Trees that an application has business in now and then. ``allow_paths`` opens single directories of them.
DENIED: t.Final[t.Mapping[str, t.Sequence[bytes]]] = {
    "it holds the system's programs and libraries": (
        *(b"/bin", b"/sbin", b"/lib", b"/lib32", b"/lib64", b"/libx32"),
        *(b"/usr/bin", b"/usr/sbin", b"/usr/lib", b"/usr/lib32", b"/usr/lib64", b"/usr/libx32", b"/usr/libexec"),
        *(b"/etc/ld.so.conf.d", b"/etc/alternatives"),
    ),
    "it decides who may log in": (
        *(b"/etc/sudoers.d", b"/etc/doas.d", b"/etc/pam.d", b"/etc/security", b"/etc/ssh", b"/etc/polkit-1"),
        *(b"/usr/share/polkit-1", b"/usr/share/pam-configs", b"/usr/local/etc/ssh", b"/etc/krb5.conf.d"),
        *(b"/etc/sssd", b"/etc/ldap", b"/etc/openldap", b"/etc/selinux", b"/etc/apparmor", b"/etc/apparmor.d"),
        *(b"/etc/profile.d", b"/etc/environment.d", b"/etc/amazon", b"/etc/cloud", b"/var/lib/cloud"),
        *(b"/var/lib/AccountsService", b"/var/lib/sss", b"/etc/dbus-1", b"/usr/share/dbus-1"),
    ),
    "what is there runs by itself, as root or when the machine starts": (
        *(b"/etc/systemd", b"/usr/local/lib/systemd", b"/usr/share/systemd", b"/var/lib/systemd"),
        *(b"/etc/cron.d", b"/etc/cron.hourly", b"/etc/cron.daily", b"/etc/cron.weekly", b"/etc/cron.monthly"),
        *(b"/etc/cron.yearly", b"/var/spool/cron", b"/var/spool/anacron", b"/var/spool/at", b"/var/spool/incron"),
        *(b"/etc/init.d", b"/etc/rc.d", b"/etc/init", b"/etc/rcS.d", b"/etc/xinetd.d"),
        *(b"/etc/rc%d.d" % level for level in range(7)),
        *(b"/etc/udev", b"/etc/modprobe.d", b"/etc/modules-load.d", b"/etc/sysctl.d", b"/etc/tmpfiles.d"),
        *(b"/etc/binfmt.d", b"/etc/acpi", b"/etc/xdg/autostart", b"/etc/xdg/systemd", b"/etc/update-motd.d"),
        *(b"/etc/apt/apt.conf.d", b"/etc/dnf/plugins"),
    ),
    "the machine needs it to start or to be reached": (
        *(b"/etc/default/grub", b"/etc/default/grub.d", b"/etc/sysconfig/grub", b"/etc/sysconfig/network"),
        *(b"/etc/sysconfig/network-scripts", b"/etc/grub.d", b"/etc/kernel", b"/etc/lvm", b"/etc/mdadm"),
        *(b"/etc/initramfs-tools", b"/etc/dracut.conf.d", b"/etc/network", b"/etc/netplan", b"/etc/NetworkManager"),
        *(b"/etc/dhcp", b"/etc/nftables", b"/etc/iptables", b"/etc/firewalld", b"/etc/ufw"),
    ),
}
# The same for directories and files of any user, wherever the home is.
DENIED_IN_HOMES: t.Final[t.Mapping[str, t.Sequence[bytes]]] = {
    "it decides who may log in": (b".ssh", b".rhosts", b".shosts", b".k5login", b".pam_environment"),
    "what is there runs by itself, as root or when the machine starts": (b".config/systemd", b".config/autostart"),
}


@dataclass(frozen=True)
class Places:
    """Where the guard may work on this instance."""

    # The agent's root and the store.
    own: t.Tuple[bytes, ...] = ()
    # The option ``allow_paths``: directories whose files, and not those of directories in them, are not denied.
    allowed: t.Tuple[bytes, ...] = ()


def refusal(path: bytes, places: Places) -> str:
    """Why nothing is saved or restored at ``path``, to follow its name in a sentence; empty if it may be."""
    reason = in_root(path) or reserved(path, places)
    if reason or path.rpartition(b"/")[0] in places.allowed:
        return reason
    what = denied(path)
    return what and (
        f"{what}. If your application deploys there, add the directory {_text(path.rpartition(b'/')[0])} to allow_paths"
    )


def in_root(path: bytes) -> str:
    """The same for what is in the root directory itself."""
    return "is in the root directory itself" if path.count(b"/") == 1 else ""


def reserved(path: bytes, places: Places) -> str:
    """The same for what nothing opens, whatever ``allow_paths`` says."""
    if path in NEVER_FILES:
        return "is a file that the system itself needs"
    for tree in (*NEVER, *places.own):
        if _inside(path, tree):
            return f"is in {_text(tree)}, where nothing is saved or restored"
    return ""


def denied(path: bytes) -> str:
    """The same for what ``allow_paths`` can open."""
    for trees, holds in ((DENIED, _inside), (DENIED_IN_HOMES, _has_part)):
        for what, names in trees.items():
            for name in names:
                if holds(path, name):
                    return f"is in {_text(name)}, where nothing is saved or restored: {what}"
    return ""


def _inside(path: bytes, tree: bytes) -> bool:
    return path == tree or path.startswith(tree + b"/")


def _has_part(path: bytes, name: bytes) -> bool:
    return b"/" + name + b"/" in path + b"/"


def _text(path: bytes) -> str:
    return text.visible(path.decode("utf-8", "backslashreplace"))
