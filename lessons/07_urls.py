# %% [markdown]
# # 7. URLs
#
# After this lesson you can say which pattern answers an address, why it is not the one you wrote, and how an address is made without writing it.
#
# **Core:** 60 minutes · **deeper:** 95 minutes · **needs:** 01 · **helps:** 04, 05, 15 ·
# **starts:** nothing
#
# Credit: URLs stand on Issac Kelly's list, "Teaching Django to comrades", DjangoCon 2011, as Rob Martin noted it in
# "DjangoCon, part four". The experiments and the clinic are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "bulk_create() writes three ratings. How many post_save signals are sent?": "None: it skips save(), to stay one query (lesson 06).",
        "A form needs to know who is asking. Where does a class-based view hand that over?": "In get_form_kwargs(), as an argument of the form: the request itself stays out of it (lesson 05).",
        "What does Talk.objects.get(slug=…) do when there is no such talk?": "It raises Talk.DoesNotExist; get_object_or_404 makes a 404 of it (lesson 01).",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "My new page is a 404, and its pattern is right there."
# - "`NoReverseMatch`: 'talk_list' is not a valid view function or pattern name. But it is the name!"
# - "The form posts, and nothing arrives."
# - "`/talks/2011-02-30/` is a 500. Should that not be a 404?"
# - "Behind nginx, all links in our mails begin with `http://127.0.0.1:8000`."

# %%
import logging
import re

import pandas as pd
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.test import Client, override_settings
from django.urls import NoReverseMatch, Resolver404, get_resolver, include, path, resolve, reverse

from helpers import lesson, pages
from helpers.lesson import answer, claim, exercise
from helpers.project import cells

lesson.start("07-urls")
pd.set_option("display.max_colwidth", 160)
logging.getLogger("django").setLevel("CRITICAL")  # the lesson shows its errors itself

# %% [markdown]
# ## 1. From an address to its view, and back
#
# The project's `urls.py` has two lines: the admin under `admin/`, and the conference, which has four patterns. How many patterns
# are there in all?

# %%
guess_patterns = ...  # for example: 6

# %%
from django.urls import URLResolver

# something for each part that a pattern captures
samples = {"slug": "forms", "object_id": "1", "content_type_id": "1", "id": "1", "app_label": "auth"}


def patterns_of(resolver, before="", namespace=""):
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):  # an include(): its patterns come with its prefix
            inner = f"{each.namespace}:" if each.namespace else ""
            yield from patterns_of(each, route, namespace + inner)
        else:
            name = namespace + each.name if each.name else ""
            yield {"route": route, "name": name, "takes": list(each.pattern.regex.groupindex)}


# %% [markdown]
# `reverse` goes from a name to an address, `resolve` from an address to a name. Each named pattern, there and back:

# %%
known = pd.DataFrame(patterns_of(get_resolver()))
named = known[known.name != ""].reset_index(drop=True)
named["address"] = [
    reverse(row.name, kwargs={key: samples[key] for key in row.takes})
    for row in named.itertuples(index=False)
]
named["answered_by"] = [resolve(address).view_name for address in named.address]
lesson.compare(guess_patterns, len(known))
no_name = known.route[known.name == ""].tolist()
print(len(no_name), "have no name:", no_name[0], "…", no_name[-1])
named[["name", "address", "answered_by"]]

# %%
there_and_back = (named.name == named.answered_by).tolist()
claim(
    "Every pattern of this project that has a name goes from name to address, and back to its "
    "name.",
    [all(there_and_back), len(there_and_back) > 40], equals=[True, True],
)

# %% [markdown]
# It need not be so. Here is a page for a new talk, written below the page of a talk, and then above it:

# %%
from helpers.conference import views


def new_talk(request):
    return HttpResponse("a form for a new talk")


one_talk = path("talks/<slug:slug>/", views.talk_detail, name="one talk")
new = path("talks/new/", new_talk, name="new talk")
orders = {"new below": [one_talk, new], "new above": [new, one_talk]}
tries = []
for order, patterns in orders.items():
    with override_settings(ROOT_URLCONF=cells.urls(patterns)):
        row = {"order": order, "answered by": resolve("/talks/new/").url_name}
        tries.append({**row, "status": pages.get("/talks/new/").status_code})
by_order = pd.DataFrame(tries).set_index("order")
by_order

# %%
claim(
    "Below the pattern with <slug>, talks/new/ never answers, and its page is a 404; above it, "
    "it is a page.",
    by_order.values.tolist(), equals=[["one talk", 404], ["new talk", 200]],
)

# %%
because = "..."  # one sentence: why does Django not take the pattern that fits best?

# %% [markdown]
# **Why.** The URLconf is a list, and Django walks it from the top. The first pattern that matches wins, even when its view then
# raises a 404: nobody goes on looking. There is no "best" pattern. `new` is a fine slug, so `<slug:slug>` (letters, digits, `-` and `_`) takes it.
# A pattern in an `include` with an empty prefix, or the admin's last, `(?P<url>.*)$`, which takes all that is left of `admin/`, hides what
# comes after it in the same way.
# Going back is another matter: `reverse` looks a name up in a dictionary, and never asks whether the address will come back to it.
#
# **In your project:** fixed words above captured ones, and a test that takes every name there and back.
#
# ### Exercise: find what is hidden
# One blank to fill: the name of the pattern that answers `address`.


# %%
@exercise("urls-1-hidden")
def hidden(addresses, urlconf):
    """The names whose address another pattern answers, as a list.

    `addresses` is {name: address}, as reverse wrote them for this `urlconf`.
    """
    found = []
    for name, address in addresses.items():
        answered_by = ...
        if answered_by != name:
            found.append(name)
    return found


# %% [markdown]
# ## 2. What does `<int>` refuse?
#
# A converter is a regular expression with a way into Python and a way back. Of `7`, `007`, `-7` and `7.0`, how many does `<int>` take?

# %%
guess_int = ...  # for example: 4

# %%
import uuid

kinds = ("int", "str", "slug", "uuid", "path")
takers = cells.urls([path(f"{kind}/<{kind}:it>/", new_talk) for kind in kinds], keep=False)
texts = ["7", "007", "-7", "7.0", "sept-9", "sept 9", "a/b", str(uuid.UUID(int=7))]
taken = pd.DataFrame("", index=texts, columns=kinds)
for kind in kinds:
    for text in texts:
        try:
            it = resolve(f"/{kind}/{text}/", takers).kwargs["it"]
            taken.loc[text, kind] = repr(it).replace("00000000-0000-0000-0000-00000000000", "…")
        except Resolver404:
            pass
lesson.compare(guess_int, sum(taken.int[:4] != ""))
taken

# %% [markdown]
# An empty cell is a 404. `<str>` takes anything but `/`, `<path>` takes all. A converter of your own needs a regex and two
# methods; `re_path` needs only the regex, and hands over text.

# %%
from datetime import date

from django.urls import re_path, register_converter
from django.urls.converters import REGISTERED_CONVERTERS


