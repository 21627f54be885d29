"""Storage: disks and their file systems, and the parts and texts of HDF5 files."""
