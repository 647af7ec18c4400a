# Tests bench/runner/allocator_bench.py
"""The runner behind ./dev bench-allocators, with a benchmark binary that is made up: medians and goals, the page, and what
is said of wrong usage. No time is measured."""

import os
import pathlib
import subprocess
import sys

from harness.checks import check, equal, finish

RUNNER = pathlib.Path(os.environ["SOURCE_DIR"]) / "bench" / "run-allocators"
folder = pathlib.Path("build/bench")
folder.mkdir(parents=True, exist_ok=True)

# Blocks a second of three rounds each: the medians are 1 ns, 2 ns, 50 ns and 2 µs a block.
ROUNDS = {
    "region/bare/16": (1e9, 2e9, 0.5e9),
    "arena/ours/16": (0.5e9, 0.4e9, 0.6e9),
    "general purpose/ours, safe/64": (2e7, 2e7, 2e7),
    "general purpose/Zig, safe/64": (5e5, 5e5, 5e5),
}
binary = folder / "arpent-bench-allocators"
binary.write_text(
    f"""#!/usr/bin/env python3
import json, re, sys
rounds = {ROUNDS!r}
pattern = [a.split("=", 1)[1] for a in sys.argv if a.startswith("--benchmark_filter=")][0]
names = [name for name in rounds if re.search(pattern, name)]
if "--benchmark_list_tests" in sys.argv:
    print("\\n".join(names))
else:
    entries = [dict(run_type="iteration", run_name=name, items_per_second=value)
               for name in reversed(names) for value in rounds[name]]
    entries += [dict(run_type="aggregate", run_name=name, items_per_second=1) for name in names]
    print(json.dumps(dict(context=dict(glibc="2.36", compiler="made up"), benchmarks=entries)))
"""
)
binary.chmod(0o755)
for way, nanoseconds in (("plain", 1000), ("ours", 4000), ("asan", 9000)):
    program = folder / f"arpent-bench-checked-{way}"
    program.write_text(f"#!/bin/sh\necho {nanoseconds}\n")
    program.chmod(0o755)


def run(*arguments):
    return subprocess.run([sys.executable, RUNNER, "build", *arguments], capture_output=True, text=True)


page = pathlib.Path("page.md")
page.write_text(
    "before\n<!-- bench-allocators:begin (this part is written by ./dev bench-allocators --markdown) -->\nold\n"
    "<!-- bench-allocators:end -->\nafter\n"
)
done = run("--rounds", "3", "--markdown", "page.md")
equal(done.returncode, 0, f"status; {done.stderr}")
lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
for line in (
    "arena/ours ÷ region/bare 16 B 2.00 at most 1.30 not reached",
    "general purpose/Zig, safe ÷ general purpose/ours, safe 64 B 40.00 at least 20.00 reached",
    "AddressSanitizer 9.00 µs 9.00",
    "ours, safe 4.00 µs 4.00",
):
    check(line in lines, f"'{line}' is missing:\n{done.stdout}")
first, second = (
    next(i for i, line in enumerate(lines) if line.startswith(name))
    for name in ("region/bare 1.00 ns", "arena/ours 2.00 ns")
)
check(first < second, "the rows are not in the order of the benchmarks")
text = page.read_text()
check(
    text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text and "40.00" in text,
    f"the page:\n{text}",
)

for arguments, words in (
    (("--filter", "("), "--filter '('"),
    (("--filter", "nothing so called"), "no benchmark matches"),
    (("--rounds", "0"), "must be 1 or more"),
    (("--seconds", "0"), "must be above 0"),
    (("--markdown", "nowhere/page.md"), "there is no folder"),
):
    done = run(*arguments)
    equal((done.returncode, len(done.stderr.splitlines())), (2, 1), f"{arguments}: {done.stderr}")
    check(words in done.stderr, f"{arguments}: '{words}' is not in '{done.stderr}'")

binary.write_text("#!/bin/sh\necho broken >&2\nexit 7\n")
done = run()
equal(done.returncode, 1, "status of a benchmark that fails")
check("ended with 7: broken" in done.stderr, done.stderr)
binary.unlink()
equal(run().returncode, 2, "status when nothing is built")

finish()
