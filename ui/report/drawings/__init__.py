"""What the pages draw: lines over time, paths of pressure, a strip of repetitions."""
