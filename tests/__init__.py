"""The tests, in the folders of what they test; `support` has what they share."""
