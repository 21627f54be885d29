"""Faults of plates: found in raw channels and in what both plates tell, put as sentences, and what is not judged by them."""
