"""Export: recordings in the formats of other programs, with what is known of lifter, events and losses."""
