"""Files that lie: mutated files of every format, each of which must be read or refused with a sentence.

`python -m tests.fuzz` tries as many as there is time for, and prints a table.
"""
