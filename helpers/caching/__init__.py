"""The cache laboratory: traces in, tidy frames out; its rooms meet as arrays and frames, not by imports."""
