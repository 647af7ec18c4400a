"""Clients of `arpent view` and `arpent serve`: with the token, without it, and as another user."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

from harness.survey import ARPENT

# Prefix of a command that runs as another user. Only root can become one, and where / is closed to others, as in a
# chroot, nothing runs as one; requests then come from this user, who has no token either.
HAS_OTHER_USER = os.geteuid() == 0 and bool(os.stat("/").st_mode & 0o001)
OTHER_USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if HAS_OTHER_USER else []


def see_no_other_processes():
    """Starts the test again where it sees its own processes alone, if the system allows that: `arpent serve` reads the
    profiles of all processes of its user, and what that takes is not the test's."""
    alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "unchanged"]
    alone += [] if os.geteuid() == 0 else ["--map-root-user"]
    if (
        "SEES_NO_OTHER_PROCESSES" not in os.environ
        and subprocess.run([*alone, "true"], stderr=subprocess.DEVNULL).returncode == 0
    ):
        os.environ["SEES_NO_OTHER_PROCESSES"] = "yes"
        os.execvp(alone[0], [*alone, sys.executable, *sys.argv])


def start(*arguments, **settings):
    """Starts a server; returns its process, what its address begins with, and its token (empty if none is printed)."""
    settings.setdefault("stdout", subprocess.PIPE)
    server = subprocess.Popen([ARPENT, *map(str, arguments)], text=True, **settings)
    line = server.stdout.readline()
    found = re.match(r"(http://[^/]+)/[a-z]*(?:\?token=([0-9a-f]{32}))?(?:\s|$)", line)
    if not found:
        sys.exit(f"{arguments}: no address in {line!r}")
    return server, found.group(1), found.group(2) or ""


def ask(url, **headers):
    """Status, kind and content of the answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return answer.status, answer.headers.get("Content-Type"), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Content-Type"), error.read()


def ask_as_other_user(url):
    """The same as another user, who knows the port alone."""
    done = subprocess.run(
        [*OTHER_USER, "curl", "-s", "--noproxy", "*", "-w", "%{stderr}%{http_code}", url],
        capture_output=True,
        check=False,
    )
    return int(done.stderr), done.stdout


def command_lines():
    """What any user can read of the arguments of all processes."""
    return subprocess.run(
        [*OTHER_USER, "sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null; true"], capture_output=True, check=True
    ).stdout.decode(errors="replace")


def resident_peak(pid):
    """The most KiB of memory that the process ever had resident."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.M).group(1))


def wait_for(condition, seconds=60):
    """Whether the condition became true; checks it until then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
