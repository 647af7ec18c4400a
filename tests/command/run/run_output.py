# Tests tools/arpent/run/
"""arpent run --profile: the profile stays, whatever becomes of the program, of arpent and of the disk."""

import json
import os
import pathlib
import resource
import signal
import stat
import struct
import subprocess

from harness.checks import check, equal, finish
from harness.survey import ARPENT, PROGRAMS, run

FILE = pathlib.Path("run_profile.profile")
REPORT = pathlib.Path("run_profile.json")
MANY = PROGRAMS / "many_stacks"


def profiles():
    return sorted(path.name for path in pathlib.Path(".").glob("run_profile.profile*"))


def clear():
    for path in [*map(pathlib.Path, profiles()), REPORT]:
        path.unlink(missing_ok=True)


def kept(*arguments, options=(), **settings):
    """The finished process and its report, the profile at FILE."""
    clear()
    done = run(*arguments, options=["--profile", FILE, "--format", "json", "--report", REPORT, *options], **settings)
    return done, json.loads(REPORT.read_text())


def raw_header(path):
    """Some of a profile's header as it lies in a file that is still written to."""
    head = path.read_bytes()[:80]
    fields = struct.unpack_from("<QIIQQiiqIIIIII", head)
    names = (
        "magic",
        "version",
        "size",
        "capacity",
        "used",
        "pid",
        "parent",
        "start",
        "state",
        "scan",
        "mode",
        "first_own",
        "origins",
        "modules",
    )
    return dict(zip(names, fields))


# Kept, private, compressed; and it is what the report said.
done, report = kept(MANY, 3000)
equal(done.returncode, 0, "status")
equal(profiles(), [FILE.name], "files")
equal(stat.S_IMODE(FILE.stat().st_mode), 0o600, "mode of the file")
equal(FILE.read_bytes()[:4], b"\x28\xb5\x2f\xfd", "the first bytes of Zstandard")
equal(report["process"]["allocations"], 3000, "allocations")
sites = [site for site in report["process"]["sites"] if site["allocations"]]
equal([(site["allocations"], site["frees"]) for site in sites], [(3000, 1500)], "one site for all the stacks")

# What is there is not written over, and the program is not run in vain.
before = FILE.read_bytes()
done = run(PROGRAMS / "run_sites", options=["--profile", FILE])
equal(done.returncode, 125, "status when the file exists")
equal(done.stdout, "", "the program was not run")
check("exists already" in done.stderr and str(FILE) in done.stderr, done.stderr)
equal(FILE.read_bytes(), before, "the file that was there")
clear()
FILE.symlink_to("run_profile_target")
done = run(PROGRAMS / "run_sites", options=["--profile", FILE])
equal(done.returncode, 125, "status when the file is a link")
check(not os.path.lexists("run_profile_target"), "the link was followed")
clear()
done = run("true", options=["--profile", "no_such_folder/x"])
equal(done.returncode, 125, "status without the folder")
check("cannot be created: No such file or directory" in done.stderr, done.stderr)
done = run("true", options=["--profile", FILE, "--mode", "off"])
equal(done.returncode, 2, "status of --profile with mode off")

# The name that the option had before, with a note.
clear()
done = run("true", options=["--output", FILE, "--report", "/dev/null"])
equal(
    (done.returncode, done.stderr),
    (0, "arpent run: --output is now --profile; the next release removes the old name\n"),
    "status and note of --output",
)
equal(profiles(), [FILE.name], "the file of --output")
clear()
equal(run("true", options=["--profile", FILE, "--report", "/dev/null"]).stderr, "", "a note without --output")
done = run("true", options=["--output", FILE, "--profile", "other.profile"])
equal(done.returncode, 2, "status of both names")
done = subprocess.run([ARPENT, "run", "--help"], capture_output=True, text=True, check=True)
check("--profile" in done.stdout and "--output" not in done.stdout, f"help: {done.stdout}")

# Several programs in a process, several processes.
both = f"{MANY} 10; exec {MANY} 30"
done, report = kept("sh", "-c", both)
equal(profiles(), [FILE.name], "the last program's profile alone")
equal(report["process"]["allocations"], 30, "allocations of the last program")
done, report = kept("sh", "-c", both, options=["--follow-children"])
equal(len(profiles()), 3, "profiles with --follow-children")

# The program is killed.
clear()
with subprocess.Popen(
    [ARPENT, "run", "--profile", FILE, "--format", "json", "--report", REPORT, "--", MANY, "4000", "wait"],
    stdout=subprocess.PIPE,
    text=True,
) as command:
    equal(command.stdout.readline(), "ready\n", "the program's word")
    live = raw_header(FILE)
    equal((live["version"], live["state"], live["mode"]), (4, 0, 2), "header while it runs")
    check(live["origins"] > 4000, f"origins while it runs: {live['origins']}")
    os.kill(live["pid"], signal.SIGKILL)
    command.wait()
equal(command.returncode, -signal.SIGKILL, "ends as the program did")
report = json.loads(REPORT.read_text())
equal((report["process"]["allocations"], report["process"]["live_blocks"]), (4000, 2000), "what it did until then")
check(FILE.exists(), "the profile of the killed program is there")

# arpent itself is killed: the program goes on, and its profile is there.
clear()
with subprocess.Popen(
    [ARPENT, "run", "--profile", FILE, "--", MANY, "4000", "wait"], stdout=subprocess.PIPE, text=True
) as command:
    equal(command.stdout.readline(), "ready\n", "the program's word")
    command.kill()
    command.wait()
    live = raw_header(FILE)
    check(live["origins"] > 4000, f"origins after arpent was killed: {live['origins']}")
    os.kill(live["pid"], signal.SIGKILL)

# No room to grow, as on a full disk: the sums stay right, and the report says that not all was kept.
limit = 300 * 1024
done, report = kept(
    MANY, 20000, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
)
equal(done.returncode, 0, "status without room")
equal((report["process"]["allocations"], report["process"]["frees"]), (20000, 10000), "sums without room")
equal(report["process"]["sites_dropped"], True, "it says that not all was kept")
done, report = kept(MANY, 20, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 1 << 20)))
equal(done.returncode, 125, "status without any room")
check("no profile was written" in done.stderr, done.stderr)
clear()
done = run(
    MANY, 20, options=["--report", REPORT], preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 1 << 20))
)
equal(done.returncode, 125, "status without room for the report")
check("the report cannot be written" in done.stderr and "  tracked     nothing: " in done.stderr, done.stderr)
check(not REPORT.exists(), "no report that is cut off")
finish()
