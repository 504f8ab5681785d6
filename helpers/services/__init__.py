"""Real servers on loopback: one module a server, all alike; they know nothing of Django or of lessons."""
