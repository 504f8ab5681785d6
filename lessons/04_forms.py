# %% [markdown]
# # 4. Forms
#
# After this lesson you can say what a form holds at each moment, who checked what, and what a stranger can send to it.
#
# **Core:** 60 minutes · **deeper:** 64 minutes · **needs:** 01 · **helps:** 02, 05 · **starts:** nothing
#
# Credit: "forms, forms, forms" stands on Issac Kelly's list, "Teaching Django to comrades", DjangoCon 2011, as Rob Martin noted it in
# "DjangoCon, part four". The experiments are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "A column becomes NOT NULL, while the old code still runs. In how many steps?": "Three: add it nullable, fill it, then forbid NULL (lesson 03).",
        "What does talk.speakers.set([a, b]) do to speakers that were there before?": "It takes them away: afterwards there are a and b, and nobody else (lesson 02).",
        "When does Talk.objects.filter(minutes=30) ask the database?": "When its rows are used, in a loop or by list(); a queryset alone asks nothing (lesson 01).",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "My form is not valid, but `form.errors` is empty."
# - "Form shows no errors after submit."
# - "Forbidden (403): CSRF verification failed. Request aborted."
# - "KeyError in `clean`: the field is in the form."
# - "ManagementForm data is missing or has been tampered with."

# %%
import re

import pandas as pd
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.test import Client, override_settings
from django.urls import path

from helpers import lesson, pages, plots_forms
from helpers.lesson import claim, exercise
from helpers.project import cells
from helpers.project.boot import clear_scratch, create_tables

lesson.start("04-forms")
pd.set_option("display.max_colwidth", None)  # tables tell messages whole

# %% [markdown]
# ## 1. Is there anything in this form?
#
# A form is there to be shown, and to check what came back. Here is one, as a visitor sees it.

# %%
class Rate(forms.Form):
    stars = forms.IntegerField(min_value=1, max_value=5, initial=3)
    recommend = forms.BooleanField(required=False)


pages.show(Rate(), title="Rate()")

# %% [markdown]
# Now four ways to make it. A form that was given data, and so checks it, is **bound**. How many of the four are?

# %%
guess_bound = ...  # for example: 1

# %%
four_ways = {
    "Rate()": Rate(),
    "Rate(initial={'stars': 5})": Rate(initial={"stars": 5}),
    "Rate({})": Rate({}),
    "Rate({'stars': '3'})": Rate({"stars": "3"}),
}
bound = pd.DataFrame.from_dict(
    {name: [form.is_bound, form.is_valid(), form["stars"].value(), ", ".join(form.errors)]
     for name, form in four_ways.items()},
    orient="index", columns=["is_bound", "is_valid()", "stars shown", "errors at"],
)
two = int(bound.is_bound.sum())
lesson.compare(guess_bound, two)
bound

# %% [markdown]
# Empty data are data: `Rate({})` is bound, and complains. The first two are not valid **and have no errors**: there was
# nothing to check.
#
# A `ModelForm`, a form made from a model, has a third source, its `instance`. Which of the three is shown?

# %%
from helpers.conference.models import Rating, Room

SeatsForm = forms.modelform_factory(Room, fields=["seats"])
hall, first = Room(name="Hall", slug="hall", seats=100), {"seats": 80}
sent_60 = SeatsForm({"seats": "60"}, instance=hall, initial=first)
sent_80 = SeatsForm({"seats": "80"}, instance=hall, initial=first)
three_sources = {
    "instance": SeatsForm(instance=hall),
    "instance, initial": SeatsForm(instance=hall, initial=first),
    "instance, initial, data": sent_60,
}
shown = {name: str(form["seats"].value()) for name, form in three_sources.items()}
print("shown:", shown)
changed = {"60 was sent": sent_60.has_changed(), "80 was sent": sent_80.has_changed()}
print("has_changed():", changed)

# %% [markdown]
# Data win over `initial`, `initial` over `instance`. `has_changed()` compares the data with what the form *showed*: 80 has not changed, though
# the hall has 100 seats.
#
# Now a form whose fields may all be empty. An unchecked box is **not sent at all**: whoever wants no mail any more sends nothing.

# %%
class Wishes(forms.Form):
    news = forms.BooleanField(required=False)


def wishes_or_none(request):
    form = Wishes(request.POST or None)
    return HttpResponse(f"saved: {form.cleaned_data}" if form.is_valid() else "asked again")


def wishes_by_method(request):
    form = Wishes(request.POST if request.method == "POST" else None)
    return HttpResponse(f"saved: {form.cleaned_data}" if form.is_valid() else "asked again")


# %%
wishes_site = override_settings(ROOT_URLCONF=cells.urls([
    path("request.POST or None", wishes_or_none), path("by request.method", wishes_by_method),
]))
bodies = {"a box": {"news": "on"}, "nothing": {}, "only the token": {"csrfmiddlewaretoken": "x"}}
with wishes_site:
    wishes = pd.DataFrame({
        way: {name: pages.post(f"/{way}", body).content.decode() for name, body in bodies.items()}
        for way in ("request.POST or None", "by request.method")
    }).rename_axis("sent")
with lesson.expect(ValidationError):
    forms.BooleanField().clean(False)  # required is the default: this box must be ticked
wishes

# %%
claim("Of four forms two are bound: those that got data, empty or not.", two, equals=2)
claim(
    "A form without data is not valid, and has no errors.",
    bound.loc["Rate()", ["is_valid()", "errors at"]].tolist(), equals=[False, ""],
)
claim(
    "Data are shown before initial, and initial before the instance.",
    list(shown.values()), equals=["100", "80", "60"],
)
as_shown = list(changed.values())
claim("has_changed() compares with what was shown.", as_shown, equals=[True, False])
claim(
    "With `request.POST or None` an empty POST is asked again; by request.method it is saved.",
    wishes.loc["nothing"].tolist(), equals=["asked again", "saved: {'news': False}"],
)

# %%
because = "..."  # one sentence: why is an empty POST taken for none?

# %% [markdown]
# **Why.** A form is bound if `data` (or `files`) is not `None`: an empty dictionary counts. But `request.POST or None` asks whether the dictionary
# is *true*, and an empty one is not: the form stays unbound, cannot be valid, and has no error to show. In most pages the CSRF token saves you: it is
# in the body, so the body is never empty. It bites where the token travels in a header (scripts, htmx), in tests, and in APIs.
# A `BooleanField` that is required, the default of every field, must be ticked, as terms are; for a switch write `required=False`.
#
# **In your project:** `Form(request.POST if request.method == "POST" else None)`, or a `FormView`, which does the same.

# %% [markdown]
# ## 2. What does the view do with it?
#
# A listener asks a question; the view saves it and says thanks in the same response. Then the visitor reloads the page twice: a browser
# repeats its last request. How many rows are there?

# %%
guess_rows = ...  # for example: 1

# %%
clear_scratch()


class Question(models.Model):
    text = models.CharField(max_length=80)

    class Meta:
        app_label = "scratch"


create_tables(Question)
QuestionForm = forms.modelform_factory(Question, fields=["text"])

# %% tags=["hidden-source"]
cells.template("ask.html", """{% extends "conference/base.html" %}
{% block title %}Ask the speaker{% endblock %}
{% block main %}<h1>Ask the speaker</h1>{% if thanks %}<p>Thank you.</p>{% endif %}
<form method="post">{% csrf_token %}{{ form }}<button>Send</button></form>{% endblock %}""")
cells.template("ask_silent.html", """{% extends "conference/base.html" %}
{% block title %}Ask the speaker{% endblock %}
{% block main %}<h1>Ask the speaker</h1><form method="post">{% csrf_token %}
<p>Text: {{ form.text }}</p><button>Send</button></form>{% endblock %}""")


# %%
def ask_without_redirect(request):
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        return render(request, "ask.html", {"form": QuestionForm(), "thanks": True})
    return render(request, "ask.html", {"form": form})


def ask(request):
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        return redirect("ask")
    return render(request, "ask.html", {"form": form})


