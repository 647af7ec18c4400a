# Tests src/abi/ src/heap/ src/track/
"""Random allocation by eight threads, with content checks, forks, signals, ends of threads and a module that comes and
goes: nothing is damaged or lost, and every figure is the one that the program has counted itself.

soak.py [SECONDS [SETTING…]]: SECONDS per mode, shared out among the settings (README.md lists them; default: all) that
this computer and user allow. Without arguments a few seconds under the plain one."""
# ctest: COST=40

import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from harness.checks import check, equal, failures, finish
from harness.survey import ARPENT, PROGRAMS, line_of

MODES = ("off", "sites", "stacks")
FIGURES = ("allocations", "allocated_bytes", "frees", "freed_bytes")
# What happens at random must have happened in a run of more than these SECONDS.
LONG = 60
EVENTS = ("threads", "forks", "forks-in-handlers", "modules", "signals")
GROUP_BYTES = 512 << 20
PEAK_BYTES = 512 << 20  # of the block that makes the peak


class Unavailable(Exception):
    """A setting that this computer or user does not allow."""


@contextlib.contextmanager
def plain():
    yield [], None


@contextlib.contextmanager
def fixed_addresses():
    words = ["setarch", "-R"]
    if not shutil.which(words[0]) or subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        raise Unavailable("setarch -R does not work")
    yield words, None


@contextlib.contextmanager
def written(path, value, pattern):
    """The value in a file of the kernel, and at the end what was there before."""
    try:
        before = re.search(pattern, pathlib.Path(path).read_text())[1]
        pathlib.Path(path).write_text(value)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error
    try:
        yield [], None
    finally:
        pathlib.Path(path).write_text(before)


def strict_overcommit():
    return written("/proc/sys/vm/overcommit_memory", "2", r"(\d)")


def huge_pages():
    return written("/sys/kernel/mm/transparent_hugepage/enabled", "always", r"\[(\w+)\]")


@contextlib.contextmanager
def small_cgroup():
    reasons = []
    for base, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = pathlib.Path(base) / f"arpent-soak-{os.getpid()}"
        try:
            group.mkdir()
        except OSError as error:
            reasons.append(f"{group}: {error.strerror}")
            continue
        try:
            try:
                if not (group / limit).exists():
                    raise Unavailable(f"{group} has no {limit}")
                (group / limit).write_text(str(GROUP_BYTES))
            except OSError as error:
                raise Unavailable(f"{group / limit}: {error.strerror}") from error
            yield [], lambda: (group / "cgroup.procs").write_text(str(os.getpid()))
            return
        finally:
            for _ in range(50):
                with contextlib.suppress(OSError):
                    group.rmdir()
                    break
                time.sleep(0.1)
    raise Unavailable("; ".join(reasons))


SETTINGS = {
    "plain": plain,
    "fixed-addresses": fixed_addresses,
    "strict-overcommit": strict_overcommit,
    "huge-pages": huge_pages,
    "small-cgroup": small_cgroup,
}


def read_counts(text):
    """{(pid, kind): {site: figures}} and {name: number} of what the program printed."""
    counts, numbers = {}, {}
    for line in text.splitlines():
        if found := re.fullmatch(r"(\d+) (own|forked|again) ([^:]+): (\d+) (\d+) (\d+) (\d+)", line):
            counts.setdefault((int(found[1]), found[2]), {})[found[3]] = tuple(map(int, found.groups()[3:]))
        elif found := re.fullmatch(r"([a-z-]+) (-?\d+)", line):
            numbers[found[1]] = int(found[2])
        else:
            check(False, f"the program prints {line!r}")
    return counts, numbers


def total(objects, name):
    return sum(each[name] for each in objects)


@functools.cache
def place_of(mark):
    source = {"in a module": "soak_module.c", "peak": "soak_O2.cpp", "at a thread's end": "soak_O2.cpp"}.get(
        mark, "soak_blocks.hpp"
    )
    return source, line_of(source, mark)


def sites_at(process, mark):
    place = place_of(mark)
    return [site for site in process["sites"] if (pathlib.Path(site["file"] or "").name, site["line"]) == place]


def compare_sites(process, counted, what):
    for mark, expected in counted.items():
        sites = sites_at(process, mark)
        equal(tuple(total(sites, name) for name in FIGURES), expected, f"{what}, {FIGURES} at '{mark}'")
        live = (expected[0] - expected[2], expected[1] - expected[3])
        equal((total(sites, "live_blocks"), total(sites, "live_bytes")), live, f"{what}, live at '{mark}'")
        if process["ended_by"] != "exec":
            reachable = (total(sites, "reachable_blocks"), total(sites, "reachable_bytes"))
            equal(reachable, live, f"{what}, reachable at '{mark}'")
    for name in FIGURES:
        equal(total(process["sites"], name), process[name], f"{what}, {name} of all sites")
    equal((process["sites_dropped"], process["mismatches"]), (False, 0), f"{what}, dropped sites and wrong releases")
    if process["ended_by"] != "exec":
        equal((process["leak_scan"], process["lost_blocks"]), ("done", 0), f"{what}, leak scan and lost blocks")
        for unit in ("blocks", "bytes"):
            parts = sum(process[f"{part}_{unit}"] for part in ("lost", "reachable", "runtime", "intentional"))
            equal(parts, process[f"live_{unit}"], f"{what}, parts of the live {unit}")


