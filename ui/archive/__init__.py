"""The archive: folders of sessions, and what is in them."""