# %% [markdown]
# The second is **the** shape of a view with a form: one form, made once; valid → save and redirect; everything else → show that very form.

# %% tags=["hidden-source"]
ask_site = override_settings(ROOT_URLCONF=cells.urls([
    path("ask/", ask, name="ask"), path("ask-without-redirect/", ask_without_redirect),
]))


# %%
def rows_after(url, reloads):
    """Send a question, then repeat the last request, as a reload does: after a redirect a GET."""
    before, data = Question.objects.count(), {"text": "How much memory?"}
    response = pages.post(url, data)
    redirected = response.status_code == 302
    for _ in range(reloads):
        pages.get(response.url) if redirected else pages.post(url, data)
    return Question.objects.count() - before


ways_to_end = {"render": "/ask-without-redirect/", "redirect": "/ask/"}
with ask_site:
    reloaded = pd.DataFrame(
        {"ends in": name, "reloads": number, "rows": rows_after(url, number)}
        for name, url in ways_to_end.items() for number in range(4)
    )

# %%
ax = plots_forms.counted(reloaded, "reloads", "rows", group="ends in", guess={2: guess_rows})
ax.set(xlabel="times that the visitor reloads", ylabel="rows saved")
ax.set_title("Without a redirect every reload saves the question again")
lesson.show(
    ax,
    alt="Rows saved against reloads, 0 to 3. A view that ends in render saves 1, 2, 3, 4 rows; one "
    "that ends in a redirect saves 1 however often the page is reloaded.",
)

# %% [markdown]
# An invalid form must come back as it is. Two ways to lose its errors: make a new form, or leave them out of the template. We send 119
# characters: a browser stops at `maxlength`, a program does not.

# %%
def ask_remade(request):
    if request.method == "POST" and QuestionForm(request.POST).is_valid():
        return redirect("ask")
    return render(request, "ask.html", {"form": QuestionForm()})


def ask_silent(request):
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return redirect("ask")
    return render(request, "ask_silent.html", {"form": form})


three_views = {"ask": ask, "ask_remade": ask_remade, "ask_silent": ask_silent}
too_long = "Why " * 30

# %%
answers = {}
for name, view in three_views.items():
    with override_settings(ROOT_URLCONF=cells.urls([path("ask/", view, name="ask")])):
        answers[name] = pages.post("/ask/", {"text": too_long})
contents = {name: response.content.decode() for name, response in answers.items()}
kept = pd.DataFrame({
    "the words are kept": {name: too_long.strip() in text for name, text in contents.items()},
    "the error is told": {name: "at most 80" in text for name, text in contents.items()},
})
pages.show(answers["ask"], title="ask, after 119 characters")
kept

# %%
by_reloads = reloaded.pivot(index="ends in", columns="reloads", values="rows")
claim(
    "A view that renders after saving: two reloads make three rows.",
    by_reloads.loc["render"].tolist(), equals=[1, 2, 3, 4],
)
claim(
    "A view that redirects: one row, reloaded or not.",
    by_reloads.loc["redirect"].tolist(), equals=[1, 1, 1, 1],
)
claim(
    "A form that is made again loses the words and the error; a bare template only the error.",
    kept.loc[["ask", "ask_remade", "ask_silent"]].values.tolist(),
    equals=[[True, True], [False, False], [True, False]],
)

# %%
because = "..."  # one sentence: why does the redirect make a reload harmless?

# %% [markdown]
# **Why.** A reload repeats the last request. After a redirect that is a GET, which changes nothing; after a rendered POST it is the POST, data and all (the
# browser asks, people press OK). A double click still sends two POSTs: only a constraint in the database stops those.
#
# Errors and words live in the bound form. A new form knows neither; a template that prints only `{{ form.text }}` prints the input, not its errors.
# `{{ form }}` and `{{ form.text.as_field_group }}` print both.
#
# **In your project:** exactly one line that makes the form, and one `return render` at the end, which a GET and an invalid POST share.
#
# ### Exercise: the one shape


# %%
@exercise("forms-view")
def register(request, form_class):
    """One view for a GET, for a POST with errors, and for a POST that is saved.

    When saved, go to "conference:schedule". A POST without a body is a POST.
    """
    form = form_class(...)
    if ...:
        form.save()
        return ...
    return render(request, "register.html", {"form": form})


# %% [markdown]
# ## 3. Who checks what, and in which order?
#
# A room, with two checks of our own. Someone sends `seats=many`, and a name that is taken. Does `clean` of the form still run?

# %%
guess_clean = ...  # for example: False

# %%
class RoomForm(forms.ModelForm):
    class Meta:
        model, fields = Room, ["name", "slug", "seats"]
        help_texts = {"seats": "As the fire brigade counts them."}

    def clean_name(self):
        return " ".join(self.cleaned_data["name"].split())

    def clean(self):
        super().clean()
        if self.cleaned_data.get("slug") == "annex":
            if self.cleaned_data.get("seats", 0) > 50:
                self.add_error("seats", "The annex holds 50.")
            if self.cleaned_data.get("name") == "Annex":
                raise ValidationError("There are two: say which annex.")


# %% [markdown]
# Two hidden cells let each step note itself; the order is Django's.

# %% tags=["hidden-source"]
def steps_of(form):
    """Each step that Django will call on this form: (whose method, its name, its lane)."""
    for name, field in form.fields.items():
        for step in ("to_python", "validate", "run_validators"):
            yield field, step, name
        if hasattr(form, f"clean_{name}"):
            yield form, f"clean_{name}", name
    yield form, "clean", "form"
    for step in ("clean_fields", "clean", "validate_constraints", "validate_unique"):
        yield form.instance, step, "model"


# %% tags=["hidden-source"]
def note_calls(owner, name, lane, calls):
    original = getattr(owner, name)

    def noted(*arguments, **options):
        call = {"lane": lane, "call": name, "ok": True}
        calls.append(call)
        try:
            return original(*arguments, **options)
        except ValidationError:
            call["ok"] = False
            raise

    setattr(owner, name, noted)


# %%
def traced(form):
    calls = []
    for owner, name, lane in steps_of(form):
        note_calls(owner, name, lane, calls)
    form.is_valid()
    return pd.DataFrame(calls)


taken = Room.objects.order_by("id").first().name
good = {"name": "Green  room", "slug": "green-room", "seats": "40"}
bad = {**good, "name": taken, "seats": "many"}
fine, wrong = traced(RoomForm(good)), traced(RoomForm(bad))
lesson.compare(guess_clean, "form" in set(wrong.lane))


# %%
sent = ["all is fine", "seats=many, a taken name"]
steps = pd.concat([fine.assign(sent=sent[0]), wrong.assign(sent=sent[1])])
after_failure = wrong[wrong.lane.isin(["form", "model"])].call.tolist()
of_seats = wrong[wrong.lane == "seats"].call.tolist()
ax = plots_forms.order(steps)
ax.set_title("A field that fails is left alone; everything else is still checked", loc="right")
lesson.show(
    ax,
    alt="Two traces of is_valid(). When all is fine 15 steps: name, slug and seats in turn have "
    "to_python, validate, run_validators, and name has clean_name; then clean of the form; then "
    "clean_fields, clean, validate_constraints, validate_unique of the model. With seats=many and "
    "a taken name to_python of seats raises and its other steps are missing; all that follows "
    "still runs, and validate_unique raises too.",
)

# %% [markdown]
# Three mistakes follow from that picture: a `clean_stars` that returns nothing, a `clean` that trusts a field to be there, and the `clean` of a
# `ModelForm` without `super().clean()`, which is what asks for `validate_unique`.

# %%
class Forgetful(Rate):
    def clean_stars(self):
        if self.cleaned_data["stars"] == 1:
            raise ValidationError("Tell us why, please.")


class Trusting(Rate):
    def clean(self):
        if self.cleaned_data["stars"] < 3 and self.cleaned_data["recommend"]:
            self.add_error("recommend", "With so few stars?")


class WithoutSuper(RoomForm):
    def clean(self):
        pass


