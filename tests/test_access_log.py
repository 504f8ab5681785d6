"""Logs are read as they were written, noise never crashes the reader, and the sample log is what its card says."""

import contextlib
import gzip
import io
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import paths
from helpers.caching import access_log
from helpers.caching.trace import check_trace

FOLDER = paths.DATA / "access-log"
SAMPLE = FOLDER / "access.log.gz"
SCRIPT = paths.DATA / "generators" / "access_log.py"
COLUMNS = ["time", "time_s", "method", "path", "status", "bytes", "key"]
COMMON = '192.0.2.1 - - [08/Sep/2011:09:00:{second:02} -0700] "{method} {path} HTTP/1.1" {status} {size}'
COMBINED = COMMON + ' "https://conference.example/" "Mozilla/5.0 (a \\"quoted\\" browser)"'
GOOD = COMBINED.format(second=0, method="GET", path="/", status=200, size=512)


def line(form=COMBINED, second=0, method="GET", path="/", status=200, size=512):
    return form.format(second=second, method=method, path=path, status=status, size=size)


def written(tmp_path, *lines, name="access.log"):
    content = b"".join((each if isinstance(each, bytes) else each.encode()) + b"\n" for each in lines)
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    return file


@pytest.mark.parametrize("name", ["access.log", "access.log.gz"])
@pytest.mark.parametrize("form", [COMMON, COMBINED])
def test_a_log_is_read_line_for_line(tmp_path, capsys, form, name):
    file = written(
        tmp_path,
        line(form, 1, path="/talks/"),
        line(form, 2, path="/talks/?page=2", size=1_000),
        line(form, 4, path="/talks/", status=304, size="-"),
        line(form, 5, path="/"),
        name=name,
    )
    frame = access_log.read(file)
    assert frame.columns.tolist() == COLUMNS
    assert frame.path.tolist() == ["/talks/", "/talks/?page=2", "/talks/", "/"]
    assert frame.key.tolist() == [0, 1, 0, 2]
    assert frame.time_s.tolist() == [0, 1, 3, 4]
    assert frame.time.iloc[0].isoformat() == "2011-09-08T16:00:01+00:00"
    assert frame.status.tolist() == [200, 200, 304, 200] and frame.bytes.tolist() == [512, 1_000, 0, 512]
    assert check_trace(frame.key.to_numpy()).dtype == np.int64
    assert capsys.readouterr().out == ""


def test_both_formats_may_stand_in_one_file_and_a_name_may_lie_about_gzip(tmp_path):
    file = written(tmp_path, line(COMMON, 1), "", line(COMBINED, 2), name="access.log.gz")
    assert len(access_log.read(file.rename(tmp_path / "access.log"))) == 2


def test_only_what_a_cache_could_have_answered_is_kept_unless_all_is_asked_for(tmp_path):
    file = written(
        tmp_path,
        line(path="/a", method="POST", status=302),
        line(path="/b", method="HEAD"),
        line(path="/c", status=404),
        line(path="/d", status=301),
        line(path="/e"),
        line(path="/f", status=304),
    )
    assert access_log.read(file).path.tolist() == ["/e", "/f"]
    everything = access_log.read(file, cacheable_only=False)
    assert everything.path.tolist() == ["/a", "/b", "/c", "/d", "/e", "/f"]
    assert everything.key.tolist() == [0, 1, 2, 3, 4, 5]
    assert everything.method.tolist()[:3] == ["POST", "HEAD", "GET"]


def test_rows_are_in_the_order_of_time_and_ties_in_that_of_the_file(tmp_path):
    file = written(tmp_path, line(second=9, path="/late"), line(second=3, path="/1"), line(second=3, path="/2"))
    frame = access_log.read(file)
    assert frame.path.tolist() == ["/1", "/2", "/late"] and frame.time_s.tolist() == [0, 0, 6]
    assert frame.key.tolist() == [0, 1, 2] and frame.index.tolist() == [0, 1, 2]


