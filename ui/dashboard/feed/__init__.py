"""The feed: what a ring says right now, for all panels."""
