"""C3D files: read in a child process, their plates and markers understood, turned into recordings."""
