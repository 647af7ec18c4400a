# Tests tools/arpent/run/
"""However a program ends, forks or replaces itself: its end is passed on, and what it did is told."""

import os
import pathlib
import signal
import subprocess
import tempfile

from harness.checks import check, equal, finish
from harness.survey import ARPENT, PROGRAMS, run, survey

ENDINGS = PROGRAMS / "run_endings"


def kept_site(process):
    found = [site for site in process["sites"] if site["allocated_bytes"] == 12345]
    equal(len(found), 1, f"sites of 12345 bytes in {process['command_line']}")
    return found[0] if found else {}


# Ends by itself
for how, ended_by in (("exit", "exit"), ("_exit", "quick_exit"), ("quick_exit", "quick_exit")):
    done, report = survey(ENDINGS, how, "23")
    equal(done.returncode, 23, f"status of {how}")
    equal(report["ended"]["status"], 23, f"status of {how} in the report")
    equal(report["process"]["ended_by"], ended_by, f"end of {how}")
    equal(report["process"]["leak_scan"], "done", f"leak scan of {how}")
    equal(kept_site(report["process"]).get("reachable_blocks"), 1, f"the kept block after {how}")
    equal(report["process"]["lost_blocks"], 0, f"lost blocks after {how}")

# By a system call that nobody sees: the profile is there, leaks are unknown.
done, report = survey(ENDINGS, "exit_group", "0")
equal(done.returncode, 0, "status of exit_group")
equal(report["process"]["leak_scan"], "not_done", "leak scan of exit_group")
equal(kept_site(report["process"]).get("live_blocks"), 1, "the kept block after exit_group")
done = run(ENDINGS, "exit_group", "0", options=["--leak-exit", "9"])
equal(done.returncode, 125, "--leak-exit when leaks are unknown")
check("--leak-exit: this program was not scanned for leaks" in done.stderr, done.stderr)

# By a signal: ours is the same, and nothing is lost.
for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM, signal.SIGPIPE, signal.SIGRTMIN + 1):
    done, report = survey(ENDINGS, "signal", int(number))
    equal(done.returncode, -number, f"signal {number}")
    equal(report["ended"]["signal"], number, f"signal {number} in the report")
    equal(report["process"]["ended_by"], "signal", f"end by {number}")
    site = kept_site(report["process"])
    equal((site.get("live_blocks"), site.get("lost_blocks"), site.get("reachable_blocks")), (1, 0, 0), "live at death")
equal(run(ENDINGS, "abort").returncode, -signal.SIGABRT, "abort")
text = run(ENDINGS, "signal", 9).stderr
check("killed by SIGKILL" in text and "live at its end: 1 block, 12.1 KiB" in text, f"report of the killed:\n{text}")
check("Definitely lost" not in text, "blocks of a killed process are not called lost")

