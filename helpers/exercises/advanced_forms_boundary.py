"""The exercise of lesson 05 about what a page may not decide: a price."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.forms_trial import answered_by, ask
from helpers.exercises.grading import described

LESSON = "05-advanced-forms"
PRICES = {"day": 300, "student": 90}


class Price(Exercise):
    """The response to a POST of `kind`: "day: 300", with the price from `prices` (kind → price).

    Status 400 for a kind that is not sold, 405 for any request that is no POST.
    """

    id = "advanced-forms-price"
    name = "buy"
    uses_database = True

    def stub(request, prices): ...

    hints = (
        "What may the page decide, and what may it not? Only `kind` is read from request.POST.",
        "A ChoiceField or `kind in prices` tells what is sold; HttpResponse takes status=.",
    )

    def check(attempt):
        def expect(method, data, status, text=None, nudge="", prices=PRICES):
            words = f"{method.upper()} {data}"
            response = _asked(attempt, method, data, words, prices)
            if response.status_code != status:
                raise Incorrect(f"{words}: expected status {status}, got {response.status_code}. {nudge}".rstrip())
            if text is not None and response.content.decode().strip() != text:
                got = described(response.content.decode())
                raise Incorrect(f"{words}: expected {text!r}, got {got}. {nudge}".rstrip())

        expect("post", {"kind": "day"}, 200, "day: 300")
        expect("post", {"kind": "student", "price": "1"}, 200, "student: 90", "The price is yours, never the page's.")
        expect("post", {"kind": "day"}, 200, "day: 310", "Prices change: take what is in `prices`.", {"day": 310})
        expect("post", {"kind": "gold", "price": "1"}, 400, nudge="Nobody sells that.")
        expect("post", {}, 400, nudge="A post may lack any name.")
        expect("get", {"kind": "day"}, 405, nudge="Only a POST buys.")
        expect("put", {"kind": "day"}, 405, nudge="Only a POST buys: what is no GET may be a PUT.")
        return "two kinds sold at your price; a forged price, an unknown kind and a GET refused"

    @solution
    def by_form(request, prices):
        from django import forms
        from django.http import HttpResponse

        class TicketForm(forms.Form):
            kind = forms.ChoiceField(choices=[(each, each) for each in prices])

        if request.method != "POST":
            return HttpResponse(status=405)
        form = TicketForm(request.POST)
        if not form.is_valid():
            return HttpResponse(status=400)
        kind = form.cleaned_data["kind"]
        return HttpResponse(f"{kind}: {prices[kind]}")

    @solution
    def by_hand(request, prices):
        from django.http import HttpResponse, HttpResponseNotAllowed

        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        kind = request.POST.get("kind")
        if kind not in prices:
            return HttpResponse(status=400)
        return HttpResponse(f"{kind}: {prices[kind]}")

    @mistake("never the page's")
    def believes_the_page(request, prices):
        from django.http import HttpResponse

        if request.method != "POST":
            return HttpResponse(status=405)
        kind = request.POST.get("kind")
        if kind not in prices:
            return HttpResponse(status=400)
        price = request.POST.get("price", prices[kind])
        return HttpResponse(f"{kind}: {price}")

    @mistake("raised KeyError")
    def looks_up_anything(request, prices):
        from django.http import HttpResponse

        kind = request.POST["kind"]
        answer = f"{kind}: {prices[kind]}"
        return HttpResponse(answer)

    @mistake("Only a POST buys")
    def any_method(request, prices):
        from django.http import HttpResponse

        kind = (request.POST or request.GET).get("kind")
        status = 200 if kind in prices else 400
        return HttpResponse(f"{kind}: {prices.get(kind)}", status=status)

    @mistake("what is no GET may be a PUT")
    def refuses_get_only(request, prices):
        from django.http import HttpResponse

        if request.method == "GET":
            return HttpResponse(status=405)
        kind = request.POST.get("kind")
        return HttpResponse(f"{kind}: {prices.get(kind)}", status=200 if kind in prices else 400)

    @mistake("Prices change")
    def prices_by_heart(request, prices):
        from django.http import HttpResponse

        if request.method != "POST":
            return HttpResponse(status=405)
        known = {"day": 300, "student": 90}
        kind = request.POST.get("kind")
        if kind not in known:
            return HttpResponse(status=400)
        return HttpResponse(f"{kind}: {known[kind]}")

    @mistake("returned None")
    def no_way_out(request, prices):
        from django.http import HttpResponse

        if request.method == "POST" and request.POST.get("kind") in prices:
            kind = request.POST["kind"]
            return HttpResponse(f"{kind}: {prices[kind]}")
        return None

    @mistake("needs a response")
    def only_text(request, prices):
        return f"{request.POST.get('kind')}: {prices.get(request.POST.get('kind'))}"


def _asked(attempt, method, data, words, prices):
    """The response of Django's whole cycle to one request; a failure of the view becomes Incorrect."""
    from django.http import HttpResponseBase

    def view(request):
        answer = attempt(request, dict(prices))
        if not isinstance(answer, HttpResponseBase):
            raise Incorrect(f"{words}: your view returned {described(answer)}, and Django needs a response.")
        return answer

    with answered_by(view, {}):
        return ask(method, words, data)
