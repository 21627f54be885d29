"""Studies: thousands of recordings through pipeline, repetitions and triage, to one table; taken up where they were left."""
