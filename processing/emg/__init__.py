"""EMG: from raw samples to envelopes, activation, quad/hamstring ratio and quality."""
