"""Whole archives: find the documents, read each in a supervised process, keep what was read, write tables."""
