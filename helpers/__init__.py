"""The plumbing of the workshop: lessons import from here, nothing here imports from a lesson."""
