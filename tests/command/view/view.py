# Tests tools/arpent/view/
"""`arpent view` and `report --format html`: the page, served to this computer or as a file that works offline."""

import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import urllib.error
import urllib.request

from harness.checks import check, equal, finish
from harness.profiles import arpent, profile_of, report_json
from harness.survey import ARPENT, PROGRAMS

profile_of("a.profile", PROGRAMS / "figures", mode="stacks")
os.umask(0o022)


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="profiles">(.*?)</script>', page, re.S).group(1))


def is_the_profile(page, what):
    expected = report_json("a.profile")["process"]
    profiles = data_of(page)
    equal(len(profiles), 1, f"{what}: profiles")
    values = [site["values"] for site in profiles[0]["sites"]]
    equal(sum(value[5] for value in values), expected["allocations"], f"{what}: allocations")
    equal(sum(value[4] for value in values), expected["allocated_bytes"], f"{what}: bytes")
    equal(sum(value[6] for value in values), expected["lost_bytes"], f"{what}: lost bytes")
    equal(profiles[0]["peak_bytes"], expected["peak_bytes"], f"{what}: peak")
    check(all(site["node"] > 0 for site in profiles[0]["sites"]), f"{what}: stacks")
    return profiles[0]


for command in (["view"], ["report", "--format", "html"]):
    name = " ".join(command)
    arpent(*command, "--output", "page.html", "a.profile")
    equal(stat.S_IMODE(os.stat("page.html").st_mode), 0o600, f"{name}: for its owner alone, it holds source")
    page = pathlib.Path("page.html").read_text()
    shown = is_the_profile(page, name)
    check(
        any(
            site["source"] and any("malloc(sizeof *node" in line for line in site["source"]["lines"])
            for site in shown["sites"]
        ),
        f"{name}: source",
    )
    check("http://" not in re.sub(r'"http://www.w3.org/2000/svg"', "", page), f"{name}: asks nobody for anything")
    pathlib.Path("page.html").unlink()

# What was chosen is said, and the page of a snapshot, which is pprof's format, is the same.
chosen = data_of(arpent("report", "--format", "html", "--focus", "make", "a.profile"))[0]
check(any("--focus" in note for note in chosen["limits"]), f"the choice is told: {chosen['limits']}")
equal(sum(site["values"][5] for site in chosen["sites"]), 5000, "only what was chosen")
arpent("report", "--format", "pprof", "--output", "a.pb.gz", "a.profile")
is_the_profile(arpent("view", "--output", "-", "a.pb.gz"), "pprof's format")
equal(len(data_of(arpent("view", "--output", "-", "a.profile", "a.pb.gz"))), 2, "two are compared")
check("--by is for" in arpent("report", "--format", "html", "--by", "file", "a.profile", status=2), "a contradiction")

# Served.
server = subprocess.Popen([ARPENT, "view", "a.profile"], stdout=subprocess.PIPE, text=True)
address = re.match(r"(http://127\.0\.0\.1:\d+/\?token=[0-9a-f]{32})  ", server.stdout.readline()).group(1)
with urllib.request.urlopen(address) as answer:
    check("default-src 'none'" in answer.headers["Content-Security-Policy"], "no request leaves the page")
    is_the_profile(answer.read().decode(), "served")
try:
    urllib.request.urlopen(urllib.request.Request(address, headers={"Host": "elsewhere.example"}))
    check(False, "another host's name is refused")
except urllib.error.HTTPError as refused:
    equal(refused.code, 403, "another host's name")
port = re.search(r":(\d+)/", address).group(1)
check(f"port {port}" in arpent("view", "--port", port, "a.profile", status=3), "a port that is taken")
server.send_signal(signal.SIGINT)
equal(server.wait(), 0, "Ctrl-C ends it")

pathlib.Path("broken.profile").write_bytes(pathlib.Path("a.profile").read_bytes()[:1000])
for wrong, status in (
    (["broken.profile"], 3),
    (["missing.profile"], 3),
    (["--output", "no/folder.html", "a.profile"], 3),
    (["--port", "70000", "a.profile"], 2),
    ([], 2),
):
    arpent("view", *wrong, status=status)
finish()