# %%
forgetful, taken_name = Forgetful({"stars": "4"}), {**good, "name": taken}
came_out = {"is_valid": forgetful.is_valid(), "stars": forgetful.cleaned_data["stars"]}
print(came_out)
with lesson.expect(KeyError):
    Trusting({"stars": "many"}).is_valid()
both = (RoomForm, WithoutSuper)
taken_is_valid = {form.__name__: form(taken_name).is_valid() for form in both}
taken_is_valid

# %% [markdown]
# And where does an error live, once it is raised? Five causes, one each:

# %%
causes = {
    "the field: seats=many": {"seats": "many"},
    'add_error("seats", …) in clean': {"slug": "annex", "seats": "80"},
    "raise in clean": {"slug": "annex", "name": "Annex"},
    "unique=True of the model": {"name": taken},
    "CheckConstraint: seats=0": {"seats": "0"},
}
homes = {cause: list(RoomForm({**good, **change}).errors) for cause, change in causes.items()}
annex = RoomForm({"name": "Annex", "slug": "annex", "seats": "80"})
pages.show(annex, title="the annex, with both errors")
print(annex["seats"])
aria = re.findall(r'aria-\w+="([^"]*)"', str(annex["seats"]))
named_and_there = [f'id="{name}"' in str(annex) for name in aria[1].split()]
pd.Series({cause: ", ".join(home) for cause, home in homes.items()}, name="lives in").to_frame()

# %%
claim("A field whose to_python fails has no further step.", of_seats, equals=["to_python"])
claim(
    "After that failure clean of the form still runs, and all four steps of the model.",
    after_failure,
    equals=["clean", "clean_fields", "clean", "validate_constraints", "validate_unique"],
)
claim(
    "A clean_stars without a return makes the value None, and the form valid.",
    list(came_out.values()), equals=[True, None],
)
claim(
    "A ModelForm whose clean leaves out super().clean() takes a name that is taken for valid.",
    list(taken_is_valid.values()), equals=[False, True],
)

# %%
claim(
    "Errors raised in clean, or by a CheckConstraint, live under __all__; the others at a field.",
    list(homes.values()), equals=[["seats"], ["seats"], ["__all__"], ["name"], ["__all__"]],
)
claim(
    "A field with an error is aria-invalid, and aria-describedby names texts that are in the page.",
    [*aria, *named_and_there], equals=["true", "id_seats_helptext id_seats_error", True, True],
)

# %%
because = "..."  # one sentence: why does clean run although a field has failed?

# %% [markdown]
# **Why.** Cleaning goes from the small to the large: each field turns text into a value (`to_python`), asks whether it may be empty (`validate`), runs its
# validators, then your `clean_name`; what that returns **is** the new value, and nothing returned is `None`. A field that raises is taken out of
# `cleaned_data`, so `clean` must read with `.get`. The form goes on, to tell all errors at once. Then a ModelForm writes the values into its instance and calls
# the model's `full_clean`, whose steps are the last four, leaving out what has failed or is not in the form.
#
# An error belongs to a field, or to `__all__`. A template that prints field by field shows those of `__all__` by `{{ form.non_field_errors }}`. Since Django 5.0
# an input with an error carries `aria-invalid`; `aria-describedby` names its help text, and since 5.2 its errors too.
#
# **In your project:** one field: `clean_<field>` or a validator; two fields: `clean` with `add_error`; a rule for every form: a constraint.
#
# ### Exercise: two fields that must agree


# %%
@exercise("forms-clean")
class Booking(forms.Form):
    """Book a room by its code, in whole hours.

    `code` comes out in capitals, without spaces around it; `ends` is after `starts`, or
    `ends` has an error.
    """

    code = forms.CharField()
    starts = forms.IntegerField()
    ends = forms.IntegerField()

    def clean_code(self):
        ...

    def clean(self):
        ...


# %% [markdown]
# ## 4. What can a stranger write into my model?
#
# Members change their own name. The form takes all fields of the model; the page shows only the name. Ada sends one word more; Grace, who is
# staff, sends what the page shows. Who is staff afterwards?

# %%
guess_staff = ...  # for example: "Grace"

# %%
clear_scratch()


class Badge(models.Model):
    name = models.CharField(max_length=40)

    class Meta:
        app_label = "scratch"


class Member(models.Model):
    name = models.CharField(max_length=40)
    is_staff = models.BooleanField(default=False)
    badges = models.ManyToManyField(Badge, blank=True)

    class Meta:
        app_label = "scratch"


# %%
class OpenForm(forms.ModelForm):
    class Meta:
        model, fields = Member, "__all__"


class NameForm(forms.ModelForm):
    class Meta:
        model, fields = Member, ["name"]


def me(request, form_class, pk):
    data = request.POST if request.method == "POST" else None
    form = form_class(data, instance=Member.objects.get(pk=pk))
    if form.is_valid():
        form.save()
        return redirect("conference:schedule")
    return render(request, "me.html", {"form": form})


# %% tags=["hidden-source"]
cells.template("me.html", """{% extends "conference/base.html" %}
{% block title %}Your name{% endblock %}
{% block main %}<h1>Your name</h1><form method="post">{% csrf_token %}
{{ form.name.as_field_group }}<button>Save</button></form>{% endblock %}""")
create_tables(Badge, Member)
me_site = override_settings(ROOT_URLCONF=cells.urls([
    path("all/<int:pk>/", me, {"form_class": OpenForm}),
    path("name/<int:pk>/", me, {"form_class": NameForm}),
]))

# %%
def members_after(address):
    """The page, Ada's answer, and both members after Ada and Grace have posted."""
    ada = Member.objects.create(name="Ada")
    grace = Member.objects.create(name="Grace", is_staff=True)
    grace.badges.add(Badge.objects.create(name="Helper"))
    with me_site:
        page = pages.get(f"/{address}/{ada.pk}/")
        answer = pages.post(f"/{address}/{ada.pk}/", {"name": "Ada L.", "is_staff": "on"})
        pages.post(f"/{address}/{grace.pk}/", {"name": "Grace H."})
    rows = [Member.objects.get(pk=each.pk) for each in (ada, grace)]
    after = [{"is_staff": row.is_staff, "badges": row.badges.count()} for row in rows]
    return page, answer, pd.DataFrame(after, index=["Ada", "Grace"])


# %%
open_page, open_answer, open_after = members_after("all")
name_page, name_answer, name_after = members_after("name")
pages.show(open_page)
lesson.compare(guess_staff, ", ".join(open_after.index[open_after.is_staff]))
pd.concat({'fields = "__all__"': open_after, 'fields = ["name"]': name_after})

# %% [markdown]
# Ada made herself staff. Grace lost it, and her badge, by an honest post: what is not sent is an unchecked box, an empty choice. With
# `fields = ["name"]` the same two posts change two names. Ada's post as both forms saw it:

# %%
seen = pd.concat({"__all__": pages.exchange(open_answer), "name": pages.exchange(name_answer)})
seen[["sent", "cleaned_data", "came_back"]]

# %% [markdown]
# The `instance` has two surprises of its own. A form that is **not** valid has changed it already; and `save(commit=False)` leaves the many-to-many
# fields to you.

# %%
room = Room.objects.order_by("id").first()
form = RoomForm({"name": "Hall of Fame", "slug": "fame", "seats": "many"}, instance=room)
half = {
    "valid": form.is_valid(),
    "name in memory": room.name == "Hall of Fame",
    "name in the database": Room.objects.get(pk=room.pk).name == "Hall of Fame",
}
half

# %%
BadgeForm = forms.modelform_factory(Member, fields=["name", "badges"])
badge = Badge.objects.create(name="Speaker")
form = BadgeForm({"name": "Mary", "badges": [badge.pk]})
mary = form.save(commit=False)  # save() would ask is_valid() itself
mary.is_staff = False  # what the visitor does not decide, the view does
mary.save()
badges = {"after mary.save()": mary.badges.count()}
form.save_m2m()
badges["after form.save_m2m()"] = mary.badges.count()
badges

