"""Pages of the site in a notebook: ask for one, post a form, show what came back, lay the exchange side by side.

    response = pages.post("/rate/", {"stars": "6"})     Django's whole request cycle, as django.test.Client runs it
    pages.show(response)                                the page, in an isolated frame
    pages.exchange(response)                            sent, seen by the form, answered: one row a field

Requests go through every middleware of the settings; `client` brings a session, or CSRF checks, along.
"""

import contextlib
import logging
import re
from unittest import mock

import pandas as pd
from django.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.http import HttpResponseBase
from django.template import TemplateSyntaxError
from django.test import Client
from IPython.display import display

from helpers import framing

COLUMNS = ["sent", "data", "files", "cleaned_data", "errors", "came_back"]
NOT_OF_A_FIELD, ANSWER = "(no field)", "(response)"
_NO_ANSWER = re.compile(r"The view (\S+) didn't return an HttpResponse object. It returned (.+) instead")


def show(page, title: str | None = None, height: int | None = None, scripts: bool = False) -> None:
    """Put a page on the page: a response, HTML as text, or a form, in a frame that cannot reach the notebook.

    `title` names the frame to those who cannot see it (else the page's own title); `height` is in pixels. `scripts`
    lets the page's own scripts run inside the frame. Raises TypeError for what is no page, ValueError for a form
    without fields.
    """
    text = _html(page)
    found = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    title = title or (" ".join(found[1].split()) if found else "a piece of a page")
    display(framing.frame(text, title, height, scripts), raw=True)


def get(url: str, client: Client | None = None, **headers) -> HttpResponseBase:
    """The response to a GET of `url`; keyword arguments as those of django.test.Client.get."""
    return _ask("get", client, url, {}, headers)


def post(url: str, data: dict | None = None, client: Client | None = None, **more) -> HttpResponseBase:
    """The response to a POST of `data` to `url`, with `forms_seen`: the bound forms that the view validated.

    `data` and further keyword arguments are those of django.test.Client.post; `follow` is not needed: a redirect is
    what `exchange` shows. Raises ValueError where the view gives no response, or its template does not compile.
    """
    return _ask("post", client, url, dict(data or {}), more)


def exchange(response: HttpResponseBase) -> pd.DataFrame:
    """What was sent, what the form saw and what came back, for a response of `post()`.

    One row for each name that was sent or that the form has, then "(no field)" for errors of the whole form, then
    "(response)". Columns: `sent`, `data` and `files` (as the form holds them), `cleaned_data`, `errors`, `came_back`
    (status, and where a redirect points to); an empty cell where there is none. Where the view validated several
    forms, a field has the form's prefix. Raises TypeError for a response that `post()` did not make.
    """
    if not hasattr(response, "forms_seen"):
        raise TypeError("exchange() takes what pages.post(…) returned: only that knows what was sent.")
    rows = {name: {"sent": _plain(value)} for name, value in response.sent.items()}
    for form in response.forms_seen:
        cleaned = getattr(form, "cleaned_data", {})
        for name in form.fields:
            row = rows.setdefault(form.add_prefix(name), {})
            _fill(row, form, name, cleaned)
        if form.non_field_errors():
            rows.setdefault(NOT_OF_A_FIELD, {})["errors"] = " ".join(form.non_field_errors())
    where = response.headers.get("Location")
    rows[ANSWER] = {"came_back": f"{response.status_code} → {where}" if where else str(response.status_code)}
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).fillna("")
    return frame.rename_axis("name")


def _fill(row, form, name, cleaned):
    key = form.add_prefix(name)
    if key in form.data:
        row["data"] = _plain(form.data.getlist(key) if hasattr(form.data, "getlist") else form.data[key])
    if key in form.files:
        row["files"] = str(form.files[key])
    if name in cleaned:
        row["cleaned_data"] = repr(cleaned[name])
    if name in form.errors:
        row["errors"] = " ".join(form.errors[name])


def _plain(value):
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return getattr(value, "name", None) or str(value)  # a file is known by its name


def _ask(method, client, url, data, more):
    client = client or Client()
    try:
        with _watched_forms() as seen, _said_once(client):
            response = getattr(client, method)(url, data, **more)
    except TemplateSyntaxError as error:
        raise ValueError(f"A template of this page does not compile: {error}. Mend it, then ask again.") from error
    except ValueError as error:
        found = _NO_ANSWER.match(str(error))
        if found is None:
            raise
        raise ValueError(
            f"The view `{found[1].rpartition('.')[2]}` returned {found[2]}, and Django needs a response: look for a "
            "way through it that ends without `return render(…)` or `return redirect(…)`."
        ) from error
    except AttributeError as error:
        # Middleware was handed what the view returned, and asks it for a header.
        if not isinstance(error.obj, str | bytes | dict | list | tuple | int | float):
            raise
        raise ValueError(
            f"The view returned {type(error.obj).__name__} ({str(error.obj)[:60]!r}), and Django needs a response: "
            "wrap text in HttpResponse(…), a dict in JsonResponse(…), or end with `return render(…)`."
        ) from error
    response.sent, response.forms_seen = data, seen
    return response


@contextlib.contextmanager
def _watched_forms():
    """Note each bound form whose validation runs: a redirect carries no trace of the form that led to it."""
    seen, clean = [], BaseForm.full_clean

    def noted(form):
        clean(form)
        if form.is_bound and not any(form is each for each in seen):
            seen.append(form)

    with mock.patch.object(BaseForm, "full_clean", noted):
        yield seen


@contextlib.contextmanager
def _said_once(client):
    """An error that reaches the cell needs no second telling in Django's log."""
    log = logging.getLogger("django.request")
    before, log.disabled = log.disabled, log.disabled or client.raise_request_exception
    try:
        yield
    finally:
        log.disabled = before


def _html(page):
    if isinstance(page, HttpResponseBase):
        if page.streaming:
            raise TypeError("This response is a stream, as a file is: show() takes a page.")
        return page.content.decode(page.charset)
    if isinstance(page, type) and issubclass(page, BaseForm | BaseFormSet):
        raise TypeError(f"{page.__name__} is a class: show() takes a form made from it, as in {page.__name__}().")
    if isinstance(page, BaseForm | BaseFormSet):
        if isinstance(page, BaseForm) and not page.fields:
            raise ValueError(
                f"{type(page).__name__} has no fields: write each as a class attribute, as in name = forms.CharField()."
            )
        return f"<form>{page.as_div() if isinstance(page, BaseForm) else page}</form>"
    if isinstance(page, str):
        return page
    raise TypeError(f"show() takes a response, HTML as text, or a form, and this is {type(page).__name__}.")
