"""The commands behind the Makefile: each module is one of them."""
