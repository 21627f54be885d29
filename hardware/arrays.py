"""Types of arrays: raw samples as sources hand them out, and what is computed from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Samples = NDArray[np.float32] | NDArray[np.float64]
