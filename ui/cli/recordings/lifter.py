"""Commands about one lifter's own measures: mvc, reference and rock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.console import fail, say

if TYPE_CHECKING:
    from acquisition.rig import Rig

Lifters = Annotated[
    list[Path] | None,
    typer.Option("--lifter", help="A lifter's file: MVCs or a reference set. May be given more than once; later ones win."),
]
Name = Annotated[str, typer.Option("--name", help="Who the lifter is; a code will do.")]
LifterOut = Annotated[Path, typer.Option("--out", help="The lifter's file to make.")]


def for_lifters(rig: Rig, files: list[Path] | None) -> Rig:
    """Return a rig with what these lifter files say; raises RigError."""
    from acquisition.lifter_file import load_lifter, with_lifter

    for file in files or []:
        rig = with_lifter(rig, load_lifter(file))
    return rig


def mvc(
    recordings: Annotated[
        list[Path], typer.Argument(help="Recordings of maximal contractions, of one muscle after the other.")
    ],
    out: LifterOut,
    name: Name = "lifter",
) -> None:
    """Find maximal voluntary contractions: three tries a muscle, the best two within 10 %, as a file for --lifter."""
    from acquisition.lifter_file import LifterFile, Mvc, write_lifter
    from processing.lifter import mvc_of

    found = mvc_of(recordings)
    for one in found:
        say(f"{'•' if one.refused else '✓'} {one.sentence}")
    good = [one for one in found if not one.refused]
    if good:
        entries = [
            Mvc(
                muscle=one.electrode.muscle,
                side=one.electrode.side,
                mvc_uV=one.tries[0].uV,
                trial=f"{one.tries[0].recording}, {one.tries[0].at_s:.1f} s",
            )
            for one in good
        ]
        write_lifter(out, LifterFile(lifter=name, mvc=entries))
        say(f"MVCs of {len(good)} of {len(found)} muscles: {out}")
    if len(good) < len(found):
        fail(f"{len(found) - len(good)} of {len(found)} muscles have no MVC yet.")


def reference(
    recording: Annotated[Path, typer.Argument(help="A recording of a set that others are to be compared with.")],
    out: LifterOut,
    name: Name = "lifter",
    lifter: Lifters = None,
) -> None:
    """Take a set's ratios of muscle groups as those that later sets are compared with, as a file for --lifter."""
    from acquisition.lifter_file import LifterFile, write_lifter
    from processing.batch import reprocess
    from processing.lifter import reference_of

    results = reprocess(recording, lambda rig: for_lifters(rig, lifter))
    known = reference_of(results, f"{recording.resolve().parent.name}/{recording.stem}, {results.created_utc[:10]}")
    write_lifter(out, LifterFile(lifter=name, reference=known))
    words = {"qh": "quadriceps:hamstrings", "qg": "quadriceps:glutes"}
    for key, value in known.model_dump(exclude_defaults=True, exclude={"name"}).items():
        ratio, side = key.split("_")
        say(f"{words[ratio]} {side}: {value:.2f}")
    say(f"Reference set: {out}")


def rock(
    recording: Annotated[Path, typer.Argument(help="A recording of standing on both plates, rocking from heels to toes.")],
    out: LifterOut,
    name: Name = "lifter",
) -> None:
    """Find how far each foot is turned out, from three slow rocks from heels to toes, as a file for --lifter."""
    from acquisition.lifter_file import LifterFile, write_lifter
    from acquisition.rig import Foot
    from acquisition.rig.lifter_axes import APART_DEG
    from processing.batch import reprocess
    from processing.lifter import rocked

    results = reprocess(recording)
    found = rocked(results)
    said = {foot.side: foot for foot in results.rig.foot if foot.toe_out_deg is not None}
    for one in found:
        say(f"{'•' if one.refused else '✓'} {one.sentence}")
        known = said.get(one.side)
        if known is not None and not one.refused and abs((known.toe_out_deg or 0.0) - one.toe_out_deg) > APART_DEG:
            say(
                f"• The rig says that the {one.side} foot is turned out by {known.toe_out_deg:.0f} degrees, which differs by "
                f"more than {APART_DEG:.0f}; the rig is believed: check which of them is right."
            )
    good = [one for one in found if not one.refused]
    if good:
        feet = [Foot(side=one.side, toe_out_deg=one.toe_out_deg, toe_out_from="rocking") for one in good]
        write_lifter(out, LifterFile(lifter=name, foot=feet))
        say(f"Feet: {out}")
    if len(good) < len(found):
        fail("Not every foot's axis is known yet; rock again, with the feet where the squats will be.")
