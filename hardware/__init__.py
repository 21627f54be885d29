"""Sources: one room for each kind of device, and the `Source` protocol that all of them follow."""
