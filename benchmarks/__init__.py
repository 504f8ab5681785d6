"""What the workshop's own code costs next to its peers: ratios within one run, never a time on its own."""
