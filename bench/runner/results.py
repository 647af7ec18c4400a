"""The figures of a run: samples, their medians, and the ratios that may be printed."""

import math
import statistics
from dataclasses import asdict, dataclass

from .errors import MissingOpponent

TIME, MEMORY, TOUCH, UNTOUCHED = "seconds", "peak_kib", "touch_seconds", "untouched_seconds"


@dataclass(frozen=True)
class Sample:
    seconds: float  # one operation of a micro benchmark, or the whole run of a program
    cpu_seconds: float  # of the whole process
    peak_kib: int  # peak resident memory of the whole process
    touch_seconds: float = None  # the curve's walk without the allocator

    @property
    def untouched_seconds(self):
        """What is left for the allocator when the walk is taken off, in the same process."""
        return None if self.touch_seconds is None else self.seconds - self.touch_seconds


class Results:
    """Samples by workload and allocator, in the order in which they first came."""

    def __init__(self):
        self.samples = {}  # workload -> allocator -> [Sample]
        self.failures = {}  # (workload, allocator) -> what happened

    def add(self, workload, allocator, sample):
        self.samples.setdefault(workload, {}).setdefault(allocator, []).append(sample)

    def fail(self, workload, allocator, reason):
        """What failed once has no figure: its samples are dropped and must not be added to."""
        self.failures[workload, allocator] = reason
        self.samples.setdefault(workload, {}).pop(allocator, None)

    def failed(self, workload, allocator):
        return (workload, allocator) in self.failures

    def workloads(self, group=None):
        return [name for name in self.samples if group in (None, name.split("/", 1)[0])]

    def groups(self):
        return list(dict.fromkeys(name.split("/", 1)[0] for name in self.samples))

    def median(self, workload, allocator, what=TIME):
        """Raises MissingOpponent when the allocator has no sample there."""
        values = [getattr(sample, what) for sample in self.samples.get(workload, {}).get(allocator, ())]
        if not values or None in values:
            raise MissingOpponent(f"{workload} has no figure of {allocator}")
        return statistics.median(values)

    def ratio(self, workload, allocator, opponent, what=TIME):
        """median ÷ opponent's median of the same run."""
        return self.median(workload, allocator, what) / self.median(workload, opponent, what)

    def mean_ratio(self, workloads, allocator, opponent, what=TIME):
        """The geometric mean over exactly these workloads; one that lacks either side makes it none."""
        if not workloads:
            raise MissingOpponent("no workload of this kind was run")
        return geometric_mean([self.ratio(workload, allocator, opponent, what) for workload in workloads])

    def spread(self, workload):
        """The widest half range between the quartiles of any allocator's times, as a part of its median.

        None where no allocator has the three samples that this needs.
        """
        widest = None
        for samples in self.samples[workload].values():
            times = [sample.seconds for sample in samples]
            if len(times) >= 3:
                low, middle, high = statistics.quantiles(times, n=4, method="inclusive")
                widest = max(widest or 0.0, (high - low) / 2 / middle)
        return widest

    def rounds(self):
        """How many samples a figure is the median of, at least."""
        counts = [len(samples) for by_allocator in self.samples.values() for samples in by_allocator.values()]
        return min(counts, default=0)

    def as_json(self):
        return {
            "samples": {
                workload: {name: [asdict(sample) for sample in samples] for name, samples in by_allocator.items()}
                for workload, by_allocator in self.samples.items()
            },
            "failures": [
                {"workload": workload, "allocator": allocator, "reason": reason}
                for (workload, allocator), reason in self.failures.items()
            ],
        }

    @staticmethod
    def from_json(document):
        results = Results()
        for workload, by_allocator in document["samples"].items():
            for allocator, samples in by_allocator.items():
                for sample in samples:
                    results.add(workload, allocator, Sample(**sample))
        for failure in document["failures"]:
            results.fail(failure["workload"], failure["allocator"], failure["reason"])
        return results


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values))
