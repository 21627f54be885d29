"""From sources to files: rig settings, the ring, clocks, the recorder, recordings, recovery and import."""
