# %% [markdown]
# # 9. The hit rate
#
# How much memory does a cache need? After this lesson you answer with a measured curve, not with a guess.
#
# **Core:** 25 minutes (a first version: the rest of the lesson is being written) · **needs:** none · **helps:** 08 ·
# **starts:** memcached, on loopback
#
# Credit: the topic comes from Jacob Burch and Noah Silas, "Cache Rules Everything Around Me", DjangoCon 2011.
# The experiments are added by us.

# %% [markdown]
# ## Why it trips people up
#
# "We gave memcached 64 MB, is that enough?" "Our hit rate is 80 %, is that bad?" "We doubled the memory and nothing
# happened." All three are one question: how does the hit rate depend on the number of items that fit?

# %%
import numpy as np
import pandas as pd

from helpers import lesson, plots
from helpers.caching import replay, simulate, traffic
from helpers.lesson import claim, exercise
from helpers.services import memcached

lesson.start("09-hit-rate")

# %% [markdown]
# ## 1. What is a hit rate?
#
# Twenty visitors ask for talks, by number. The cache starts empty and has room for all of them.
# How many of the twenty requests are hits? Write a share between 0 and 1.

# %%
guess_first = ...

# %%
requests = np.array([0, 1, 0, 2, 0, 1, 3, 0, 0, 4, 1, 0, 2, 5, 0, 1, 0, 6, 0, 2])
seen = set()
answers = []
for talk in requests.tolist():
    answers.append(talk in seen)
    seen.add(talk)
pd.DataFrame({"talk": requests, "hit": answers}).T

# %%
claim(
    "With room for all, only the first request for each talk is a miss: 7 of 20, a hit rate of 65 %.",
    sum(answers) / len(answers),
    equals=0.65,
)

# %% [markdown]
# **Why.** A cache with room for everything misses each key once, when it is cold. The hit rate is hits over all
# answers, so it depends on how often people come back, and on how long you count. The same cache on its first
# twenty requests and on its next million has two hit rates.
#
# **In your project:** `stats` of memcached counts `get_hits` and `get_misses` since it was started.
#
# ### Exercise: from counters to a rate


# %%
@exercise("hit-rate-count")
def hit_rate(get_hits, get_misses):
    """The hit rate, from the two counters of memcached; 0.0 for a cache that was never asked."""
    ...


# %% [markdown]
# ## 2. How much memory?
#
# 30,000 requests for 10,000 pages. A few pages are popular, most are not (Zipf's law with alpha 0.9). Each page has
# 2,000 bytes. What hit rate does a memcached of 6 MB reach, with all requests counted?

# %%
guess = ...  # for example: 0.5

# %% [markdown]
# This loop stands behind almost every cached page. It is called cache-aside.

# %%
trace = traffic.zipf(requests=30_000, keys=10_000, alpha=0.9, seed=9)
page = b"x" * 2_000


def cache_aside(client, key):
    value = client.get(key)
    if value is None:  # a miss: make the page, keep it
        client.set(key, page)
        return False
    return True


# %% [markdown]
# First the way it is often done: 64 MB, because that is the default. Look at what was used.

# %% tags=["nbval-ignore-output"]
# %%needs memcached
with memcached.start(memory_mb=64) as server:
    default = replay.play(trace, cache_aside, server)
default[["memory_mb", "hit_rate", "evictions", "capacity_items", "latency_p50_ms", "latency_p99_ms"]]

# %%
# %%needs memcached
claim(
    "With 64 MB nothing is ever evicted: this traffic cannot tell you how much of it you need.",
    default.evictions[0],
    equals=0,
)

# %% [markdown]
# Now the experiment: the same requests, eleven times, each with its own real memcached.

# %% tags=["nbval-ignore-output"]
# %%needs memcached
frames = []
for memory_mb in range(2, 13):
    with memcached.start(memory_mb=memory_mb) as server:
        frames.append(replay.play(trace, cache_aside, server))
runs = pd.concat(frames, ignore_index=True)
runs[["memory_mb", "capacity_items", "hit_rate", "evictions"]].round(4)

# %% [markdown]
# Nobody has to start a server for every size: for least recently used, *all* sizes can be worked out at once from
# the trace (Mattson and others, 1970). That is the line; the points are yours.

