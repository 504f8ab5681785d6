"""The addresses of the site on the stack: those of the project, and the one that HAProxy asks for its health."""

from django.db import connection
from django.http import HttpResponse
from django.urls import path

from helpers.project.urls import urlpatterns as _pages


def health(request):
    """Say "ok" where this process reaches its database; an error, and so a 500, where it does not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [path("health/", health, name="health"), *_pages]
