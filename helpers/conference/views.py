"""The pages of the conference, each with a number of queries that does not grow with the data."""

from django.core.paginator import Paginator
from django.db.models import Avg, Count, Prefetch
from django.shortcuts import get_object_or_404, render

from helpers.conference.models import Speaker, Speaking, Talk

TALKS_PER_PAGE = 50


def schedule(request):
    """All talks of one day, by hour; `?day=2011-09-08` chooses it, the first day stands in for any other value."""
    days = list(Talk.objects.datetimes("starts_at", "day"))
    chosen = {f"{day:%Y-%m-%d}": day for day in days}.get(request.GET.get("day"), days[0] if days else None)
    talks = _with_speakers(Talk.objects.filter(starts_at__date=chosen)) if chosen else Talk.objects.none()
    return render(request, "conference/schedule.html", {"days": days, "chosen": chosen, "talks": talks})


def talk_list(request):
    """All talks by title, fifty a page; `?page=2` turns it."""
    talks = _with_speakers(Talk.objects.order_by("title", "id"))
    page = Paginator(talks, TALKS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "conference/talk_list.html", {"page": page})


def talk_detail(request, slug):
    """One talk with its speakers in their order and what the attendees made of it."""
    talk = get_object_or_404(_with_speakers(Talk.objects.all()), slug=slug)
    ratings = talk.ratings.aggregate(count=Count("id"), stars=Avg("stars"))
    return render(request, "conference/talk_detail.html", {"talk": talk, "ratings": ratings})


def speaker_detail(request, slug):
    """One speaker with profile, if there is one, and talks."""
    speaker = get_object_or_404(Speaker.objects.select_related("profile"), slug=slug)
    talks = speaker.talks.select_related("room")
    return render(request, "conference/speaker_detail.html", {"speaker": speaker, "talks": talks})


def _with_speakers(talks):
    speaking = Speaking.objects.select_related("speaker").order_by("order")
    return talks.select_related("room").prefetch_related(Prefetch("speaking_set", speaking))
