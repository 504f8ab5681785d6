"""A page in a frame of its own: HTML as a browser shows it, walled off from the notebook, and the same page as text.

The wall is the `sandbox` attribute of an iframe (HTML standard, section 4.8.5): the page gets an origin that nothing
shares, so it reaches neither the notebook nor its cookies; no forms are sent and no window is opened. A content
security policy in the page keeps it from fetching anything, the notebook's own server included.
"""

import html
import re
from pathlib import Path

from bs4 import BeautifulSoup
from django.conf import settings
from django.contrib.staticfiles import finders

FRAGMENT_STYLE = "conference/site.css"
TOKEN = "csrfmiddlewaretoken"
HIDDEN_TOKEN = "(a token)"  # it differs at every run, and belongs to nobody who reads the notebook

_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'; script-src {scripts}\">"
)
_DOCTYPE = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)
_STYLE = "width:100%;border:1px solid #888;border-radius:6px;background:white;color-scheme:light;resize:vertical"
_BLOCK_HEIGHT_PX, _MARGIN_PX, _LEAST_PX, _MOST_PX = 27, 56, 90, 640


def frame(page: str, title: str, height: int | None = None, scripts: bool = False) -> dict[str, str]:
    """The page as what a notebook displays: an isolated iframe under "text/html", its text under "text/plain".

    `page` is a whole HTML document or a piece of one, which is put into a document with the conference's stylesheet.
    `height` is in pixels, and estimated from the text without it. `scripts` lets the page's own scripts run, still
    without a way to the notebook or a network.
    """
    page = document(page, title)
    text = as_text(page)
    height = height or min(_MOST_PX, max(_LEAST_PX, _MARGIN_PX + _BLOCK_HEIGHT_PX * len(text.splitlines())))
    sandbox = "allow-scripts" if scripts else ""
    walled = html.escape(_with_policy(page, scripts), quote=True)
    markup = (
        f'<iframe title="{html.escape(title, quote=True)}" sandbox="{sandbox}" referrerpolicy="no-referrer" '
        f'style="{_STYLE};height:{height}px" srcdoc="{walled}">{html.escape(text)}</iframe>'
    )
    return {"text/html": markup, "text/plain": f"Page: {title}\n{text}"}


def document(page: str, title: str) -> str:
    """The page as one whole HTML document: the site's stylesheets put in, tokens taken out; a piece gets a body."""
    return _with_styles(_without_tokens(page if _is_whole(page) else _completed(page, title)))


def as_text(page: str) -> str:
    """What a reader meets, a line each: the text of the page, its fields as `[name: value]`, hidden ones left out."""
    soup = BeautifulSoup(page, "html.parser")
    for unseen in soup(["script", "style", "title", "template"]):
        unseen.decompose()
    for field in soup(["input", "select", "textarea", "button"]):
        field.replace_with(_field(field))
    blocks = soup.body or soup
    return "\n".join(" ".join(line.split()) for line in blocks.get_text("\n").splitlines() if line.strip())


def _field(field):
    name, kind = field.get("name", ""), field.get("type", "text")
    if field.name == "button" or kind in ("submit", "button"):
        return f"({field.get('value') or field.get_text(' ', strip=True) or 'Submit'})\n"
    if kind == "hidden":
        return ""
    if field.name == "textarea":
        return f"[{name}: {field.get_text().strip()}]"
    if field.name == "select":
        options = field("option")
        chosen = [each for each in options if each.has_attr("selected")] or options[:1]
        return f"[{name}: {', '.join(each.get_text(strip=True) for each in chosen)}, of {len(options)}]"
    if kind in ("checkbox", "radio"):
        return f"[{'x' if field.has_attr('checked') else ' '}] "
    return f"[{name}: {field.get('value', '')}]"


def _is_whole(page):
    return "<html" in page.lower() or "<body" in page.lower()


def _completed(piece, title):
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<link rel="stylesheet" href="{settings.STATIC_URL}{FRAGMENT_STYLE}"></head><body>{piece}</body></html>'
    )


def _without_tokens(page):
    return re.sub(rf'(name="{TOKEN}" value=")[^"]*', rf"\g<1>{HIDDEN_TOKEN}", page)


def _with_policy(page, scripts):
    """The policy goes first, before anything in the page that it has to bind."""
    policy = _POLICY.format(scripts="'unsafe-inline'" if scripts else "'none'")
    found = _DOCTYPE.match(page)
    end = found.end() if found else 0
    return page[:end] + policy + page[end:]


def _with_styles(page):
    """Put the site's own stylesheets into the page: no server stands behind a frame in a notebook."""

    def inlined(match):
        address = re.search(r'href="([^"]*)"', match[0])
        path = address and address[1].removeprefix("/").removeprefix(settings.STATIC_URL.removeprefix("/"))
        file = finders.find(path) if path else None
        return f"<style>{Path(file).read_text()}</style>" if file else ""

    return re.sub(r'<link[^>]*rel="stylesheet"[^>]*>', inlined, page)
