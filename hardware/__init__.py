"""Where samples come from: one module per kind of source, and the `Source` they all are."""
