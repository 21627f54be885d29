"""Checks of the computer of a lab: its date, its disk, and the drivers of its cards."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from acquisition.durations import in_words
from acquisition.recording.recorder import bytes_per_s
from acquisition.storage.disk import about_overwriting
from acquisition.storage.host_date import wrong_date
from hardware.severity import Severity
from processing.doctor.check import Check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.rig import Rig
    from acquisition.storage.disk import Disk
    from hardware.nidaq.devices import NidaqDevice
    from hardware.nidaq.settings import NidaqSettings

LEAST_MINUTES, FEW_MINUTES = 5.0, 30.0
LEAST_SPEED, LITTLE_SPEED = 2.0, 5.0
"""How many times faster than the session's samples a disk must be."""


def check_date(folder: Path) -> Check:
    """Check that the computer's date can be right, by this program's own and by what lies in the folder of sessions."""
    wrong = wrong_date(folder)
    if wrong is not None:
        return Check(Severity.AMBER, "date", wrong.found, wrong.advice)
    return Check(Severity.FINE, "date", f"It is {datetime.now().astimezone():%Y-%m-%d %H:%M}.")


def check_driver(settings: NidaqSettings, devices: Sequence[NidaqDevice]) -> Check:
    """Check that the devices which a stream names are among those of its driver, and are real; the driver must be there."""
    what = f"NI-DAQmx of {settings.server or 'this machine'}"
    named = dict.fromkeys(channel.split("/")[0] for channel in settings.physical_channels)
    known = {device.name: device for device in devices}
    absent = [name for name in named if name not in known]
    if absent:
        return Check(
            Severity.RED,
            what,
            f"It knows no device {' or '.join(absent)}; it has {', '.join(known) or 'none'}.",
            "Plug the device in, or correct physical_channels.",
        )
    found = ", ".join(f"{name} is a {known[name].product}, serial {known[name].serial}" for name in named)
    simulated = [name for name in named if known[name].simulated]
    return Check(
        Severity.AMBER if simulated else Severity.FINE,
        what,
        f"Driver {known[next(iter(named))].driver_version}; {found}{' (simulated)' if simulated else ''}.",
        "The numbers of a simulated device are made up; name the real one in physical_channels." if simulated else "",
    )


def check_disk(rig: Rig, disk: Disk | None) -> Check:
    """Check that a session fits on the disk, and that the disk is fast enough for it."""
    if disk is None:
        return Check(
            Severity.RED, "disk", "Nothing can be written into this folder.", "Choose another folder, or free some space."
        )
    needed = bytes_per_s(rig)
    minutes = disk.free_bytes / needed / 60.0
    faster = disk.write_bytes_per_s / needed
    severity = Severity.FINE
    if minutes < FEW_MINUTES or faster < LITTLE_SPEED or disk.shared:
        severity = Severity.AMBER
    if minutes < LEAST_MINUTES or faster < LEAST_SPEED:
        severity = Severity.RED
    return Check(
        severity,
        "disk",
        f"{disk.free_bytes / 1e9:.1f} GB are free, enough for {in_words(60.0 * minutes)}; it writes "
        f"{disk.write_bytes_per_s / 1e6:.0f} MB/s, and this rig needs {needed / 1e6:.2f}."
        f"{about_overwriting(disk.file_system, needed)} {disk.shared}".rstrip(),
        "Free some space, or use another disk." if severity and not disk.shared else "",
    )
