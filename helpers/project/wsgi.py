"""The WSGI entry point: `helpers.project.wsgi:application` is what a server is given."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpers.project.settings")

application = get_wsgi_application()
