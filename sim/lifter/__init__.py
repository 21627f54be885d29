"""The simulated lifter: motion, plates and EMG, with the truth known."""
