"""Commands of what is recorded: brought in, computed anew, corrected, compared, handed out."""
