"""The doctor: a rig probed before a session, judged line by line."""
