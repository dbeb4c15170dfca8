# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bundles: directories, and archives of the types that CodeDeploy takes."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path


def unpack(bundle: Path, directory: Path) -> None:
    """Unpack an archive, or copy a directory, to a directory that does not exist yet."""
    if bundle.is_dir():
        shutil.copytree(bundle, directory, symlinks=True)
    elif zipfile.is_zipfile(bundle):
        _unzip(bundle, directory)
    else:
        with tarfile.open(bundle) as archive:
            archive.extractall(directory, filter="tar")


def _unzip(bundle: Path, directory: Path) -> None:
    """With the modes of the files, as unzip(1) does."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(directory)
        for item in archive.infolist():
            mode = item.external_attr >> 16 & 0o777
            if mode:
                (directory / item.filename).chmod(mode)
