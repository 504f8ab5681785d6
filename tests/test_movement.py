"""Keys that move: counts against theory, the promise of rendezvous hashing, and the client that the lessons use."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymemcache.client.hash import HashClient
from pymemcache.client.rendezvous import RendezvousHash

from helpers.caching import movement, traffic

KEYS = [f"talk:{number:07d}" for number in range(10_000)]
SERVERS = [f"127.0.0.1:{port}" for port in range(11211, 11219)]
lists = st.lists(st.sampled_from(SERVERS), min_size=1, unique=True)
NEAR = 4 * 0.5 / len(KEYS) ** 0.5  # four standard deviations of a share that was counted over the keys


def by_number(key, servers):
    """Modulo without a hash, for keys that are numbers: what theory says is exact here."""
    return servers[key % len(servers)]


@given(lists, lists)
def test_the_modulo_formula_is_exact_over_a_whole_period(before, after):
    period = range(np.lcm(len(before), len(after)))
    assert movement.moved(period, before, after, by_number) == pytest.approx(movement.expected(before, after, "modulo"))


@pytest.mark.parametrize("scheme", movement.SCHEMES)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SERVERS[:2], SERVERS[:3]),
        (SERVERS[:3], SERVERS[:4]),
        (SERVERS[:4], SERVERS),
        (SERVERS[:4], SERVERS[1:4]),
        (SERVERS[:4], SERVERS[2:7]),
        (SERVERS[:2], SERVERS[2:4]),
        (SERVERS[:3], SERVERS[:3]),
    ],
)
def test_both_schemes_move_what_theory_says(scheme, before, after):
    counted = movement.moved(KEYS, before, after, movement.SCHEMES[scheme])
    assert counted == pytest.approx(movement.expected(before, after, scheme), abs=NEAR)


def test_one_server_more_moves_almost_all_by_modulo_and_its_own_part_by_rendezvous():
    for number in range(1, 8):
        before, after = SERVERS[:number], SERVERS[: number + 1]
        assert movement.expected(before, after, "modulo") == pytest.approx(number / (number + 1))
        assert movement.expected(before, after, "rendezvous") == pytest.approx(1 / (number + 1))
    assert movement.expected(SERVERS[:4], SERVERS, "modulo") == 0.5  # twice as many: modulo moves no more than it must


@given(lists, lists, st.text(max_size=30))
def test_rendezvous_never_moves_a_key_between_two_servers_that_stay(before, after, key):
    old, new = movement.rendezvous(key, before), movement.rendezvous(key, after)
    assert old == new or old not in after or new not in before


@given(lists, st.randoms(use_true_random=False), st.text(max_size=30))
def test_rendezvous_does_not_look_at_the_order(servers, random, key):
    assert movement.rendezvous(key, random.sample(servers, len(servers))) == movement.rendezvous(key, servers)


@pytest.mark.parametrize("choose", movement.SCHEMES.values())
def test_the_keys_are_spread_evenly(choose):
    frame = movement.loads(KEYS, traffic.popularity(len(KEYS), 0), SERVERS, choose)
    assert frame.columns.tolist() == ["server", "keys_share", "load_share"] and frame.server.tolist() == SERVERS
    assert frame.keys_share.tolist() == pytest.approx([1 / 8] * 8, abs=NEAR)
    assert frame.load_share.tolist() == pytest.approx(frame.keys_share.tolist())


def test_another_process_finds_the_same_servers():
    code = (
        "from helpers.caching import movement; "
        f"print([choose('talk:0000042', {SERVERS}) for choose in movement.SCHEMES.values()])"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    ).stdout
    assert there.strip() == str([choose("talk:0000042", SERVERS) for choose in movement.SCHEMES.values()])


@pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 4), (4, 3), (4, 8)])
def test_the_clients_own_hashing_moves_as_many_keys(before, after):
    def by_pymemcache(key, servers):
        return RendezvousHash(list(servers)).get_node(key)

    counted = movement.moved(KEYS, SERVERS[:before], SERVERS[:after], by_pymemcache)
    assert counted == pytest.approx(movement.expected(SERVERS[:before], SERVERS[:after], "rendezvous"), abs=NEAR)


def test_the_client_uses_rendezvous_hashing_over_host_and_port():
    pairs = [("127.0.0.1", port) for port in range(11211, 11214)]
    client = HashClient(pairs)  # it connects when it is asked for something, so no server is needed
    assert type(client.hasher) is RendezvousHash
    chosen = [client._get_client(key).server for key in KEYS[:200]]
    assert [f"{host}:{port}" for host, port in chosen] == [
        RendezvousHash(SERVERS[:3]).get_node(key) for key in KEYS[:200]
    ]


def test_each_step_of_a_growth_is_counted_and_foretold():
    schemes = {**movement.SCHEMES, "always the first": lambda key, servers: servers[0]}
    frame = movement.along(KEYS[:2_000], [SERVERS[:2], SERVERS[:3], SERVERS[1:3]], schemes)
    assert frame.columns.tolist() == ["before", "after", "scheme", "moved_share", "source"]
    assert frame[["before", "after"]].drop_duplicates().to_numpy().tolist() == [[2, 3], [3, 2]]
    own = frame[frame.scheme == "always the first"]
    assert own.moved_share.tolist() == [0, 1] and set(own.source) == {"measured"}
    wide = frame[frame.scheme != "always the first"].pivot(
        index=["before", "scheme"], columns="source", values="moved_share"
    )
    assert len(wide) == 4 and (wide.measured - wide.theory).abs().max() <= 0.045
    assert set(movement.along(KEYS[:10], [SERVERS[:2], SERVERS[:3]]).scheme) == {"modulo", "rendezvous"}


def test_the_server_of_the_hottest_key_bears_what_the_formula_says():
    popularity = traffic.popularity(200, 1.1)
    shares = []
    for placement in range(400):
        keys = [f"{placement}:{number}" for number in range(popularity.size)]
        frame = movement.loads(keys, popularity, SERVERS[:4]).set_index("server").load_share
        shares.append((frame[movement.rendezvous(keys[0], SERVERS[:4])], frame.max()))
    hottest, largest = np.mean(shares, axis=0)
    theory = movement.largest_share(popularity, [1, 4, 1_000_000])
    assert theory.columns.tolist() == ["servers", "load_share", "source"]
    assert theory.load_share[1] == pytest.approx(hottest, abs=4 * np.std(shares, axis=0)[0] / 20)
    assert largest >= theory.load_share[1] > 1 / 4
    assert theory.load_share[0] == 1 and theory.load_share[2] == pytest.approx(popularity[0], abs=1e-5)


@pytest.mark.parametrize(
    ("impossible", "words"),
    [
        (lambda: movement.moved([], SERVERS, SERVERS, movement.modulo), "there are no keys"),
        (lambda: movement.moved(KEYS, [], SERVERS, movement.modulo), r"before=\[\]"),
        (lambda: movement.moved(KEYS, SERVERS, "one", movement.modulo), "after='one'"),
        (lambda: movement.moved(KEYS, SERVERS, 4, movement.modulo), "after=4"),
        (lambda: movement.moved(KEYS, SERVERS, ["a", "b", "a"], movement.modulo), "after holds 'a' twice"),
        (lambda: movement.moved(KEYS, SERVERS, SERVERS, lambda key, servers: 0), "returned 0: it must return one"),
        (lambda: movement.expected(SERVERS, SERVERS, "ketama"), "scheme='ketama'"),
        (lambda: movement.along(KEYS, [SERVERS]), "stages holds 1 list"),
        (lambda: movement.loads(KEYS, [0.5, 0.5], SERVERS), "10,000 keys and 2 probabilities"),
        (lambda: movement.loads(KEYS[:2], [0.5, 0.6], SERVERS), "the sum 1, are needed"),
        (lambda: movement.largest_share([1.0], 0), "servers=0"),
        (lambda: movement.largest_share([1.0], SERVERS), "numbers of servers"),
    ],
)
def test_impossible_arguments_get_a_sentence(impossible, words):
    with pytest.raises(ValueError, match=words):
        impossible()
