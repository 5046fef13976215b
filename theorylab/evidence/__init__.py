"""Evidence: from moments to intervals, from intervals to verdicts. Pure functions; only the calibration draws random numbers."""