class Day:
    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, text):
        return date.fromisoformat(text)  # ValueError says: not mine

    def to_url(self, day):
        return f"{day:%Y-%m-%d}"


REGISTERED_CONVERTERS.pop("day", None)  # this cell may run twice
register_converter(Day, "day")

# %%
years = re_path(r"^years/(?P<year>[0-9]{4})/$", views.schedule, name="year")
days = cells.urls([path("days/<day:day>/", views.schedule, name="day"), years], keep=False)
rows = []
for address in ("/days/2011-09-08/", "/days/2011-02-30/", "/years/2011/", "/years/11/"):
    try:
        rows.append({"address": address, "the view gets": str(resolve(address, days).kwargs)})
    except Resolver404 as error:
        tried = [str(each[-1].pattern) for each in error.args[0]["tried"]]
        rows.append({"address": address, "the view gets": f"404, after {len(tried)} patterns"})
print(reverse("day", days, kwargs={"day": date(2011, 9, 8)}))
given = pd.DataFrame(rows).set_index("address")
given

# %% [markdown]
# And where the text is read elsewhere, in the view, or by a converter that raises another error?

# %%
class Hasty(Day):
    def to_python(self, text):
        return {"2011-09-08": date(2011, 9, 8)}[text]  # any other day is a KeyError


REGISTERED_CONVERTERS.pop("hasty", None)
register_converter(Hasty, "hasty")


def weekday(request, day):
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return HttpResponse(f"{day:%A}")


# %%
readers = {"read in the view": "str", "read by Day": "day", "read by Hasty": "hasty"}
of_days = [path(f"{kind}/<{kind}:day>/", weekday) for kind in readers.values()]
wanted, statuses = ["2011-09-08", "2011-02-30"], {}
with override_settings(ROOT_URLCONF=cells.urls(of_days)):
    for how, kind in readers.items():
        visitor = Client(raise_request_exception=False)
        statuses[how] = [visitor.get(f"/{kind}/{day}/").status_code for day in wanted]
read_where = pd.DataFrame(statuses, index=wanted)
read_where

# %% [markdown]
# A `Resolver404` carries the list of what was tried. With `DEBUG` on, that list *is* the 404 page:

# %%
with override_settings(DEBUG=True):
    missing = pages.get("/talk/")
pages.show(missing, height=330)
try:
    resolve("/talk/")
except Resolver404 as error:
    tried = ["".join(str(each.pattern) for each in way) for way in error.args[0]["tried"]]
tried

# %%
claim("<int> takes 7 and 007, not -7 and 7.0.", taken.int[:4].tolist(), equals=["7", "7", "", ""])
claim(
    "A day that is not in the calendar fits the regex, and is a 404: to_python said ValueError.",
    given.loc["/days/2011-02-30/", "the view gets"], equals="404, after 2 patterns",
)
claim(
    "Read in the view, or with another error than ValueError, that day is a 500.",
    read_where.loc["2011-02-30"].tolist(), equals=[500, 404, 500],
)
claim(
    "re_path hands over text: the year 2011 comes as '2011'.",
    given.loc["/years/2011/", "the view gets"], equals="{'year': '2011'}",
)

# %%
because = "..."  # one sentence: why is it bad that /posts/7/ and /posts/007/ both answer?

# %% [markdown]
# **Why.** `<int>` is the regex `[0-9]+` and then `int()`: no sign, no point, and zeros in front are lost, so many addresses lead to one
# page and `reverse` writes one of them. A `ValueError` in `to_python` means "not my address", and Django tries the next pattern; any
# other error is a 500. `to_url` has to write what the regex reads, or `reverse` fails. What a view is
# given never needs to be checked for its form again, but whether the talk *exists* only the database knows.
#
# **In your project:** a converter for each kind of thing that two patterns share; `re_path` only where no converter can say it.
#
# ### Exercise: a time of day
# Talks begin at `09-30`; `to_python` gives a `datetime.time`.


# %%
@exercise("urls-2-time")
class TimeOfDay:
    """A converter for times like 09-30: two digits, a hyphen, two digits, nothing else.

    A time that no clock shows, as 25-00, is not its address.
    """

    regex = ...

    def to_python(self, text): ...

    def to_url(self, value): ...


# %% [markdown]
# ## 3. `NoReverseMatch`, six times
#
# Six causes are provoked below. How many *different* sentences does Django say, not counting the names in them?

# %%
guess_sentences = ...  # for example: 6

# %%
causes = {
    "a name with a slip": ("conference:talk_details", [], {"slug": "forms"}),
    "the namespace left out": ("talk_detail", [], {"slug": "forms"}),
    "no such namespace": ("conferences:talk_detail", [], {"slug": "forms"}),
    "an argument left out": ("conference:talk_detail", [], {}),
    "another name for it": ("conference:talk_detail", [], {"pk": 1}),
    "a value that does not fit": ("conference:talk_detail", [], {"slug": "two words"}),
}
said = {}
for cause, (name, args, kwargs) in causes.items():
    try:
        said[cause] = reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch as error:
        said[cause] = str(error)
pd.Series(said, name="what Django says").to_frame()

# %%
end = r"is not a .+|\d pattern\(s\) tried"
endings = [re.search(end, text)[0] for text in said.values()]
sentence = [list(dict.fromkeys(endings)).index(each) + 1 for each in endings]
lesson.compare(guess_sentences, max(sentence))

# %%
claim(
    "Six causes, three sentences: no such name (twice), no such namespace, and a name that was "
    "found with arguments that do not fit (three times).",
    sentence, equals=[1, 1, 2, 3, 3, 3],
)

# %% [markdown]
# Read the end of the sentence. "pattern(s) tried" means that the name was found. In a template the value is often *empty*: a slip in
# a variable's name is no error there, and `{% url … as link %}` is silent about all six.

# %%
cells.template("slip.html", "{% url 'conference:talk_detail' talk.slugg %}")
from helpers.conference.models import Talk

some_talk = Talk.objects.get(slug="teaching-django-to-comrades")
with lesson.expect(NoReverseMatch):
    render(None, "slip.html", {"talk": some_talk})
mute = []
for name, _, kwargs in causes.values():
    given_there = " ".join(f"{key}='{value}'" for key, value in kwargs.items())
    tag = "{% url '" + name + "' " + given_there + " as link %}"
    cells.template("mute.html", tag + "[{{ link }}]")
    mute.append(render(None, "mute.html").content.decode())
mute

# %% [markdown]
# Arguments go by place or by name, never both. And an `include` decides which names there are:

# %%
from django.core.exceptions import ImproperlyConfigured

detail = "conference:talk_detail"
same = {reverse(detail, args=["forms"]), reverse(detail, kwargs={"slug": "forms"})}
with lesson.expect(ValueError):
    reverse(detail, args=["forms"], kwargs={"slug": "forms"})
with lesson.expect(ImproperlyConfigured):
    include([new], namespace="new")  # a namespace, and no app_name
inside = cells.urls([path("x/", include(([new], "talks")))], keep=False)
same, reverse("talks:new talk", inside)

