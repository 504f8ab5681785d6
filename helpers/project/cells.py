"""Templates and URL patterns that a notebook's cells make: a file for a template, a URLconf for a list of patterns."""

from types import ModuleType

from django.conf import settings
from django.template import TemplateSyntaxError, autoreload, engines
from django.urls import URLPattern, URLResolver

from helpers.project import temporary


def template(name: str, text: str) -> None:
    """Write `text` as the template `name` where the project finds it first, so that `render(request, name)` takes it.

    Running the cell again replaces it; it is gone with the kernel. Raises ValueError for a text that does not compile.
    """
    folder = temporary.folder() / "templates"
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()) or file == folder.resolve():
        raise ValueError(f"the template name {name!r} leads out of the templates' folder: take one as in 'rate.html'.")
    _look_in(str(folder))
    try:
        engines["django"].from_string(text)
    except TemplateSyntaxError as error:
        raise ValueError(f"{name} does not compile, and is not written: {str(error).rstrip('.')}.") from error
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    autoreload.reset_loaders()  # the loader keeps parsed templates, and remembers which it did not find


def urls(patterns: list, keep: bool = True) -> ModuleType:
    """A URLconf of these `patterns`, followed by the project's own unless `keep` is False.

    For `override_settings(ROOT_URLCONF=cells.urls([…]))`. Raises TypeError where `patterns` is not a list of `path()`,
    `re_path()` or `include()` entries.
    """
    if not isinstance(patterns, list | tuple):
        kind = type(patterns).__name__
        raise TypeError(f"urlpatterns is a list of path(…), and this is {kind}: put it between [ and ], with commas.")
    for place, each in enumerate(patterns):
        if not isinstance(each, URLPattern | URLResolver):
            raise TypeError(
                f"entry {place} of urlpatterns is {type(each).__name__}, and Django needs what path(…) returns: "
                'write path("address/", view, name="name").'
            )
    made = ModuleType("urls_of_this_notebook")
    made.urlpatterns = list(patterns)
    if keep:
        from helpers.project import urls as own

        made.urlpatterns += own.urlpatterns
    return made


def _look_in(folder):
    """Let the engine, and any that `override_settings` makes from the same settings, look here first."""
    for each in settings.TEMPLATES:
        directories = each.setdefault("DIRS", [])
        if folder not in directories:
            directories.insert(0, folder)
    for engine in engines.all():
        if hasattr(engine, "engine") and folder not in engine.engine.dirs:
            engine.engine.dirs.insert(0, folder)
