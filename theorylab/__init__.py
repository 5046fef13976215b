"""theorylab: decide the theoretical claims of machine-learning papers numerically."""

__version__ = "0.1.0"
