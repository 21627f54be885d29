"""The COP watch: whether a plate's centre of pressure can be one; where it can't, nothing that rests on it is told.

Pressure acts on the plate. A centre of pressure beyond its edge is none; and once it has been there for long enough, in all
and as a share of the time in which the plate was loaded, those on the plate are not believed either. Nor is one that never
leaves the true origin: then the moments are next to nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.plate_map import BEYOND_MM, plate_map, surface_offset

if TYPE_CHECKING:
    from acquisition.rig import Plate

OFF_S, OFF_PCT = 0.5, 1.0
"""A plate's pressure is not believed once it has been beyond the plate for so long, and for so much of the time (*design*)."""
ARM_MM, ARM_S, ARM_PCT = 0.5, 1.0, 10.0
"""The moments of a loaded plate over its force are longer than this, if only by shear above its true origin; those that are not
are not believed after so long, until they have been for so much of the time."""
COP_WATCH = np.dtype(
    [
        ("x", np.float64),  # the middle of the plate, the direction of its x axis, and half its sides with a margin
        ("y", np.float64),
        ("along_x", np.float64),
        ("along_y", np.float64),
        ("half_x", np.float64),
        ("half_y", np.float64),
        ("origin", np.float64, (3,)),  # from the true origin to the surface, NaN where moments follow from sensors
        ("off_frames", np.float64),
        ("arm_frames", np.float64),
        ("loaded", np.int64),
        ("off", np.int64),
        ("first", np.int64),  # the raw sample from which on it is not believed, -1 before
        ("with_arm", np.int64),
        ("armless", np.int64),  # 1 while hardly a moment worth the name has been seen
    ]
)


def cop_watch_of(plate: Plate | None, frame_s: float) -> NDArray[np.void]:
    """Return what is known of a plate's place (1,); everything can be a place on a plate that lies nobody knows where."""
    state = np.zeros(1, dtype=COP_WATCH)
    state["first"] = -1
    state["off_frames"], state["arm_frames"] = OFF_S / frame_s, math.inf
    state["half_x"] = state["half_y"] = math.inf
    state["origin"] = math.nan
    if plate is None or plate.corners_mm is None:
        return state
    its_map, corners = plate_map(plate), np.asarray(plate.corners_mm, dtype=np.float64)
    state["x"], state["y"] = its_map.centre_mm[:2]
    state["along_x"], state["along_y"] = its_map.rotation[:2, 0]
    state["half_x"] = np.linalg.norm(corners[0] - corners[1]) / 2 + BEYOND_MM
    state["half_y"] = np.linalg.norm(corners[0] - corners[3]) / 2 + BEYOND_MM
    if plate.c3d_type in (2, 4, 5):
        state["origin"], state["arm_frames"] = its_map.rotation @ surface_offset(plate), ARM_S / frame_s
    return state


_inlined = njit(nogil=True, error_model="numpy", inline="always")


@_inlined
def feel_arm(watches: NDArray[np.void], p: int, wrench: tuple[float, float, float, float, float, float]) -> None:
    """Count a frame in which a loaded plate's moments about its true origin are more than nothing."""
    fx, fy, fz, mx, my, _ = wrench
    watch = watches[p]
    about_x = mx - (fy * watch.origin[2] - fz * watch.origin[1])
    about_y = my - (fz * watch.origin[0] - fx * watch.origin[2])
    if not about_x**2 + about_y**2 < (ARM_MM * fz) ** 2:
        watch.with_arm += 1


@_inlined
def is_no_cop(watches: NDArray[np.void], p: int, x: float, y: float, sample: int) -> bool:
    """Return whether a loaded plate's centre of pressure, in the lab axes, can't be one or is not believed."""
    watch = watches[p]
    if math.isnan(x + y):
        return False
    along = watch.along_x * (x - watch.x) + watch.along_y * (y - watch.y)
    across = watch.along_x * (y - watch.y) - watch.along_y * (x - watch.x)
    off = not (abs(along) <= watch.half_x and abs(across) <= watch.half_y)
    watch.loaded += 1
    watch.off += 1 if off else 0
    few = watch.with_arm < ARM_PCT / 100.0 * watch.loaded
    watch.armless = 1 if watch.loaded > watch.arm_frames and few else 0
    doubted = watch.armless == 1 or watch.off > max(watch.off_frames, OFF_PCT / 100.0 * watch.loaded)
    if doubted and watch.first < 0:
        watch.first = sample
    return bool(off or doubted)
