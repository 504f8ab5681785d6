"""From a lesson's source to its notebook: convert, execute, normalise; one direction only."""
