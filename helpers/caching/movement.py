"""Keys on many servers: which server a key lives on, how many keys move when servers come or go, who bears the load."""

import hashlib
import math

import numpy as np
import pandas as pd

from helpers.caching.trace import check_popularity


def modulo(key: str, servers):
    """The server of `key` by its hash modulo the number of `servers`: simple, and every list has its own order."""
    return servers[_hash(key) % len(servers)]


def rendezvous(key: str, servers):
    """The server of `key` by rendezvous hashing: each server draws a number for this key, and the highest one wins.

    A server that comes or goes changes no other server's number, so no key moves between two that stay, and the order
    of `servers` does not matter. Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates",
    1998.
    """
    return max(servers, key=lambda server: _hash(f"{server} {key}"))


SCHEMES = {"modulo": modulo, "rendezvous": rendezvous}


def moved(keys, before, after, choose) -> float:
    """The exact share of `keys` that `choose(key, servers)` sends to another server once `before` became `after`.

    `before` and `after` are lists of server names. A server that left takes its keys with it, so they count. Raises
    ValueError for no keys, no servers, a name that stands twice, or a choice that is none of the servers.
    """
    keys = _check_keys(keys)
    before, after = _check_servers("before", before), _check_servers("after", after)
    return sum(_chosen(choose, key, before) != _chosen(choose, key, after) for key in keys) / len(keys)


def expected(before, after, scheme: str) -> float:
    """The share of keys that move when the list `before` becomes `after`, for a `scheme` "modulo" or "rendezvous".

    Modulo: with n servers before, m after, a hash h decides by h mod n and h mod m. Places i and j meet once in each
    lcm(n, m) hashes if i and j are the same modulo gcd(n, m), and never otherwise (Chinese remainder theorem); so the
    share that stays is the number of servers with two such places, divided by lcm(n, m). Where servers come or go at
    the end of the list that is min(n, m) / lcm(n, m): from n to n + 1, all but 1 / (n + 1) move.
    Rendezvous: each server of either list is as likely to have drawn the highest number, and a key stays if one in both
    lists did: |n − m| / max(n, m) move where one list holds the other, which is the least possible for even loads.

    Valid for a hash that spreads evenly. Raises ValueError for another scheme, no servers, or a name that stands twice.
    The derivations are ours; rendezvous as in Thaler and Ravishankar, 1998.
    """
    before, after = _check_servers("before", before), _check_servers("after", after)
    both = set(before) & set(after)
    if scheme == "rendezvous":
        return 1 - len(both) / len(set(before) | set(after))
    if scheme != "modulo":
        raise ValueError(
            f"scheme={scheme!r}: theory knows {' and '.join(map(repr, SCHEMES))}; count others by moved()."
        )
    common = math.gcd(len(before), len(after))
    stay = sum((before.index(server) - after.index(server)) % common == 0 for server in both)
    return 1 - stay / math.lcm(len(before), len(after))


def along(keys, stages, schemes=None) -> pd.DataFrame:
    """What moves at each step from one list of servers in `stages` to the next, counted and by theory.

    `schemes` maps a name to its choosing function; without it, "modulo" and "rendezvous" are compared. Columns:
    `before` and `after` (numbers of servers), `scheme`, `moved_share` (0–1), `source`: "measured" for the exact count
    over `keys`, "theory" for `expected`, which other schemes do not have. Errors as for `moved`, and ValueError for
    fewer than two stages.
    """
    keys, stages = _check_keys(keys), [list(stage) for stage in stages]
    if len(stages) < 2:
        raise ValueError(f"stages holds {len(stages)} list of servers: keys move from one to the next, so give two.")
    rows = []
    for before, after in zip(stages, stages[1:], strict=False):
        for name, choose in (SCHEMES if schemes is None else schemes).items():
            rows.append((len(before), len(after), name, moved(keys, before, after, choose), "measured"))
            if name in SCHEMES:
                rows.append((len(before), len(after), name, expected(before, after, name), "theory"))
    return pd.DataFrame(rows, columns=["before", "after", "scheme", "moved_share", "source"])


def loads(keys, popularity, servers, choose=rendezvous) -> pd.DataFrame:
    """What each of `servers` bears where key number i is asked for with the probability `popularity[i]`.

    One row a server, in their order: `server`, `keys_share`, `load_share` (both 0–1, each adding up to 1). Raises
    ValueError for a popularity that has not one number for each key or not the sum 1, and as `moved`.
    """
    keys, shares = _check_keys(keys), check_popularity(popularity)
    servers = _check_servers("servers", servers)
    if len(keys) != shares.size:
        raise ValueError(f"{len(keys):,} keys and {shares.size:,} probabilities: give one probability for each key.")
    place = {server: number for number, server in enumerate(servers)}
    where = np.array([place[_chosen(choose, key, servers)] for key in keys])
    frame = pd.DataFrame({"server": servers})
    frame["keys_share"] = np.bincount(where, minlength=len(servers)) / len(keys)
    frame["load_share"] = np.bincount(where, weights=shares, minlength=len(servers))
    return frame


def largest_share(popularity, servers) -> pd.DataFrame:
    """The load of the server that has the hottest key, on average over placements, for each number of `servers`.

    That server bears the whole of its key, p, and its part of all others: p + (1 − p) / n. More servers bring it no
    lower than p: a hot key lives on one server. The most loaded server bears at least as much on average, as it may be
    another one. One row a number: `servers`, `load_share` (0–1), `source` ("server of the hottest key"). Raises
    ValueError for a popularity without the sum 1, or fewer than one server. The derivation is ours.
    """
    hottest, numbers = check_popularity(popularity).max(), np.atleast_1d(np.asarray(servers))
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1 or (numbers < 1).any():
        raise ValueError(f"servers={servers!r}: numbers of servers are needed here, each a whole number of at least 1.")
    share = hottest + (1 - hottest) / numbers
    return pd.DataFrame({"servers": numbers, "load_share": share, "source": "server of the hottest key"})


def _hash(text):
    # Python's own hash() of a text differs from process to process, so two web workers would look in two places.
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _chosen(choose, key, servers):
    server = choose(key, servers)
    if server not in servers:
        raise ValueError(f"choose({key!r}, {servers}) returned {server!r}: it must return one of these servers.")
    return server


def _check_keys(keys):
    keys = list(keys)
    if not keys:
        raise ValueError("there are no keys, so no share of them can move: hand in a list of names.")
    return keys


def _check_servers(name, servers):
    servers = list(servers) if not isinstance(servers, (str, int)) else servers
    if not isinstance(servers, list) or not servers:
        raise ValueError(f"{name}={servers!r}: a list of server names, with at least one in it, is needed.")
    twice = [server for number, server in enumerate(servers) if server in servers[:number]]
    if twice:
        raise ValueError(f"{name} holds {twice[0]!r} twice: a server has one place in the list; give each name once.")
    return servers
