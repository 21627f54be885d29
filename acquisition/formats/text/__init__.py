"""Files of lines of numbers: their layout is found, and what their headers say becomes streams."""
