"""A session: its parts put together, watched and ended."""