# %%
curve = simulate.lru_curve(trace)
curve.iloc[[0, 10, 100, 1000, 2000, 4000]].round(4)

# %%
# %%needs memcached
both = pd.concat([runs, curve[curve.capacity_items > 0].replace("lru", "exact LRU")])
ax = plots.hit_rate(both, guess=guess)
ax.set_title("Each further megabyte brings less, and memcached follows the LRU curve")
lesson.show(
    ax,
    alt="Hit rate against items that fit. The exact LRU line rises steeply at first and then flattens; "
    "eleven measured points of memcached lie close to it.",
)

# %%
# %%needs memcached
exact = runs.capacity_items.map(curve.set_index("capacity_items").hit_rate)
claim(
    "At every size from 2 to 12 MB, memcached as installed is within four points of exact LRU on this trace.",
    (runs.hit_rate - exact).abs().max(),
    below=0.04,
)

# %%
# %%needs memcached
rate = runs.set_index("memory_mb").hit_rate
claim(
    "The step from 7 to 12 MB brings less than half of what the step from 2 to 7 MB brought.",
    (rate[12] - rate[7]) / (rate[7] - rate[2]),
    between=(0.05, 0.5),
)

# %%
because = "..."  # one sentence: why does each further megabyte bring less?

# %% [markdown]
# **Why.** The first items that a cache holds are the most popular ones. Each further item is asked for less often, so it
# brings fewer hits, and the curve flattens. It ends at the level where only first requests miss. memcached is not
# exactly LRU: a background thread sorts its items into hot, warm and cold, which helps a little when memory is small.
#
# When would this be untrue? When the pages are all alike in popularity the curve is nearly straight, and a crawler that
# asks for everything once can push the popular items out.
#
# **In your project:** the `-m` flag in memcached's service file; in Django, `CACHES["default"]`.
#
# ### How many items fit?
#
# memcached cuts its memory into pages of one megabyte, and each page into chunks of one size. Ask it.

# %% tags=["nbval-ignore-output"]
# %%needs memcached
with memcached.start(memory_mb=4) as server:
    four = replay.play(trace, cache_aside, server)
    client = replay.connect(server)
    slabs = client.stats("slabs")
    client.close()
chunk = max(int(value) for name, value in slabs.items() if name.endswith(b":chunk_size"))
print("chunk size in bytes:", chunk, "· items held:", four.capacity_items[0])

# %%
# %%needs memcached
claim(
    "With one size of value, memory_mb × ⌊1,048,576 / chunk size⌋ items fit, exactly, at 4 MB.",
    four.capacity_items[0] - 4 * (1_048_576 // chunk),
    equals=0,
)

# %% [markdown]
# ### Exercise: how many fit?
# The chunk is larger than the value: it holds the key and memcached's notes too. Write the formula.


# %%
@exercise("hit-rate-items-that-fit")
def items_that_fit(memory_mb, chunk_size):
    """How many items of one size fit; memory in megabytes of 1,048,576 bytes, chunk_size in bytes."""
    page_bytes = 1_048_576
    return ... * (page_bytes // ...)


# %% [markdown]
# ### Exercise: decide from the curve
# Your team wants a certain hit rate and pays for memory. Read the answer from a frame such as `curve`.


# %%
@exercise("hit-rate-smallest-size")
def smallest_capacity(curve, wanted):
    """The smallest capacity_items whose hit_rate is at least `wanted`; None where no size is enough."""
    ...


# %% [markdown]
# You may stop here.
#
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | counters of their own around `cache.get` | `stats` of memcached: `get_hits`, `get_misses`, `evictions` |
# | get, test for None, compute, set | [`cache.get_or_set`](https://docs.djangoproject.com/en/5.2/topics/cache/#basic-usage) |
# | one `cache.get` a key, in a loop | [`cache.get_many`](https://docs.djangoproject.com/en/5.2/topics/cache/#basic-usage) |

# %%
lesson.quiz(
    "Your memcached reports 0 evictions after a week. What do you know?",
    right={
        "It has at least as much memory as this traffic uses.": "Nothing was ever thrown out, so more memory cannot bring hits."
    },
    wrong={
        "The hit rate is 100 %.": "First requests miss, and so do items whose time to live has passed.",
        "The cache is not used.": "It may be used all day: only room was never short.",
    },
)
