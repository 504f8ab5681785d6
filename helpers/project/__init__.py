"""The Django project around the conference app: settings, URLs, server entry points, and `boot` for a kernel."""
