"""What a plate's channels measured: force with its place and free moment (type 1), or force and moments about a point (type 2).

A place in the lab's axes needs no corners: an outline about the places stands for the plate. A place or moments in the plate's
own axes need the corners of a map, those of quadrants 1 to 4 of these axes, by whose order z points up or down. What can't be
understood is left out, never made up.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.c3d.plate_parameters import FilePlate
from acquisition.formats.c3d.plate_zero import while_loaded
from acquisition.rig.plate_map import axes_of_corners, lies_on
from acquisition.rig.units import LENGTHS_MM, newton_millimetres, newtons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.formats.signals.force_labels import LabelledPlate
    from hardware.arrays import Floats

MARGIN_MM, LEAST_HALF_MM = 50.0, 100.0
"""The outline that stands for a plate goes so far beyond the places of its force, and is at least so large."""
SAME_POINT_MM = 1.0
NO_MOMENT_NMM = 20.0
"""Horizontal moments about the place of the force are nothing; this much is rounding."""
ON = 0.9
DOWN = np.array([1.0, -1.0, -1.0])
"""From the lab's axes to those of a plate that lies flat, with z down as in a C3D file."""


def _with_z_down(corners_mm: Floats) -> tuple[Floats, Floats]:
    """Return corners whose axes have z down, and the signs (3,) that turn the axes which those given say into these."""
    if axes_of_corners(corners_mm)[2, 2] < 0:
        return corners_mm, np.ones(3)
    return corners_mm[::-1], DOWN


def _none_across(moment: Floats) -> bool:
    """Return whether moments (n, 3) in N·mm are about the vertical alone, as those about the place of the force are."""
    across = np.abs(moment[:, :2][np.isfinite(moment[:, :2])])
    return not len(across) or bool(np.median(across) < NO_MOMENT_NMM)