# %%
same_address = sorted(same)
claim(
    "By place or by name, reverse writes the same address.",
    same_address, equals=["/talks/forms/"],
)
claim(
    "For each of the six causes {% url … as link %} is empty: no error.", mute, equals=["[]"] * 6
)

# %%
because = "..."  # one sentence: why is a wrong value told like a missing one?

# %% [markdown]
# **Why.** `reverse` first walks the namespaces, then looks the name up, then tries each pattern of that name: do the arguments'
# names fit, and does the finished address match the pattern? The first two steps have sentences of their own. All that fails in the third is
# one sentence, with what was given and what was tried: compare the two. `app_name` in an app's `urls.py` puts its names into a
# namespace, so `talk_list` alone is no name any more, also inside that app.
#
# **In your project:** `app_name` in every app, names by `reverse` and `{% url %}` only, and `as` only where a link may be missing.
#
# ### Exercise: mend three calls
# The conference moves under `/2011/` next week. The addresses have to follow.


# %%
@exercise("urls-3-mend")
def addresses(talk):
    """The addresses of the list of talks, of `talk`, and of its first speaker by name: a list."""
    first = talk.speakers.order_by("name").first()
    return [
        reverse("talk_list"),
        reverse("conference:talk_detail", args=[...]),
        reverse("conference:speaker_detail", kwargs={"pk": first.pk}),
    ]


# %% [markdown]
# ## 4. The slash at the end, and the form that loses its data
#
# The page `/vote/` shows a form, and the form has `action="/vote"`. Ten visitors fill it in and press Send. How many votes arrive?

# %%
guess_votes = ...  # for example: 10

# %%
cells.template("vote.html", """{% extends "conference/base.html" %}
{% block title %}Vote{% endblock %}
{% block main %}<h1>How was it?</h1>
<form method="post" action="/vote">{% csrf_token %}
<p><label for="stars">Stars</label> <input id="stars" name="stars"></p>
<button>Send</button></form>{% endblock %}""")
votes, seen = [], []


def vote(request):
    seen.append(request.method)
    if request.method == "POST":
        votes.append(request.POST["stars"])
        return redirect("thanks")
    return render(request, "vote.html")


# %%
thanks = path("thanks/", lambda request: HttpResponse("Thank you"), name="thanks")
voting = cells.urls([path("vote/", vote, name="vote"), thanks])
votes.clear()
with override_settings(ROOT_URLCONF=voting):
    for number in range(10):
        sent = pages.post("/vote", {"stars": "5"}, follow=True)  # as the form's action says
votes_lost = 10 - len(votes)
lesson.compare(guess_votes, len(votes))
pages.show(sent, height=215)

# %% [markdown]
# The visitor sees the form again, empty, and no error. Which step lost the data?

# %%
again = {"permanent": True, "preserve_request": True}  # a 308, since Django 5.2
kept = path("vote", lambda request: redirect("vote", **again))
rest = path("<path:rest>", lambda request, rest: HttpResponse(f"all about {rest}"))
ways = {
    "GET /vote": ("get", "/vote", [], {}),
    "POST /vote/": ("post", "/vote/", [], {}),
    "POST /vote": ("post", "/vote", [], {}),
    "POST /vote, APPEND_SLASH=False": ("post", "/vote", [], {"APPEND_SLASH": False}),
    "POST /vote, a 308 of ours": ("post", "/vote", [kept], {}),
    "GET /vote, <path:rest> below": ("get", "/vote", [rest], {}),
    "GET /vote, re_path ^vote/?$": ("get", "/vote", [re_path(r"^vote/?$", vote)], {}),
}

# %%
def walk(method, address, more, settings):
    votes.clear(), seen.clear()
    patterns = [path("vote/", vote, name="vote"), thanks, *more]
    with override_settings(ROOT_URLCONF=cells.urls(patterns), **settings):
        end = getattr(Client(), method)(address, {"stars": "5"}, follow=True)
    steps = [str(status) for _, status in end.redirect_chain] + [str(end.status_code)]
    return {"answers": " → ".join(steps), "the view saw": " ".join(seen), "votes": len(votes)}


walks = pd.DataFrame({way: walk(*given) for way, given in ways.items()}).T
with override_settings(ROOT_URLCONF=voting, DEBUG=True), lesson.expect(RuntimeError):
    Client().post("/vote", {"stars": "5"})
walks

# %% [markdown]
# One page, one address, the *canonical* one. `<int>` gives a page many more, unless its view compares:


# %%
def post(request, number, compare):
    own = reverse("post", args=[number])
    if compare and request.path != own:
        return redirect(own, permanent=True)
    return HttpResponse(f"post {number}")


asked, answered = ["/posts/7/", "/posts/007/", "/posts/0007/"], {}
for how, compare in {"as it comes": False, "compared": True}.items():
    posts = [path("posts/<int:number>/", post, {"compare": compare}, name="post")]
    with override_settings(ROOT_URLCONF=cells.urls(posts)):
        answered[how] = [pages.get(address).status_code for address in asked]
pd.DataFrame(answered, index=asked)

# %%
claim("Of ten votes that were posted to /vote, none arrived.", votes_lost, equals=10)
posted = walks.loc[["POST /vote", "POST /vote, a 308 of ours"], ["answers", "the view saw"]]
claim(
    "POST to /vote is a 301, and what the view sees after it is a GET; a 308 keeps the POST.",
    posted.values.tolist(), equals=[["301 → 200", "GET"], ["308 → 302 → 200", "POST"]],
)
claim(
    "With a pattern below that takes everything, or the slash as an option, /vote is a page of "
    "its own: no redirect.",
    walks.answers.iloc[-2:].tolist(), equals=["200", "200"],
)
claim(
    "With one comparison a page has one address, and the others are a 301 to it.",
    answered, equals={"as it comes": [200, 200, 200], "compared": [200, 301, 301]},
)

# %%
because = "..."  # one sentence: who threw the data away, Django or the browser?

# %% [markdown]
# **Why.** `/vote` matches nothing, and `/vote/` would, so CommonMiddleware answers 301. Browsers, and the test client, follow a 301 after a
# POST with a GET, and without the body. The view sees a GET and shows the form. Only a 307 or 308 keeps method and body. With `DEBUG`
# on Django refuses to be silent and raises; in production it redirects. And where a pattern at the end takes everything, nothing is ever
# missing, so no slash is appended. A page with two addresses, as with `re_path(r"^vote/?$")`, is two pages to caches, counters and
# search engines: redirect to one, or name it in a `<link rel="canonical">`.
#
# **In your project:** `action="{% url 'vote' %}"`, or no `action` at all; never an address by hand.

# %% [markdown]
# ## 5. Parts that may be missing, and what follows the `?`
#
# A search page takes words, and puts them behind `?q=`. Of six searches, how many arrive whole if the link is made with an f-string?

# %%
guess_whole = ...  # for example: 6

# %%
def find(request, year=2011, page=1):
    got = {"resolver_match": request.resolver_match.view_name, "year": year, "page": repr(page)}
    return JsonResponse({**got, "q": request.GET.get("q")})