# %%
claim(
    "With '__all__' Ada makes herself staff; Grace, who sends her name, loses that and her badge.",
    open_after.is_staff.tolist() + open_after.badges.tolist(), equals=[True, False, 0, 0],
)
claim(
    "With the fields named, the same posts change neither.",
    name_after.is_staff.tolist() + name_after.badges.tolist(), equals=[False, True, 0, 1],
)
claim(
    "An invalid form has changed its instance in memory, and not in the database.",
    list(half.values()), equals=[False, True, False],
)
saved_when = list(badges.values())
claim("After commit=False the badges are saved only by save_m2m().", saved_when, equals=[0, 1])

# %%
because = "..."  # one sentence: why does a field that the page does not show count?

# %% [markdown]
# **Why.** The page is a suggestion; the form is the border. A POST is text that anybody can write, and a form reads from it every field it *has*, shown or not.
# `"__all__"` also takes in the fields that the model will get next year. And a field that the page left out is read too: a missing checkbox means False, a missing
# list means none, a missing text an empty one, unless the model has a default for it: then the row keeps what it had.
#
# Cleaning a ModelForm ends by writing the cleaned values into the instance, because the model's own checks need an object to check. So after `is_valid()` is
# False do not save, and do not show, that object: read it again. Many-to-many rows need the row's key: hence `save_m2m`.
#
# **In your project:** `fields = […]` in each form, one form for each role, and what the visitor may not choose is set in the view.
#
# ### Exercise: whose row is it?


# %%
@exercise("forms-owner")
def save_for(form, owner):
    """Save a valid ModelForm whose model has an `owner` that the form does not ask for.

    All that the visitor chose is saved, many-to-many fields too. Return the saved object.
    """
    ...


# %% [markdown]
# ## 5. Why 403?
#
# CSRF, cross-site request forgery: another site makes your browser post here. A secret in the page, the **token**, tells the two apart. The test
# client does not ask for it, so our posts needed none; with `enforce_csrf_checks=True` it does. Of seven ways to post stars, how many get 403?

# %%
guess_403 = ...  # for example: 3

# %% tags=["hidden-source"]
def token_in(page):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]


def say_why(request, reason=""):
    return HttpResponse(reason, status=403)


# %% tags=["hidden-source"]
def post_all(tries):
    """Post stars in each way; one row a way: the status, and the reason that Django gives."""
    rows = {}
    for name, (client, data, headers) in tries.items():
        answer = pages.post("/rate/", {"stars": "4", **data}, client=client, **headers)
        reason = answer.content.decode() if answer.status_code == 403 else ""
        rows[name] = {"status": answer.status_code, "reason": reason}
    return pd.DataFrame.from_dict(rows, orient="index")


# %%
def rate(request):
    form = Rate(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return redirect("conference:schedule")
    return render(request, "ask.html", {"form": form})


rate_site = override_settings(ROOT_URLCONF=cells.urls([path("rate/", rate)]))
browser, stranger, no_cookies = (Client(enforce_csrf_checks=True) for _ in range(3))
with rate_site:
    first_token, second_token, strange_token = (
        token_in(pages.get("/rate/", client=each)) for each in (browser, browser, stranger)
    )
cookie = browser.cookies["csrftoken"].value
print("characters:", {"cookie": len(cookie), "token in the page": len(first_token)})
print("the same token in two pages:", first_token == second_token)

# %% [markdown]
# The cookie holds a secret of 32 characters; each page holds the same secret, hidden under 32 random ones, so it looks new every time. Which
# pairs of cookie and token are taken?

# %%
sent_token = {"csrfmiddlewaretoken": first_token}
tries = {
    "as the page sends it": (browser, sent_token, {}),
    "token of the second page": (browser, {"csrfmiddlewaretoken": second_token}, {}),
    "token in a header": (browser, {}, {"HTTP_X_CSRFTOKEN": first_token}),
    "no token": (browser, {}, {}),
    "a stranger's token": (browser, {"csrfmiddlewaretoken": strange_token}, {}),
    "no cookie": (no_cookies, sent_token, {}),
    "from another site": (browser, sent_token, {"HTTP_ORIGIN": "https://other.example"}),
}

# %%
with rate_site, override_settings(CSRF_FAILURE_VIEW=say_why):
    refused = post_all(tries)
lesson.compare(guess_403, int((refused.status == 403).sum()))
refused

# %% [markdown]
# So three things can be wrong: the token, the cookie, the origin. The third meets honest people too, behind a proxy that takes HTTPS and hands on HTTP: the browser
# says `Origin: https://…`, Django thinks `http://…`.

# %% tags=["hidden-source"]
def behind_a_proxy(settings):
    """The status of a post that reached the proxy by HTTPS, and Django by HTTP."""
    sent = {"HTTP_HOST": "talks.example", "HTTP_ORIGIN": "https://talks.example"}
    sent["HTTP_X_FORWARDED_PROTO"] = "https"
    with rate_site, override_settings(ALLOWED_HOSTS=["talks.example"], **settings):
        client = Client(enforce_csrf_checks=True)
        token = token_in(pages.get("/rate/", client=client, **sent))
        return int(post_all({"": (client, {"csrfmiddlewaretoken": token}, sent)}).status.iloc[0])


# %%
forwarded = ("HTTP_X_FORWARDED_PROTO", "https")
cures = {
    "nothing set": {},
    "the host trusted": {"CSRF_TRUSTED_ORIGINS": ["talks.example"]},
    "the origin trusted": {"CSRF_TRUSTED_ORIGINS": ["https://talks.example"]},
    "the proxy believed": {"SECURE_PROXY_SSL_HEADER": forwarded},
}
behind = {name: behind_a_proxy(settings) for name, settings in cures.items()}
pd.DataFrame({"setting": cures.values(), "status": behind.values()}, index=cures)

# %%
claim(
    "A token of any page of this browser is taken, in the form or in a header.",
    refused.status.tolist()[:3], equals=[302, 302, 302],
)
claim(
    "No token, a stranger's token, no cookie, another origin: 403, each with its own reason.",
    [refused.status.tolist()[3:], refused.reason.nunique() - 1], equals=[[403] * 4, 4],
)
claim(
    "Behind a proxy, an origin is trusted with its scheme only; or Django is told of the scheme.",
    list(behind.values()), equals=[403, 403, 302, 302],
)

# %%
because = "..."  # one sentence: why can another site not send the right token?

# %% [markdown]
# **Why.** Another site can make your browser post to this one, and the browser adds the cookies. What it cannot do is *read*: neither the cookie nor the page. So a
# post must carry the secret a second time, in its body or in a header. `{% csrf_token %}` puts it there; it is masked afresh for each page, so that a compressed
# answer does not betray it. After a login the secret is a new one: a form in an old tab gets 403.
#
# The `Origin` header (over HTTPS without one: the `Referer`) names the site that sends; Django compares it with scheme and host of the request, then with the trusted origins. Trust
# `X-Forwarded-Proto` only behind a proxy that sets it, and drops what visitors send.
#
# **In your project:** `{% csrf_token %}` in every form that posts; never `@csrf_exempt` because of a 403: `CSRF_FAILURE_VIEW`, or the log, says which of the three it is.

# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper

# %% [markdown]
# ### 6. Checked, and there twice?
#
# Eight visitors send the same address at once; the form looks whether it is taken. The view waits between check and saving until all eight
# have checked: bad luck, on purpose. How many rows are there?

# %%
guess_twice = ...  # for example: 1

# %%
from django.db import IntegrityError, connection, transaction

clear_scratch()


class Loose(models.Model):
    email = models.EmailField()

    class Meta:
        app_label = "scratch"


class Strict(models.Model):
    email = models.EmailField(unique=True)

    class Meta:
        app_label = "scratch"


# %%
class LooseForm(forms.ModelForm):
    class Meta:
        model, fields = Loose, ["email"]

    def clean_email(self):
        email = self.cleaned_data["email"]
        if Loose.objects.filter(email=email).exists():
            raise ValidationError("This address is taken.")
        return email


StrictForm = forms.modelform_factory(Strict, fields=["email"])  # looks by validate_unique


# %%
def sign_up(request, form_class, catch, waiting):
    form = form_class(request.POST)
    if form.is_valid():
        waiting.wait(timeout=20)
        try:
            with transaction.atomic():
                form.save()
            return redirect("conference:schedule")
        except IntegrityError:
            if not catch:
                raise
            form.add_error("email", "This address has just been taken.")
    return HttpResponse(form.errors.as_text())


# %% tags=["hidden-source"]
import logging
import threading
from concurrent.futures import ThreadPoolExecutor


def visit(url):
    client = Client(raise_request_exception=False)
    try:
        return client.post(url, {"email": "ada@example.org"}).status_code
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()


# %% tags=["hidden-source"]
def statuses(url, visitors, threads):
    """Post the same address by each visitor, at once or one by one; the status of each answer."""
    log = logging.getLogger("django.request")
    before, log.disabled = log.disabled, True
    try:
        if threads == 1:
            return [visit(url) for _ in range(visitors)]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(visit, [url] * visitors))
    finally:
        log.disabled = before