class Measured:
    """One plate of a stream by its labels, its axes in the order of the lab's; `number` counts from 1."""

    def __init__(
        self, number: int, plate: LabelledPlate, axes: tuple[int, int, int], raw: Floats, units: Sequence[str]
    ) -> None:
        self.number, self.opensim = number, plate.opensim
        self.own_axes = plate.own_axes
        self._raw, self._units, self._about_place = raw, units, plate.about_place
        self._force = [column for axis in axes if (column := plate.force[axis]) is not None]
        place = [plate.place[axis] for axis in axes]
        self._height = place[2]
        self._place = [column for column in place[:2] if column is not None]
        self._moment = [plate.moment[axis] for axis in axes]
        self._newtons = np.array([newtons(units[column]) or 1.0 for column in self._force])
        self._z_up = axes == (0, 1, 2)
        fz = raw[:, self._force[-1]] * self._newtons[-1]
        self._loaded = while_loaded(np.where(np.isfinite(fz), fz, 0.0))

    @property
    def has_place(self) -> bool:
        """Whether the file tells where its force acts."""
        return len(self._place) == 2 and self._whole

    @property
    def _whole(self) -> bool:
        return len(self._force) == 3

    def vertical_alone(self, why: str, caveats: list[Caveat]) -> FilePlate:
        """Return the plate with its vertical force alone, and tell why there is no more of it."""
        sentence = f"Of plate {self.number} only the vertical force is used, which gives load share and timing: {why}."
        more = len(self._place) + sum(column is not None for column in self._moment)
        caveats.append(Caveat("vertical_force_alone", f"plate {self.number}", {"places_and_moments": float(more)}, sentence))
        per_unit = np.array([-self._newtons[-1]])
        return FilePlate(self.number, 1, (self._force[-1],), np.full((4, 3), np.nan), np.zeros(3), per_unit, None)

    @property
    def columns_of_place(self) -> list[int]:
        """The columns of its place."""
        return self._place if self.has_place else []

    def places(self, to_mm: float) -> Floats:
        """Return the places (n, 2) of its force while it is loaded, in mm."""
        if not self.has_place:
            return np.empty((0, 2))
        found = self._raw[self._loaded][:, self._place] * to_mm
        return np.asarray(found[np.isfinite(found).all(axis=1)])

    def point_mm(self, to_mm: float) -> Floats | None:
        """Return the point (2,) about which its moments are told, None where none can be told."""
        about = self._point_of_moments(to_mm, self._per_moment(to_mm)) if self.has_place else None
        return None if about is None else about[0]

    def as_plate(self, to_mm: float | None, corners_mm: Sequence[Sequence[float]] | None, caveats: list[Caveat]) -> FilePlate:
        """Return the plate as a C3D file would describe it; raises ValueError with what of it is not known."""
        if not self._whole:
            raise ValueError("its file has no horizontal force")
        if not self.has_place or (self.own_axes and None not in self._moment):
            return self._by_moments(corners_mm)
        if to_mm is None:
            raise ValueError(
                'its place names no unit of length, and nothing tells which; say it in a map file: table = { lengths = "mm" }'
            )
        given = None if corners_mm is None else np.array(corners_mm, dtype=np.float64)
        per_moment = self._per_moment(to_mm)
        about = self._point_of_moments(to_mm, per_moment)
        if about is not None and per_moment is not None:
            point, cloud = about
            corners = self._outline(cloud, to_mm, given, caveats)
            away = (corners.mean(axis=0)[:2] - point) * DOWN[:2]
            columns = self._force + [column for column in self._moment if column is not None]
            per_unit = np.concatenate([self._newtons * DOWN, per_moment * DOWN])
            return FilePlate(self.number, 2, tuple(columns), corners, np.array([*away, 0.0]), per_unit, None)
        turn = self._turn(per_moment, caveats)
        columns = self._force + self._place + turn[0]
        cloud = self.places(to_mm)
        if given is not None and (self.own_axes or self._is_local(cloud, given)):
            corners, signs = _with_z_down(given)
            per_unit = np.array([*(self._newtons * signs), *(to_mm * signs[:2]), *(signs[2] * value for value in turn[1])])
            return FilePlate(self.number, 1, tuple(columns), corners, np.zeros(3), per_unit, None)
        corners = self._outline(cloud, to_mm, given, caveats)
        origin = np.array([*(corners.mean(axis=0)[:2] * DOWN[:2]), 0.0])
        per_unit = np.array([*(self._newtons * DOWN), to_mm, -to_mm, *(-value for value in turn[1])])
        return FilePlate(self.number, 1, tuple(columns), corners, origin, per_unit, None)

    def _by_moments(self, corners_mm: Sequence[Sequence[float]] | None) -> FilePlate:
        """Return a plate of type 2 whose channels are in its own axes."""
        if None in self._moment:
            raise ValueError("its file has no place of its force, and no moments that would tell it")
        if corners_mm is None:
            raise ValueError(
                "its file has moments, and does not say where the plate lies; for a centre of pressure give its corners in a "
                f'map file, which squatscope propose-map begins: plate = [{{ number = {self.number}, side = "left", '
                "corners_mm = [...] }, ...]"
            )
        if not self._z_up:
            raise ValueError("its force is along x or y, and the moments of such a plate are read with z vertical only")
        moment = [column for column in self._moment if column is not None]
        corners, signs = _with_z_down(np.array(corners_mm, dtype=np.float64))
        scales = np.array([newton_millimetres(self._units[column]) or 1.0 for column in moment])
        per_unit = np.concatenate([self._newtons * signs, scales * signs])
        return FilePlate(self.number, 2, tuple(self._force + moment), corners, np.zeros(3), per_unit, None)

    def _per_moment(self, to_mm: float) -> Floats | None:
        """Return what brings its moments to N·mm: by their unit, else that of lengths; None where neither tells."""
        units = [None if column is None else self._units[column] for column in self._moment]
        said = [unit for unit in units if unit is not None]
        scales = [math.nan if unit is None else newton_millimetres(unit) for unit in units]
        if said and None not in scales:
            return np.array(scales, dtype=np.float64)
        if said and not any(said) and to_mm in (LENGTHS_MM["m"], LENGTHS_MM["mm"]):
            return np.full(3, to_mm)
        return None

    def _wrench(self, per_moment: Floats) -> tuple[Floats, Floats]:
        """Return force and moment (n, 3) of the loaded samples, in the lab's axes, as they are."""
        moment = [column for column in self._moment if column is not None]
        return self._raw[self._loaded][:, self._force] * self._newtons, self._raw[self._loaded][:, moment] * per_moment

    def _point_of_moments(self, to_mm: float, per_moment: Floats | None) -> tuple[Floats, Floats] | None:
        """Return the point (2,) about which its moments are told, and the places (n, 2) that follow; None without one.

        It is the place itself where that never moves, or the point from which moments and force give the places.
        """
        if None in self._moment or per_moment is None or not self._loaded.any():
            return None
        force, moment = self._wrench(per_moment)
        if _none_across(moment):
            return None
        place = self._raw[self._loaded][:, self._place] * to_mm
        arm = np.column_stack([-moment[:, 1] / force[:, 2], moment[:, 0] / force[:, 2]])
        for point, cloud in ((place, place + arm), (place - arm, place)):
            known = np.isfinite(point).all(axis=1)
            spread = np.ptp(np.percentile(point[known], [2, 98], axis=0), axis=0) if known.any() else np.full(2, np.inf)
            if spread.max() < SAME_POINT_MM:
                return np.asarray(np.median(point[known], axis=0)), np.asarray(cloud[known])
        return None

    def _turn(self, per_moment: Floats | None, caveats: list[Caveat]) -> tuple[list[int], list[float]]:
        """Return column and scale of its free moment, both empty where it is not known."""
        vertical = self._moment[2]
        if vertical is None:
            return [], []
        why = "name no unit" if per_moment is None else ""
        if per_moment is not None and None not in self._moment:
            _, moment = self._wrench(per_moment)
            why = "" if _none_across(moment) else "are about no point that can be told"
        elif not self._about_place:
            why = "are about no point that can be told"
        if why or per_moment is None:
            sentence = f"The moments of plate {self.number} {why}, so there is no free moment of it."
            caveats.append(Caveat("moments_not_used", f"plate {self.number}", {}, sentence))
            return [], []
        return [vertical], [float(per_moment[2])]

    @staticmethod
    def _is_local(cloud: Floats, corners_mm: Floats) -> bool:
        """Return whether places are about the plate's own middle: they lie on the plate so, and not in the lab."""
        if not len(cloud):
            return False
        in_lab = np.mean(lies_on(cloud - corners_mm.mean(axis=0)[:2], corners_mm))
        return bool(in_lab < ON <= np.mean(lies_on(cloud, corners_mm)))

    def _outline(self, cloud: Floats, to_mm: float, given: Floats | None, caveats: list[Caveat]) -> Floats:
        """Return corners (4, 3) of a plate that lies flat along the lab's axes: about those given, else about its places."""
        if given is not None:
            low, high, z = given[:, :2].min(axis=0), given[:, :2].max(axis=0), float(given[:, 2].mean())
        else:
            low, high = np.percentile(cloud, [1, 99], axis=0) if len(cloud) else np.zeros((2, 2))
            middle, half = (low + high) / 2, np.maximum((high - low) / 2 + MARGIN_MM, LEAST_HALF_MM)
            low, high = middle - half, middle + half
            heights = self._raw[self._loaded, self._height] * to_mm if self._height is not None else np.zeros(0)
            heights = heights[np.isfinite(heights)]
            z = float(np.median(heights)) if len(heights) else 0.0
            sentence = (
                f"The file does not say where plate {self.number} lies; an outline about the places of its force stands for "
                "it, so that a place beyond the plate can't be told."
            )
            values = {"width_mm": float(high[0] - low[0]), "length_mm": float(high[1] - low[1])}
            caveats.append(Caveat("plate_outline_assumed", f"plate {self.number}", values, sentence))
        return np.array([[high[0], low[1], z], [low[0], low[1], z], [low[0], high[1], z], [high[0], high[1], z]])
