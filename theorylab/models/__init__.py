"""Data-generating processes that several papers share; exact where they can be."""