of_a_year = [
    path("", find, name="find"),
    path("page-<int:page>/", find, name="find"),
    path("newest/", find, {"page": 1}, name="newest"),
]
by_group = re_path(r"^old/(?:page-(?P<page>[0-9]+)/)?$", find, name="old")
finder = cells.urls(
    [path("find/", find, name="find"), path("<int:year>/find/", include(of_a_year)), by_group]
)

# %% [markdown]
# Optional parts are several patterns with one name and one view; an `include` hands its captures on. `reverse` takes the pattern
# that fits the arguments. `re_path` can do with one pattern and an optional group:

# %%
rows = []
with override_settings(ROOT_URLCONF=finder):
    for name, kwargs in (
        ("find", {}), ("find", {"year": 2012}), ("find", {"year": 2012, "page": 3}),
        ("newest", {"year": 2012}), ("old", {}), ("old", {"page": 3}),
    ):
        address = reverse(name, kwargs=kwargs)
        told = Client().get(address).json()
        rows.append({"name": name, "given": str(kwargs), "address": address, **told})
optional = pd.DataFrame(rows).drop(columns="q")
optional

# %%
searched = ["forms", "Q&A", "C++", "100%", "#django", "Zürich"]
finds = {}
with override_settings(ROOT_URLCONF=finder):
    for words in searched:
        by_hand = f"/find/?q={words}"
        written = reverse("find", query={"q": words})  # new in Django 5.2
        finds[words] = {
            "f-string": Client().get(by_hand).json()["q"],
            "reverse(query=…)": Client().get(written).json()["q"],
            "written": written,
        }
arrived = pd.DataFrame(finds).T
whole = (arrived[["f-string", "reverse(query=…)"]].T == arrived.index).T.sum()
lesson.compare(guess_whole, int(whole["f-string"]))
arrived

# %% [markdown]
# In a template, `{% querystring page=3 %}` keeps what is there and changes one thing. `redirect` takes a name, an address, or an object
# with `get_absolute_url`.

# %%
cells.template("next.html", """<a href="?page={{ next }}">by hand</a>
<a href="{% querystring page=next %}">querystring</a>""")


def turned(request):
    return render(request, "next.html", {"next": 3})


with override_settings(ROOT_URLCONF=cells.urls([path("find/", turned)])):
    page_2 = Client().get("/find/?q=Q%26A&page=2").content.decode()
links = re.findall(r'href="(.*?)"', page_2.replace("&amp;", "&"))  # as a browser reads it
targets = {"an object": some_talk, "a name": "conference:talk_list", "an address": "/talks/"}
targets["a slip: no slash in front"] = "talks/"
led_to = pd.Series({what: redirect(to).url for what, to in targets.items()}, name="leads to")
print(links)
led_to.to_frame()

# %%
claim(
    "By f-string 3 of 6 searches arrive as they were typed, by reverse(query=…) all 6.",
    whole.tolist(), equals=[3, 6],
)
claim(
    "One view under three names: resolver_match tells which one was asked for.",
    optional.resolver_match.tolist(), equals=["find"] * 3 + ["newest"] + ["old"] * 2,
)
claim(
    "A link ?page=3 by hand loses the search; {% querystring %} keeps it.",
    ["q=" in link for link in links], equals=[False, True],
)

# %%
because = "..."  # one sentence: why does no pattern ever see the query string?

# %% [markdown]
# **Why.** Patterns see the path only; what follows `?` is not theirs. In it `&` separates, `+` is a space, `%` begins a code, and `#` ends the
# address before it is sent, so words have to be encoded: by `reverse(query=…)`, `urlencode`, or `{% querystring %}`, never by hand. An
# optional group hands over text, `'3'`, and two patterns are read more easily. `get_absolute_url` is the one place that knows
# a model's address: the admin, `redirect` and your templates ask it. `redirect("talks/")` is no name, so it is taken as an address, relative to
# wherever the visitor is.
#
# **In your project:** `get_absolute_url` on every model that has a page.
#
# ### Exercise: a link to a search


# %%
@exercise("urls-4-link")
def link_to(words, page):
    """The address of page `page` of "conference:talk_list", with a search for `words`.

    The names in the query string are `q` and `page`; page 1 is not written.
    """
    ...


# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# ### 6. The same app twice
#
# Two conferences, 2011 and 2012, from one app: included twice, under two instance names. On the page of all talks of 2011, where do the links to the
# talks lead?

# %%
guess_leads = ...  # for example: "/2011/"

# %%
two_years = cells.urls(
    [
        path(f"{year}/", include("helpers.conference.urls", namespace=f"y{year}"))
        for year in (2011, 2012)
    ],
    keep=False,
)
with override_settings(ROOT_URLCONF=two_years):
    page_of_2011 = Client().get("/2011/talks/").content.decode()
hrefs = pd.Series(re.findall(r'href="(/20.*?)"', page_of_2011))
kind_of_link = hrefs.str.extract(r"/20\d\d/(talks|speakers)/.")[0].fillna("the menu")
leads = pd.crosstab(kind_of_link.rename("link"), hrefs.str[:6].rename("leads to"))
lesson.compare(guess_leads, leads.loc["talks"].idxmax())
leads

# %% [markdown]
# The menu is written by `{% url %}`, which knows the request. The talks are written by `get_absolute_url`, which does not. Whoever
# knows the request can say it, with `current_app`:

# %%
like_the_app = path("", include("helpers.conference.urls"))  # its instance: "conference"
three = cells.urls([like_the_app, *two_years.urlpatterns], keep=False)
ways_to_say = {
    "conference:talk_list": (two_years, {}),
    "y2011:talk_list": (two_years, {}),
    "conference:talk_list, current_app='y2011'": (two_years, {"current_app": "y2011"}),
    "conference:talk_list, one instance called like the app": (three, {}),
}
instances = [
    reverse(says.split(",")[0], urlconf, **more) for says, (urlconf, more) in ways_to_say.items()
]
pd.Series(instances, index=list(ways_to_say), name="address").to_frame()

# %%
links_to = {kind: leads.loc[kind].idxmax() for kind in ("the menu", "talks", "speakers")}
claim(
    "On a page of 2011 the menu stays in 2011, and every talk and speaker leads to 2012.",
    [links_to, int((leads > 0).sum().sum())],
    equals=[{"the menu": "/2011/", "talks": "/2012/", "speakers": "/2012/"}, 3],
)
claim(
    "Without current_app, reverse takes the instance called like the app, or else the one that "
    "was included last.",
    instances, equals=["/2012/talks/", "/2011/talks/", "/2011/talks/", "/talks/"],
)

# %%
because = "..."  # one sentence: why can a model not know which instance is meant?

