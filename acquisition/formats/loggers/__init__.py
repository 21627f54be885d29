"""Files that loggers write: programs that record the streams of devices."""
