# %% [markdown]
# # 5. Advanced forms
#
# After this lesson you can take a form view apart, build a form from rows, and say which tool writes its markup.
#
# **Core:** 60 minutes · **deeper:** 50 minutes · **needs:** 01, 04 · **helps:** 07 ·
# **starts:** Chromium, in section 6
#
# Credit: Danny Greenfeld and Miguel Araujo, "Advanced Django forms", DjangoCon 2011; Jacob Kaplan-Moss on dynamic forms; both in
# Rob Martin's "DjangoCon, part four". The experiments, and sections 7 and 8, are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "Which runs first, clean_title() or clean(), and which one may return nothing?": "clean_title() runs first, and has to return the value; clean() may return nothing (lesson 04).",
        "A row was added to a table, and no model changed. Is a migration needed?": "No: migrations follow the shape of the tables, and rows are data (lesson 03).",
        "Why is `Form(request.POST or None)` a trap?": "An empty POST is taken for none, so nothing is checked and no error shown; ask for request.method (lesson 04).",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "My view has 120 lines, and nobody dares to touch it."
# - "How do I make a form whose fields come from the database?"
# - "My form needs the user: do I pass it the request?"
# - "`request.POST` has two values for that name, and I get one."
# - "`as_p` looks wrong, so I wrote the inputs by hand. Now the errors are gone."

# %%
import importlib
import inspect

import pandas as pd
from bs4 import BeautifulSoup
from django import forms
from django.db import models, transaction
from django.test import Client, modify_settings, override_settings
from django.urls import path

from helpers import complexity, lesson, pages, paths, plots_complexity, registration
from helpers.lesson import claim, exercise
from helpers.project import cells
from helpers.project.boot import clear_scratch, create_tables

lesson.start("05-advanced-forms")

# %% [markdown]
# ## 1. How do you take a view apart?
#
# Talks for the open space are registered by one view that works. It stands in `helpers/registration/view_0.py`; the next cell prints its middle
# lines. **Cyclomatic complexity** counts the independent ways through a function: 1, and one more for each decision (McCabe, 1976). How
# complex is the whole view, of 122 lines?

# %%
guess_paths = ...  # for example: 12

# %%
print(registration.piece("one view", 'if data["minutes"]', 'if data["rules"]'))
bad = complexity.measure(registration.source("one view"))
lesson.compare(guess_paths, int(bad.complexity.iloc[0]))
bad

# %% [markdown]
# Before we touch it: tests. What it *should* do nobody wrote down, so we write down what it does: posts with one fault each, some with
# more, and one page that all versions share.

# %% tags=["hidden-source"]
from helpers.conference.models import Profile, Speaker, Speaking, Talk

pd.options.display.max_colwidth = 260
cells.template("register.html", """{% extends "conference/base.html" %}
{% block title %}Register a talk{% endblock %}
{% block main %}<h1>Register a talk</h1>
<form method="post">{% csrf_token %}{{ form }}<button>Register</button></form>{% endblock %}""")
busy = Talk.objects.filter(origin="generated", kind="talk").select_related("room").first()
taken = f"{busy.starts_at:%Y-%m-%d %H:%M}"
GOOD = {"name": "Ada Byron", "title": "Notes on forms", "kind": "talk", "minutes": "30"}
GOOD |= {"room": busy.room.slug, "starts_at": "2011-09-09 18:00", "rules": "on"}
GOOD |= {"website": "", "years": ""}

# %%
CASES = {
    "good": {}, "with a profile": {"website": "https://ada.example", "years": "3"},
    "no name": {"name": ""}, "no title": {"title": ""}, "title again": {"title": busy.title},
    "no URL": {"website": "ada"}, "ftp": {"website": "ftp://ada.example"},
    "many years": {"years": "many"}, "years below 0": {"years": "-1"},
    "a poem": {"kind": "poem"}, "keynote": {"kind": "keynote"},
    "long lightning talk": {"kind": "lightning"}, "short tutorial": {"kind": "tutorial"},
    "long talk": {"minutes": "300"}, "no number": {"minutes": "x"}, "no minutes": {"minutes": ""},
    "cellar": {"room": "cellar"}, "room taken": {"starts_at": taken},
    "soon": {"starts_at": "soon"}, "rules unread": {"rules": ""},
    "three faults": {"title": "", "years": "x", "starts_at": taken},
    "poem in a taken room": {"kind": "poem", "starts_at": taken},
    "short keynote, taken": {"kind": "keynote", "minutes": "5", "starts_at": taken},
    "nothing filled in": dict.fromkeys(GOOD, ""), "nothing sent": dict.fromkeys(GOOD),
}

# %%
def outcome(view, changes):
    """Status, address, rows added and complaints of one post; its rows are undone."""
    patterns = cells.urls([path("register/", view, name="register")])
    sent = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with override_settings(ROOT_URLCONF=patterns), transaction.atomic():
        before = [each.objects.count() for each in (Speaker, Profile, Talk, Speaking)]
        response = pages.post("/register/", sent)
        after = [each.objects.count() for each in (Speaker, Profile, Talk, Speaking)]
        transaction.set_rollback(True)
    soup = BeautifulSoup(response.content.decode(), "html.parser")
    told = soup.find_all("ul", "errorlist")
    complaints = sorted(f"{each['id'][3:-6]}: {each.text}" for each in told)  # id_name_error
    return [response.status_code, response.headers.get("Location"), before, after, complaints]


def outcomes(view):
    return {case: outcome(view, changes) for case, changes in CASES.items()}


# %%
views = {
    step: importlib.import_module(f"helpers.registration.{module}").register
    for step, module in registration.STEPS.items()
}
wanted = outcomes(views["one view"])
recorded = {case: [answer[0], " ".join(answer[4])] for case, answer in wanted.items()}
recorded = pd.DataFrame(recorded, index=["status", "complaints"]).T
recorded

# %% [markdown]
# You read such a record once, and ask of each line: is that right? Then each step is tried against it. **Step 1, early return:** say what
# is wrong at once, without `else`. The cell prints what became of the rule about minutes. Our first try had two lines too many before it:
# "no such kind, so the minutes mean nothing".

# %%
print(registration.piece("early return", 'if kind == "keynote"', 'if data.get("starts_at")'), "\n")
mark = '    if kind == "keynote"'
slip = registration.source("early return").replace(
    mark, '    if "kind" in form.errors:\n        minutes = None\n' + mark, 1
)
slipped = {"__name__": "slip"}
exec(slip, slipped)
answers = outcomes(slipped["register"])
red = [case for case in CASES if answers[case] != wanted[case]]
print(f"{len(red)} of {len(CASES)} red: {', '.join(red)}")

# %% [markdown]
# Without them it is green. **Step 2, fields:** what one value has to be, its field and its validators say. **Step 3, clean:** rules about
# several values become methods, a chain of `if` a table. **Step 4, save:** a `ModelForm` writes what it has checked. **Step 5,
# class-based:** the view says only what differs from Django's own; a mixin hands over the user, by `get_form_kwargs`. Printed: parts of
# steps 3, 4 and 5.

