# Tests tools/arpent/run/
"""What cannot be done is one clear line with a documented status, before the program is started."""

import os
import pathlib

import subprocess

from harness.checks import check, equal, finish
from harness.survey import ARPENT, PROGRAMS, run

ENDINGS = PROGRAMS / "run_endings"


def complains(arguments, status, line, **settings):
    done = subprocess.run(
        [ARPENT, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **settings
    )
    equal((done.returncode, done.stdout), (status, ""), f"status and output of {arguments}")
    equal(done.stderr, line + "\n", f"complaint of {arguments}")


# The program
complains(
    ["run", "--", "no-such-program"], 127, "arpent run: there is no program 'no-such-program' in the folders of PATH"
)
complains(["run", "no-such-program"], 127, "arpent run: there is no program 'no-such-program' in the folders of PATH")
complains(["run", "--", "./none"], 127, "arpent run: there is no program './none'")
complains(["run", "--", ""], 127, "arpent run: the name of the program is empty")
complains(["run", "--", "bad\nname"], 127, "arpent run: there is no program 'bad\\nname' in the folders of PATH")
pathlib.Path("plain").write_text("text")
complains(["run", "--", "./plain"], 126, "arpent run: './plain' cannot be executed: Permission denied")
complains(["run", "--", "/"], 126, "arpent run: '/' cannot be executed: Is a directory")
broken = pathlib.Path("broken")
broken.write_bytes(b"\x7fELF" + bytes(100))
broken.chmod(0o755)
complains(["run", "--", "./broken"], 126, "arpent run: './broken' is a damaged ELF file, or not one of a program")
for size in (500, 3000):
    broken.write_bytes(pathlib.Path(PROGRAMS / "run_endings").read_bytes()[:size])
    why = run("./broken").stderr
    check("'./broken' is truncated: its header describes more than the file holds" in why, f"{size} bytes: {why}")
broken.write_bytes(b"\0\1\2\3")
complains(
    ["run", "--", "./broken"], 126, "arpent run: './broken' is neither a program nor a script that this system can run"
)
broken.write_text("#!/no/such/interpreter\n")
complains(
    ["run", "--", "./broken"],
    126,
    "arpent run: './broken' needs the interpreter '/no/such/interpreter', which cannot be executed",
)
broken.write_text('echo "$0 $1"\nexit 8\n')
done = run("./broken", "given")
equal((done.returncode, done.stdout), (8, "./broken given\n"), "a script without #!, as execvp does it")
broken.write_text("")
equal(run("./broken").returncode, 0, "an empty script")

# Options
see = "; see 'arpent run --help'"
complains(["run", "--frobnicate", "--", "true"], 2, f"arpent run: there is no option '--frobnicate'{see}")
complains(["run", "--mode", "loud", "--", "true"], 2, f"arpent run: --mode: loud not in {{off,sites,stacks}}{see}")
complains(["run", "--format", "xml", "--", "true"], 2, f"arpent run: --format: xml not in {{text,json}}{see}")
complains(["run", "--report", "", "--", "true"], 2, f"arpent run: --report: the name of the file is empty{see}")
complains(
    ["run", "--leak-exit", "256", "--", "true"], 2, f"arpent run: --leak-exit: Value 256 not in range 1 to 255{see}"
)
complains(
    ["run", "--leak-exit", "none", "--", "true"], 2, f"arpent run: --leak-exit: Value none not in range 1 to 255{see}"
)
complains(["run"], 2, f"arpent run: which program? As in 'arpent run -- ls -l'{see}")
complains(["run", "--"], 2, f"arpent run: which program? As in 'arpent run -- ls -l'{see}")
complains(
    ["run", "--mode", "off", "--leak-exit", "1", "--", "true"],
    2,
    "arpent run: --leak-exit needs --mode sites or stacks: mode off does not scan for leaks",
)
complains([], 2, "arpent: what shall be done? See 'arpent help'")
complains(["frobnicate"], 2, "arpent: there is no command 'frobnicate'; see 'arpent help'")
complains(["--frobnicate"], 2, "arpent: there is no option '--frobnicate'; see 'arpent help'")
complains(["help", "frobnicate"], 2, "arpent help: there is no command or topic 'frobnicate'; see 'arpent help'")
complains(
    ["symbolize", "--frobnicate"],
    2,
    "arpent symbolize: there is no option '--frobnicate'; see 'arpent symbolize --help'",
)

# The report: told before the program is started
mark = pathlib.Path("started")
touch = ["touch", str(mark)]
for file, why in (
    ("none/report", "No such file or directory"),
    ("/", "Is a directory"),
    ("plain/report", "Not a directory"),
    ("/proc/report", "No such file or directory"),
):
    complains(
        ["run", "--report", file, "--", *touch], 125, f"arpent run: the report cannot be written to '{file}': {why}"
    )
    check(not mark.exists(), f"the program ran though {file} cannot be written")
# ... or after it: nothing is lost
pathlib.Path("folder").mkdir()
done = run("sh", "-c", "rm -r folder; exit 0", options=["--report", "folder/report"])
equal(done.returncode, 125, "status when the folder of the report is gone")
check(
    done.stderr.startswith(
        "arpent run: the report cannot be written to 'folder/report': No such file or directory\n== arpent"
    ),
    f"the report goes to standard error: {done.stderr[:300]!r}",
)
pathlib.Path("folder").mkdir()
equal(
    run("sh", "-c", "rm -r folder; exit 5", options=["--report", "folder/report"]).returncode, 5, "its own status first"
)
done = run("true", options=["--report", "/dev/full"])
equal(done.returncode, 125, "status of a report to a full device")
check("cannot be written to '/dev/full': No space left on device" in done.stderr, done.stderr)
with open("/dev/full", "w") as full:
    equal(run("true", stderr=full).returncode, 125, "status of a report to a full standard error")
kept = pathlib.Path("kept")
kept.write_text("before")
run("no-such-program", options=["--report", kept])
equal(kept.read_text(), "before", "a report file when nothing was run")
equal(sorted(path.name for path in pathlib.Path().iterdir() if path.name.startswith("kept")), ["kept"], "drafts")

# The library
complains(
    ["run", "--", "true"],
    125,
    "arpent run: ARPENT_PRELOAD names 'none.so', which cannot be read",
    env={**os.environ, "ARPENT_PRELOAD": "none.so"},
)

# Help is never an error
for arguments in (
    ["help"],
    ["--help"],
    ["--version"],
    ["help", "environment"],
    ["help", "run"],
    ["run", "--help"],
    ["symbolize", "--help"],
    ["help", "--help"],
):
    done = subprocess.run([ARPENT, *arguments], capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""), f"status of {arguments}")
    check(
        "xample" in done.stdout or arguments in (["--version"], ["help", "environment"]), f"no example in {arguments}"
    )
finish()
