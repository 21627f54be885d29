"""Tables of the pages, and of files beside them: repetitions and muscles."""
