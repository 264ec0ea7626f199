"""A bot that answers from a curated, attributed, dated and sourced fact base."""

__version__ = "0.1.0"