# %%
ways_to_save = {
    "form only, one by one": (LooseForm, False, 1),
    "form only, at once": (LooseForm, False, 8),
    "unique": (StrictForm, False, 8),
    "unique, caught": (StrictForm, True, 8),
}


# %%
raced = []
for way, (form_class, catch, threads) in ways_to_save.items():
    create_tables(Loose, Strict)
    view = {"form_class": form_class, "catch": catch, "waiting": threading.Barrier(threads)}
    with override_settings(ROOT_URLCONF=cells.urls([path("sign-up/", sign_up, view)])):
        got = statuses("/sign-up/", 8, threads)
    rows = form_class.Meta.model.objects.count()
    raced.append({"way": way, "rows": rows, "told": got.count(200), "failed": got.count(500)})
race = pd.DataFrame(raced)
lesson.compare(guess_twice, int(race.rows[1]))
race

# %%
said = {"rows": "saved", "told": "told", "failed": "got a 500"}
ax = plots_forms.outcomes(race.rename(columns=said), "way", list(said.values()))
ax.set_xlabel("visitors, of eight with the same address")
ax.set_title("The constraint keeps the second row out; its error, caught, tells the visitor")
lesson.show(
    ax,
    alt="Of eight visitors with the same address: one by one, with the form's check only, 1 row and 7 "
    "told; at once 8 rows; with a unique column 1 row and 7 get a 500; with the error caught 1 row "
    "and 7 told.",
)

# %% [markdown]
# Without any race, one unique check is often missing: that of a constraint of which one field is not in the form.

# %%
StarsForm = forms.modelform_factory(Rating, fields=["stars"])
rated = Rating.objects.order_by("id").first()
stars_form = StarsForm({"stars": 3}, instance=Rating(talk=rated.talk, attendee=rated.attendee))
says_valid = {"the form": stars_form.is_valid()}
with lesson.expect(IntegrityError), transaction.atomic():
    stars_form.save()
try:
    stars_form.instance.validate_constraints()  # asks for all fields, those of the view too
except ValidationError as error:
    stars_form.add_error(None, error)
says_valid["the form, after the model was asked"] = stars_form.is_valid()
says_valid

# %%
claim(
    "One by one the form's check gives one row; eight at once give eight.",
    race.rows[:2].tolist(), equals=[1, 8],
)
claim(
    "Of eight at once a unique column lets one in, and seven get a 500; caught, they are told.",
    race.loc[2:, ["rows", "told", "failed"]].values.tolist(), equals=[[1, 0, 7], [1, 7, 0]],
)
claim(
    "A form without the attendee does not check one rating per attendee; the model, asked, does.",
    list(says_valid.values()), equals=[True, False],
)

# %%
because = "..."  # one sentence: what lies between the check and the row?

# %% [markdown]
# **Why.** The check is a SELECT, the saving an INSERT, and between them other visitors do the same. One by one the second finds the first, which is why no test shows
# it; at once all eight find nothing. Only the database looks and writes in one step: the constraint. It answers by an error, and the form's check is then what it
# is good for: a friendly sentence, before. `atomic()` around the save keeps the failed INSERT from spoiling an outer transaction.
#
# A ModelForm leaves a constraint out if one of its fields is not in the form: it could not show the error there.
#
# **In your project:** a constraint for each "only once"; and where it can happen, `except IntegrityError` with `add_error`.
#
# #### Exercise: which may go live?


# %%
@exercise("forms-race")
def may_go_live(race):
    """The ways, sorted, that may go live: the address is saved once, and nobody sees a 500.

    `race` has one row for each way: `way`, `rows` saved, visitors `told` so, `failed` by a 500.
    """
    ...


# %% [markdown]
# ### 7. Where is my file?
#
# An upload needs `enctype="multipart/form-data"` in the page and `request.FILES` in the view. Of the four combinations, how many say that
# something is missing?

# %%
guess_missing = ...  # for example: 1

# %%
class Upload(forms.Form):
    photo = forms.FileField()


def upload_with_files(request):
    form = Upload(request.POST, request.FILES)
    return HttpResponse("saved" if form.is_valid() else form.errors["photo"][0])


def upload_without_files(request):
    form = Upload(request.POST)
    return HttpResponse("saved" if form.is_valid() else form.errors["photo"][0])


# %%
from django.core.files.uploadedfile import SimpleUploadedFile

upload_site = override_settings(ROOT_URLCONF=cells.urls([
    path("request.FILES", upload_with_files), path("POST only", upload_without_files),
]))
plain_body = {"content_type": "application/x-www-form-urlencoded"}  # a browser's default
uploads = {}
with upload_site:
    for view in ("request.FILES", "POST only"):
        photo = SimpleUploadedFile("me.png", b"\x89PNG")
        multipart = pages.post(f"/{view}", {"photo": photo})
        plain = Client().post(f"/{view}", "photo=me.png", **plain_body)
        uploads[view] = [multipart.content.decode(), plain.content.decode()]
uploads = pd.DataFrame(uploads, index=["multipart", "no enctype"])
lesson.compare(guess_missing, int((uploads != "saved").values.sum()))
uploads

# %% [markdown]
# Without `enctype` the browser sends the file's name as text. `form.is_multipart()` knows what a page needs. Now sizes and names:

# %%
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage

large = SimpleUploadedFile("large.png", b"0" * 300_000)
with upload_site, override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1_000):
    limit_of_a_setting = pages.post("/request.FILES", {"photo": large}).content.decode()
storage = InMemoryStorage()
stored = [storage.save("me.png", ContentFile(words)) for words in (b"Ada", b"Grace")]
contents_kept = [storage.open(name).read().decode() for name in stored]
path_of_a_name = SimpleUploadedFile("../../settings.py", b"").name
with lesson.expect(SuspiciousFileOperation):
    storage.save("../../settings.py", ContentFile(b""))
print("300,000 bytes, with a limit of 1,000:", limit_of_a_setting)
print("two files:", len(set(stored)), "names,", contents_kept, "· the path:", path_of_a_name)

# %% [markdown]
# The setting does not count files; two files of one name get two names; a path is cut off. And how do we know that a file is a PNG, and small? Five
# checks, each on four uploads:

# %%
import io

from django.core.validators import FileExtensionValidator
from PIL import Image

png, svg = io.BytesIO(), """<svg xmlns="http://www.w3.org/2000/svg" width="420" height="40">
<text y="25" id="words">Just a picture.</text>
<script>document.getElementById("words").textContent =
  "This picture ran a script in the page: " + document.title;</script></svg>"""
Image.new("RGB", (2, 2)).save(png, "PNG")
photos = {
    "a PNG": ("me.png", "image/png", png.getvalue()),
    "an SVG, called a PNG": ("me.png", "image/png", svg.encode()),
    "a PNG, called a text": ("me.txt", "text/plain", png.getvalue()),
    "a large PNG": ("me.png", "image/png", png.getvalue() + b"0" * 300_000),
}


# %%
def passes(check, value):
    try:
        check(value)
    except ValidationError:
        return False
    return True


