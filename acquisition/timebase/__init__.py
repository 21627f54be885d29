"""The time base: from sample numbers to host time, by arrival and by the edges of a shared sync line."""
