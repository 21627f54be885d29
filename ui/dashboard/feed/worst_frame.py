"""The worst frame of a session that has ended: the lifter has stepped off by then, and its last values say little."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from processing.pipeline import EVENTS
from ui.dashboard.feed import scrollback
from ui.dashboard.feed.scrollback import FramesInRing

if TYPE_CHECKING:
    from acquisition.ring import Ring
    from ui.dashboard.feed.feed import Feed

STEP_S = 0.02
MOST = 3.0
"""No metric counts for more than this many times its red limit, since a ratio has no bounds."""


def rewind(ring: Ring, feed: Feed) -> float:
    """Take a ring back to the worst frame of its session, for readers made from now on; returns its second.

    That is when the metrics whose flags were up stood farthest out, each as a multiple of its red limit (twice the amber one
    where it is never red), all taken together.
    NaN where no flag tells, and then the ring stays as it is. `feed` has been polled.
    """
    frames = {name: FramesInRing(ring, name) for name in ring.derived - EVENTS}
    seconds = np.arange(0.0, max((float(f.seconds[-1]) for f in frames.values() if len(f.seconds)), default=0.0), STEP_S)
    far_out = np.zeros(len(seconds))
    for shown in feed.flags:
        rule = feed.rules[shown.flag.rule]
        red = rule.get("red")
        if red == math.inf:
            red = 2.0 * rule.get("amber", math.inf)
        for one in frames.values():
            if isinstance(red, float) and red > 0 and shown.metric in one.columns and len(one.seconds):
                up = (seconds >= shown.start_s) & ~(seconds > shown.end_s)
                far_out += np.where(up, np.minimum(np.abs(one.values(shown.metric, seconds)) / red, MOST), 0.0)
    if not far_out.any():
        return math.nan
    worst_s = float(seconds[np.argmax(far_out)])
    scrollback.rewind(ring, worst_s, feed)
    return worst_s
