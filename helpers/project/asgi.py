"""The ASGI entry point: `helpers.project.asgi:application` is what a server is given."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpers.project.settings")

application = get_asgi_application()
