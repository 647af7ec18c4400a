"""What is printed, most important first. No ratio appears whose opponent was not in the same run."""

from .allocators import BASELINE, OFF, SITES, SURVEY
from .errors import MissingOpponent
from .results import MEMORY, TIME, TOUCH, UNTOUCHED
from .tables import ABSENT, Section, count_text, mebibytes_text, ratio_text, seconds_text
from .workloads import CURVE_GROUP, PAIRS_GROUP

PROGRAMS_GROUP = "programs"
STARTUP_GROUP = "startup"

GROUP_TITLES = {
    PROGRAMS_GROUP: "whole programs",
    PAIRS_GROUP: "malloc/free pairs",
    "call-sites": "many call sites",
    "batches": "batches",
    "realloc": "realloc growth",
    "calloc": "calloc",
    "large": "large blocks",
    "threads": "threads",
}

# Peaks below this are mostly the program itself, which is the same under every allocator.
HOLDS_MUCH_KIB = 16 * 1024

REACHED, MISSED = "reached", "missed"
BAR_WIDTH = 50


def attempt(figure, *arguments):
    """The figure, or None where one side of it was not measured in this run."""
    try:
        return figure(*arguments)
    except MissingOpponent:
        return None


def shown(value, text):
    return ABSENT if value is None else text(value)


def counted(workloads, what):
    """As in: 4 whole programs. `what` is in the plural."""
    if len(workloads) == 1:
        what = what.removesuffix("s")
    return f"{len(workloads)} {what}" if workloads else what