# %% [markdown]
# **Why.** `app_name` says what the app is, `namespace` which of its instances. `conference:` is looked up as an app first: the instance of
# `current_app`, if it is one; else the one that is called like the app, else the last. `{% url %}` hands over
# `request.resolver_match.namespace` by itself. In Python nobody does: `reverse` has no request, and neither has a model. The admin is
# the instance that you know: `admin.site.urls` brings the name of the site along.
#
# **In your project:** one instance named like the app, and `{% url %}` or `current_app` wherever there are two.

# %% [markdown]
# ### 7. An address is a promise
#
# Others wrote your addresses down. `/talks/…/` used to be `/sessions/…/`; what happens to an old link, with its query string? And after a
# login, `?next=` sends the visitor back. Of eight values, four do not lead away. How many of the other four pass `startswith("/")`?

# %%
guess_leave = ...  # for example: 0

# %%
from django.views.generic import RedirectView

to_talk = {"pattern_name": "conference:talk_detail"}
for_ever = {**to_talk, "permanent": True}
moves = {"renamed, no more": None, "RedirectView": to_talk, "permanent": for_ever}
moves["permanent, query_string"] = {**for_ever, "query_string": True}
old, replies = f"/sessions/{some_talk.slug}/?from=mail", {}
for how, options in moves.items():
    more = [path("sessions/<slug:slug>/", RedirectView.as_view(**options))] if options else []
    with override_settings(ROOT_URLCONF=cells.urls(more)):
        reply = Client().get(old)
    replies[how] = {"status": reply.status_code, "to": reply.headers.get("Location", "")}
after = pd.DataFrame(replies).T
after

# %%
from django.utils.text import slugify

titles = ["Zürich", "C++", "C", "Forms, forms, forms", "Ωμέγα"]
slugs = pd.DataFrame({"title": titles, "slugify": [slugify(title) for title in titles]})
slugs["allow_unicode=True"] = [slugify(title, allow_unicode=True) for title in titles]
slugs

# %% [markdown]
# Two titles may have one slug, and one title none. So a slug is made once, kept in a unique column, and not made again
# when the title changes. Now `next`:

# %%
from urllib.parse import urljoin, urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

nexts = ["/talks/", "talks/", "?page=2", "https://testserver/talks/", "//evil.example/"]
nexts += [r"/\evil.example/", "///evil.example/", "https://evil.example/"]


def host_reached(address):
    """As a browser reads it (WHATWG, "URL Standard"): \\ is /, and many slashes are two."""
    address = re.sub(r"^/{2,}", "//", address.replace("\\", "/"))
    return urlsplit(urljoin("https://testserver/login/", address)).hostname


# %%
judged = pd.DataFrame({"leads to": [host_reached(each) for each in nexts]}, index=nexts)
judged['startswith("/")'] = [each.startswith("/") for each in nexts]
judged["url_has_allowed_host_and_scheme"] = [
    url_has_allowed_host_and_scheme(each, allowed_hosts={"testserver"}) for each in nexts
]
away = judged[judged["leads to"] != "testserver"]
let_through = away.drop(columns="leads to").sum()
lesson.compare(guess_leave, int(let_through.iloc[0]))
judged

# %%
claim(
    "An old address is a 404 after renaming, and a 302 or 301 with a RedirectView; only with "
    "query_string=True its ?from=mail comes along.",
    [after.status.tolist(), after.to.str.endswith("?from=mail").tolist()],
    equals=[[404, 302, 301, 301], [False, False, False, True]],
)
claim(
    'Of 4 values that lead away, 3 pass startswith("/"), none url_has_allowed_host_and_scheme.',
    [len(away), *let_through.tolist()], equals=[4, 3, 0],
)

# %%
because = "..."  # one sentence: what is a 302 for, if a 301 exists?

# %% [markdown]
# **Why.** A 301 says "for ever": browsers keep it and search engines move their entry, so it is right for a new name and wrong for what may come
# back. A 302 is for today. An open redirect is your name on somebody else's door: the visitor sees your
# host in the mail, clicks, logs in at your site, and lands at a copy of it. Browsers are generous readers: `//host` keeps the scheme
# and changes the host, and a backslash counts as a slash (Django's redirect writes it as `%5C`, a link in a template does not). So text that
# "begins with a slash" proves nothing; Django's function reads like a browser.
#
# **In your project:** no address is deleted; old ones are redirected, permanently, and a test holds a list of them.
#
# #### Exercise: back to the shelf
# A library lends books. Its readers log in, and go on where they were: a second domain.


# %%
@exercise("urls-5-library")
def after_login(request):
    """Redirect to the address in `next`, from GET, if it leads to this host; else to "/shelf/".

    A request that came by https is never sent on to http.
    """
    ...


# %% [markdown]
# ### 8. Is a long list slow?
#
# Django tries one pattern after the other. The last address of 10,000 patterns: how many times slower is it than the last of 100? And if
# the 10,000 stand in 100 groups, each in an `include`?

# %%
guess_slower = ...  # for example: 100

# %%
import math
import timeit


def flat(size):
    patterns = [path(f"page-{each}/<slug:slug>/", new_talk) for each in range(size)]
    return patterns, f"/page-{size - 1}/forms/"


def grouped(size):
    groups = max(each for each in range(1, math.isqrt(size) + 1) if size % each == 0)
    in_one = size // groups
    patterns = [path(f"group-{each}/", include(flat(in_one)[0])) for each in range(groups)]
    return patterns, f"/group-{groups - 1}" + flat(in_one)[1]


# %%
def microseconds(work, times=30):
    return 1e6 * min(timeit.repeat(work, number=1, repeat=times))  # what else runs only adds