# %%
wanted_pieces = [
    ("clean", "MINUTES =", "def clean_title"), ("clean", "def clean(", "def check_room"),
    ("clean", "def check_minutes", "def register("), ("save", "def save(", "def register("),
    ("class-based", "class UserInForm", "register ="),
]
print("\n\n\n".join(registration.piece(*each) for each in wanted_pieces))

# %%
steps = complexity.compare({step: registration.source(step) for step in registration.STEPS})
each_one = {step: complexity.measure(registration.source(step)) for step in registration.STEPS}
steps["worst"] = [each.complexity.max() for each in each_one.values()]
steps["longest"] = [each.lines.max() for each in each_one.values()]
steps["functions"] = [len(each) for each in each_one.values()]
again = [outcomes(view) for view in views.values()]
steps["green"] = [sum(each[case] == wanted[case] for case in CASES) for each in again]
steps

# %% tags=["hidden-source"]
ax = plots_complexity.path(steps, x="longest", y="complexity")
ax.set(xlabel="lines of the longest function", ylabel="complexity, all functions together")
ax.set_title("Same answers: complexity below a half, the longest function below a tenth")
begin, end = steps.iloc[0], steps.iloc[-1]
lesson.show(
    ax,
    alt=f"A path of six points. From one view, {begin.longest} lines and complexity "
    f"{begin.complexity}, early return goes to the left, hardly down; fields goes down to half; clean "
    "and save go to the left again; class-based a little down, to "
    f"{end.longest} lines and {end.complexity}.",
)

# %% [markdown]
# Green says: the same answers to what was asked. And to what nobody asked, say, a name of 100 letters?

# %%
long_name = {"name": "A" * 100}
unasked = {step: outcome(view, long_name)[0] for step, view in views.items()}
unasked

# %%
by_step = steps.set_index("name")
claim(
    "Each of the five steps gives the same 25 answers as the view it came from.",
    by_step.green.tolist(), equals=[25] * 6,
)
claim(
    "The worst function went from more than 35 ways through to fewer than 6.",
    [bool(by_step.worst["one view"] > 35), bool(by_step.worst["class-based"] < 6)],
    equals=[True, True],
)
claim("Two lines too many in step 1: one of 25 tests was red.", red, equals=["poem in a taken room"])
claim("A name of 100 letters, in no test, is taken at first, and refused from `fields` on.",
      list(unasked.values()), equals=[302, 302, 200, 200, 200, 200])

# %%
because = "..."  # one sentence: which step took most decisions away, and where did they go?

# %% [markdown]
# **Why.** The picture has two directions. To the *left*, the longest function gets shorter: early return needs no flag and hardly a block
# within a block; `clean` and `save` cut one function into several. *Down*, there are fewer decisions: `fields` is the only long way down,
# because `forms.IntegerField(min_value=0)` makes those that the view made by hand, and Django's are tested. The last step goes down once
# more: `CreateView` asks for the method, and whether the form is valid.
#
# Cutting alone moves decisions; handing them to something that exists removes them. None of it is safe without the record: what went red
# was a post with two faults at once. And a record knows only what it asked: `max_length=80` came in unseen. Ask more, or want the
# difference, and say so.
#
# **In your project:** fields and validators first, then `clean`, then `save`; the view last.
#
# ### Exercise: flat
# Blocks within blocks, and it works. The check has tests for it, and measures nesting.

# %%
def nested_seat(ticket, rows):
    if ticket is not None:
        if ticket["paid"]:
            if ticket["kind"] in rows:
                return rows[ticket["kind"]]
            else:
                return "?"
        else:
            return "pay"
    else:
        return "no ticket"


# %%
@exercise("advanced-forms-flat", nesting=1)
def seat(ticket, rows):
    """What `nested_seat` returns for a `ticket` and `rows`, with no block inside another."""
    ...


# %% [markdown]
# ## 2. By which rule is it better?
#
# The talk held forms against two yardsticks: the Zen of Python, which any Python prints, and Spartan programming, whose principles are
# simplicity and minimalism, say Rob Martin's notes: fewer lines, fewer conditionals, less nesting. Which line of the Zen each step serves
# is our reading; what each step made less of is counted:

# %%
import codecs
import contextlib
import io

with contextlib.redirect_stdout(io.StringIO()):
    import this
zen = codecs.decode(this.s, "rot13").splitlines()
served = {"early return": "Flat", "fields": "There should be one", "clean": "Namespaces"}
served |= {"save": "Simple is", "class-based": "There should be one"}
by_line = {step: [each for each in zen if each.startswith(word)] for step, word in served.items()}
yardsticks = pd.DataFrame(by_line, index=["serves"]).T
less = by_step[["lines", "conditionals", "nesting"]].diff() < 0
yardsticks["made less of"] = [", ".join(less.columns[less.loc[each]]) for each in served]
yardsticks

# %% [markdown]
# The last step leaves a view of four lines to read. But how many calls of Django's class-based views does one post make now, where the
# function of step 4 made none?

# %%
guess_hidden = ...  # for example: 3

# %% tags=["hidden-source"]
import sys


NOT_OURS = ("django.views.generic", "django.contrib.messages.views")


def hidden(view):
    """The calls inside Django's class-based views that one post makes, in order."""
    seen = []

    def note(frame, event, argument):
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith(NOT_OURS):
            seen.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        outcome(view, {})
    finally:
        sys.setprofile(None)
    return seen


# %%
unseen = {step: hidden(views[step]) for step in ("save", "class-based")}
lesson.compare(guess_hidden, len(unseen["class-based"]))
print(", ".join(unseen["class-based"]))

# %% tags=["hidden-source"]
drawn = {"nesting": "depth of nesting", "worst": "complexity of the worst function"}
drawn |= {"complexity": "complexity, all functions together", "lines": "lines of the whole file"}
figure = plots_complexity.panels(steps, drawn)
figure.suptitle("No two of these measures fall at the same steps")
fell_at = {each: steps.name[steps[each].diff() < 0].tolist() for each in drawn}
falls = "; ".join(f"{words}: {', '.join(fell_at[each])}" for each, words in drawn.items())
lesson.show(figure, alt=f"Four panels over six steps. At these each measure falls: {falls}.")

# %% [markdown]
# Last, one rule written twice: as short as can be (Spartan), and wide (*Sparse is better than dense*).

# %%
dense = '''
def fits(k, m):
    return m is not None and (5 <= m <= 10 if k == "lightning" else
                              60 <= m <= 240 if k == "tutorial" else 15 <= m <= 60)
'''
sparse = '''
MINUTES = {"lightning": (5, 10), "tutorial": (60, 240)}

def fits(kind, minutes):
    if minutes is None:
        return False
    least, most = MINUTES.get(kind, (15, 60))
    return least <= minutes <= most
'''
two_ways = complexity.compare({"dense": dense, "sparse": sparse}).set_index("name")
two_ways

