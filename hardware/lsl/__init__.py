"""The Lab Streaming Layer: streams in, and out where a rig asks for it."""