def resolved(size, how, make):
    patterns, last = make(size)
    resolver = get_resolver(cells.urls(patterns, keep=False))
    first = microseconds(lambda: resolver.resolve(last), times=1)
    later = microseconds(lambda: resolver.resolve(last), times=max(30, 20_000 // size))
    row = {"patterns": size, "how": how, "tried": len(resolver.resolve(last).tried)}
    return {**row, "microseconds": later, "first_milliseconds": first / 1000}


# %% tags=["nbval-ignore-output"]
rows = []
for size in (10, 100, 1_000, 10_000):
    for how, make in {"one list": flat, "grouped with include": grouped}.items():
        rows.append(resolved(size, how, make))
resolving = pd.DataFrame(rows)
one_list = resolving[resolving.how == "one list"].set_index("patterns")
one_query = microseconds(lambda: Talk.objects.get(pk=some_talk.pk))
lesson.compare(guess_slower, round(one_list.microseconds[10_000] / one_list.microseconds[100]))
print(f"one query: {one_query:.0f} microseconds")
resolving.round(1)

# %% tags=["nbval-ignore-output"]
from helpers import plots_urls

ax = plots_urls.resolving(resolving, guess=guess_slower)
ax.set_title("In one list the time grows with the patterns, in groups with their root")
lesson.show(
    ax,
    alt="Time to resolve the last address against the number of patterns, on logarithmic axes. "
    "In one list the points follow the line of n tries, up to milliseconds for 10,000 patterns; "
    "grouped with include they rise like a root, and from 100 patterns on they lie below.",
)

# %%
tried_by = resolving.pivot(index="how", columns="patterns", values="tried")
fastest = resolving.pivot(index="patterns", columns="how", values="microseconds")
ratio = (fastest["one list"] / fastest["grouped with include"])[10_000]
claim(
    "For its last address one list tries all patterns before: 10, 100, 1,000, 10,000.",
    tried_by.loc["one list"].tolist(), equals=[10, 100, 1000, 10_000],
)
claim(
    "10,000 patterns in 100 groups: at most 200 are tried.",
    int(tried_by.loc["grouped with include", 10_000]), between=(100, 200),
)
claim("Of 10,000 patterns the last is found over 5 times faster in groups.", ratio, above=5)

# %%
claim(
    "The last of 100 patterns is found in less time than SQLite takes for one talk by its key.",
    one_query / one_list.microseconds[100], above=1,
)
claim(
    "The first time, the last of 10,000 takes over 20 times as long as later.",
    1000 * one_list.first_milliseconds[10_000] / one_list.microseconds[10_000], above=20,
)

# %%
because = "..."  # one sentence: what does an include() save?

# %% [markdown]
# **Why.** Every refused pattern costs a little, so one list takes n times that. An `include` whose prefix does not fit is refused with its
# whole group: two levels of √n cost 2√n tries instead of n; the admin does just that. The lines count tries, at the price that one list pays
# with 100. Short lists lie above them, because a request costs something before any try; the squares, because a refused `include` raises an
# exception inside Django; the last circle, where it does, because 10,000 compiled expressions do not fit into the processor's cache. But look at
# the numbers before you sort your URLconf by popularity. What takes long is the *first* request of a process: it compiles a regular expression for
# each pattern on its way. Generated URLconfs, with a pattern for each of thousands of rows, pay both.
#
# **In your project:** one `include` for each app; a pattern for a row of a table is a `<slug>` that was overlooked.

# %% [markdown]
# ### 9. Host, scheme, mount point
#
# nginx takes `https://conf.example/` and asks gunicorn at `http://127.0.0.1:8000/`. Two lines of its configuration add what the visitor asked
# for, as headers: `X-Forwarded-Host` and `X-Forwarded-Proto`. What does `request.build_absolute_uri("/talks/")` say, with Django's defaults?

# %%
guess_uri = ...  # for example: "https://conf.example/talks/"

# %%
def where(request):
    told = {"build_absolute_uri": request.build_absolute_uri("/talks/")}
    return JsonResponse({**told, "is_secure": request.is_secure()})


# %%
behind = cells.urls([path("where/", where)])
forwarded = {"x-forwarded-host": "conf.example", "x-forwarded-proto": "https"}
trusting = {"USE_X_FORWARDED_HOST": True, "ALLOWED_HOSTS": ["conf.example"]}
tls = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}
evil = {**forwarded, "x-forwarded-host": "evil.example"}
situations = {
    "no proxy": ({}, {}),
    "proxy, defaults": (forwarded, {}),
    "USE_X_FORWARDED_HOST": (forwarded, trusting),
    "and SECURE_PROXY_SSL_HEADER": (forwarded, {**trusting, **tls}),
    "a visitor's X-Forwarded-Host": (evil, {**trusting, **tls}),
    "the same, ALLOWED_HOSTS=['*']": (evil, {**trusting, **tls, "ALLOWED_HOSTS": ["*"]}),
}


# %%
def told_by(headers, settings):
    with override_settings(ROOT_URLCONF=behind, **settings):
        host = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000"}
        reply = Client(raise_request_exception=False).get("/where/", headers=headers, **host)
    return {"status": reply.status_code, **(reply.json() if reply.status_code == 200 else {})}


told = [told_by(*given) for given in situations.values()]
seen_behind = pd.DataFrame(told, index=list(situations)).fillna("")
lesson.compare(guess_uri, seen_behind.build_absolute_uri["proxy, defaults"])
seen_behind

# %% [markdown]
# Two more traps. `SECURE_SSL_REDIRECT` behind a proxy that speaks https outside and http inside: without the header's setting every request is
# "not secure". And a mount point, a site that lives under a path of its host: the server says `SCRIPT_NAME=/conf`, and Django puts it before all
# that `reverse` writes.

# %%
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import set_script_prefix


def mounted(prefix):
    def links(request):
        link = reverse("conference:talk_list")
        return HttpResponse(f"{request.path} {request.path_info} {link}")

    environ = RequestFactory().get("/where/", SCRIPT_NAME=prefix).environ
    with override_settings(ROOT_URLCONF=cells.urls([path("where/", links)])):
        body = b"".join(WSGIHandler()(environ, lambda status, headers: None))
    set_script_prefix("/")  # it stays in the thread: this notebook's later links would have it
    return body.decode().split()


# %%
mounts = pd.DataFrame(
    {prefix or "(none)": mounted(prefix) for prefix in ("", "/conf")},
    index=["request.path", "request.path_info", "reverse"],
)
mounts

# %%
once_more = {}
for name, settings in {"SECURE_SSL_REDIRECT": {}, "and the header's setting": tls}.items():
    with override_settings(SECURE_SSL_REDIRECT=True, **settings):
        reply = Client().get("/talks/", headers=forwarded)
    location = reply.headers.get("Location", "")
    once_more[name] = {"status": reply.status_code, "Location": location}
loops = pd.DataFrame(once_more).T
loops

# %%
said_behind = seen_behind.build_absolute_uri
claim(
    "Behind a proxy and with the defaults, links name the inner host; with both settings the "
    "outer one, by https.",
    said_behind.iloc[[1, 3]].tolist(),
    equals=["http://127.0.0.1:8000/talks/", "https://conf.example/talks/"],
)
claim(
    "A host that a visitor made up is a 400, unless ALLOWED_HOSTS is ['*']: then it is in the "
    "links.",
    [int(seen_behind.status.iloc[4]), "evil.example" in said_behind.iloc[5]], equals=[400, True],
)

# %%
claim(
    "Without SECURE_PROXY_SSL_HEADER, SECURE_SSL_REDIRECT answers a visitor of "
    "https://testserver/talks/ with a redirect to that same address.",
    loops.values.tolist(), equals=[[301, "https://testserver/talks/"], [200, ""]],
)
claim(
    "Mounted at /conf, reverse writes /conf/talks/, and patterns still see /where/.",
    mounts["/conf"].tolist(), equals=["/conf/where/", "/where/", "/conf/talks/"],
)

# %%
because = "..."  # one sentence: why does Django not believe these headers by itself?

# %% [markdown]
# **Why.** Django knows what the WSGI server tells it, and that is the connection from the proxy: host `127.0.0.1`, no TLS. Anybody can send
# `X-Forwarded-…`, so believing them is a decision: right when a proxy of yours overwrites them on every request, a hole when it hands the
# visitor's through. `ALLOWED_HOSTS` is the last guard: a mail "set a new password" with the attacker's host in its link gives the account away. `SCRIPT_NAME` is
# no part of the path that patterns see; it comes back in `reverse`, and in nothing that you wrote by hand.
#
# **In your project:** both settings together with the proxy's two lines, in one commit; `ALLOWED_HOSTS` never `["*"]`.

# %% [markdown]
# ### 10. Five slips of a URLconf
#
# Five patterns with a slip each. How many of them does Python, or Django, refuse when the file is imported?

# %%
guess_refused = ...  # for example: 5

# %%
slips = {
    "RedirectView, no .as_view()": lambda: path("x/", RedirectView),
    "RedirectView.as_view, no ()": lambda: path("x/", RedirectView.as_view),
    "new_talk(), called": lambda: path("x/", new_talk()),
    '"/x/", a leading slash': lambda: path("/x/", new_talk),
    '"^x/$" in path': lambda: path("^x/$", new_talk),
}


# %%
def outcome(make):
    try:
        urlconf = cells.urls([make()], keep=False)
    except TypeError as error:
        return {"import": type(error).__name__, "check": "", "GET /x/": ""}
    checked = " ".join(sorted({each.id for each in get_resolver(urlconf).check()}))
    with override_settings(ROOT_URLCONF=urlconf):
        got = Client(raise_request_exception=False).get("/x/").status_code
    return {"import": "fine", "check": checked, "GET /x/": str(got)}


fates = pd.DataFrame({slip: outcome(make) for slip, make in slips.items()}).T
lesson.compare(guess_refused, int((fates["import"] != "fine").sum()))
fates

# %%
claim(
    "Of five slips one fails on import; three of the other four are found by `manage.py check`.",
    [int((fates["import"] != "fine").sum()), int((fates.check != "").sum())], equals=[1, 3],
)

# %%
because = "..."  # one sentence: why is a class without as_view() no error in path()?

# %% [markdown]
# **Why.** `path` wants something that can be called, and a class can be, and so can `as_view`: both fail when the first visitor comes. A view that is
# called in the URLconf runs when the file is imported, with no request. Routes have no slash in front, because the prefix before them ends with
# one; and `path` knows no regular expressions, so `^` and `$` are taken as letters. The checks know three of these; they run with
# `runserver` and `migrate`, not under gunicorn.
#
# **In your project:** `manage.py check` in CI, and one test that asks every address of section 1 for its page.

# %% [markdown]
# ## The clinic
#
# Four patients from lessons 01 to 07; come back if you have not been through all of these. No topic is named. Name the cause by its letter, then
# mend it.
#
# **Patient one.** "Every talk shows how many votes it has. Since we read them from a file, the numbers are too small."

# %% tags=["hidden-source"]
from django.db import transaction
from django.db.models.signals import post_save

from helpers.conference.models import Attendee, Rating, Speaker

# %% tags=["hidden-source"]
by_way = {
    "by hand": lambda new: [rating.save() for rating in new],
    "from a file": Rating.objects.bulk_create,  # the cause: look here last
}

# %% tags=["hidden-source"]
def votes_of(way):
    talk, told = Talk.objects.order_by("id").first(), []
    before = talk.ratings.count()

    def one_more(created, **kwargs):
        told.append(created)

    post_save.connect(one_more, sender=Rating)
    strangers = Attendee.objects.exclude(rating__talk=talk).order_by("id")[:5]
    with transaction.atomic():
        by_way[way]([Rating(talk=talk, attendee=each, stars=4) for each in strangers])
        new_rows = talk.ratings.count() - before
        transaction.set_rollback(True)
    return {"new rows": new_rows, "counted by the page": sum(told)}

# %%
symptom_one = pd.DataFrame({way: votes_of(way) for way in ("by hand", "from a file")}).T
symptom_one

# %% [markdown]
# - **a** The rows of the file are in a transaction that is not committed yet.
# - **b** What counts is told of each row that is saved, and was not told of these.
# - **c** The relation from talk to rating has another name than the page uses.
# - **d** A join counts votes twice, and a `distinct` takes too many away.

# %%
answer("urls-clinic-one", ...)


# %%
@exercise("urls-clinic-one-mend")
def talks_with_votes():
    """All talks, as a queryset in one query, each with `votes`: how many ratings it has now."""
    ...


# %% [markdown]
# **Patient two.** "Visitors fill in the form and press Send. They get it back, empty, without a word."

# %% tags=["hidden-source"]
from django import forms

cells.template("clinic_form.html", '''{% extends "conference/base.html" %}
{% block title %}Vote{% endblock %}
{% block main %}<form method="post">{% csrf_token %}{{ form }}<button>Send</button></form>{% endblock %}''')


class VoteForm(forms.Form):
    stars = forms.IntegerField(min_value=1, max_value=5)
    comment = forms.CharField(required=False)


def sick_view(request):  # the cause: look here last
    if request.method == "POST":
        form = VoteForm(request.POST)
        if form.is_valid():
            return redirect("/thanks/")
    form = VoteForm()
    return render(request, "clinic_form.html", {"form": form})


# %%
with override_settings(ROOT_URLCONF=cells.urls([path("vote/", sick_view)])):
    back = pages.post("/vote/", {"stars": "6", "comment": "wonderful"})
symptom_two = pages.exchange(back)
pages.show(back, height=240)
symptom_two

# %% [markdown]
# - **a** The address has no slash at its end, and the data is lost on the way.
# - **b** The inputs have no `name`, so nothing is sent.
# - **c** The CSRF token is missing.
# - **d** What the page shows is not the form that was checked.

# %%
answer("urls-clinic-two", ...)


# %%
@exercise("urls-clinic-two-mend")
def vote_page(request, form_class):
    """The view, mended: a valid POST redirects to "/thanks/"; an invalid one shows its errors.

    Its page is the template "clinic_form.html" with `form`, also for a first visit.
    """
    ...


# %% [markdown]
# **Patient three.** "Our list of speakers was fine for a year. Since this morning it is an error page."

# %% tags=["hidden-source"]
cells.template("clinic_speakers.html", """{% for speaker in speakers %}
<a href="{% url 'conference:talk_detail' speaker.talks.first.slug %}">{{ speaker }}</a>{% endfor %}""")


yesterday = Speaker.objects.exclude(talks=None).distinct()
this_morning = Speaker.objects.all()  # the cause: look here last


def speakers_page(speakers):
    page = render(None, "clinic_speakers.html", {"speakers": speakers})
    return page.content.decode().count("<a ")


# %%
linked_yesterday = speakers_page(yesterday)
print("yesterday:", linked_yesterday, "speakers")
with lesson.expect(NoReverseMatch):
    speakers_page(this_morning)

# %% [markdown]
# - **a** `talk_detail` is looked for in the wrong namespace.
# - **b** A slug has letters that its converter refuses.
# - **c** Somebody has nothing to link to.
# - **d** The accessor should be `talk_set`.

# %%
answer("urls-clinic-three", ...)


# %%
@exercise("urls-clinic-three-mend", queries=2)
def first_pages(speakers):
    """A list of (name, address of the first talk) for the queryset `speakers`, in two queries.

    Who has no talk has None for an address.
    """
    ...


# %% [markdown]
# **Patient four.** "Every server is fine. Our new colleague cannot even begin."

# %% tags=["hidden-source"]
from helpers import throwaway

# %% tags=["hidden-source"]
BOOK = "from django.db import models\n\n\nclass Book(models.Model):\n"
BOOK += "    title = models.CharField(max_length=80)\n    slug = models.SlugField(default='')\n"
FILL = """from django.db import migrations
from django.utils.text import slugify
from shop.models import Book
def fill_slugs(apps, schema_editor):
    for book in Book.objects.filter(slug=""):
        book.slug = slugify(book.title)
        book.save()
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(fill_slugs)]
"""


# %% tags=["hidden-source"]
def colleague_begins():
    site = throwaway.start("shop")
    site.write("shop/models.py", BOOK)
    site.manage("makemigrations shop", quiet=True)
    site.write("shop/migrations/0002_fill_slugs.py", FILL)  # the cause: look here last
    site.manage("migrate shop", quiet=True)
    site.write("shop/models.py", BOOK + "    pages = models.IntegerField(null=True)\n")
    site.manage("makemigrations shop --name pages", quiet=True)
    site.manage("migrate shop", quiet=True)
    ours = site.rows("SELECT name FROM django_migrations WHERE app = 'shop'").name.tolist()
    new = site.copy()
    new.delete("db.sqlite3")
    failed = new.manage("migrate shop", fails=True, quiet=True)
    return ours, failed.text.strip().splitlines()[-1]

# %%
symptom_four = colleague_begins()
print("run on every server:", ", ".join(symptom_four[0]))
print("the colleague's migrate:", symptom_four[1])

# %% [markdown]
# - **a** Something asks for today's table while it is still that of last year.
# - **b** The last migration was never committed.
# - **c** A server's migration was noted as run, with `--fake`.
# - **d** Two branches have to be merged.

# %%
answer("urls-clinic-four", ...)


# %%
@exercise("urls-clinic-four-mend")
def fill_slugs(apps, schema_editor):
    """For RunPython: fill each empty `slug` of the app shop's Book with its slugified title."""
    from django.utils.text import slugify

    Book = ...
    for book in Book.objects.filter(slug=""):
        book.slug = slugify(book.title)


# %%
claim(
    "Of the symptoms: five rows came unheard, the form saw an error that its page did not show, "
    "some speakers have no talk, and a column is asked for too early.",
    [
        symptom_one.loc["from a file"].tolist(),
        symptom_two.errors["stars"] != "",
        0 < linked_yesterday < this_morning.count(),
        "no such column" in symptom_four[1],
    ],
    equals=[[5, 0], True, True, True],
)

# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | `f"/talks/{talk.slug}/"` in a view or a template | [`get_absolute_url`](https://docs.djangoproject.com/en/5.2/ref/models/instances/#get-absolute-url), [`reverse`](https://docs.djangoproject.com/en/5.2/ref/urlresolvers/#reverse) |
# | `int(request.path.split("/")[2])` | [path converters](https://docs.djangoproject.com/en/5.2/topics/http/urls/#path-converters) |
# | `"?q=" + words` | [`reverse(query=…)`](https://docs.djangoproject.com/en/5.2/ref/urlresolvers/#reverse), [`QueryDict.urlencode`](https://docs.djangoproject.com/en/5.2/ref/request-response/#django.http.QueryDict.urlencode) |
# | a template that puts a query string together | [`{% querystring %}`](https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#querystring) |
# | a view that only redirects | [`RedirectView`](https://docs.djangoproject.com/en/5.2/ref/class-based-views/base/#redirectview) |
# | `if target.startswith("/")` | [`url_has_allowed_host_and_scheme`](https://docs.djangoproject.com/en/5.2/releases/3.0/#miscellaneous), and [`LoginView`](https://docs.djangoproject.com/en/5.2/topics/auth/default/#django.contrib.auth.views.LoginView), which uses it |
# | `"https://conf.example" + path` | [`build_absolute_uri`](https://docs.djangoproject.com/en/5.2/ref/request-response/#django.http.HttpRequest.build_absolute_uri) |
#
# New and hard usually means done wrong: whoever parses `request.path` has not asked for a converter.
#
# ## The Django way, and when to fight it
#
# - Every address is written once, in a URLconf; everything else asks by name.
# - One `include` for each app, with an `app_name`; fixed words above captured ones; a slash at the end.
# - Fight it for an API or a site that never had slashes: then `APPEND_SLASH = False`, and consistently without.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "`talks/new/` answers with \"no such talk\". What is likeliest?",
    right={"`talks/<slug:slug>/` stands above it.": "The first pattern that matches wins, and `new` is a slug."},
    wrong={
        "The view of `talks/new/` raises a 404.": "It was never asked: the message is that of the other view.",
        "Django caches URLs, and needs a restart.": "A restart reads the same list in the same order.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "`Reverse for 'talk_detail' with arguments '('',)' not found. 1 pattern(s) tried`. What is wrong?",
    right={"The value: it is empty.": "The name was found, and tried; '' fits no slug. Often the variable has a slip."},
    wrong={
        "The name: it lacks its namespace.": "Then no pattern would have been tried.",
        "The pattern: it is not in the URLconf.": "One pattern of that name was tried.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A form posts to `/vote`, the pattern is `vote/`. What does the view get in production?",
    right={"A GET, without the data.": "A 301 after a POST is followed by a GET; with DEBUG on you get a RuntimeError instead."},
    wrong={
        "The POST: Django adds the slash inside.": "It answers with a redirect; the browser asks again.",
        "Nothing: it is a 404.": "That it is with APPEND_SLASH = False.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A custom converter's to_python raises ValueError. What does the visitor see?",
    right={"What the next pattern says, or a 404.": "ValueError means: not my address. Other errors are a 500."},
    wrong={
        "A 500.": "That comes of any other error than ValueError.",
        "A 400, bad request.": "No pattern makes one.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A page shows `?q=Q&A` in a link, and the search finds `Q`. Who has to change?",
    right={"The link: the words have to be encoded.": "& ends a value; reverse(query=…), urlencode or {% querystring %} write %26."},
    wrong={
        "The pattern: it should take `&`.": "Patterns never see what follows the `?`.",
        "The view: it should read request.GET.getlist.": "The second half came as a name of its own, `A`.",
    },
)

# %% [markdown]
# ## What you now know
#
# - The first pattern that matches wins, and nobody goes on after its 404.
# - A converter is a regex and two methods; ValueError means "not mine".
# - NoReverseMatch has three sentences; "tried" means that the name was found and its arguments did not fit.
# - A POST without its slash arrives as a GET without data; one page has one address.
# - Words behind the `?` have to be encoded; `reverse(query=…)` and `{% querystring %}` do it.
# - Old addresses get a 301, `next` gets checked, and forwarded headers are believed only from a proxy of yours.
# - One list is tried from its top; an `include` skips a whole group; the first request compiles what it meets.
#
# Next: lesson 08, should you cache at all: what a cache can save, and what it costs.
