"""National Instruments cards through NI-DAQmx, here or behind a gRPC device server."""