def test_a_path_is_the_same_page_escaped_or_raw_and_may_hold_blanks(tmp_path):
    file = written(
        tmp_path,
        line(path="/caf\\xc3\\xa9/"),
        line(path="/café/"),
        line(path="/\\xff/"),
        line(path="/").encode().replace(b" / ", b" /\xff/ "),
        line(path="/a b"),
    )
    assert access_log.read(file).path.tolist() == ["/café/", "/café/", "/\\xff/", "/\\xff/", "/a b"]


BROKEN = [
    "hello",
    GOOD[:70],
    GOOD + GOOD,
    GOOD.replace(" 200 ", " ok "),
    GOOD.replace(" 200 ", " - "),
    GOOD.replace("08/Sep", "31/Sep"),
    GOOD.replace("-0700", "+9900"),
    GOOD.replace(" 512 ", f" {'9' * 5_000} "),
    GOOD.replace(" 512 ", f" {2**63} "),
    GOOD.replace(" 512 ", " -512 "),
    GOOD.replace("GET / HTTP/1.1", "-"),
    GOOD.replace("GET / HTTP/1.1", ""),
    GOOD.replace("GET / HTTP/1.1", "GET /"),
    GOOD.replace("GET / HTTP/1.1", "\\x16\\x03\\x01"),
    GOOD.replace("GET / HTTP/1.1", "\\x16\\x03 / HTTP/1.1"),
    GOOD.replace("GET / HTTP/1.1", f"GET /{'a' * 9_000} HTTP/1.1"),
    "\x00\x01\x02 [",
    b"\xff\xfe\x00 [",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_line_is_left_out_and_told_with_its_number(tmp_path, capsys, broken):
    frame = access_log.read(written(tmp_path, GOOD, broken, GOOD))
    assert len(frame) == 2
    assert capsys.readouterr().out == "✎ 1 of 3 lines could not be read and were left out (first: line 2).\n"


def test_many_broken_lines_are_told_once(tmp_path, capsys):
    access_log.read(written(tmp_path, *[GOOD] * 16, "", *["?"] * 3, *[GOOD] * 4_981))
    assert capsys.readouterr().out == "✎ 3 of 5,000 lines could not be read and were left out (first: line 18).\n"


pieces = st.sampled_from(["[", "]", '"', " ", "-", "\\", "\\x", "GET", "HTTP/1.1", "200", "9" * 30, "é", "\x00", "\r"])
noise = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(pieces, max_size=40).map(lambda some: " ".join(some).encode()),
    # a good line with a piece put in, or a part of it replaced
    st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), pieces).map(
        lambda cut: (GOOD[: cut[0]] + cut[2] + GOOD[cut[0] + cut[1] :]).encode()
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.lists(noise, max_size=5))
def test_noise_never_crashes_the_reader(tmp_path, lines):
    frame = access_log.read(written(tmp_path, GOOD, *lines), cacheable_only=False)
    assert len(frame) >= 1
    check_trace(frame.key.to_numpy())
    assert (frame.time_s >= 0).all() and (frame.bytes >= 0).all()
    repr(frame.to_dict())
    frame.to_csv(io.StringIO())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_a_file_of_noise_is_a_sentence(tmp_path, content):
    file = tmp_path / "noise"
    for each in (content, b"\x1f\x8b" + content, gzip.compress(content)):
        file.write_bytes(each)
        with pytest.raises(ValueError, match="is a line of an access log in common or combined format"):
            access_log.read(file)


@pytest.mark.parametrize("noise", ["a " * 4_000, " " * 8_000, "a [b] " * 1_300, '{"a": [1]} ' * 700, GOOD + GOOD * 100])
def test_what_would_keep_the_parser_busy_never_reaches_it(tmp_path, monkeypatch, noise):
    asked = []
    for parser in (access_log._COMMON, access_log._COMBINED):
        monkeypatch.setattr(parser, "parse", lambda entry, parse=parser.parse: (asked.append(entry), parse(GOOD))[1])
    access_log.read(written(tmp_path, GOOD, noise))
    assert asked == [GOOD]


