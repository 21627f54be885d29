"""Drawing: letters, colours, charts and the raster that panels are made of."""
