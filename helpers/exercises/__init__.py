"""The exercises: base.py says what one is, one module a lesson holds its task, check, hints, solutions and mistakes."""
