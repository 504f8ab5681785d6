"""Where the boxes and labels of the relation map stand: in columns, with few arrows that cross.

The steps are those of K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual Understanding of Hierarchical System
Structures", 1981: columns by height, a free place where an arrow passes a column, order by the neighbours.
"""

import itertools


def columns_of(names, arrows) -> dict[str, int]:
    """name → column, counted from the left: a model stands left of all that it points to, cycles excepted.

    `arrows` have `model` and `to`, two different ones of the `names`.
    """
    targets = {name: list(dict.fromkeys(row.to for row in arrows if row.model == name)) for name in names}
    height: dict[str, int] = {}

    def climb(name, above):
        if name not in height:
            below = [climb(each, (*above, name)) for each in targets[name] if each not in above]
            height[name] = 1 + max(below, default=-1)
        return height[name]

    for name in names:
        climb(name, (name,))
    return {name: max(height.values()) - height[name] for name in names}


def routes(arrows, column) -> list[list[tuple]]:
    """For each arrow the nodes from left to right, as (column of the paper, node): box, label, free places, box.

    Even columns of the paper hold boxes, odd ones labels; an arrow that passes a column has a free place there.
    """
    found = []
    for number, row in enumerate(arrows):
        left, right = sorted((row.model, row.to), key=lambda name: column[name])
        at = range(2 * column[left] + 1, 2 * column[right])
        middle = [(where, ("label" if where == at[0] else "free", number, where)) for where in at]
        found.append([(2 * column[left], left), *middle, (2 * column[right], right)])
    return found


def ordered(names, routes) -> list[list]:
    """The nodes of each column from top to bottom: sorted by their neighbours, back and forth, the best is kept."""
    count = 1 + max(where for route in routes for where, _ in route) if routes else 1
    columns = [[] for _ in range(count)]
    for where, node in dict.fromkeys(each for route in routes for each in route):
        columns[where].append(node)
    alone = [name for name in names if not any(name in column for column in columns)]
    columns[-1].extend(alone)
    links = [(a[0], a[1], b[1]) for route in routes for a, b in itertools.pairwise(route)]
    best, fewest = [list(each) for each in columns], _crossings(columns, links)
    for sweep in range(24):
        forth = sweep % 2 == 0
        for where in range(1, count) if forth else range(count - 2, -1, -1):
            beside = columns[where - 1 if forth else where + 1]
            sides = [(b, a) if forth else (a, b) for at, a, b in links if at == (where - 1 if forth else where)]
            near = {node: [beside.index(other) for own, other in sides if own == node] for node in columns[where]}
            old = {node: place * len(beside) / len(columns[where]) for place, node in enumerate(columns[where])}
            columns[where].sort(key=lambda node: sum(near[node]) / len(near[node]) if near[node] else old[node])
        if _crossings(columns, links) < fewest:
            best, fewest = [list(each) for each in columns], _crossings(columns, links)
    return best


def _crossings(columns, links):
    place = {node: number for column in columns for number, node in enumerate(column)}
    ends = [(where, place[a], place[b]) for where, a, b in links]
    return sum(s[0] == t[0] and (s[1] - t[1]) * (s[2] - t[2]) < 0 for s, t in itertools.combinations(ends, 2))