def compare(report, counts, numbers, follows, what):
    process = report["process"]
    compare_sites(process, counts[process["pid"], "own"], what)
    expected = numbers["peak"]
    if expected != 0:
        check(
            0.99 * expected <= process["peak_bytes"] <= 1.01 * expected + (1 << 20),
            f"{what}: peak of {process['peak_bytes']} instead of {expected}",
        )
        peak = sites_at(process, "peak")
        equal((total(peak, "peak_blocks"), total(peak, "peak_bytes")), (1, PEAK_BYTES), f"{what}, makes the peak")
    if follows:
        images = {(other["pid"], other["image"]): other for other in report["others"]}
        for (pid, kind), counted in counts.items():
            if kind != "own":
                image = images.get((pid, 0 if kind == "forked" else 1))
                check(image is not None, f"{what}: no figures of child {pid} ({kind})")
                if image is not None:
                    compare_sites(image, counted, f"{what}, child {pid} ({kind})")


def soak(name, prefix, join, mode, seconds, events):
    """Returns the numbers that the program printed."""
    what = f"{name} in {mode}"
    follows = name == "plain" and mode != "off"
    options = ["--mode", mode, "--format", "json", "--report", "soak.json", *["--follow-children"][: int(follows)]]
    program = [PROGRAMS / "soak_O2", seconds, int(time.time()), PROGRAMS / "soak_module.so", 60 if follows else 100_000]
    pathlib.Path("soak.json").unlink(missing_ok=True)
    print(f"{what}: {' '.join(map(str, program))}", flush=True)
    try:
        done = subprocess.run(
            [*prefix, ARPENT, "run", *options, "--", *map(str, program)],
            capture_output=True,
            text=True,
            preexec_fn=join,
            timeout=seconds + 600,
        )
    except subprocess.TimeoutExpired:
        check(False, f"{what}: does not end")
        return {}
    equal((done.returncode, done.stderr), (0, ""), f"{what}, status and standard error")
    counts, numbers = read_counts(done.stdout)
    if name != "strict-overcommit":
        refused = tuple(numbers.get(each) for each in ("refused", "failed-forks", "failed-modules"))
        equal(refused, (0, 0, 0), f"{what}, refused allocations, forks and modules")
    allocations = sum(figures[0] for (_, kind), sites in counts.items() if kind == "own" for figures in sites.values())
    check(
        allocations > numbers.get("refused", 0), f"{what}: {allocations} allocations, {numbers.get('refused')} refused"
    )
    for event in events:
        check(numbers.get(event, 0) > 0, f"{what}: {event} never happened")
    report = json.loads(pathlib.Path("soak.json").read_text())
    if mode == "off":
        equal(report["untracked_cause"], "mode_off", f"{what}, why it is not tracked")
    elif done.returncode == 0:
        compare(report, counts, numbers, follows, what)
    return numbers


def main():
    arguments = sys.argv[1:]
    names = arguments[1:] or (list(SETTINGS) if arguments else ["plain"])
    total_seconds = float(arguments[0]) if arguments else 4
    # So that settings are restored if it is ended early.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    rows = []
    available = []
    for name in names:
        try:
            with SETTINGS[name]():
                available.append(name)
        except Unavailable as reason:
            rows.append((name, "all", f"not set: {reason}", {}))
    check(available, "no setting can be set")
    for name in available:
        with SETTINGS[name]() as (prefix, join):
            for mode in MODES:
                before = len(failures)
                events = EVENTS if total_seconds > LONG else ()
                numbers = soak(name, prefix, join, mode, total_seconds / len(available), events)
                rows.append((name, mode, "differs" if len(failures) > before else "exact", numbers))
    columns = ("operations", *EVENTS, "refused")
    print(f"\n{'setting':18}{'mode':8}" + "".join(f"{column:>18}" for column in columns) + "  result")
    for name, mode, result, numbers in rows:
        print(f"{name:18}{mode:8}" + "".join(f"{numbers.get(column, '-'):>18}" for column in columns) + f"  {result}")
    left_out = [name for name in names if name not in available]
    finish(f"nothing was damaged or lost, and all totals are exact; left out: {', '.join(left_out) or 'no setting'}")


main()
