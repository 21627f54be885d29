"""Screening: conditions compared, and what that tells of technique, mobility and muscles."""
