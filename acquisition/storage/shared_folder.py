"""Folders that are not this computer's alone: network shares, and those that a program keeps in step with other computers.

HDF5 files are overwritten where they lie while a session runs. A network share may not let that happen in order, and a program
that copies files to elsewhere may lock them, or keep a copy from the middle.
"""

from __future__ import annotations

import os
from pathlib import Path

NETWORK = (
    "9p",
    "afpfs",
    "cifs",
    "davfs",
    "fuse.rclone",
    "fuse.sshfs",
    "ncpfs",
    "network",
    "nfs",
    "nfs4",
    "smb2",
    "smb3",
    "smbfs",
    "webdav",
)
"""Types of file systems of other computers; `network`: what Windows calls a remote drive."""
SYNCED = {
    "onedrive": "OneDrive",
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "icloud drive": "iCloud Drive",
    "com~apple~clouddocs": "iCloud Drive",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
}
"""How the folders of such programs are called, in small letters; some add the name of a firm after a dash."""


def about_sharing(folder: Path, file_system: str) -> str:
    """Return the sentence on a folder that is not this computer's alone; empty on any other."""
    program = synced_by(folder)
    if program:
        return (
            f"The folder {folder} is kept in step with other computers by {program}, which may lock a file that is being "
            "written: record into a folder of this computer alone, and copy the session there afterwards."
        )
    if file_system in NETWORK:
        return (
            f"The folder {folder} lies on a network share ({file_system}), where a slow or broken line can cost samples: "
            "record into a folder of this computer, and copy the session there afterwards."
        )
    return ""


def synced_by(folder: Path) -> str:
    """Return the program that keeps a folder in step with other computers, by the names of the folders above it; or empty."""
    path = folder.resolve()
    roots = [value for name, value in os.environ.items() if name.lower().startswith("onedrive") and value]
    if any(path.is_relative_to(Path(root)) for root in roots):
        return SYNCED["onedrive"]
    for part in path.parts:
        name = part.lower().split(" - ")[0].split("-")[0].strip()  # OneDrive - Firm, OneDrive-Firm
        if name in SYNCED:
            return SYNCED[name]
    return ""
