"""The addresses of the site: Django's admin under `admin/`, the conference at the root."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("helpers.conference.urls")),
]