class Report:
    """results: those of one run; names: its allocators, in the order of the columns; part: what restricted
    the run, empty when everything was run: the aims over all benchmarks are then neither reached nor missed."""

    def __init__(self, results, names, part=""):
        self.results = results
        self.part = part
        self.surveys = SURVEY in names
        self.names = [name for name in names if name != SURVEY]
        self.has_baseline = BASELINE in names
        self.compared = [
            name for name in results.workloads() if name.split("/", 1)[0] not in (CURVE_GROUP, STARTUP_GROUP)
        ]
        # Programs stand first: they are what users run.
        self.compared.sort(key=lambda name: not name.startswith(PROGRAMS_GROUP + "/"))

    def sections(self):
        made = [
            self.reaches(),
            self.missing_opponents(),
            self.failures(),
            self.means("Time, geometric means", TIME),
            self.means("Peak resident memory, geometric means", MEMORY),
            self.each("Time, each benchmark", TIME, seconds_text),
            self.each("Peak resident memory, each benchmark", MEMORY, mebibytes_text),
            self.curve("Free and malloc among N live blocks", self.whole_cost),
            self.curve("The same, less the cache misses of touching the victim", self.cost_without_touch),
            self.survey(),
            self.startup(),
        ]
        return [section for section in made if section is not None]

    # The aims ---------------------------------------------------------------------------------------

    def reaches(self):
        everything = f"all {counted(self.compared, 'benchmarks')}{' of this part' if self.part else ''}"
        programs = self.members(PROGRAMS_GROUP)
        pairs = self.members(PAIRS_GROUP)
        rows = [
            self.reach(f"off ÷ mimalloc, time, {everything}", self.compared, OFF, BASELINE, TIME, 1.10, self.part),
            self.reach(
                f"off ÷ mimalloc, peak memory, {everything}", self.compared, OFF, BASELINE, MEMORY, 1.15, self.part
            ),
            self.reach(f"sites ÷ off, time, {counted(programs, 'whole programs')}", programs, SITES, OFF, TIME, 1.10),
            self.reach(f"sites ÷ off, time, {counted(pairs, 'malloc/free pairs')}", pairs, SITES, OFF, TIME, 1.60),
            *self.curve_reaches(),
        ]
        return Section(
            "What is to be reached",
            ["Geometric means of the ratios of medians; below 1 is better than the opponent."],
            ["", "measured", "at most", ""],
            rows,
            words=(0, 3),
        )

    def reach(self, label, workloads, allocator, opponent, what, limit, part=""):
        measured = attempt(self.results.mean_ratio, workloads, allocator, opponent, what)
        if measured is None:
            return [label, ABSENT, f"{limit:.2f}", "not in this run"]
        # As printed: 1.104 is not reached because 1.10 is printed, nor missed because of a digit unseen.
        verdict = "a part only" if part else REACHED if round(measured, 2) <= limit else MISSED
        return [label, f"{measured:.2f}", f"{limit:.2f}", verdict]

    def curve_reaches(self):
        """How much dearer a free and a malloc are among the most live blocks than among the fewest."""
        curve = self.curve_points()
        if len(curve) < 2:
            return []
        ends = curve[0], curve[-1]
        opponent = attempt(self.growth, ends, BASELINE)
        rows = []
        for name in (OFF, SITES):
            growth = attempt(self.growth, ends, name)
            label = f"{name}, a free and malloc among {count_text(ends[1])} live blocks ÷ among {count_text(ends[0])}"
            limit = "" if opponent is None else f"mimalloc's {opponent:.1f}"
            rows.append([label, shown(growth, lambda value: f"{value:.1f}"), limit, "see the curve"])
        return rows

    def growth(self, ends, allocator):
        fewest, most = ends
        return self.whole_cost(most, allocator) / self.whole_cost(fewest, allocator)

    # What is not there ------------------------------------------------------------------------------

    def missing_opponents(self):
        absent = [name for name in (BASELINE, OFF, SITES) if name not in self.names]
        if not absent:
            return None
        lines = [f"{name} was not in this run: no ratio to it or of it is given." for name in absent]
        if not self.has_baseline:
            lines.append("Figures below are absolute instead.")
        return Section("Missing", lines)

    def failures(self):
        if not self.results.failures:
            return None
        rows = [[workload, name, reason] for (workload, name), reason in self.results.failures.items()]
        return Section(
            "Failed",
            ["These have no figure, and no mean that would need one is given."],
            ["benchmark", "allocator", "what happened"],
            rows,
            words=(0, 1, 2),
        )

    # Ratios -----------------------------------------------------------------------------------------

    def members(self, group):
        return [name for name in self.compared if name.startswith(group + "/")]

    def ratio_headings(self):
        headings = [name if name == BASELINE else f"{name} ÷ m." for name in self.others()]
        return headings + (["sites ÷ off"] if self.has_tracking() else [])

    def others(self):
        return [name for name in self.names if name != BASELINE]

    def has_tracking(self):
        return OFF in self.names and SITES in self.names

    def means(self, title, what):
        if not self.compared or not (self.has_baseline or self.has_tracking()):
            return None
        groups = [(GROUP_TITLES.get(group, group), self.members(group)) for group in self.results.groups()]
        groups = [(label, members) for label, members in groups if members]
        groups.sort(key=lambda entry: entry[0] != GROUP_TITLES[PROGRAMS_GROUP])
        micro = [name for name in self.compared if not name.startswith(PROGRAMS_GROUP + "/")]
        if micro and len(micro) < len(self.compared):
            groups.append(("all but whole programs", micro))
        groups.insert(0, ("all", self.compared))
        if what == MEMORY:
            much = [name for name in self.compared if self.holds_much(name)]
            if much:
                groups.insert(1, (f"all that hold over {HOLDS_MUCH_KIB // 1024} MiB", much))
        others = self.others() if self.has_baseline else []
        rows = []
        for label, members in groups:
            row = [label, str(len(members))]
            for name in others:
                row.append(shown(attempt(self.results.mean_ratio, members, name, BASELINE, what), ratio_text))
            if self.has_tracking():
                row.append(shown(attempt(self.results.mean_ratio, members, SITES, OFF, what), ratio_text))
            rows.append(row)
        headings = ["", "benchmarks", *(f"{name} ÷ m." for name in others)]
        headings += ["sites ÷ off"] if self.has_tracking() else []
        notes = []
        if others:
            notes = ["÷ m.: ratio to mimalloc; below 1 is " + ("faster." if what == TIME else "less.")]
        return Section(title, notes, headings, rows)

    def holds_much(self, workload):
        return (attempt(self.results.median, workload, BASELINE, MEMORY) or 0) > HOLDS_MUCH_KIB

    def each(self, title, what, text):
        if not self.compared:
            return None
        headings = ["benchmark"]
        if self.has_baseline:
            headings += [BASELINE, *(f"{name} ÷ m." for name in self.others())]
        else:
            headings += self.names
        headings += ["sites ÷ off"] if self.has_tracking() else []
        headings += ["spread"] if what == TIME else []
        rows = [self.each_row(workload, what, text) for workload in self.compared]
        notes = []
        if what == TIME:
            notes.append(
                "An operation of a micro benchmark (a malloc and its free, a realloc, a thread), or a whole program's run."
            )
            notes.append("spread: half the range between the quartiles, of the least steady allocator.")
        return Section(title, notes, headings, rows)

    def each_row(self, workload, what, text):
        row = [workload]
        if self.has_baseline:
            row.append(shown(attempt(self.results.median, workload, BASELINE, what), text))
            for name in self.others():
                row.append(shown(attempt(self.results.ratio, workload, name, BASELINE, what), ratio_text))
        else:
            for name in self.names:
                row.append(shown(attempt(self.results.median, workload, name, what), text))
        if self.has_tracking():
            row.append(shown(attempt(self.results.ratio, workload, SITES, OFF, what), ratio_text))
        if what == TIME:
            row.append(shown(self.results.spread(workload), lambda spread: f"±{spread * 100:.0f} %"))
        return row

    # The curve --------------------------------------------------------------------------------------

    def curve_points(self):
        return sorted(int(name.split("/", 1)[1]) for name in self.results.workloads(CURVE_GROUP))

    def whole_cost(self, live, allocator):
        return self.results.median(f"{CURVE_GROUP}/{live}", allocator, TIME)

    def cost_without_touch(self, live, allocator):
        return self.results.median(f"{CURVE_GROUP}/{live}", allocator, UNTOUCHED)

    def curve(self, title, cost):
        points = self.curve_points()
        if not points:
            return None
        rows = []
        for live in points:
            row = [count_text(live)]
            row += [shown(attempt(cost, live, name), seconds_text) for name in self.names]
            if cost == self.whole_cost and self.has_baseline:
                touch = attempt(self.results.median, f"{CURVE_GROUP}/{live}", BASELINE, TOUCH)
                row.append(shown(touch, seconds_text))
            rows.append(row)
        headings = ["live blocks", *self.names]
        if cost == self.whole_cost:
            notes = [
                "A random one of N live blocks of 16 to 255 bytes is read and freed, another is allocated and written."
            ]
            if self.has_baseline:
                headings.append("touch alone")
                notes.append("touch alone: the same walk without free and malloc, over mimalloc's blocks.")
        else:
            notes = [
                "Each allocator's own walk without free and malloc is subtracted: what is left is the allocator's; "
                "0 where the walk alone took as long, which means noise."
            ]
        section = Section(title, notes, headings, rows, words=())
        if cost != self.whole_cost:
            section.drawing = self.bars(points, cost)
        return section

    def bars(self, points, cost):
        names = [name for name in (BASELINE, OFF, SITES) if name in self.names] or self.names
        costs = {(live, name): attempt(cost, live, name) for live in points for name in names}
        longest = max((value for value in costs.values() if value is not None), default=0)
        if longest <= 0:
            return []
        lines = []
        for live in points:
            label = count_text(live)
            for name in names:
                value = costs[live, name]
                if value is not None:
                    bar = "█" * max(1, round(value / longest * BAR_WIDTH))
                    lines.append(f"{label:>11}  {name:<9} {bar} {seconds_text(value)}")
                    label = ""
        return lines

    # arpent run -------------------------------------------------------------------------------------

    def survey(self):
        programs = self.members(PROGRAMS_GROUP)
        if not self.surveys or not programs:
            return None
        rows = [
            [
                workload,
                shown(attempt(self.results.median, workload, SURVEY, TIME), seconds_text),
                shown(attempt(self.results.ratio, workload, SURVEY, OFF), ratio_text),
                shown(attempt(self.results.ratio, workload, SURVEY, SITES), ratio_text),
                shown(attempt(self.results.median, workload, SURVEY, MEMORY), mebibytes_text),
                shown(attempt(self.results.ratio, workload, SURVEY, OFF, MEMORY), ratio_text),
            ]
            for workload in programs
        ]
        return Section(
            "A whole survey",
            [
                "As under arpent run: sites mode, the profile kept in a file, and the leak scan at exit; "
                "not part of any mean."
            ],
            ["program", "time", "÷ off", "÷ sites", "peak memory", "÷ off"],
            rows,
        )

    # A program that does nothing --------------------------------------------------------------------

    def startup(self):
        names = self.results.workloads(STARTUP_GROUP)
        if not names:
            return None
        rows = []
        for name in self.names:
            seconds = attempt(self.results.median, names[0], name, TIME)
            memory = attempt(self.results.median, names[0], name, MEMORY)
            rows.append([name, shown(seconds, seconds_text), shown(memory, mebibytes_text)])
        return Section(
            "A program that does nothing",
            ["/bin/true, started and ended: not part of any mean."],
            ["allocator", "time", "peak memory"],
            rows,
        )
