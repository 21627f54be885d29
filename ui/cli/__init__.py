"""The command line: one command for each thing that people do with squatscope."""
