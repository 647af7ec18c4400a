# Tests src/profile/symbols/stack_frames.cpp
"""A function has the same name in every format of `arpent report`: the stacks of one profile are compared name by name."""

import json
import re
import subprocess

from harness.checks import check, equal, finish
from harness.profiles import arpent, profile_of, report_json
from harness.survey import PROGRAMS

# Optimised C++: inlined functions, wrappers of the library, local namespaces, parameters.
profile_of("inlined.profile", PROGRAMS / "run_inlined_O2", mode="stacks")
process = report_json("inlined.profile")["process"]
lost = [site for site in process["sites"] if site["lost_bytes"]]
stacks = {site["lost_bytes"]: [process["frames"][number] for number in site["stack"]] for site in lost}
names = {size: [frame["name"] for frame in stack] for size, stack in stacks.items()}
users = {size: next(i for i, frame in enumerate(stack) if not frame["wrapper"]) for size, stack in stacks.items()}
check({777, 1234 * 8} <= set(names), f"the blocks that the program loses: {sorted(names)}")
equal([name for name in names[777] if "(" in name.replace("(anonymous namespace)", "")], [], "names are shortened")
check(any(frame["inlined"] for frame in stacks[777]), f"inlined frames: {stacks[777]}")
check(any(frame["wrapper"] for frame in stacks[1234 * 8]), f"wrapper frames: {stacks[1234 * 8]}")
everything = {name for stack in names.values() for name in stack}

# Stacks by stacks: folded, speedscope, the page, pprof.
folded = arpent("report", "--format", "collapsed", "--sort", "leaked", "inlined.profile").splitlines()
equal(
    {int(line.rsplit(" ", 1)[1]): line.rsplit(" ", 1)[0].split(";")[::-1] for line in folded},
    {size: [name.replace(";", ":") for name in stack] for size, stack in names.items()},
    "folded stacks",
)

speedscope = json.loads(arpent("report", "--format", "speedscope", "--sort", "leaked", "inlined.profile"))
frames, leaked = speedscope["shared"]["frames"], speedscope["profiles"][0]
equal(
    {
        weight: [frames[number]["name"] for number in reversed(sample)]
        for sample, weight in zip(leaked["samples"], leaked["weights"])
    },
    names,
    "speedscope's stacks",
)

page = arpent("report", "--format", "html", "inlined.profile")
data = json.loads(re.search(r'<script type="application/json" id="profiles">(.*?)</script>', page, re.S).group(1))[0]


def page_stack(node):
    while node:
        yield data["strings"][data["frames"][4 * data["nodes"][2 * node + 1]]]
        node = data["nodes"][2 * node]


LEAKED = 6
equal(
    {site["values"][LEAKED]: list(page_stack(site["node"])) for site in data["sites"] if site["values"][LEAKED]},
    names,
    "the page's stacks",
)
places = {
    site["values"][LEAKED]: (data["strings"][site["file"]], site["line"])
    for site in data["sites"]
    if site["values"][LEAKED]
}
equal(
    places,
    {size: (stacks[size][user]["file"], stacks[size][user]["line"]) for size, user in users.items()},
    "the page's places, wrappers passed over",
)

arpent("report", "--format", "pprof", "--output", "inlined.pb.gz", "inlined.profile")
raw = subprocess.run(
    ["go", "tool", "pprof", "-raw", "inlined.pb.gz"], check=True, capture_output=True, text=True
).stdout
types = re.search(r"Samples:\n(.*)\n", raw).group(1).replace("[dflt]", "").split()
locations = {}
for line in raw.partition("\nLocations\n")[2].partition("\nMappings\n")[0].splitlines():
    first = re.match(r" +(\d+): 0x[0-9a-f]+ (?:M=\d+ )?(.*)", line)
    if first:
        current = locations.setdefault(first.group(1), [])
    name = re.sub(r" \S*:\d+(:\d+)? s=\d+(\(.*\))?$", "", first.group(2) if first else line.strip())
    current += [name] if name else []
sizes = types.index("leaked_space/bytes")
pprof = {}
for values, numbers in re.findall(r"^ +([\d ]+): ([\d ]+)$", raw, re.M):
    if int(values.split()[sizes]):
        pprof[int(values.split()[sizes])] = [name for number in numbers.split() for name in locations[number]]
# What has no name stays an address for pprof to resolve.
known = {size: [frame["name"] for frame in stack if frame["function"]] for size, stack in stacks.items()}
equal(pprof, known, "pprof's stacks")

# For people: the tree, tables by function and by stack, the site's label in text and JSON.
tree = arpent("report", "--tree", "top-down", "--sort", "leaked", "--top", "100", "inlined.profile")
rows = re.findall(r"^ +\S+ % +[\d.]+ \w+ +(.*?)(?:  .*)?$", tree, re.M)
equal(set(rows), everything, "names in the tree")
table = arpent("report", "--by", "function", "--sort", "leaked", "inlined.profile")
for size, user in users.items():
    name = names[size][user]
    label = next(site["label"] for site in lost if site["lost_bytes"] == size)
    check(label.startswith(name), f"label {label!r} of {name}")
    check(label in arpent("report", "inlined.profile"), f"the label {label!r} in text")
    check(re.search(rf"^ .*  {re.escape(name)}$", table, re.M), f"a row of {name} in {table}")
by_stack = arpent("report", "--by", "stack", "--sort", "leaked", "inlined.profile")
for size, user in users.items():
    lines = [re.escape(name) + r"(?:  .*)?\n" for name in names[size][user + 1 :]]
    check(
        re.search(r"\n +".join([""] + [line.removesuffix(r"\n") for line in lines]), by_stack),
        f"callers of {size} bytes, {names[size][user + 1:]}, in {by_stack}",
    )

sarif = json.loads(arpent("report", "--format", "sarif", "inlined.profile"))
equal(
    {
        result["properties"]["bytes"]: [
            frame["location"]["logicalLocations"][0]["fullyQualifiedName"] for frame in result["stacks"][0]["frames"]
        ]
        for result in sarif["runs"][0]["results"]
    },
    names,
    "SARIF's stacks",
)
junit = arpent("report", "--format", "junit", "inlined.profile")
for stack in names.values():
    for name in stack:
        quoted = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        check(f"\n{quoted}" in junit, f"{name} in JUnit")

finish()