def test_of_a_damaged_archive_the_lines_before_the_damage_are_read(tmp_path, capsys):
    whole = gzip.compress("".join(line(second=n % 60, path=f"/{n * n}") + "\n" for n in range(20_000)).encode())
    file = tmp_path / "cut.gz"
    file.write_bytes(whole[: len(whole) // 2])
    frame = access_log.read(file)
    assert 5_000 < len(frame) < 15_000
    assert "✎ cut.gz is damaged or ends early" in capsys.readouterr().out


def test_what_is_no_log_is_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nothing\.log: check"):
        access_log.read(tmp_path / "nothing.log")
    with pytest.raises(OSError, match="is a folder: hand in"):
        access_log.read(tmp_path)
    with pytest.raises(ValueError, match="none of the 0 lines"):
        access_log.read(written(tmp_path))
    with pytest.raises(ValueError, match="no GET request in .* cacheable_only=False"):
        access_log.read(written(tmp_path, line(method="POST"), line(status=500)))


@pytest.fixture(scope="module")
def sample():
    return access_log.read(SAMPLE, cacheable_only=False)


@pytest.fixture(scope="module")
def kept_and_told():
    with contextlib.redirect_stdout(io.StringIO()) as told:
        return access_log.read(SAMPLE), told


def test_the_generator_makes_the_sample_byte_for_byte(tmp_path):
    subprocess.run([sys.executable, SCRIPT, tmp_path / "again.gz"], check=True, timeout=60)
    again, stored = (tmp_path / "again.gz").read_bytes(), SAMPLE.read_bytes()
    # Another zlib may compress the same bytes differently; the log itself, and the archive's header, may not differ.
    assert gzip.decompress(again) == gzip.decompress(stored)
    assert again[:9] == stored[:9] and stored[3:8] == bytes(5)  # no name, no time
    assert len(stored) < 1_500_000


def test_the_sample_is_one_day_of_sixty_thousand_lines(kept_and_told):
    frame, told = kept_and_told
    assert told.getvalue().startswith("✎ 7 of 60,000 lines could not be read")
    assert (frame.time.iloc[0].hour, 86_000 < frame.time_s.iloc[-1] < 86_400) == (7, True)  # midnight in Portland
    assert 50_000 < len(frame) < 60_000 and 10_000 < frame.key.nunique() < 12_500


def test_the_sample_holds_what_its_card_says(sample, kept_and_told):
    assert len(sample) == 59_993
    assert set(sample.status) == {200, 301, 302, 304, 404} and set(sample.method) == {"GET", "POST"}
    hours = np.bincount((sample.time_s // 3600).astype(int), minlength=24)
    assert hours[[0, 1, 5]].max() < 700 < 3_000 < hours[[2, 3, 4, 10]].min()  # crawler at night, readers by day
    pages = sample[sample.path.str.match(r"/talks/[a-z-]+/$") & (sample.status != 404)].path.value_counts()
    assert pages.iloc[0] > 20 * pages.iloc[100] > 0
    numbers = dict(re.findall(r"\| ([a-z0-9 ,]+) \| ([0-9,]+) \|", card()))
    measured = {str(status): f"{count:,}" for status, count in sample.status.value_counts().items()}
    measured["lines"], measured["lines that cannot be read"] = "60,000", "7"
    measured["different pages kept"] = f"{kept_and_told[0].key.nunique():,}"
    assert measured.items() <= numbers.items()


def test_every_address_and_site_in_the_sample_belongs_to_nobody():
    text = gzip.decompress(SAMPLE.read_bytes()).decode("ascii")
    addresses = set(re.findall(r"\b(\d+\.\d+\.\d+)\.\d+ - - ", text))
    assert addresses == {"192.0.2", "198.51.100", "203.0.113"}
    sites = set(re.findall(r"https?://([a-z.]+)", text))
    assert sites == {"conference.example", "crawler.example"}
    real = ["alex-gaynor", "jacob-kaplan-moss", "advanced-django-forms", "greenfeld"]
    assert not [name for name in real if name in text]


def test_the_crawler_walks_every_page_once(kept_and_told):
    text = gzip.decompress(SAMPLE.read_bytes()).decode("ascii")
    walked = [each.split()[6] for each in text.splitlines() if "TeapotBot" in each]
    assert len(walked) == len(set(walked)) > 10_000
    asked = set(kept_and_told[0].path)
    assert {path for path in asked if "newsletter" not in path} <= set(walked)


def card():
    return (FOLDER / "README.md").read_text(encoding="utf-8")
