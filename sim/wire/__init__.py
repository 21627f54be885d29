"""Stand-ins for devices at wire level, which the vendors' unmodified clients talk to."""
