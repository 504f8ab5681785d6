"""What finding a view costs as the patterns grow, and what rendering one form costs in each of four ways."""

from types import ModuleType

from benchmarks.timing import interleaved, row
from helpers.project.boot import boot

CALLS = 20


def rows():
    """The rows of this benchmark."""
    boot()
    yield from _resolving()
    yield from _rendering()


def _resolving():
    from django.http import HttpResponse
    from django.urls import clear_url_caches, include, path
    from django.urls.resolvers import get_resolver

    def view(request, **parts):
        return HttpResponse()

    def urlconf(patterns):
        made = ModuleType("measured")
        made.urlpatterns = patterns
        return made

    def flat(count):
        return urlconf([path(f"group-{n // 100}/page-{n}/<int:number>/", view) for n in range(count)])

    def grouped(count):
        groups = range(-(-count // 100))
        pages = {g: [path(f"page-{n}/<int:number>/", view) for n in range(100 * g, 100 * g + 100)] for g in groups}
        return urlconf([path(f"group-{g}/", include(pages[g])) for g in groups])

    clear_url_caches()
    ways = {}
    for count in (10, 100, 1_000, 10_000):
        last = f"/group-{(count - 1) // 100}/page-{count - 1}/7/"
        for name, make in (("flat", flat), ("grouped", grouped)):
            resolver = get_resolver(make(count))
            ways[name, count] = lambda resolver=resolver, last=last: [resolver.resolve(last) for _ in range(CALLS)]
    for way in ways.values():
        way()  # patterns are compiled at first use
    times = interleaved(ways, repeats=7)
    for count in (100, 1_000, 10_000):
        yield row(
            f"resolving the last of {count:,} patterns",
            "the last of 10",
            times["flat", count] / times["flat", 10],
            "× its time",
        )
    yield row(
        "resolving the last of 10,000 patterns in groups of 100 (include)",
        "the same patterns in one list",
        times["grouped", 10_000] / times["flat", 10_000],
        "× its time",
    )
    clear_url_caches()


def _rendering():
    from django import forms
    from django.forms.renderers import DjangoTemplates
    from django.template import Context, Template
    from django.test import modify_settings, override_settings

    class Registration(forms.Form):
        name = forms.CharField(help_text="As on the badge")
        email = forms.EmailField()
        seats = forms.IntegerField(min_value=1)
        kind = forms.ChoiceField(choices=[("talk", "Talk"), ("panel", "Panel"), ("tutorial", "Tutorial")])
        note = forms.CharField(required=False, widget=forms.Textarea)
        news = forms.BooleanField(required=False)

    class OurRenderer(DjangoTemplates):
        form_template_name = "django/forms/p.html"

    apps = {"append": ["crispy_forms", "crispy_bootstrap5"]}
    with modify_settings(INSTALLED_APPS=apps), override_settings(CRISPY_TEMPLATE_PACK="bootstrap5"):
        crispy = Template("{% load crispy_forms_tags %}{{ form|crispy }}")
        fields = "".join(
            f"<p>{{{{ form.{name}.label_tag }}}} {{{{ form.{name} }}}}{{{{ form.{name}.errors }}}}</p>"
            for name in Registration.base_fields
        )
        by_hand, plain = Template(fields), Template("{{ form }}")

        def rendered(template, **options):
            return lambda: [template.render(Context({"form": Registration({}, **options)})) for _ in range(CALLS)]

        ways = {
            "{{ form }}": rendered(plain),
            "fields written by hand in the template": rendered(by_hand),
            "a renderer with another form template": rendered(plain, renderer=OurRenderer()),
            "crispy-forms, Bootstrap 5": rendered(crispy),
        }
        for way in ways.values():
            way()
        times = interleaved(ways, repeats=9)
    for name in list(ways)[1:]:
        yield row(f"a bound form of six fields, {name}", "{{ form }}", times[name] / times["{{ form }}"], "× its time")
