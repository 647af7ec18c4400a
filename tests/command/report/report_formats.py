# Tests tools/arpent/report/
"""What `arpent report` writes is read by the tools it is for, and its totals are the profile's."""

import json
import os
import pathlib
import re
import subprocess
import tarfile

import jsonschema

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
from harness.checks import check, equal, finish
from harness.profiles import arpent, profile_of, report_json
from harness.survey import PROGRAMS


def schema_from_npm(package, member):
    """A JSON schema that a package of the npm registry carries."""
    name = subprocess.run(
        ["npm", "pack", "--silent", "--prefer-offline", package], check=True, capture_output=True, text=True
    ).stdout.split()[-1]
    with tarfile.open(name) as archive:
        return json.load(archive.extractfile(member))


def valid(instance, schema, what):
    problems = list(jsonschema.validators.validator_for(schema)(schema).iter_errors(instance))
    check(not problems, f"{what} against its schema: {[problem.message[:200] for problem in problems[:3]]}")


profile_of("garden.profile", PROGRAMS / "run_sites")
report = report_json("garden.profile")
process = report["process"]
sites = process["sites"]
lost = sum(site["lost_bytes"] for site in sites)
check(lost > 0, "the program leaks")

# Our own JSON.
own_schema = json.loads((SOURCE / "docs" / "schemas" / "report.schema.json").read_text())
valid(report, own_schema, "the JSON report")
for site in sites:
    names = [process["frames"][number]["name"] for number in site["stack"]]
    check(all(names), f"names of {site['label']}")

# pprof: the real one, which comes with Go.
arpent("report", "--format", "pprof", "--output", "garden.pb.gz", "garden.profile")
raw = subprocess.run(["go", "tool", "pprof", "-raw", "garden.pb.gz"], check=True, capture_output=True, text=True).stdout
types = re.search(r"Samples:\n(.*)\n", raw).group(1).replace("[dflt]", "").split()
samples = [list(map(int, line.split(":")[0].split())) for line in re.findall(r"^ +[\d ]+: [\d ]+$", raw, re.M)]
sums = dict(zip(types, map(sum, zip(*samples))))
expected = {
    "alloc_objects/count": process["allocations"],
    "alloc_space/bytes": process["allocated_bytes"],
    "inuse_objects/count": process["live_blocks"],
    "inuse_space/bytes": process["live_bytes"],
    "peak_objects/count": sum(site["peak_blocks"] for site in sites),
    "peak_space/bytes": sum(site["peak_bytes"] for site in sites),
    "temporary_objects/count": process["temporary"],
    "leaked_objects/count": process["lost_blocks"],
    "leaked_space/bytes": process["lost_bytes"],
}
equal(sums, expected, "pprof's sums")
equal(
    list(sums)[:4],
    ["alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"],
    "the heap's sample types, in the order that pprof's users expect",
)
top = subprocess.run(
    ["go", "tool", "pprof", "-top", "-unit=B", "-nodefraction=0", "-sample_index=leaked_space", "garden.pb.gz"],
    check=True,
    capture_output=True,
    text=True,
).stdout
check(re.search(r"^ +7000B .* garden::lose_seeds$", top, re.M), f"lose_seeds in pprof -top: {top}")
check(top.startswith("File: run_sites\n"), f"the program's name in pprof: {top[:80]}")
lines = subprocess.run(
    ["go", "tool", "pprof", "-list", "lose_seeds", "-unit=B", "-sample_index=leaked_space", "garden.pb.gz"],
    check=True,
    capture_output=True,
    text=True,
).stdout
check(re.search(r"7000B .*malloc\(", lines), f"the line of the source in pprof -list: {lines}")
check(report_json("garden.pb.gz") == report, "the report of the pprof file")

# Folded stacks and speedscope.
folded = arpent("report", "--format", "collapsed", "--sort", "leaked", "garden.profile").splitlines()
equal(sum(int(line.rsplit(" ", 1)[1]) for line in folded), lost, "sum of the folded stacks")
check("garden::lose_seeds 7000" in [line.split(";")[-1] for line in folded], f"lose_seeds in {folded}")
speedscope = json.loads(arpent("report", "--format", "speedscope", "garden.profile"))
valid(speedscope, schema_from_npm("speedscope@1.25.0", "package/dist/release/file-format-schema.json"), "speedscope")
weights = {profile["name"]: sum(profile["weights"]) for profile in speedscope["profiles"]}
equal(weights["allocated bytes"], process["allocated_bytes"], "speedscope's sum")
equal(weights["definitely lost bytes"], lost, "speedscope's sum of leaks")

# SARIF and JUnit.
sarif_schema = schema_from_npm("@microsoft/jest-sarif@1.0.0-beta.0", "package/lib/schemas/sarif-2.1.0-rtm.5.json")
pathlib.Path("seeds.supp").write_text("# known\nleak:lose_seeds\n")
for options, suppressed in ((), 0), (("--suppressions", "seeds.supp"), 1):
    sarif = json.loads(arpent("report", "--format", "sarif", *options, "garden.profile"))
    valid(sarif, sarif_schema, f"SARIF {options}")
    results = sarif["runs"][0]["results"]
    equal(sum("suppressions" in result for result in results), suppressed, "suppressed results")
    equal(sum(result["properties"]["bytes"] for result in results), lost, "bytes of all results")
    junit = arpent("report", "--format", "junit", *options, "garden.profile")
    pathlib.Path("leaks.xml").write_text(junit)
    done = subprocess.run(
        ["xmllint", "--noout", "--schema", pathlib.Path(__file__).parent / "junit.xsd", "leaks.xml"],
        capture_output=True,
        text=True,
    )
    equal(done.returncode, 0, f"JUnit against its schema ({done.stderr})")
    equal(junit.count("<failure "), len(results) - suppressed, "failed test cases")
    equal(junit.count("<skipped "), suppressed, "skipped test cases")
check(
    any(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("run_sites.cpp")
        for result in results
    ),
    "files in SARIF",
)

finish()
