"""Every policy keeps the rules of a cache, and none beats Belady; on small traces each decides as its paper says."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.caching import policies, simulate

traces = st.lists(st.integers(0, 12), min_size=1, max_size=120).map(np.array)
online = [policy for policy in policies.ALL if policy is not policies.Belady]
each = pytest.mark.parametrize("policy", policies.ALL, ids=lambda policy: policy.name)


def answers(policy, capacity, trace):
    cache = policy.for_trace(capacity, trace)
    return [cache.request(key) for key in trace.tolist()]


def after(policy, capacity, keys):
    """Which keys a cache holds after `keys`: those whose request, tried on a cache of its own, would be a hit."""
    return {key for key in set(keys) if answers(policy, capacity, np.array([*keys, key]))[-1]}


@pytest.mark.parametrize("policy", online, ids=lambda policy: policy.name)
@given(traces, st.integers(1, 14))
@example(np.array([0, 1, 0]), 1)  # a policy that could turn key 1 away would hit, and beat a Belady that cannot
def test_no_policy_hits_more_than_belady(policy, trace, capacity):
    assert sum(answers(policy, capacity, trace)) <= sum(answers(policies.Belady, capacity, trace))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9), st.integers(1, 4))
def test_belady_hits_as_much_as_the_best_of_all_choices(keys, capacity):
    states = {frozenset(): 0}  # what can be in the cache → most hits on the way there
    for key in keys:
        following = {}
        for held, hits in states.items():
            if key in held:
                options, hits = [held], hits + 1
            elif len(held) < capacity:
                options = [held | {key}]
            else:
                options = [held - {victim} | {key} for victim in held]
            for option in options:
                following[option] = max(following.get(option, 0), hits)
        states = following
    assert sum(answers(policies.Belady, capacity, np.array(keys))) == max(states.values())


@each
@given(traces, st.integers(1, 14))
def test_it_holds_no_more_than_its_capacity_and_hits_only_what_was_there(policy, trace, capacity):
    cache, seen = policy.for_trace(capacity, trace), set()
    for key in trace.tolist():
        hit = cache.request(key)
        assert hit is True or hit is False
        assert not hit or key in seen
        seen.add(key)
        assert len(cache) == min(capacity, len(seen))


@pytest.mark.parametrize("policy", online, ids=lambda policy: policy.name)
@settings(max_examples=20)
@given(traces)
def test_its_length_is_what_it_really_holds(policy, trace):
    """Caches are fed to the same point and asked for one key each: hits beyond the capacity would be hidden items."""
    capacity = 4
    assert len(after(policy, capacity, trace.tolist())) == min(capacity, len(set(trace.tolist())))


@each
@given(traces, st.integers(1, 14))
def test_what_was_asked_for_last_is_in_the_cache(policy, trace, capacity):
    assert all(answers(policy, capacity, np.repeat(trace, 2))[1::2])


@each
@given(traces)
def test_one_item_is_the_last_key_and_enough_room_keeps_all(policy, trace):
    repeats = [bool(same) for same in np.r_[False, trace[1:] == trace[:-1]]]
    assert answers(policy, 1, trace) == repeats
    distinct = len(set(trace.tolist()))
    assert sum(answers(policy, distinct, trace)) == trace.size - distinct


@each
@pytest.mark.parametrize("capacity", [0, -1, 1.5, True, "9"])
def test_an_impossible_capacity_gets_a_sentence(policy, capacity):
    with pytest.raises(ValueError, match="capacity_items=.*a whole number of at least 1"):
        policy.for_trace(capacity, np.array([1]))


def test_a_base_without_a_request_says_so():
    with pytest.raises(NotImplementedError, match=r"Policy has no request\(key\) yet"):
        policies.Policy(1).request(3)


def test_belady_refuses_another_trace_than_its_own():
    cache = policies.Belady(2, np.array([5, 6]))
    cache.request(5)
    with pytest.raises(ValueError, match="asked for 7, and its trace says 6"):
        cache.request(7)
    cache = policies.Belady(2, np.array([5]))
    cache.request(5)
    with pytest.raises(ValueError, match="asked for 5, and its trace says None"):
        cache.request(5)


@given(traces)
def test_lru_is_the_exact_curve(trace):
    curve = simulate.lru_curve(trace).set_index("capacity_items").hit_rate
    sizes = list(range(1, len(curve)))
    assert simulate.run(policies.LRU, trace, sizes).hit_rate.tolist() == [curve[size] for size in sizes]


@pytest.mark.parametrize(
    ("policy", "capacity", "keys", "held"),
    [
        (policies.FIFO, 3, "abcad", "bcd"),  # the hit saves nothing: a came first
        (policies.LRU, 3, "abcad", "acd"),  # the hit saves a
        (policies.LFU, 3, "aabbcd", "abd"),  # c was asked for least
        (policies.LFU, 3, "abcd", "bcd"),  # all alike: the first to come goes
        (policies.LFU, 2, "aaabbcb", "ab"),  # b lost its count on the way out, and still pushes out c
        (policies.SLRU, 5, "aabcdef", "acdef"),  # a is protected, b is the oldest on probation
        (policies.SLRU, 3, "aabbccdef", "bcf"),  # two may be protected: a is handed down, and goes first
        (policies.SIEVE, 4, "abcdae", "acde"),  # a was visited and is spared
        (policies.SIEVE, 4, "abcdaef", "adef"),  # the hand stayed behind b, and takes c: a is not looked at again
        (policies.S3FIFO, 10, "aaabcdefghijk", "acdefghijk"),  # two hits: a has passed the trial
        (policies.S3FIFO, 10, "aabcdefghijk", "bcdefghijk"),  # one hit is not enough
        (policies.S3FIFO, 10, "abcdefghijkalmno", "aghijklmno"),  # a ghost knew a, and it passes the trial by it
        (policies.ARC, 3, "aabcd", "acd"),  # a was asked for again, b only once
        (policies.ARC, 3, "aabcdbef", "bef"),  # the ghost of b says that recency counts: now the border gives way
        (policies.WTinyLFU, 3, "aabbccd", "abd"),  # c was asked for no more often than a, the next victim
        (policies.WTinyLFU, 3, "aabbcccd", "bcd"),  # c was asked for more often than a
    ],
)
def test_who_is_there_in_the_end(policy, capacity, keys, held):
    assert after(policy, capacity, [ord(key) for key in keys]) == {ord(key) for key in held}


class PaperARC:
    """The four cases of figure 4 in Megiddo and Modha (2003), word for word; the lists have the oldest key in front."""

    def __init__(self, c):
        self.c, self.p, self.T1, self.T2, self.B1, self.B2 = c, 0, [], [], [], []

    def request(self, x):
        hit = x in self.T1 or x in self.T2
        if hit:
            (self.T1 if x in self.T1 else self.T2).remove(x)
            self.T2.append(x)
        elif x in self.B1:
            self.p = min(self.c, self.p + max(len(self.B2) / len(self.B1), 1))
            self.replace(x)
            self.B1.remove(x)
            self.T2.append(x)
        elif x in self.B2:
            self.p = max(0, self.p - max(len(self.B1) / len(self.B2), 1))
            self.replace(x)
            self.B2.remove(x)
            self.T2.append(x)
        else:
            known = len(self.T1) + len(self.T2) + len(self.B1) + len(self.B2)
            if len(self.T1) + len(self.B1) == self.c:
                if len(self.T1) < self.c:
                    self.B1.pop(0)
                    self.replace(x)
                else:
                    self.T1.pop(0)
            elif known >= self.c:
                if known == 2 * self.c:
                    self.B2.pop(0)
                self.replace(x)
            self.T1.append(x)
        return hit

    def replace(self, x):
        if self.T1 and ((x in self.B2 and len(self.T1) == self.p) or len(self.T1) > self.p):
            self.B1.append(self.T1.pop(0))
        else:
            self.B2.append(self.T2.pop(0))


@pytest.mark.parametrize("seed", range(60))
def test_arc_is_its_paper_request_by_request(seed):
    """Long traces of many skews and sizes: in short ones the ghosts seldom grow apart or the target reaches an end."""
    draw = np.random.default_rng(seed)
    capacity, keys = int(draw.integers(1, 9)), int(draw.integers(3, 25))
    trace = np.floor(keys * draw.random(1_500) ** draw.integers(1, 4)).astype(int)
    ours, paper = policies.ARC(capacity), PaperARC(capacity)
    for key in trace.tolist():
        assert ours.request(key) == paper.request(key)
        assert [list(ours.once), list(ours.again)] == [paper.T1, paper.T2]
        assert [list(ours.once_ghosts), list(ours.again_ghosts), ours.target] == [paper.B1, paper.B2, paper.p]


def test_wtinylfu_keeps_a_window_of_one_percent_and_forgets():
    cache = policies.WTinyLFU(300)
    for key in range(400):
        cache.request(key)
    assert list(cache.window) == [397, 398, 399]
    cache = policies.WTinyLFU(2)
    for _ in range(19):
        cache.request(7)
    assert cache.counts == {7: 15}  # no higher
    cache.request(8)  # the twentieth request, ten for each item
    assert cache.counts == {7: 7}
