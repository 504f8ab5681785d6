"""The cache laboratory: traces in, tidy frames out; its rooms meet as arrays and frames, never by importing each other."""
