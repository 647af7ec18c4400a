"""Builds and destroys dictionaries, lists, strings and JSON. With PYTHONMALLOC=malloc every object is a
block of malloc's. Prints a checksum."""

import json
import zlib

TAGS = ("red", "green", "blue", "round", "square", "heavy", "light")


class Sequence:
    """A small linear congruential generator: the same numbers on every version of Python."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self.state >> 33) % bound


def records(random, count):
    return [
        {
            "id": index,
            "name": f"record {random.below(100000):05d}",
            "tags": [TAGS[random.below(len(TAGS))] for _ in range(random.below(5))],
            "position": {"x": random.below(10000) / 16, "y": random.below(10000) / 16},
        }
        for index in range(count)
    ]


def word_counts(text):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


class Node:
    __slots__ = ("left", "right", "key")

    def __init__(self, key):
        self.key, self.left, self.right = key, None, None


def tree_sum(random, count):
    root = Node(random.below(1 << 30))
    for _ in range(count):
        key, node = random.below(1 << 30), root
        while True:
            side = "left" if key < node.key else "right"
            following = getattr(node, side)
            if following is None:
                setattr(node, side, Node(key))
                break
            node = following
    total, stack = 0, [(root, 1)]
    while stack:
        node, depth = stack.pop()
        total += depth
        stack.extend((child, depth + 1) for child in (node.left, node.right) if child)
    return total


def main():
    random = Sequence(11)
    checksum = 0
    kept = []
    for _ in range(4):
        made = records(random, 15000)
        text = json.dumps(made, sort_keys=True)
        checksum = zlib.crc32(text.encode(), checksum)
        back = json.loads(text)
        back.sort(key=lambda record: (record["name"], record["id"]))
        checksum = zlib.crc32(repr([record["id"] for record in back[::97]]).encode(), checksum)
        counts = word_counts(text)
        checksum = zlib.crc32(repr(sorted(counts.items())[:50]).encode(), checksum)
        # Every tenth record outlives its round, and so do the holes around it.
        kept.append(back[::10])
    checksum += tree_sum(random, 15000)
    print(checksum, sum(len(part) for part in kept))


main()
