"""How often the verdicts are wrong: measured, law by law, with the very intervals that verdicts are read off.

Run ``python -m theorylab.evidence.calibration`` (or ``make calibration``, which also writes ``docs/calibration.md``). Two measurements:

- `sequential`: whole verdicts, look after look, at error levels large enough for plain repetition to see the errors;
- `tilted`: one look at the level that is really used, where errors are too rare to be seen by repetition and are found by exponentially
  tilted sampling.
"""