# %%
def judged(name, kind, content):
    """What each check says of an upload: True where it lets it through."""
    photo = SimpleUploadedFile(name, content, kind)
    return {
        "extension": passes(FileExtensionValidator(["png"]), photo),
        "content_type": photo.content_type == "image/png",
        "first bytes": photo.read(8) == b"\x89PNG\r\n\x1a\n",
        "ImageField": passes(forms.ImageField().clean, SimpleUploadedFile(name, content)),
        "size": photo.size <= 100_000,
    }


judgements = pd.DataFrame({name: judged(*photo) for name, photo in photos.items()}).T
judgements

# %% [markdown]
# The first two believe the visitor, the next two look into the file, and no one check does it all. The dangerous part is what comes *back*. The same
# SVG, as a part of the page, with its script let loose inside the frame:

# %%
pages.show(svg, title="Your account", scripts=True, height=90)


# %%
from django.http import FileResponse


def as_it_came(request, name):
    return FileResponse(io.BytesIO(svg.encode()), filename=name)


def as_a_download(request, name):
    return FileResponse(io.BytesIO(svg.encode()), filename=name, as_attachment=True)


media_site = override_settings(ROOT_URLCONF=cells.urls([
    path("as it came/<name>", as_it_came), path("as a download/<name>", as_a_download),
]))
asked = [f"as it came/cat.{kind}" for kind in ("svg", "html", "png")] + ["as a download/cat.svg"]
wanted = ["Content-Type", "Content-Disposition", "X-Content-Type-Options"]
with media_site:
    served = {each: dict(pages.get(f"/{each}").headers) for each in asked}
served = pd.DataFrame(served).loc[wanted].T
served

# %%
claim(
    "Of four combinations one gets the file: multipart, and request.FILES.",
    (uploads == "saved").values.tolist(), equals=[[True, False], [False, False]],
)
claim(
    "DATA_UPLOAD_MAX_MEMORY_SIZE=1000 lets a file of 300,000 bytes through.",
    limit_of_a_setting, equals="saved",
)
claim("Two uploads named me.png are two files.", contents_kept, equals=["Ada", "Grace"])

# %%
claim(
    "An SVG called me.png passes by its name and its content_type, and fails by its bytes.",
    judgements.loc["an SVG, called a PNG"].tolist(), equals=[True, True, False, False, True],
)
claim(
    "Of the five checks only that of the size refuses the PNG of 300 kB.",
    judgements.loc["a large PNG"].tolist(), equals=[True, True, True, True, False],
)
ways_to_serve = served["Content-Disposition"].str.split(";").str[0].tolist()
claim(
    "SVG and HTML are served inline, to be opened in your site; as an attachment, to be saved.",
    ways_to_serve, equals=["inline", "inline", "inline", "attachment"],
)

# %%
because = "..."  # one sentence: why is a picture dangerous that nobody opens as a page?

# %% [markdown]
# **Why.** A file travels only in a multipart body, and Django puts it into `request.FILES`; a form looks for it in its second argument. A missing half gives "This field is
# required", or, where the field may be empty, nothing at all.
#
# Name, content type and extension are the visitor's word. In an `<img>` no script of an SVG runs. But an SVG, or an HTML file, that your host serves inline can be opened by its
# address, and then its script has your origin: it may read pages and post forms as whoever looked. `nosniff`, which `SecurityMiddleware` sends, keeps a browser from guessing: a
# script named `cat.png` stays a broken picture. An attachment is saved, not opened. Best is another host, without cookies.
#
# **In your project:** a list of kinds you accept, judged by bytes (`ImageField` asks Pillow, which knows no SVG), a size in `clean_<field>`, one in the web server.
#
# #### Exercise: a PNG and nothing else


# %%
@exercise("forms-upload")
class PhotoForm(forms.Form):
    """A photo is a PNG by its first eight bytes, and has at most 100,000 bytes.

    Its name and its content_type are the visitor's word. Afterwards the file can be read
    from its beginning.
    """

    photo = forms.FileField()

    def clean_photo(self):
        ...


# %% [markdown]
# ### 8. Several rows in one page
#
# A formset is one form several times, and a **management form** that says how many. A speaker proposes topics. This formset has one row to begin with, `extra=4` and
# `max_num=3`. A program sends five rows, and says so. How many does the formset take, if `validate_max` is left at its default?

# %%
guess_taken = ...  # for example: 3

# %%
class Topic(forms.Form):
    title = forms.CharField(max_length=40)
    minutes = forms.IntegerField(min_value=5, initial=15)


options = {"extra": 4, "max_num": 3, "can_order": True, "can_delete": True}
Topics = forms.formset_factory(Topic, **options)
StrictTopics = forms.formset_factory(Topic, validate_max=True, **options)
topics = Topics(initial=[{"title": "Models", "minutes": 30}])
pages.show(topics, title="three topics, one filled in")
print([field.html_name for field in topics.management_form])
rows_shown = len(topics.forms)
print("rows shown:", rows_shown)


# %%
def topic_rows(titles, total=None, prefix="form"):
    """What a browser sends for rows with these titles; `total` is what the management form says."""
    data = {f"{prefix}-{number}-title": title for number, title in enumerate(titles)}
    data |= {f"{prefix}-{number}-minutes": "15" for number in range(len(titles))}
    return data | {f"{prefix}-TOTAL_FORMS": total or len(titles), f"{prefix}-INITIAL_FORMS": 0}


no_management = {k: v for k, v in topic_rows(["A"]).items() if "_FORMS" not in k}
rows_sent = {
    "two rows": (Topics, topic_rows(["A", "B"])),
    "two rows, one left empty": (Topics, topic_rows(["A", ""])),
    "no management form": (Topics, no_management),
    "another prefix": (Topics, topic_rows(["A", "B"], prefix="topics")),
    "two rows, TOTAL_FORMS=1": (Topics, topic_rows(["A", "B"], total=1)),
}

# %%
five, order = ["A", "B", "C", "D", "E"], {"form-0-ORDER": 2, "form-1-ORDER": 1}
rows_sent |= {
    "five rows, max_num=3": (Topics, topic_rows(five)),
    "five rows, validate_max=True": (StrictTopics, topic_rows(five)),
    "two rows, DELETE ticked in one": (Topics, topic_rows(["A", "B"]) | {"form-1-DELETE": "on"}),
    "two rows, ORDER 2 and 1": (Topics, topic_rows(["A", "B"]) | order),
}

# %%
taken_rows = {}
for name, (kind, data) in rows_sent.items():
    formset = kind(data)
    valid = formset.is_valid()
    rows_kept = formset.ordered_forms if valid else []  # filled in, and not to be deleted
    titles = ", ".join(form.cleaned_data["title"] for form in rows_kept)
    told = " ".join(formset.non_form_errors()).split(" or ")[0]
    taken_rows[name] = {"valid": valid, "rows kept": len(rows_kept), "titles": titles, "error": told}
formsets = pd.DataFrame.from_dict(taken_rows, orient="index")
lesson.compare(guess_taken, int(formsets["rows kept"]["five rows, max_num=3"]))
formsets

# %% [markdown]
# `max_num` limits what is *shown*, here to three; `validate_max` what is taken. And rows beyond TOTAL_FORMS are lost without a word: a script that adds a
# row must count it up. Press the button: it needs no framework.

# %%
cells.template("topics.html", """<form method="post">{% csrf_token %}{{ topics.management_form }}
<div id="rows">{% for form in topics %}<fieldset>{{ form }}</fieldset>{% endfor %}</div>
<template><fieldset>{{ topics.empty_form }}</fieldset></template>
<button type="button">One more topic</button></form>
<script>
  const total = document.querySelector("[name$=TOTAL_FORMS]");
  document.querySelector("button").onclick = () => {
    const row = document.querySelector("template").innerHTML;
    document.querySelector("#rows").insertAdjacentHTML(
      "beforeend", row.replaceAll("__prefix__", total.value));
    total.value = Number(total.value) + 1;
  };
</script>""")
page = render(HttpRequest(), "topics.html", {"topics": forms.formset_factory(Topic, extra=1)()})
pages.show(page, title="rows added in the browser", scripts=True, height=330)

