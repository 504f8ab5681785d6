"""The exercises of lesson 12 about many servers: a hasher, and the books that move when a library grows."""

from hashlib import md5
from zlib import crc32

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, expect_call

LESSON = "12-backends-libraries-many-servers"


class Hasher(Exercise):
    """A hasher for pymemcache by rendezvous: the server with the highest draw for a key."""

    id = "backends-hasher"
    name = "Highest"
    kind = "class"

    def stub():
        class Highest:
            def __init__(self):
                self.servers = []

            def add_node(self, server):
                self.servers.append(server)

            def remove_node(self, server):
                self.servers.remove(server)

            def draw(self, server, key):
                return md5(f"{...} {...}".encode()).hexdigest()

            def get_node(self, key):
                return max(self.servers, key=lambda server: self.draw(server, key))

        return Highest

    hints = (
        "A draw belongs to one server and one key: what happens if it depends on one of the two only?",
        "Both go into the text whose number is taken: the server, and the key.",
    )

    def check(attempt):
        keys = [f":1:page:{number}" for number in range(600)]
        three = {key: _ring(attempt, "abc").get_node(key) for key in keys}
        used = sorted(set(three.values()), key=str)
        if used != ["server-a", "server-b", "server-c"]:
            raise Incorrect(
                f"600 keys on three servers: get_node chose {len(used)} of them. A draw is a hash of the server and "
                "the key: without the key one server wins every time, without the server all draw alike."
            )
        if any(three[key] != _ring(attempt, "cab").get_node(key) for key in keys[:100]):
            raise Incorrect(
                "two workers with the same three servers in another order look for a key in two places: the draw has "
                "to name the server, not depend on its place."
            )
        four = {key: _ring(attempt, "abcd").get_node(key) for key in keys}
        wrongly = sum(three[key] != four[key] != "server-d" for key in keys)
        if wrongly:
            raise Incorrect(f"with a fourth server {wrongly} of 600 keys moved between two old ones: expected none.")
        moved = sum(three[key] != four[key] for key in keys)
        if not 90 <= moved <= 220:
            raise Incorrect(f"with a fourth server {moved} of 600 keys moved: expected about 150, its fair share.")
        return "a fourth server takes about a quarter of the keys, and no key moves between two old ones"

    @solution
    def both():
        from hashlib import md5

        class Highest:
            def __init__(self):
                self.servers = []

            def add_node(self, server):
                self.servers.append(server)

            def remove_node(self, server):
                self.servers.remove(server)

            def draw(self, server, key):
                return md5(f"{server} {key}".encode()).hexdigest()

            def get_node(self, key):
                return max(self.servers, key=lambda server: self.draw(server, key))

        return Highest

    @mistake("without the key one server wins")
    def server_alone():
        class Highest(_Servers):
            def get_node(self, key):
                return max(self.servers, key=lambda server: md5(f"{server} {server}".encode()).hexdigest())

        return Highest

    @mistake("without the server all draw alike")
    def key_alone():
        class Highest(_Servers):
            def get_node(self, key):
                return max(self.servers, key=lambda server: md5(f"{key} {key}".encode()).hexdigest())

        return Highest

    @mistake("in two places")
    def by_place():
        class Highest(_Servers):
            def get_node(self, key):
                return self.servers[crc32(key.encode()) % len(self.servers)]

        return Highest


class _Servers:
    """What the mistakes have in common."""

    def __init__(self):
        self.servers = []

    def add_node(self, server):
        self.servers.append(server)

    def remove_node(self, server):
        self.servers.remove(server)


def _ring(attempt, letters):
    made = call(attempt, shown="")
    for letter in letters:
        made.add_node(f"server-{letter}")
    return made


class Carry(Exercise):
    """The books to carry when the branches of a library change, as (book, from, to), in order.

    `branch_of(book, branches)` says in which of the branches a book stands.
    """

    id = "backends-library"
    name = "books_to_carry"

    def stub(books, before, after, branch_of): ...

    hints = (
        "Ask branch_of twice for each book: once with the branches before, once with those after.",
        "Only a book whose two answers differ is carried; sorted() puts the triples in order.",
    )

    def check(attempt):
        def by_number(book, branches):
            return branches[book % len(branches)]

        one, two = ["north"], ["north", "south"]
        for books, before, after, expected, nudge in (
            ([3, 4, 1], one, two, [(1, "north", "south"), (3, "north", "south")], _of_a_new_branch),
            ([2, 1], two, one, [(1, "south", "north")], "A branch that closes gives its books away, as well."),
            ([3, 1, 1], two, two, [], "The same branches: nothing is carried."),
        ):
            shown = f"{books}, {before}, {after}, by_number"
            expect_call(attempt, books, before, after, by_number, expected=expected, shown=shown, nudge=nudge)
        return "from one branch to two, back again, and nothing where nothing changes"

    @solution
    def asked_twice(books, before, after, branch_of):
        moves = [(book, branch_of(book, before), branch_of(book, after)) for book in books]
        return sorted(each for each in moves if each[1] != each[2])

    @mistake("Only what changes its branch")
    def all_of_them(books, before, after, branch_of):
        return sorted((book, branch_of(book, before), branch_of(book, after)) for book in books)

    @mistake("in order")
    def in_the_order_of_the_books(books, before, after, branch_of):
        moves = [(book, branch_of(book, before), branch_of(book, after)) for book in books]
        return [each for each in moves if each[1] != each[2]]

    @mistake("as a list of tuples")
    def lists_for_tuples(books, before, after, branch_of):
        moves = [[book, branch_of(book, before), branch_of(book, after)] for book in books]
        return sorted(each for each in moves if each[1] != each[2])

    @mistake("from and to are two branches")
    def all_branches_named(books, before, after, branch_of):
        return sorted((book, before, after) for book in books if branch_of(book, before) != branch_of(book, after))

    @mistake("in order")
    def backwards(books, before, after, branch_of):
        moves = [(book, branch_of(book, before), branch_of(book, after)) for book in books]
        return sorted((each for each in moves if each[1] != each[2]), reverse=True)

    @mistake("A branch that closes")
    def only_to_the_new(books, before, after, branch_of):
        new = set(after) - set(before)
        moves = [(book, branch_of(book, before), branch_of(book, after)) for book in books]
        return sorted(each for each in moves if each[2] in new)


def _of_a_new_branch(got):
    if not isinstance(got, list) or not all(isinstance(each, tuple) and len(each) == 3 for each in got):
        return "The books come as a list of tuples, (book, from, to)."
    if any(isinstance(branch, list) for each in got for branch in each[1:]):
        return "from and to are two branches: ask branch_of."
    return "Only what changes its branch, in order."
