"""From sources to files: rig settings, the ring, clocks, the recorder, recordings, recovery and import."""

from acquisition.kernel_cache import choose_kernel_cache

choose_kernel_cache()
