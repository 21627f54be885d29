"""Panels of the review: the whole recording, the part that is looked at, and what is told of it."""
