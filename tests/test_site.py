"""The conference site under gunicorn: real workers, the notebook's database, settings and files from a cell."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from django.core.exceptions import ImproperlyConfigured

from helpers.project import boot, databases, site
from helpers.services import memcached, postgres
from helpers.services.process import ServerDied, alive

boot.boot()

COUNTING = """
import os
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.urls import path

from helpers.conference.models import Talk

def count(request):
    cache.add("visits", 0, timeout=None)
    return JsonResponse({"visits": cache.incr("visits"), "worker": os.getpid()})

def about(request):
    with connection.cursor():  # opens it
        pass
    return JsonResponse({
        "talks": Talk.objects.count(), "vendor": connection.vendor, "database": str(connection.settings_dict["NAME"]),
        "secret": settings.SECRET_KEY, "unsafe": os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE"),
        "static": settings.STATIC_ROOT, "hosts": settings.ALLOWED_HOSTS, "days": settings.FIRST_DAYS,
    })

urlpatterns = [path("count/", count), path("about/", about)]
"""
SETTINGS = {"ROOT_URLCONF": "counting", "FIRST_DAYS": None}
FILES = {"counting.py": COUNTING}
LOCAL_MEMORY = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def get(server, path):
    with urllib.request.urlopen(server.url + path, timeout=20) as answer:
        text = answer.read().decode()
        return json.loads(text) if answer.headers["Content-Type"] == "application/json" else text


def counted(server, visits=60):
    """The answers of the counting view, at least `visits`, and until every worker has answered."""
    answers = []
    for number in range(2_000):
        answers.append(get(server, "/count/"))
        if number + 1 >= visits and len({each["worker"] for each in answers}) == len(server.workers()):
            break
    return answers


def gone(pids, folder, within_seconds=15):
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline and (folder.exists() or any(map(alive, pids))):
        time.sleep(0.05)
    return not folder.exists() and not any(map(alive, pids))


def test_it_serves_the_notebooks_own_conference_and_leaves_nothing():
    from helpers.conference.models import Talk

    with site.start(workers=2) as server:
        pids, folder = [server.pid, *server.workers()], server.folder
        assert len(pids) == 3
        talk = Talk.objects.order_by("id").first()
        assert talk.title in get(server, f"/talks/{talk.slug}/")
        Talk.objects.create(title="Heard just now", slug="now", room_id=1, starts_at="2011-09-20T10:00Z")
        try:
            assert "Heard just now" in get(server, "/talks/now/")
        finally:
            Talk.objects.filter(slug="now").delete()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(server, "/talks/no-such-talk/")
    assert gone(pids, folder)


def test_two_workers_with_local_memory_disagree_about_a_count():
    with site.start(workers=2, settings={**SETTINGS, "CACHES": LOCAL_MEMORY}, files=FILES) as server:
        answers = counted(server)
        workers = {each["worker"] for each in answers}
        assert workers == set(server.workers())
        # Each worker counts on its own: 1, 2, 3 … as far as it was asked, and no further.
        for worker in workers:
            visits = [each["visits"] for each in answers if each["worker"] == worker]
            assert visits == list(range(1, len(visits) + 1))
        assert answers[-1]["visits"] < len(answers)


@pytest.mark.parametrize("flavour", [pytest.param("system", marks=pytest.mark.system_server("memcached")), "embedded"])
def test_two_workers_with_one_memcached_agree(flavour, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", flavour)
    with memcached.start(memory_mb=2) as cache:
        backend = "django.core.cache.backends.memcached.PyMemcacheCache"
        caches = {"default": {"BACKEND": backend, "LOCATION": cache.url}}
        with site.start(workers=2, settings={**SETTINGS, "CACHES": caches}, files=FILES) as server:
            answers = counted(server)
            assert {each["worker"] for each in answers} == set(server.workers())
            assert [each["visits"] for each in answers] == list(range(1, len(answers) + 1))


def test_it_has_the_kernels_secret_and_plain_settings_but_not_its_leave_for_unsafe_calls():
    from django.conf import settings

    given = {**SETTINGS, "STATIC_ROOT": Path("/static"), "ALLOWED_HOSTS": ("127.0.0.1",), "FIRST_DAYS": [(1, None)]}
    assert os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    with site.start(settings=given, files=FILES) as server:
        assert get(server, "/about/") == {
            "talks": 40,
            "vendor": "sqlite",
            "database": settings.DATABASES["default"]["NAME"],
            "secret": settings.SECRET_KEY,
            "unsafe": None,
            "static": "/static",
            "hosts": ["127.0.0.1"],
            "days": [[1, None]],
        }


def test_inside_an_isolated_database_it_shares_the_copy():
    from helpers.conference.models import Talk

    with boot.isolated_database() as copy:
        Talk.objects.filter(id=1).delete()
        with site.start(settings=SETTINGS, files=FILES) as server:
            about = get(server, "/about/")
            assert (about["talks"], about["database"]) == (39, str(copy))


def test_it_serves_from_postgresql():
    with postgres.start() as database:
        databases.add("postgres", database)
        try:
            given = {**SETTINGS, "DATABASES": {"default": database.settings()}}
            with site.start(workers=2, settings=given, files=FILES) as server:
                about = get(server, "/about/")
                assert (about["vendor"], about["talks"]) == ("postgresql", 40)
        finally:
            databases.remove("postgres")


def test_settings_of_the_environment_stay_where_none_of_ours_stands(monkeypatch):
    monkeypatch.setenv(site.SETTINGS, '{"STATIC_ROOT": "/outer", "ALLOWED_HOSTS": ["outer"]}')
    with site.start(settings={**SETTINGS, "ALLOWED_HOSTS": ["127.0.0.1"]}, files=FILES) as server:
        about = get(server, "/about/")
        assert (about["static"], about["hosts"]) == ("/outer", ["127.0.0.1"])


def test_what_was_edited_is_there_after_a_restart_and_a_crash_is_mended_by_one():
    with site.start(settings=SETTINGS, files=FILES) as server:
        port = server.port
        assert get(server, "/count/")["visits"] == 1
        server.files["counting.py"] = COUNTING.replace('cache.incr("visits")', 'cache.incr("visits", 100)')
        server.settings["STATIC_ROOT"] = "/edited"
        server.restart()
        assert server.port == port
        assert get(server, "/count/")["visits"] == 100
        assert get(server, "/about/")["static"] == "/edited"
        workers = server.workers()
        server.kill()
        with pytest.raises(urllib.error.URLError, match="refused"):
            get(server, "/count/")
        server.restart()
        assert not any(map(alive, workers))
        assert get(server, "/count/")["visits"] == 100


def test_an_edit_that_is_no_python_does_not_cost_the_running_site():
    with site.start(settings=SETTINGS, files=FILES) as server:
        server.files["counting.py"] = COUNTING + "def broken(:\n"
        line = server.files["counting.py"].count("\n")
        with pytest.raises(SyntaxError, match=rf"^counting\.py, line {line}: "):
            server.restart()
        assert get(server, "/count/")["visits"] == 1


def test_two_at_once_share_nothing_but_the_database():
    with site.start(settings=SETTINGS, files=FILES) as first, site.start(settings=SETTINGS, files=FILES) as second:
        assert first.port != second.port
        assert get(first, "/count/")["visits"] == get(second, "/count/")["visits"] == 1


def test_files_may_lie_in_folders():
    files = {"pages/__init__.py": "", "pages/urls.py": COUNTING, "words.txt": "not (Python"}
    with site.start(settings={**SETTINGS, "ROOT_URLCONF": "pages.urls"}, files=files) as server:
        assert get(server, "/count/")["visits"] == 1
        assert (server.folder / "files" / "words.txt").read_text() == "not (Python"


@pytest.fixture
def nothing_starts(monkeypatch):
    monkeypatch.setattr(site.Site, "_launch", lambda self: pytest.fail("a server was started"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\ndef f(:\n    pass\n", r"^counting\.py, line 2: invalid syntax; mend it"),
        ("x = 1\n  y = 2\n", r"^counting\.py, line 2: unexpected indent; mend it"),
        ("x = 1\0", r"^counting\.py.*null bytes.*mend it"),
    ],
)
def test_a_file_that_is_no_python_is_told_before_anything_starts(nothing_starts, text, told):
    with pytest.raises(SyntaxError, match=told):
        site.start(files={"counting.py": text})


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"caches": {}}, "'caches'.*capital letters"),
        ({1: {}}, "1, and Django.*capital letters"),
        (["CACHES"], "is no dict"),
        ({"CACHES": {"default": {"KEY_FUNCTION": len}}}, r"CACHES\['default'\]\['KEY_FUNCTION'\] is a builtin_func"),
        ({"MIDDLEWARE": ["first", object()]}, r"MIDDLEWARE\[1\] is a object.*by its path"),
        ({"CACHES": {1: {}}}, "CACHES is a dict with keys that are no text"),
    ],
)
def test_settings_that_a_site_cannot_have_get_a_sentence(nothing_starts, settings, told):
    with pytest.raises(ValueError, match=told):
        site.start(settings=settings)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"../counting.py": ""}, "inside the site's folder"),
        ({"/counting.py": ""}, "inside the site's folder"),
        ({"": ""}, "inside the site's folder"),
        ({"random.py": ""}, "would hide the module"),
        ({"helpers/more.py": ""}, "would hide the module"),
        ({"counting.py": b""}, "is a bytes"),
        ("counting.py", "is no dict"),
    ],
)
def test_files_that_a_site_cannot_have_get_a_sentence(nothing_starts, files, told):
    with pytest.raises(ValueError, match=told):
        site.start(files=files)


@pytest.mark.parametrize(
    ("settings", "text", "told"),
    [
        ({"INSTALLED_APPS": ["no_such_app"]}, COUNTING, "ModuleNotFoundError: No module named 'no_such_app'"),
        ({}, COUNTING + "\nno_such_name\n", "NameError: name 'no_such_name' is not defined"),
        ({"ROOT_URLCONF": "no_such_urls"}, COUNTING, "ModuleNotFoundError: No module named 'no_such_urls'"),
    ],
)
def test_a_site_that_cannot_be_loaded_ends_with_the_mistake_in_a_few_lines(settings, text, told):
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(ServerDied, match=f"(?s)Its log says.*{told}") as raised:
        site.start(workers=2, settings={**SETTINGS, **settings}, files={"counting.py": text})
    assert len(str(raised.value).splitlines()) <= 4
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"DEBUG": tru', "is not JSON"),
        ('["DEBUG"]', "no JSON object"),
        ("1", "no JSON object"),
        ('{"debug": true}', "'debug'.*capital letters"),
        ('{"NO-NAME": true}', "'NO-NAME'.*capital letters"),
    ],
)
def test_the_projects_settings_refuse_a_wrong_variable_in_one_sentence(text, told):
    from helpers.project import settings  # not before boot(): it reads the environment once

    with pytest.raises(ImproperlyConfigured, match=f"^TROUBLESPOTS_SETTINGS.*{told}.*write it as in") as raised:
        settings.replacements(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "expected"), [('{"DEBUG": true, "TIME_ZONE": "Asia/Tokyo"}', "True Asia/Tokyo"), ("", "False UTC")]
)
def test_the_variable_replaces_settings_of_any_process_of_the_project(value, expected):
    program = "from django.conf import settings; print(settings.DEBUG, settings.TIME_ZONE)"
    environment = {**boot.child_environment(), "TROUBLESPOTS_SETTINGS": value}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == expected


def test_no_worker_outlives_a_killed_kernel():
    program = (
        "import time\nfrom helpers.project import boot, site\nboot.boot()\nserver = site.start(workers=2)\n"
        "print(server.pid, server.folder, *server.workers(), flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid, folder, *workers = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(workers) == 2
    assert gone([int(pid), *map(int, workers)], Path(folder))
