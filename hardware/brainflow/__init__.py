"""EMG boards read through BrainFlow."""