# %% tags=["hidden-source"]
change = by_step[["nesting", "lines", "complexity", "worst"]].pct_change()
early, clean = change.loc["early return"], change.loc["clean"]
at_early_return = [bool(early.nesting < -0.5), bool(early.complexity > -0.1)]
at_clean = [bool(clean.worst <= -0.75), bool(clean.complexity >= -0.1), bool(clean.lines > 0)]
apart = [len(set(map(tuple, fell_at.values()))), max(len(each) for each in fell_at.values()) < 5]
hidden_calls = len(unseen["class-based"]) - len(unseen["save"])
rules, said = {"dense": {}, "sparse": {}}, {}
for name, text in (("dense", dense), ("sparse", sparse)):
    exec(text, rules[name])
    said[name] = [rules[name]["fits"](kind, minutes) for kind in Talk.Kind.values
                  for minutes in (None, *range(300))]

# %%
claim("Of four measures no two fell at the same steps, and none fell at all five.",
      apart, equals=[4, True])
claim("Early return cut the nesting by more than half, and complexity by a tenth at most.",
      at_early_return, equals=[True, True])
claim("Clean cut the worst function to a quarter, the sum by a tenth at most, and added lines.",
      at_clean, equals=[True, True, True])
claim("One post makes more than ten calls of Django's class-based views.", hidden_calls, above=10)
shorter, simpler = two_ways.lines.idxmin(), two_ways.complexity.idxmin()
claim("Both rules answer alike; the dense one is shorter, the sparse one less complex.",
      [said["dense"] == said["sparse"], shorter, simpler], equals=[True, "dense", "sparse"])

# %%
because = "..."  # one sentence: which two aphorisms disagree about the class-based view?

# %% [markdown]
# **Why.** The sum counts 1 for every function, so cutting one into six costs 5: it hardly fell at `clean`, while the worst, the one
# that you must hold in your head, fell to a quarter. Lines rose there: *Namespaces* against minimalism. Early return serves *Flat*, and
# complexity hardly sees it: a decision is one decision, however deep it lies.
#
# `CreateView` is where aphorisms collide: *There should be one obvious way* is for it, *Explicit is better than implicit* is against it,
# because whoever reads the class must know the calls that it does not show. And the dense rule wins on lines, the sparse one on
# complexity, and most readers will find it easier. So no number decides. Let the worst function warn you, and let a reader judge.
#
# **In your project:** `radon cc -nc .` lists every function above ten; begin with the worst that changes often.
#
# ### Exercise: where they disagree
# Decide from a frame such as `steps`.


# %%
@exercise("advanced-forms-disagree")
def disagree(steps):
    """The names of the steps that made `worst` smaller than the step before, and `lines` more."""
    ...


# %% [markdown]
# ## 3. A form whose questions are rows
#
# The organisers ask other questions each year, so questions are rows. The first view below reads the post straight, as such views
# often do. An attendee says yes to the first question, ticks two meals, and adds a field by hand, for a question that only the staff
# answers. How many of these three are treated right?

# %%
guess_arrive = ...  # for example: 3

# %%
from django.core.files.storage import InMemoryStorage

from helpers.conference.models import Attendee

clear_scratch()


class Question(models.Model):
    text = models.CharField(max_length=120)
    kind = models.CharField(max_length=8)
    options = models.JSONField(default=list)
    required = models.BooleanField(default=True)
    for_staff = models.BooleanField(default=False)

    class Meta:
        app_label, ordering = "scratch", ["id"]


# %%
class Answer(models.Model):
    question = models.ForeignKey(Question, models.CASCADE)
    attendee = models.ForeignKey(Attendee, models.CASCADE)
    value = models.JSONField(null=True)
    file = models.FileField(storage=InMemoryStorage())

    class Meta:
        app_label = "scratch"


create_tables(Question, Answer)

# %%
meals = ["vegan", "no nuts", "no milk"]
first, years, eat, slides, more, paid = Question.objects.bulk_create([
    Question(text="First time here?", kind="choice", options=["yes", "no"]),
    Question(text="Years with Django", kind="number"),
    Question(text="What do you eat?", kind="several", options=meals, required=False),
    Question(text="Your slides", kind="file", required=False),
    Question(text="Anything else?", kind="text", required=False),
    Question(text="Has paid", kind="choice", options=["yes", "no"], for_staff=True),
])

# %% tags=["hidden-source"]
from django.http import HttpResponse
from django.shortcuts import redirect, render

visitor = Client()
session = visitor.session
session["attendee"] = Attendee.objects.order_by("id").first().pk
session.save()


cells.template("questions.html", """{% extends "conference/base.html" %}
{% block title %}Questions{% endblock %}{% block main %}<h1>Before you come</h1>
<form method="post" enctype="multipart/form-data">{% csrf_token %}{{ form }}
<button>Send</button></form>{% endblock %}""")


def post_answers(view, data):
    Answer.objects.all().delete()
    with override_settings(ROOT_URLCONF=cells.urls([path("questions/", view)])):
        response = pages.post("/questions/", data, client=visitor)
    return response, {each.question.text: each.value for each in Answer.objects.all()}


# %%
def ask_badly(request):
    attendee = Attendee.objects.get(pk=request.session["attendee"])
    for name, value in request.POST.items():
        if name.startswith("question_"):
            number = name.removeprefix("question_")
            Answer.objects.create(question_id=number, attendee=attendee, value=value)
    return HttpResponse("Thank you")


sent_answers = {f"question_{first.pk}": "yes", f"question_{years.pk}": "3"}
sent_answers |= {f"question_{eat.pk}": ["vegan", "no nuts"], f"question_{paid.pk}": "yes"}
_, saved_badly = post_answers(ask_badly, sent_answers)
right = [saved_badly["First time here?"] == "yes", saved_badly["What do you eat?"] == meals[:2]]
lesson.compare(guess_arrive, sum(right) + ("Has paid" not in saved_badly))
saved_badly

# %% [markdown]
# One of two meals is lost, a number is text, and anybody has paid. A form knows better. Its fields are made in `__init__`, from
# questions that are handed in:

# %%
FIELDS = {"text": forms.CharField, "number": forms.IntegerField, "file": forms.FileField}
FIELDS |= {"choice": forms.ChoiceField, "several": forms.MultipleChoiceField}
WIDGETS = {"choice": forms.RadioSelect, "several": forms.CheckboxSelectMultiple}


def field_of(question):
    """The form field for a row."""
    more = {"label": question.text, "required": question.required}
    if question.options:
        more["choices"] = [(each, each) for each in question.options]
    if question.kind in WIDGETS:
        more["widget"] = WIDGETS[question.kind]
    return FIELDS[question.kind](**more)


