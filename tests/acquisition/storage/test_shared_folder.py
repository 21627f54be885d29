"""Folders of several computers: named before a session, and no folder of this one alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from acquisition.storage.shared_folder import about_sharing, synced_by


@pytest.mark.parametrize(
    ("way", "program"),
    [
        ("OneDrive/lab", "OneDrive"),
        ("OneDrive - University of Oslo/lab", "OneDrive"),
        ("OneDrive-Firm/lab", "OneDrive"),
        ("Dropbox/a/b", "Dropbox"),
        ("Library/Mobile Documents/com~apple~CloudDocs/lab", "iCloud Drive"),
        ("Nextcloud", "Nextcloud"),
        ("onedrives/lab", ""),
        ("my-dropbox-notes/lab", ""),
        ("lab/2026", ""),
    ],
)
def test_a_folder_is_known_by_its_name(tmp_path, monkeypatch, way, program):
    for name in ("OneDrive", "OneDriveCommercial", "OneDriveConsumer"):
        monkeypatch.delenv(name, raising=False)
    assert synced_by(tmp_path / way) == program
    assert (program in about_sharing(tmp_path / way, "ext4")) is True
    assert bool(about_sharing(tmp_path / way, "ext4")) is bool(program)


def test_windows_says_where_onedrive_is(tmp_path, monkeypatch):
    monkeypatch.setenv("OneDriveCommercial", str(tmp_path / "Firm"))
    assert synced_by(tmp_path / "Firm" / "lab") == "OneDrive"
    assert synced_by(tmp_path / "Firma" / "lab") == ""


@pytest.mark.parametrize(
    ("kind", "told"), [("nfs4", True), ("cifs", True), ("network", True), ("ext4", False), ("apfs", False), ("", False)]
)
def test_a_network_share_is_named(kind, told):
    sentence = about_sharing(Path("/data/lab"), kind)
    assert ("network share" in sentence) is told
    assert bool(sentence) is told
