"""Runs all workloads under all allocators, interleaved, so that a drift of the machine hits all alike."""

import sys
import time

from .errors import RunFailed
from .results import Results


class Progress:
    """One line on a terminal, nothing in a pipe."""

    def __init__(self, stream=sys.stderr):
        self.stream = stream if stream.isatty() else None

    def show(self, text):
        if self.stream:
            self.stream.write(f"\r\x1b[K{text[:100]}")
            self.stream.flush()

    def clear(self):
        self.show("")


class Schedule:
    """launcher: what runs a program; say: called with each line that the reader must know at once."""

    def __init__(self, launcher, allocators, workloads, *, progress, say, clock=time.monotonic):
        self.launcher = launcher
        self.allocators = allocators
        self.workloads = workloads
        self.progress = progress
        self.say = say
        self.clock = clock
        self.results = Results()
        self.stopped = False  # by the user, after at least one round
        self.expected = {}  # workload -> (what the first allocator computed, its name)

    def run(self, rounds, budget_seconds):
        """Returns (results, rounds done). Begins no round that would probably end after the budget.

        Stopped by the user, it returns what it has, once that is a round.
        """
        start = self.clock()
        longest = 0.0
        done = 0
        while done < rounds and (done == 0 or self.clock() - start + longest <= budget_seconds):
            began = self.clock()
            try:
                self.run_round(done, rounds)
            except KeyboardInterrupt:
                if done == 0:
                    raise
                self.stopped = True
                break
            longest = max(longest, self.clock() - began)
            done += 1
        self.progress.clear()
        return self.results, done

    def run_round(self, number, rounds):
        for position, workload in enumerate(self.workloads):
            # Another allocator goes first each time: the first run after another workload finds other caches.
            taking_part = [each for each in self.allocators if not each.kinds or workload.kind in each.kinds]
            first = (number + position) % max(1, len(taking_part))
            for allocator in taking_part[first:] + taking_part[:first]:
                if not self.results.failed(workload.name, allocator.name):
                    self.progress.show(f"round {number + 1} of {rounds}: {workload.name}, {allocator.name}")
                    self.run_one(workload, allocator)

    def run_one(self, workload, allocator):
        try:
            sample, computed = workload.run(self.launcher, allocator.variables)
            expected, who = self.expected.setdefault(workload.name, (computed, allocator.name))
            if computed != expected:
                raise RunFailed(f"computed something else than with {who}")
        except RunFailed as failure:
            self.results.fail(workload.name, allocator.name, str(failure))
            self.progress.clear()
            self.say(f"bench: {workload.name} with {allocator.name}: {failure}")
            return
        self.results.add(workload.name, allocator.name, sample)
