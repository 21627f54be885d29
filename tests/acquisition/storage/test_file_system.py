"""The file system of a folder is that of the mount which is nearest to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from acquisition.storage.disk import about_overwriting, claim, reserve_bytes
from acquisition.storage.file_system import LINUX_MOUNT, MACOS_MOUNT, file_system_of, nearest

LINUX = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
43 27 0:39 / /data rw,relatime - btrfs /dev/loop0 rw,subvolid=5,subvol=/
44 43 0:40 / /data/lab\040two rw,relatime master:3 - zfs tank/lab rw
45 27 0:41 / /data rw,relatime - xfs /dev/sdc rw
""".strip().splitlines()
MACOS = """
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect)
//lab@nas/data on /Volumes/data (smbfs, nodev, nosuid, mounted by lab)
/dev/disk4s1 on /Volumes/STICK (1) (msdos, local, nodev)
""".strip().splitlines()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/lab", "ext4"),
        ("/data/lab two/session", "zfs"),
        ("/data/lab", "xfs"),  # mounted over the other
        ("/database", "ext4"),
        ("/proc", "proc"),
    ],
)
def test_of_linux(folder, kind):
    assert nearest(LINUX, LINUX_MOUNT, PurePosixPath(folder)) == kind


@pytest.mark.parametrize(
    ("folder", "kind"), [("/Users/lab", "apfs"), ("/Volumes/data/x", "smbfs"), ("/Volumes/STICK (1)/x", "msdos")]
)
def test_of_macos(folder, kind):
    assert nearest(MACOS, MACOS_MOUNT, PurePosixPath(folder)) == kind


@pytest.mark.skipif(sys.platform != "linux", reason="stat says it there")
def test_of_this_machine(tmp_path: Path):
    said = subprocess.run(["stat", "-f", "-c", "%T", tmp_path], capture_output=True, text=True, check=True).stdout.strip()
    assert file_system_of(tmp_path) in (said, "ext4", "overlay", "overlayfs")
    assert file_system_of(Path("/proc/self")) == "proc"


def test_what_copies_on_write_keeps_a_reserve():
    assert reserve_bytes("ext4", 1e6) == 0.0
    assert reserve_bytes("", 1e9) == 0.0
    assert reserve_bytes("apfs", 1e6) == 64 * 2**20
    assert reserve_bytes("btrfs", 1e7) == 6e8
    assert about_overwriting("ext4", 1e7) == ""
    assert about_overwriting("btrfs", 1e7) == (
        " The disk is btrfs, which takes new room for what is overwritten: a session ends once it has only 600 MB left."
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount")
def test_on_btrfs_files_are_overwritten_where_they_lie(tmp_path: Path):
    image, folder = tmp_path / "image", tmp_path / "btrfs"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(120 * 2**20)
    try:
        subprocess.run(["mkfs.btrfs", "-q", image], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", image, folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"btrfs can't be mounted here: {error}")
    try:
        assert file_system_of(folder) == "btrfs"
        claim(folder / "ring.h5", 1 << 20)
        said = subprocess.run(["lsattr", folder / "ring.h5"], capture_output=True, text=True, check=True).stdout
        assert "C" in said.split()[0]
    finally:
        subprocess.run(["umount", folder], check=True)
