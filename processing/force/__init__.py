"""Force: from plate channels to load, centre of pressure and quiet stance."""