# %% [markdown]
# Two formsets in one page need two prefixes. And an **inline** formset, rows that hang on one object, has a border too: a row of another talk, named by its id.

# %%
from helpers.conference.models import Speaking, Talk


def names_of(formset):
    found = {formset.management_form[name].html_name for name in formset.management_form.fields}
    return found | {field.html_name for form in formset for field in form}


clash = [
    len(names_of(Topics()) & names_of(Topics())),
    len(names_of(Topics(prefix="morning")) & names_of(Topics(prefix="evening"))),
]
SpeakingRows = forms.inlineformset_factory(Talk, Speaking, fields=["speaker", "order"], extra=0)
mine, other = Talk.objects.filter(speaking__order=1).order_by("id")[:2]

# %%
inline = {}
for name, talk in {"a row of this talk": mine, "a row of another talk": other}.items():
    row = talk.speaking_set.first()
    data = {"speaking_set-TOTAL_FORMS": 1, "speaking_set-INITIAL_FORMS": 1}
    data |= {"speaking_set-0-id": row.pk, "speaking_set-0-speaker": row.speaker_id}
    formset = SpeakingRows({**data, "speaking_set-0-order": 7}, instance=mine)
    with transaction.atomic():
        valid, saved_rows = formset.is_valid(), formset.save()
        changed_row = Speaking.objects.get(pk=row.pk).order == 7
        transaction.set_rollback(True)
    inline[name] = {"valid": valid, "saved": len(saved_rows), "row changed": changed_row}
inline = pd.DataFrame.from_dict(inline, orient="index")
inline

# %%
claim("With extra=4 and max_num=3 three rows are shown.", rows_shown, equals=3)
claim(
    "Five rows with max_num=3 are all taken; with validate_max=True none is.",
    formsets["rows kept"][["five rows, max_num=3", "five rows, validate_max=True"]].tolist(),
    equals=[5, 0],
)
unmanaged = formsets.loc[["no management form", "another prefix"]]
claim(
    "Without its management form, or with another prefix, a formset is not valid, and says so.",
    unmanaged.valid.tolist() + unmanaged.error.str.startswith("ManagementForm").tolist(),
    equals=[False, False, True, True],
)

# %%
turned = formsets.titles[["two rows, DELETE ticked in one", "two rows, ORDER 2 and 1"]].tolist()
claim("DELETE takes a row away, ORDER turns two round.", turned, equals=["A", "B, A"])
claim(
    "Of two rows sent with TOTAL_FORMS=1 one is lost, and the formset is valid.",
    formsets.loc["two rows, TOTAL_FORMS=1", ["valid", "rows kept"]].tolist(), equals=[True, 1],
)
claim(
    "Two formsets without a prefix share their names; with one they share none.",
    [clash[0] > 0, clash[1]], equals=[True, 0],
)
claim(
    "An inline formset leaves a row of another object alone, and is valid all the same.",
    inline.values.tolist(), equals=[[True, 1, True], [True, 0, False]],
)

# %%
because = "..."  # one sentence: why does a formset believe TOTAL_FORMS?

# %% [markdown]
# **Why.** A POST is flat: `form-0-title`, `form-1-title`. How many rows there are, and which were there before, only the management form says: without it a formset cannot begin. A row
# beyond TOTAL_FORMS is not looked at; one that is there and unchanged counts as empty, and is valid. A deleted row stays in `forms`, and is named in `deleted_forms`. A row
# that is added in the browser is `empty_form` with the next number in the place of `__prefix__`, and TOTAL_FORMS counted up.
#
# `absolute_max`, 1000 rows more than `max_num`, is a guard for memory, not a rule of yours.
#
# **In your project:** `validate_max=True` with each `max_num`, a `prefix` for each formset, `{{ formset.management_form }}` in each template that walks through forms.

# %% [markdown]
# ### 9. Who chooses from what?
#
# A field offers the rooms. One form asks for them in its class body, one by a function, one by a queryset. Then a room is built. How many of the three offer it?

# %%
guess_offered = ...  # for example: 3

# %%
def rooms():
    return [(room.pk, room.name) for room in Room.objects.all()]


class Early(forms.Form):
    room = forms.ChoiceField(choices=rooms())  # runs once, when the file is imported


class Late(forms.Form):
    room = forms.ChoiceField(choices=rooms)  # runs for each form


class FromModel(forms.Form):
    room = forms.ModelChoiceField(Room.objects.all())  # asks the database when it is shown


# %%
with transaction.atomic():
    tower = Room.objects.create(name="Tower", slug="tower", seats=20)
    offered = {
        kind.__name__: {
            "offers it": "Tower" in str(kind()),
            "accepts it": kind({"room": tower.pk}).is_valid(),
        }
        for kind in (Early, Late, FromModel)
    }
    transaction.set_rollback(True)
offered = pd.DataFrame(offered).T
lesson.compare(guess_offered, int(offered["offers it"].sum()))
offered

# %% [markdown]
# And who may choose which? A speaker withdraws a talk of hers. The first form knows all talks, and its template would leave out those of others; the second is
# limited to hers. What do they accept?

# %%
from helpers.conference.models import Speaker

her = Speaker.objects.filter(talks__isnull=False).order_by("id").first()
her_talk, not_hers = her.talks.first(), Talk.objects.exclude(speakers=her).order_by("id").first()


class WithdrawAny(forms.Form):
    talk = forms.ModelChoiceField(Talk.objects.all())