# Signals sent to us reach it.
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
    with subprocess.Popen(
        [ARPENT, "run", "--top", "0", "--", ENDINGS, "wait_for_signal", str(int(number))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watcher:
        equal(watcher.stdout.readline(), "ready\n", "the program is ready")
        watcher.send_signal(signal.SIGINT)  # the terminal sends it to both; it is not ours to pass on
        watcher.send_signal(signal.SIGQUIT)
        watcher.send_signal(number)
        watcher.communicate()
        equal(watcher.returncode, number + 40, f"forwarded {number}")

# Standard error closed, or taken, or closed from the start.
done = run(ENDINGS, "close_stderr")
equal(done.returncode, 0, "status of close_stderr")
check("== arpent: run_endings" in done.stderr, f"report after close_stderr: {done.stderr!r}")
done = subprocess.run(
    ["bash", "-c", f"'{ARPENT}' run -- '{ENDINGS}' close_stderr 2>&-"], capture_output=True, text=True
)
equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "started without standard error")
done = subprocess.run(
    ["bash", "-c", f"'{ARPENT}' run --report /dev/stdout --top 0 -- '{ENDINGS}' exit 4 2>&- <&-"],
    capture_output=True,
    text=True,
)
equal(done.returncode, 4, "started without standard input and error")
check("== arpent: run_endings" in done.stdout, f"report to /dev/stdout: {done.stdout!r}")

# Another folder; the report's name is of the old one.
pathlib.Path("sub").mkdir()
done = run(ENDINGS, "change_directory", options=["--report", "here.txt"], cwd="sub")
equal(done.returncode, 0, "status of change_directory")
check("== arpent" in pathlib.Path("sub/here.txt").read_text(), "report after change_directory")
pathlib.Path("sub/here.txt").unlink()

# Exec: the last program is the main one, those before are summed up.
done, report = survey(ENDINGS, "clear_environment")
equal(done.returncode, 7, "status of clear_environment")
equal(report["process"]["image"], 1, "image after exec")
equal(report["process"]["ended_by"], "exit", "end after exec with an empty environment")
equal(kept_site(report["process"]).get("reachable_blocks"), 1, "the kept block after exec")
done, report = survey(ENDINGS, "exec_chain", "3")
equal(done.returncode, 5, "status of exec_chain")
equal([other["ended_by"] for other in report["others"]], ["exec"] * 3, "images before")
equal(report["process"]["image"], 3, "the last image")
equal({other["pid"] for other in report["others"]}, {report["pid"]}, "their process")
equal(run(ENDINGS, "exec", "no-such-program").returncode, 127, "failed exec")
text = run(ENDINGS, "exec_chain", "2").stderr
check("Programs that the process was before exec\n" in text, f"no section of earlier programs:\n{text}")

# Children: out of sight, unless followed.
done, report = survey(ENDINGS, "fork_workers", "4")
equal((done.returncode, report["others"]), (0, []), "forked workers")
equal(report["process"]["lost_blocks"], 0, "lost by the parent of workers")
done, report = survey(ENDINGS, "fork_workers", "4", options=["--follow-children"])
equal(done.returncode, 0, "followed workers")
equal(len(report["others"]), 4, "followed workers")
for other in report["others"]:
    equal(other["parent_pid"], report["pid"], "the worker's parent")
    equal((other["allocations"], other["lost_blocks"]), (100, 99), "a worker's own blocks, and not its parent's")
text = run(ENDINGS, "fork_workers", "2", options=["--follow-children"]).stderr
check("Children that were followed\n" in text, f"no section of children:\n{text}")
done, report = survey(ENDINGS, "spawn", f"{ENDINGS} exit 0")
equal((done.returncode, report["others"]), (0, []), "a spawned program")
done, report = survey(ENDINGS, "spawn", f"{ENDINGS} exit 0", options=["--follow-children"])
equal(done.returncode, 0, "a followed program")
check(
    any(str(ENDINGS) in other["program"] and other["ended_by"] == "exit" for other in report["others"]),
    f"the followed program is not in {[o['program'] for o in report['others']]}",
)

# What the program sees of us: nothing. Bash has functions of its own for its environment.
plain = {name: value for name, value in os.environ.items() if not name.startswith("ARPENT_") and name != "LD_PRELOAD"}
for before in (None, "libm.so.6"):
    own = {**plain, **({"LD_PRELOAD": before} if before else {})}
    for command in ([ENDINGS, "environment"], ["bash", "-c", "env; exit 0"]):
        without = subprocess.run(command, env=own, capture_output=True, text=True).stdout.splitlines()
        under = subprocess.run(
            [ARPENT, "run", "--", *command], env=own, capture_output=True, text=True
        ).stdout.splitlines()
        ignored = ("_=", "SHLVL=")
        equal(
            sorted(line for line in under if not line.startswith(ignored)),
            sorted(line for line in without if not line.startswith(ignored)),
            f"environment of {command[0]} with LD_PRELOAD {before}",
        )

# Nothing is left behind.
place = tempfile.TemporaryDirectory()  # others may be able to write above the build
runtime = pathlib.Path(place.name)
for how in (["exit", "0"], ["signal", "9"]):
    run(ENDINGS, *how, environment={"XDG_RUNTIME_DIR": str(runtime)})
    equal(list(runtime.iterdir()), [], f"left behind by {how}")
finish()