# %%
class QuestionnaireForm(forms.Form):
    def __init__(self, *args, questions, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked = {f"question_{each.pk}": each for each in questions}
        self.fields |= {name: field_of(each) for name, each in self.asked.items()}

    def clean(self):
        unknown = {*self.data, *self.files} - {*self.fields, "csrfmiddlewaretoken"}
        if unknown:
            raise forms.ValidationError("This page does not ask: %(names)s.",
                                        params={"names": ", ".join(sorted(unknown))})


# %%
def save_answers(form, attendee):
    for name, question in form.asked.items():
        value = form.cleaned_data[name]
        if value in (None, "", []):
            continue
        kept = {"file": value} if question.kind == "file" else {"value": value}
        Answer.objects.create(question=question, attendee=attendee, **kept)


def ask(request):
    asked = Question.objects.filter(for_staff=False)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = QuestionnaireForm(*sent, questions=asked)
    if not form.is_valid():
        return render(request, "questions.html", {"form": form})
    save_answers(form, Attendee.objects.get(pk=request.session["attendee"]))
    return redirect("conference:schedule")


# %%
from django.core.files.uploadedfile import SimpleUploadedFile

refused, saved_tampered = post_answers(ask, sent_answers)
honest = {name: value for name, value in sent_answers.items() if name != f"question_{paid.pk}"}
honest[f"question_{slides.pk}"] = SimpleUploadedFile("forms.pdf", b"%PDF-1.7 of Ada")
response, saved_well = post_answers(ask, honest)
stored = Answer.objects.get(question=slides).file.read()
answers_kept = [len(saved_tampered), len(saved_well)]
pages.show(refused)
pages.exchange(response)

# %% [markdown]
# Now a new question: one row, no code. Beside it the other way to make such a form, a class by `type()`; and a trap, the class's own
# `base_fields`.

# %%
def questionnaire_class(questions):
    made = {f"question_{each.pk}": field_of(each) for each in questions}
    return type("Questionnaire", (forms.Form,), made)


class Leaking(forms.Form):
    def __init__(self, *args, questions, **kwargs):
        self.base_fields |= {f"question_{each.pk}": field_of(each) for each in questions}
        super().__init__(*args, **kwargs)


everyones, staffs = (Question.objects.filter(for_staff=staff) for staff in (False, True))
at_import = questionnaire_class(everyones)  # as a module would, when the server starts
fresh = Question.objects.create(text="Telephone", kind="text", required=False)

# %%
Leaking(questions=staffs)
forms_made = {
    "questions=, in __init__": QuestionnaireForm(questions=everyones.all()),
    "type(), at import": at_import(),
    "base_fields, after the staff": Leaking(questions=everyones.all()),
}
counted = pd.Series({way: len(each.fields) for way, each in forms_made.items()}, name="fields")
fresh.delete()
counted.to_frame()

# %%
claim(
    "POST.items() kept one of two ticked boxes, and the staff's question was answered.",
    [saved_badly["What do you eat?"], saved_badly.get("Has paid")], equals=["no nuts", "yes"],
)
claim(
    "The form kept both boxes, a number as number, and the file's bytes.",
    [saved_well["What do you eat?"], saved_well["Years with Django"], stored],
    equals=[["vegan", "no nuts"], 3, b"%PDF-1.7 of Ada"],
)
claim("With one name that the page does not ask, nothing is saved.",
      answers_kept, equals=[0, 4])
claim("A new row is a field at once; a class made at import lacks it, base_fields has one more.",
      counted.tolist(), equals=[6, 5, 7])

# %%
because = "..."  # one sentence: why does a form need questions, and not the request?

# %% [markdown]
# **Why.** `POST.items()` gives the last value of each name; a field asks its widget, and that one takes `getlist` where several may
# come. What is not among a form's fields never reaches `cleaned_data`: that alone closes the staff's question; `clean` says so aloud,
# which is worth it where names are made up by code.
#
# The form takes questions, not a request: so it runs in a test, in the shell, for a row of a CSV file, and whoever reads the call sees
# what it depends on. `type()` makes the same fields, for a whole class: right for a formset or the admin, which want a class; made at
# import, it is as old as the server. And `base_fields` belongs to the class: what one request adds, all later ones have.
#
# **In your project:** `questions=`, `user=`, by keyword, from `get_form_kwargs`; never `request=`.
#
# ### Exercise: fields from rows


# %%
@exercise("advanced-forms-rows")
class Survey(forms.Form):
    """A form with one field for each of `questions`, each a dictionary (name, label, required).

    A name in the data that begins with "q_" and is no field makes the whole form invalid.
    """

    def __init__(self, *args, questions, **kwargs):
        super().__init__(*args, **kwargs)
        for question in questions:
            self.fields[question["name"]] = ...

    def clean(self):
        ...


# %% [markdown]
# ## 4. Layout without markup
#
# `by_hand.html` writes six fields of the registration as people do: columns, classes, errors. The talk's answer was django-uni-form,
# which no longer installs; its living successor is django-crispy-forms. How many lines does the template by hand have?

# %%
guess_lines = ...  # for example: 30

# %%
by_hand = (registration.FOLDER / "by_hand.html").read_text()
lesson.compare(guess_lines, len(by_hand.splitlines()))
print("\n".join(by_hand.splitlines()[4:13]))

# %%
apps = {"append": ["crispy_forms", "crispy_bootstrap5"]}
modify_settings(INSTALLED_APPS=apps).enable()
packs = {"CRISPY_ALLOWED_TEMPLATE_PACKS": ["bootstrap5"], "CRISPY_TEMPLATE_PACK": "bootstrap5"}
override_settings(**packs).enable()

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout, Submit


def talk_helper():
    helper = FormHelper()
    helper.layout = Layout(
        Fieldset("You", "name", Div("website", "years", css_class="row")),
        Fieldset("Your talk", "title", Div("kind", "minutes", css_class="row")),
        Submit("register", "Register"),
    )
    return helper


# %%
from django.contrib.auth.models import AnonymousUser
from django.template import engines

from helpers.registration.view_5 import RegisterForm

incomplete = {"name": "Ada Byron", "kind": "lightning", "minutes": "60", "website": "ada"}
talk_form = RegisterForm(incomplete, user=AnonymousUser())
talk_form.helper = talk_helper()
load = "{% load crispy_forms_tags %}"
templates = {"by hand": by_hand, "{{ form }}": "{{ form }}"}
templates["form|crispy"] = load + "{{ form|crispy }}"
templates["{% crispy %}"] = load + "{% crispy form %}"
compiled = {way: engines["django"].from_string(text) for way, text in templates.items()}
rendered = {way: template.render({"form": talk_form}) for way, template in compiled.items()}
pages.show(rendered["{% crispy %}"])

# %% tags=["hidden-source"]
def count(way, html):
    made = BeautifulSoup(html, "html.parser")
    wrong = [made.find(attrs={"name": field}) for field in ("title", "minutes", "website")]
    python = inspect.getsource(talk_helper) if way == "{% crispy %}" else ""
    return {
        "lines of template": len(templates[way].splitlines()),
        "lines of Python": len(python.splitlines()),
        "rows of columns": len(made.find_all(class_="row")),
        "fieldsets": len(made.find_all("fieldset")),
        "errors tied": sum(each.has_attr("aria-describedby") for each in wrong),
    }


markup = pd.DataFrame({way: count(way, html) for way, html in rendered.items()}).T
markup

# %%
both = markup["lines of template"] + markup["lines of Python"]
claim(
    "The same layout took more than 50 lines by hand, and fewer than 10 with crispy-forms.",
    [bool(both["by hand"] > 50), bool(both["{% crispy %}"] < 10)], equals=[True, True],
)
claim(
    "By hand no error is tied to its field; Django's own form and crispy tie all three.",
    markup["errors tied"].tolist(), equals=[0, 3, 3, 3],
)

# %%
because = "..."  # one sentence: what does {{ form }} lack that crispy has?

# %% [markdown]
# **Why.** By hand each field is written four times over: label, class, value, errors; and `aria-describedby`, which tells a screen reader
# what is wrong *here*, is what people forget. `{{ form }}` is one line and ties everything, in one column. `form|crispy` adds the classes
# of a CSS framework, and `{% crispy %}` a layout: columns, fieldsets and buttons in eight lines of Python.
#
# That is the trade: layout moves from a template, which a designer may edit, into Python. Where a page is a work of its own, a template
# of fields (section 5) is the better place; where fifty forms shall look alike, the helper is.
#
# **In your project:** `{{ form }}` first; crispy-forms when a CSS framework is there; markup by hand for none.

# %% [markdown]
# ## 5. Widgets in templates
#
# django-floppyforms, the talk's second name, gave each widget a template, and HTML5 types such as `email`. It no longer installs: Django
# does both now. Which `type` does Django write into the input of a `DateField`?

# %%
guess_type = ...  # for example: "date"

# %%
class Html5Form(forms.Form):
    email = forms.EmailField()
    website = forms.URLField(assume_scheme="https")
    seats = forms.IntegerField(min_value=1, max_value=5)
    telephone = forms.CharField(widget=forms.TelInput)
    colour = forms.CharField(widget=forms.ColorInput)
    day = forms.DateField()
    day_typed = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    day_right = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


# %% tags=["hidden-source"]
from datetime import date

from django.utils import translation

opening = date(2011, 9, 6)
days = {name: opening for name in ("day", "day_typed", "day_right")}
written_types = {}
for language in ("en", "de"):
    with translation.override(language):
        written = BeautifulSoup(str(Html5Form(initial=days)), "html.parser").find_all("input")
    written_types["type"] = {each["name"]: each["type"] for each in written}
    written_types[f"value, {language}"] = {each["name"]: each.get("value", "") for each in written}
inputs = pd.DataFrame(written_types)
lesson.compare(guess_type, inputs.type["day"])
inputs

# %% [markdown]
# A date input takes a value such as 2011-09-06, and a browser shows it *empty* for any other (our tests look, in Chromium). So in German
# `day_typed` loses its initial value.
#
# Now the markup around a field. A **renderer** is a class that names the templates of all forms of a project, here that of a field:

# %%
from django.forms.renderers import TemplatesSetting

cells.template("site_field.html", """<div class="mb-3">
{{ field.label_tag }}{% if not field.field.required %} <em>(if you like)</em>{% endif %}
{{ field }}{{ field.errors }}{% if field.help_text %}
<p class="helptext" id="{{ field.auto_id }}_helptext">
{{ field.help_text }}</p>{% endif %}</div>""")


class SiteRenderer(TemplatesSetting):
    field_template_name = "site_field.html"


renderer_setting = {"FORM_RENDERER": f"{__name__}.SiteRenderer"}

# %%
class SeatForm(forms.Form):
    name = forms.CharField()
    email = forms.EmailField(help_text="We write once.")
    wish = forms.CharField(required=False, template_name="wish.html")


cells.template("wish.html", "<p>{{ field.label_tag }} {{ field }} <small>Any!</small></p>")
added_apps = {"append": ["django.forms", "widget_tweaks"]}
with modify_settings(INSTALLED_APPS=added_apps), override_settings(**renderer_setting):
    everywhere = str(SeatForm({"name": ""}))
pages.show(f"<form>{everywhere}</form>")

# %% [markdown]
# `wish` has a template of its own. In a page, `{{ form.email.as_field_group }}` writes one field, with label, help and errors, so that
# the page says only the order. And django-widget-tweaks sets an attribute where the designer works, in the template:

# %%
tweaks = """{% load widget_tweaks %}<form>
{{ form.name.as_field_group }}
{{ form.email.label_tag }}{{ form.email.errors }}
{% render_field form.email class+="wide" placeholder="ada@example.org" %}
<small id="id_email_helptext">{{ form.email.help_text }}</small></form>"""
with modify_settings(INSTALLED_APPS=added_apps):
    tweaked = engines["django"].from_string(tweaks).render({"form": SeatForm()})
untouched = str(SeatForm()["email"])
pages.show(tweaked)

# %% tags=["hidden-source"]
own_template = [everywhere.count("<small>Any!</small>"), everywhere.count('class="mb-3"')]
attributes = BeautifulSoup(tweaked, "html.parser").find(attrs={"name": "email"}).attrs
without = BeautifulSoup(untouched, "html.parser").find("input").attrs
added = sorted(set(attributes) - set(without))

# %%
claim(
    "Django writes type=text for a date; with type=date alone, a German page gets 06.09.2011.",
    [inputs.type["day"], inputs["value, de"]["day_typed"], inputs["value, de"]["day_right"]],
    equals=["text", "06.09.2011", "2011-09-06"],
)
claim(
    "The renderer's template wrote two fields, the third brought its own.",
    own_template, equals=[1, 2],
)
claim(
    "widget-tweaks added class and placeholder in one template; the form class stays as it was.",
    added, equals=["class", "placeholder"],
)

# %%
because = "..."  # one sentence: where would you say that every field shows "(if you like)"?

# %% [markdown]
# **Why.** A form is rendered by templates at three levels: form (`div.html`), field (`field.html`), widget (`input.html`). A renderer
# names them for the whole project; `template_name` changes one field; widget-tweaks one place on one page. What is the same everywhere
# belongs into the renderer, so that no page has to remember it.
#
# Django keeps `type="text"` for dates because it writes them in the reader's language; a browser's calendar reads ISO alone, and stays
# empty for anything else. So type *and* format are yours to say.
#
# **In your project:** a renderer with one field template, and `DateInput(attrs={"type": "date"}, format="%Y-%m-%d")`.

# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper

# %% [markdown]
# ### 6. What can a machine tell about accessibility?
#
# The notes praise django-uni-form for Section 508, the law that federal sites of the United States be accessible; today it points to WCAG,
# the web's own guidelines: aim at version 2.2, level AA. This page has ten planted faults. How many does axe-core, which checks pages by
# program, find?

# %%
guess_faults = ...  # for example: 8

# %%
from helpers.registration import booking

booking_pages = {name: booking.page(name) for name in ("faulty", "sound")}
print("\n".join((registration.FOLDER / "faulty.html").read_text().splitlines()[3:-1]))
pages.show(booking_pages["faulty"])

# %%
planted = [
    ["the e-mail's name stands beside it, tied to nothing", "label"],
    ["a label for an id that no element has", "select-name"],
    ["autocomplete: mail is no word of the standard", "autocomplete-valid"],
    ["pale text", "color-contrast"],
    ["tabindex 3: its field comes first", "tabindex"],
    ["h4 after h1", "heading-order"],
    ["a placeholder in the place of a label", ""],
    ["radio buttons without fieldset and legend", ""],
    ["an error that no field points to", ""],
    ["a button that no key reaches", ""],
]

# %%
planted = pd.DataFrame(planted, columns=["fault", "axe's rule"])
folder = paths.DATA / "accessibility"
finding = {name: pd.read_csv(folder / f"{name}.csv") for name in ("faulty", "sound")}
was_found = planted["axe's rule"].isin(finding["faulty"].rule).tolist()
lesson.compare(guess_faults, sum(was_found))
finding["faulty"]

# %% [markdown]
# That finding is stored; where Chromium is found, the next cell makes it anew. Below it, what a program of ours can tell besides: the
# **focus order**, in which the tab key walks.

# %%
# %%needs Chromium
from helpers.audit import audit

fresh_faulty = audit(booking_pages["faulty"]).rule.tolist()
fresh_sound = audit(booking_pages["sound"]).rule.tolist()
stored_rules = finding["faulty"].rule.tolist()
fresh_faulty

# %%
# %%needs Chromium
claim(
    "Audited anew: the same six rules are broken, and none by the sound page.",
    [fresh_faulty == stored_rules, len(fresh_faulty), len(fresh_sound)], equals=[True, 6, 0],
)

# %%
def focus_order(html):
    tree = BeautifulSoup(html, "html.parser").main
    reached = [each for each in tree.find_all(["input", "select", "textarea", "button", "a"])
               if each.get("type") != "hidden"]
    first = sorted((each for each in reached if int(each.get("tabindex", 0)) > 0),
                   key=lambda each: int(each["tabindex"]))
    rest = [each for each in reached if int(each.get("tabindex", 0)) == 0]
    return [each.get("name", each.name) for each in first + rest]


def told_to_a_screen_reader(html):
    tree = BeautifulSoup(html, "html.parser").main
    ties = [each for each in tree.find_all(attrs={"aria-describedby": True})
            if tree.find(id=each["aria-describedby"])]
    return {"legends": len(tree.find_all("legend")), "errors tied": len(ties)}


# %%
orders = {name: dict.fromkeys(focus_order(html)) for name, html in booking_pages.items()}
walk = {name: " → ".join(order) for name, order in orders.items()}
told = pd.DataFrame({name: told_to_a_screen_reader(html) for name, html in booking_pages.items()})
print(walk["faulty"], walk["sound"], sep="\n")
print(inspect.getsource(booking.BookForm))
pages.show(booking_pages["sound"], height=600)
told

# %%
claim(
    "axe finds six of ten planted faults, and none in the same form as Django writes it.",
    [sum(was_found), len(was_found), len(finding["sound"])], equals=[6, 10, 0],
)
claim(
    "On the faulty page the e-mail comes before the name, and no key reaches the button.",
    walk["faulty"], equals="email → name → tutorial → seat",
)
claim(
    "Django ties the error and writes the legend; the faulty page has neither.",
    told.sound.tolist() + told.faulty.tolist(), equals=[1, 1, 0, 0],
)

# %%
because = "..."  # one sentence: why can no program tell that a legend is missing?

# %% [markdown]
# **Why.** A rule of axe sees what must not be: a field without a name, colours too near. It takes a placeholder for a name, though it
# vanishes as soon as somebody types; it sees a red line, and cannot know that it is an error; two radio buttons may be a group or not;
# `role="button"` is a promise that only a key press can try. So no finding does not mean no fault: go through the page with the tab key
# and once with a screen reader.
#
# What Django writes by itself: labels with ids, `fieldset` and `legend` around radio buttons, `aria-invalid` and `aria-describedby`.
# What it cannot guess: `autocomplete`, headings, the order of fields, words that help.
#
# **In your project:** one test that audits each page with a form, as `tests/test_advanced_forms.py` does with these two; then the keyboard.
#
# #### Exercise: a phone can fill it in


# %%
@exercise("advanced-forms-html5")
def arrival_widgets():
    """The widgets: `phone` with a telephone's keyboard, `email` with autocomplete.

    `day` with the browser's calendar, which shows its initial value in any language.
    """
    return {"phone": ..., "email": ..., "day": ...}


# %% [markdown]
# ### 7. Several forms, several pages
#
# One page holds two forms, each with a field `email`: to log in, and for news. Only the second one is sent, empty. How many complaints
# does the page show?

# %%
guess_complaints = ...  # for example: 1

# %%
class LoginForm(forms.Form):
    email = forms.EmailField()
    password = forms.CharField(widget=forms.PasswordInput)


class NewsForm(forms.Form):
    email = forms.EmailField()


cells.template("two.html", """{% extends "conference/base.html" %}{% block main %}
<form method="post">{% csrf_token %}{{ login }}<button name="login">Log in</button></form>
<form method="post">{% csrf_token %}{{ news }}<button name="news">News</button></form>
{% endblock %}""")


# %%
def two_badly(request):
    sent = request.POST if request.method == "POST" else None
    both = {"login": LoginForm(sent), "news": NewsForm(sent)}
    return render(request, "two.html", both)


def two_well(request):
    classes = {"login": LoginForm, "news": NewsForm}
    both = {name: made(request.POST if name in request.POST else None, prefix=name)
            for name, made in classes.items()}
    return render(request, "two.html", both)


def two_complaints(view, sent):
    with override_settings(ROOT_URLCONF=cells.urls([path("two/", view)])):
        response = pages.post("/two/", sent)
    html = BeautifulSoup(response.content.decode(), "html.parser")
    ids = [each["id"] for each in html.find_all("input") if each.has_attr("id")]
    return response, [len(html.find_all("ul", "errorlist")), len(ids) - len(set(ids))]


# %%
page_badly, badly_told = two_complaints(two_badly, {"email": "", "news": ""})
page_well, well_told = two_complaints(two_well, {"news-email": "", "news": ""})
two_forms = pd.DataFrame([badly_told, well_told], index=["one for both", "prefix and button"])
two_forms.columns = ["complaints", "ids that stand twice"]
lesson.compare(guess_complaints, badly_told[0])
pages.show(page_well)
two_forms

# %% [markdown]
# Now one form on two pages, by the wizard of django-formtools. Between the pages the answers wait: in the session, or in a signed cookie.
# One person opens the wizard in two tabs, writes title A in the first, B in the second, and finishes the first. Which talk is registered?

# %%
guess_tab = ...  # "A" or "B"

# %%
from formtools.wizard.views import CookieWizardView, SessionWizardView


class TitleForm(forms.Form):
    title = forms.CharField()


class LengthForm(forms.Form):
    minutes = forms.IntegerField()


class TalkWizard(SessionWizardView):
    form_list = [("title", TitleForm), ("length", LengthForm)]
    template_name = "wizard.html"

    def done(self, form_list, **kwargs):
        return HttpResponse(str(self.get_all_cleaned_data()))


# %%
cells.template("wizard.html", """<form method="post">{% csrf_token %}{{ wizard.management_form }}
{{ wizard.form }}<button>Next</button></form>""")


class TabWizard(TalkWizard):
    def get_prefix(self, request, *args, **kwargs):
        return kwargs["tab"]  # from the address, another one for each tab


class CookieTalkWizard(CookieWizardView):
    form_list, template_name = TalkWizard.form_list, TalkWizard.template_name


# %%
modify_settings(INSTALLED_APPS={"append": ["formtools"]}).enable()


def step(client, wizard, tab, name="", **values):
    """Send one page of the wizard; without a name, open it."""
    sent = {f"{tab}-current_step": name}
    sent |= {f"{name}-{key}": value for key, value in values.items()}
    patterns = cells.urls([path("wizard/<slug:tab>/", wizard.as_view())])
    with override_settings(ROOT_URLCONF=patterns):
        if not name:
            return pages.get(f"/wizard/{tab}/", client=client)
        return pages.post(f"/wizard/{tab}/", sent, client=client)


# %%
def two_tabs(wizard, first_tab, second_tab):
    client = Client()
    for tab in (first_tab, second_tab):
        step(client, wizard, tab)
    step(client, wizard, first_tab, "title", title="A")
    step(client, wizard, second_tab, "title", title="B")
    return step(client, wizard, first_tab, "length", minutes="30").content.decode()


one_state = two_tabs(TalkWizard, "talk_wizard", "talk_wizard")
own_states = two_tabs(TabWizard, "tab-1", "tab-2")
lesson.compare(guess_tab, "B" if "'B'" in one_state else "A")
registered = {"one state": one_state, "a state for each tab": own_states}
pd.Series(registered, name="registered").to_frame()

# %% [markdown]
# Where did title A wait? We look on both sides, halfway through each of the two kinds of wizard, and change what the browser holds:

# %%
from django.contrib.sessions.models import Session

halfway, tab = Client(), "talk_wizard"
step(halfway, TalkWizard, tab)
step(halfway, TalkWizard, tab, "title", title="A secret")
row = Session.objects.get(pk=halfway.cookies["sessionid"].value)
pages_so_far = row.get_decoded()[f"wizard_{tab}"]["step_data"]
session_holds = {"database": "A secret" in str(pages_so_far)}
session_holds["browser"] = "A secret" in str(halfway.cookies)
print(pages_so_far)
session_holds

# %%
holder, tab = Client(), "cookie_talk_wizard"
step(holder, CookieTalkWizard, tab)
opened = step(holder, CookieTalkWizard, tab, "title", title="A secret")
written = holder.cookies[f"wizard_{tab}"].value
readable = "A secret" in written
kept_as_is = step(holder, CookieTalkWizard, tab, "length", minutes="x").content.decode()
holder.cookies[f"wizard_{tab}"] = written.replace("A secret", "Another")
changed = step(holder, CookieTalkWizard, tab, "length", minutes="30").content.decode()
asks_again = ["title-title" in each for each in (kept_as_is, changed)]
print(f"{written[:115]} …")
{"readable": readable, "asks for the title again": asks_again[1]}

# %%
claim(
    "One button pressed, three complaints: both forms were bound; with prefix and button, one.",
    two_forms["complaints"].tolist(), equals=[3, 1],
)
claim("A session wizard's answers lie in the database; the browser holds a key, not the title.",
      list(session_holds.values()), equals=[True, False])

# %%
claim(
    "Two tabs shared one state: the first registered what the second wrote; a prefix parts them.",
    [one_state, own_states],
    equals=["{'title': 'B', 'minutes': 30}", "{'title': 'A', 'minutes': 30}"],
)
claim(
    "Whoever holds the wizard's cookie can read it; changed, it is thrown away: page one again.",
    [readable, *asks_again], equals=[True, False, True],
)

# %%
because = "..."  # one sentence: what has a wizard to remember, and for whom?

# %% [markdown]
# **Why.** A browser sends the names of one form, and the button pressed. A view that binds every form of the page to that post validates
# what nobody filled in. The button's name says which form was sent; a `prefix` keeps names and ids apart.
#
# A wizard is one form over several requests, so what was written has to lie somewhere: the session (in the database, and gone when it
# ends) or a cookie (4 KB, signed, not encrypted, so no secrets). Both belong to the *browser*, not to the tab. At the end
# all pages are validated once more, because the first may be an hour old; files need a `file_storage`, and are left behind
# by whoever never finishes.
#
# **In your project:** one view and one `prefix` a form; a wizard only where the second page depends on the first.

# %% [markdown]
# ### 8. A form is a border
#
# A ticket costs 300. The page carries the price in a hidden field, and a visitor changes it to 1 before sending. What is paid?

# %%
guess_paid = ...  # for example: 300

# %%
from django.core import signing


class HiddenPrice(forms.Form):
    price = forms.IntegerField(widget=forms.HiddenInput)


class DisabledPrice(forms.Form):
    price = forms.IntegerField(widget=forms.HiddenInput, disabled=True)


class SignedPrice(forms.Form):
    price = forms.CharField(widget=forms.HiddenInput)

    def clean_price(self):
        try:
            return signing.loads(self.cleaned_data["price"], salt="ticket")
        except signing.BadSignature:
            raise forms.ValidationError("This page was changed.") from None


# %%
cheap = signing.dumps(90, salt="ticket")  # from the page of a student's ticket
signed = signing.dumps(300, salt="ticket")
tries = {
    "hidden": HiddenPrice({"price": "1"}, initial={"price": 300}),
    "disabled": DisabledPrice({"price": "1"}, initial={"price": 300}),
    "signed": SignedPrice({"price": "1"}, initial={"price": signed}),
    "signed, from another page": SignedPrice({"price": cheap}, initial={"price": signed}),
}
taken_in = {way: each.cleaned_data for way, each in tries.items() if each.is_valid()}
paid_for = {way: taken_in.get(way, {}).get("price", "refused") for way in tries}
lesson.compare(guess_paid, paid_for["hidden"])
paid_for

# %% [markdown]
# `disabled=True` makes Django take the initial value, whatever comes. Signing says "we wrote this", not "for this page".
#
# The same with names: here an attendee changes her name, and adds a field.

# %%
def take_all(attendee, data):
    for name, value in data.items():
        setattr(attendee, name, value)
    attendee.save()


class NameForm(forms.ModelForm):
    class Meta:
        model, fields = Attendee, ["name"]


# %%
overposted = {"name": "Ada B.", "email": "other@example.org"}
ways_in = {
    "setattr for each name": lambda ada: take_all(ada, overposted),
    "fields = ['name']": lambda ada: NameForm(overposted, instance=ada).save(),
}
taken_over = {}
for way, change in ways_in.items():
    with transaction.atomic():
        change(Attendee.objects.order_by("id").first())
        taken_over[way] = Attendee.objects.filter(email=overposted["email"]).count()
        transaction.set_rollback(True)
taken_over

# %% [markdown]
# And programs that fill in every form they find: a **honeypot** is a field that the page's CSS hides from people, and a **rate limit**
# counts posts from one address. Ten posts in a minute: one bot that fills in all it finds, one that knows this page.

# %%
from django.core.cache import cache

LIMIT = 5


class SignUpForm(forms.Form):
    email = forms.EmailField()
    fax = forms.CharField(required=False, label="Leave this empty", widget=forms.TextInput(
        attrs={"autocomplete": "off", "tabindex": "-1"}))


def sign_up(request):
    key = f"sign-up:{request.META['REMOTE_ADDR']}"
    cache.add(key, 0, timeout=60)
    if cache.incr(key) > LIMIT:
        return HttpResponse("Too many, try again in a minute.", status=429)
    form = SignUpForm(request.POST)
    if form.is_valid() and not form.cleaned_data["fax"]:
        signed_up.append(form.cleaned_data["email"])
    return HttpResponse("Thank you.")  # the bot hears the same as everybody


# %%
def bot(address, knows_the_page):
    cache.clear()
    found = BeautifulSoup(str(SignUpForm()), "html.parser").find_all("input")
    names = ["email"] if knows_the_page else [each["name"] for each in found]
    signed_up.clear()
    with override_settings(ROOT_URLCONF=cells.urls([path("sign-up/", sign_up)])):
        filled = dict.fromkeys(names, "bot@example.org")
        answers = [pages.post("/sign-up/", filled, REMOTE_ADDR=address) for _ in range(10)]
    refused = sum(each.status_code == 429 for each in answers)
    return {"posts": 10, "signed up": len(signed_up), "refused (429)": refused}


signed_up = []
bots = {"fills in all it finds": bot("192.0.2.1", knows_the_page=False)}
bots["knows the page"] = bot("192.0.2.2", knows_the_page=True)
bots = pd.DataFrame(bots).T
bots

# %%
claim("A hidden price is the visitor's: 1 instead of 300.", paid_for["hidden"], equals=1)
claim(
    "Disabled keeps 300, a signature refuses 1, and takes the signed price of another page.",
    [paid_for["disabled"], paid_for["signed"], paid_for["signed, from another page"]],
    equals=[300, "refused", 90],
)
claim(
    "setattr for each name changed the address; a form with fields = ['name'] did not.",
    list(taken_over.values()), equals=[1, 0],
)
claim(
    "The honeypot kept out the bot that fills in all; the limit let five of ten posts through.",
    [bots["signed up"].tolist(), bots["refused (429)"].tolist()], equals=[[0, 5], [5, 5]],
)

# %%
because = "..."  # one sentence: what of a page can a visitor not change?

# %% [markdown]
# **Why.** A page is a proposal: hidden, disabled, read-only and `max` are words to a browser, and whoever posts need not use one. Only what
# the server looks up or holds is its own: the price by the kind, the user by the session, the row by a queryset that is limited to her. A
# form is the list of what may come in; `setattr` over a post has no list.
#
# A honeypot costs nothing and stops programs that were not written for you; keep it out of the tab order, and say in its label what to
# do, since a screen reader may read it. A limit by address needs a shared cache with more than one process (lesson 12), and behind a
# proxy the address is the proxy's.
#
# **In your project:** no hidden field that you would not let a visitor type.
#
# #### Exercise: the price is yours


# %%
@exercise("advanced-forms-price")
def buy(request, prices):
    """The response to a POST of `kind`: "day: 300", with the price from `prices` (kind → price).

    Status 400 for a kind that is not sold, 405 for any request that is no POST.
    """
    ...


# %% [markdown]
# #### Exercise: a second domain
# A library reserves books. Which are free, and how many a reader may take, the view looks up, and hands to the form.


# %%
@exercise("advanced-forms-library")
class Reserve(forms.Form):
    """A field `books`: one or several of `free` (code → title), at most `may_take`."""

    def __init__(self, *args, free, may_take, **kwargs):
        super().__init__(*args, **kwargs)
        self.may_take = may_take
        self.fields["books"] = ...

    def clean_books(self):
        ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | `if` for each value in the view | [fields and validators](https://docs.djangoproject.com/en/5.2/ref/forms/validation/) |
# | `form.request = request` | [`get_form_kwargs`](https://docs.djangoproject.com/en/5.2/ref/class-based-views/mixins-editing/#django.views.generic.edit.FormMixin.get_form_kwargs) |
# | `request.POST["meal"]`, where several are ticked | `MultipleChoiceField`, or [`getlist`](https://docs.djangoproject.com/en/5.2/ref/request-response/#django.http.QueryDict.getlist) |
# | inputs by hand | [`as_field_group`](https://docs.djangoproject.com/en/5.2/topics/forms/#reusable-field-group-templates) |
# | the same classes in every form's `__init__` | [a form renderer](https://docs.djangoproject.com/en/5.2/ref/forms/renderers/) |
# | two forms, one set of names | [`prefix`](https://docs.djangoproject.com/en/5.2/ref/forms/api/#prefixes-for-forms) |
# | a hidden field nobody may change | [`disabled`](https://docs.djangoproject.com/en/5.2/ref/forms/fields/#disabled), or [signing](https://docs.djangoproject.com/en/5.2/topics/signing/) |
#
# New and hard usually means done wrong: a view that validates by hand writes `forms` again, without its tests.
#
# ## The Django way, and when to fight it
#
# - What one value is, the field knows; what values are together, `clean`; what is written, `save`; who asks, the view.
# - `{{ form }}` ties labels, help and errors to their fields: for another look change the field template, not the pages.
# - Fight it where a page is no form: a function view of ten lines beats five mixins that you have to look up.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "A view of 100 lines is to be taken apart. What do you do first?",
    right={"Write down what it answers to many posts, as tests.": "Without them you cannot tell a step from a slip: ours was told by one post of 25."},
    wrong={
        "Move it into a class-based view.": "That moves the lines; the decisions stay, and now they are spread.",
        "Cut it into functions of ten lines.": "Cutting moves decisions and removes none, and nothing tells you what broke.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A refactoring leaves the sum of complexity as it was, and the worst function at a quarter. Was it worth it?",
    right={"Yes, if that function is the one people must read.": "The sum counts one for each function; what you hold in your head is one function."},
    wrong={
        "No: nothing became simpler.": "The decisions are as many; but none of the parts is hard any more.",
        "Only if there are fewer lines as well.": "Lines may rise: namespaces cost lines.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A form's choices depend on the user. Where does it get them?",
    right={"From a keyword argument of __init__, which the view fills.": "So the form runs without a request, in a test or in the shell."},
    wrong={
        "From the request, handed to the form.": "It works, and the form can no longer be used without a request.",
        "From base_fields, changed by the view.": "They belong to the class: every later form has that user's choices.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "axe-core finds nothing on your page. What do you know?",
    right={"No rule that a machine can check is broken.": "Of our ten planted faults four broke none: try the keyboard and a screen reader."},
    wrong={
        "The page is accessible.": "A placeholder for a label, a lonely error, a button without a key: axe passed them all.",
        "The page conforms to WCAG 2.2 AA.": "Most of its criteria need a person to judge.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A hidden field carries the id of the row that is edited. What has the view to do?",
    right={"Look the row up among those that this user may edit.": "The id is the visitor's to choose; the queryset is yours."},
    wrong={
        "Nothing: the field is hidden.": "Hidden is a word to a browser; anybody can post another number.",
        "Check that it is a number.": "Somebody else's row has a number too.",
    },
)

# %% [markdown]
# ## What you now know
#
# - Record what a view answers, then take it apart: each step keeps the record, which knows only what it asked.
# - Fields remove decisions; `clean`, `save` and classes move them to where they are found.
# - The worst function, the sum and the lines do not fall together, and neither do the aphorisms.
# - A form whose questions are rows is built in `__init__`, from questions, not from a request.
# - `{{ form }}` ties label, error and field; crispy-forms adds layout, a renderer the same look everywhere.
# - axe-core found six of our ten planted faults; the other four take a keyboard and a person.
# - What a page carries, a visitor may change: look it up.
#
# Next: lesson 06, Signals: who hears that a row was saved, and who does not.
