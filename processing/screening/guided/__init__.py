"""Guided sessions: the protocol, what is kept of a session, and who leads through it."""
