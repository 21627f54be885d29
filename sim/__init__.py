"""Stand-ins for a lab: the simulated lifter with its truth known, simulated devices, and replay of recordings."""
