"""What tests share: fakes, made files, simulated sessions."""
