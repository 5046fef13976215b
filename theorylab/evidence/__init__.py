"""Evidence: from moments to intervals, from intervals to verdicts. Pure functions; nothing here draws a random number."""
