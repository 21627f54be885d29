"""Validation: what the program computes, beside what is known of it from elsewhere."""
