"""The terminal: what a session shows there, and the keys that are typed."""