class WithdrawOwn(forms.Form):
    talk = forms.ModelChoiceField(Talk.objects.none())

    def __init__(self, *args, speaker, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["talk"].queryset = speaker.talks.all()


# %%
withdraw = {}
both_forms = {"all talks": (WithdrawAny, {}), "her talks": (WithdrawOwn, {"speaker": her})}
for name, (kind, who) in both_forms.items():
    withdraw[name] = [kind({"talk": talk.pk}, **who).is_valid() for talk in (her_talk, not_hers)]
refused_talk = WithdrawOwn({"talk": not_hers.pk}, speaker=her)
print(refused_talk.errors.as_text())
withdraw

# %%
claim(
    "Choices read in the class body do not know a new room; a callable and a queryset do.",
    offered.values.tolist(), equals=[[False, False], [True, True], [True, True]],
)
claim(
    "A queryset of all talks accepts one of somebody else; limited to the speaker, it does not.",
    list(withdraw.values()), equals=[[True, True], [True, False]],
)

# %%
because = "..."  # one sentence: when does a class body run?

# %% [markdown]
# **Why.** A class body runs once, at import: in a server, perhaps weeks ago, and in `migrate` before its table exists. A callable, or a queryset, is kept and asked for each form. The
# same list that is shown is the list that is checked against: so limiting it limits both, and leaving rows out of the template limits nothing.
#
# The form gets the speaker, not the request: it can be tested without one. `*args, speaker, **kwargs` makes it a keyword, and who forgets it gets a TypeError.
#
# **In your project:** `ModelChoiceField(Model.objects.none())`, and the real queryset in `__init__`; in a class-based view by `get_form_kwargs`.

# %% [markdown]
# ### 10. Widgets, and what a date means
#
# A field turns text into a value; its **widget** makes the HTML. This one asks the browser for its calendar. The site is shown in English and in German. In how many
# of the two languages does the browser show the date that the form was given?

# %%
guess_shown = ...  # for example: 2

# %%
import datetime
from django.utils import translation

day = datetime.date(2011, 9, 8)
calendar = forms.DateInput(attrs={"type": "date"})
iso = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
values_in_html = {}
for language in ("en", "de"):
    with translation.override(language):
        values_in_html[language] = [calendar.format_value(day), iso.format_value(day)]
values_in_html = pd.DataFrame(values_in_html, index=["type=date", "type=date, format"])
lesson.compare(guess_shown, int((values_in_html.loc["type=date"] == "2011-09-08").sum()))
pages.show(f'<p>German: {calendar.render("day", "08.09.2011")}</p>'
           f'<p>ISO: {iso.render("day", day)}</p>', title="one date, two ways to write it")
values_in_html

# %% [markdown]
# `type="date"` takes ISO dates only, and shows anything else as nothing. And back: what does a text mean?

# %%
kinds = {
    "date": forms.DateField(), "number": forms.DecimalField(),
    "localized number": forms.DecimalField(localize=True),
}
texts = [("date", "09/08/2011"), ("date", "08.09.2011"), ("number", "1234,50")]
texts += [("localized number", "1234,50"), ("localized number", "1234.50")]


def understood(kind, text, language):
    with translation.override(language):
        try:
            return str(kinds[kind].clean(text))
        except ValidationError:
            return "(error)"


# %%
languages = ["en", "en-gb", "de"]
meanings = pd.DataFrame(
    [[understood(*each, language) for language in languages] for each in texts],
    index=[f"{kind}: {text}" for kind, text in texts], columns=languages,
)
meanings

# %% [markdown]
# A widget may need files. It names them in `Media`; the form gathers them; the page prints `{{ form.media }}`.

# %%
class Calendar(forms.DateInput):
    class Media:
        js = ["base.js", "calendar.js"]


class Map(forms.TextInput):
    class Media:
        js = ["base.js", "map.js"]


class Trip(forms.Form):
    day = forms.DateField(widget=Calendar)
    place = forms.CharField(widget=Map)


media = re.findall(r"[a-z]+\.js", str(Trip().media))
in_the_form = re.findall(r"[a-z]+\.js", str(Trip()))
print(Trip().media)

# %%
claim(
    "A date for type=date is written for the browser in English; in German only with a format.",
    (values_in_html == "2011-09-08").values.tolist(), equals=[[True, False], [True, True]],
)
claim(
    "09/08/2011 is a day in September in English, in August in British English.",
    meanings.loc["date: 09/08/2011", ["en", "en-gb"]].tolist(),
    equals=["2011-09-08", "2011-08-09"],
)

# %%
claim(
    "1234,50 is a number in German with localize=True, and an error without.",
    meanings.loc[["number: 1234,50", "localized number: 1234,50"], "de"].tolist(),
    equals=["(error)", "1234.50"],
)
claim(
    "Two widgets that share a file ask for it once; the form's own HTML asks for none.",
    [media.count("base.js"), len(media), len(in_the_form)], equals=[1, 3, 0],
)

# %%
because = "..."  # one sentence: why does a German page break the calendar?

# %% [markdown]
# **Why.** A `DateInput` without a format writes the first of the language's `DATE_INPUT_FORMATS`, which in English happens to be ISO. A browser's calendar wants ISO and shows its own
# language to its user. Reading goes through all formats of the active language: the same text is two days. Numbers are read by the language's comma only with `localize=True`, and
# their widget is then a text field: an `<input type="number">` knows the point alone.
#
# `Media` are merged in an order that respects every widget's list, each file once. Nobody prints them for you: a calendar that does nothing is most often a page without
# `{{ form.media }}`.
#
# **In your project:** `format="%Y-%m-%d"` with each `type="date"`; one base template with `{{ form.media }}` in its head.
#
# #### Exercise: a second domain
# At a library's counter several books come back at once.


# %%
from django.forms import BaseFormSet


@exercise("forms-library")
class Lines(BaseFormSet):
    """The lines of a counter, one for each book (a number) that comes back.

    A book may stand in one line only. Empty lines and deleted lines do not count.
    """

    def clean(self):
        ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | a view with four branches | one shape, or [`FormView`](https://docs.djangoproject.com/en/5.2/ref/class-based-views/generic-editing/#formview) |
# | `if "@" not in email` in the view | [validators](https://docs.djangoproject.com/en/5.2/ref/validators/) and [`clean_<field>`](https://docs.djangoproject.com/en/5.2/ref/forms/validation/) |
# | `form._errors["ends"] = …` | [`add_error`](https://docs.djangoproject.com/en/5.2/ref/forms/api/#django.forms.Form.add_error) |
# | label, input and errors by hand, for each field | [`as_field_group`](https://docs.djangoproject.com/en/5.2/ref/forms/api/#django.forms.BoundField.as_field_group) |
# | `Model(title=request.POST["title"], …)` | [`ModelForm`](https://docs.djangoproject.com/en/5.2/topics/forms/modelforms/) |
# | fields named `title_1`, `title_2` | [formsets](https://docs.djangoproject.com/en/5.2/topics/forms/formsets/), and [inline ones](https://docs.djangoproject.com/en/5.2/topics/forms/modelforms/#inline-formsets) |
# | `@csrf_exempt` | [`CSRF_TRUSTED_ORIGINS`](https://docs.djangoproject.com/en/5.2/ref/settings/#csrf-trusted-origins), or the [token in a header](https://docs.djangoproject.com/en/5.2/howto/csrf/#using-csrf-protection-with-ajax) |
# | the file's extension, looked at | [`FileExtensionValidator`](https://docs.djangoproject.com/en/5.2/ref/validators/#fileextensionvalidator), and then the [bytes](https://docs.djangoproject.com/en/5.2/topics/security/#user-uploaded-content) |
#
# New and hard usually means done wrong: if your view reads `request.POST["…"]`, a form is missing.
#
# ## The Django way, and when to fight it
#
# - One form, made once, carries data, values and errors through view and template; the database has the last word.
# - A form is the border: what it has, strangers can write; what it has not, they cannot.
# - Fight it where nothing is typed: a button that only deletes needs a POST and a token, and no form class.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "`form.is_valid()` is False, and `form.errors` is empty. What is likeliest?",
    right={"The form is unbound.": "It was given no data, or `request.POST or None` of an empty POST: nothing was checked."},
    wrong={
        "The errors are in non_field_errors.": "Those are in form.errors too, under __all__.",
        "is_valid() has to be called twice.": "It checks once, and keeps the result.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "Visitors complain of double orders. The view saves, then renders a thank-you page. What helps most?",
    right={"A redirect after saving, and a constraint.": "The redirect makes a reload harmless, the constraint a double click."},
    wrong={
        "A button that is switched off by a script.": "It helps against double clicks of those who run scripts, and not against a reload.",
        "A CSRF token.": "It stays the same for this browser: the second POST carries it too.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A ModelForm has fields = '__all__', and its template prints three of the eight fields. What can a visitor change?",
    right={"All eight.": "The form reads every field that it has; the template only suggests."},
    wrong={
        "The three that are printed.": "A POST is text that anybody can write, with any names.",
        "None without the CSRF token.": "A visitor has a token: the page gave it to her.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "`self.cleaned_data['ends']` raises KeyError in clean(). Why?",
    right={"`ends` has failed its own checks.": "A field that fails is taken out of cleaned_data, and clean() runs all the same."},
    wrong={
        "clean() runs before the fields are cleaned.": "It runs after all of them.",
        "The field is missing from the page.": "Then a required field has failed, and that is the reason; an optional one has its empty value.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "An address is unique in the database, and the form checks it. Once a month there is an IntegrityError all the same. What now?",
    right={"Catch it around the save, and tell the visitor by add_error.": "Between the check and the INSERT another visitor was faster: only the database can know."},
    wrong={
        "Check twice in the form.": "Two looks leave the same gap after the second.",
        "Drop the constraint: the form checks already.": "Then both rows are saved, as in section 6.",
    },
)

# %% [markdown]
# ## What you now know
#
# - A form is bound by data that are not `None`; an unbound form is never valid, and has no errors.
# - One form, made once; saved → redirect; everything else → that form. A reload then repeats a GET.
# - Fields first, then `clean`, then the model: what failed is no longer in `cleaned_data`; `clean` of a ModelForm wants `super()`.
# - A form writes every field that it has: name them. `commit=False` leaves `save_m2m` to you; an invalid form has changed its instance.
# - 403 has three causes: the token, the cookie, the origin.
# - The form's unique check is a courtesy, the constraint is the rule.
# - Files need `enctype` and `request.FILES`; formsets need their management form; choices need their user.
#
# Next: lesson 05, Advanced forms: a view of 120 lines, made flat step by step, and forms that are built from rows.
