# Tests tools/arpent/serve/ tools/arpent/common/http_access.cpp
"""`arpent serve` answers this user and those who were given its token; no other user of the machine."""

import os
import pathlib
import re
import signal
import stat
import subprocess

from harness.checks import check, equal, finish
from harness.http_clients import ask, ask_as_other_user, command_lines, start
from harness.profiles import arpent, report_json
from harness.survey import ARPENT

SECRET = "--password=hunter2"
os.umask(0o022)
tracked = subprocess.Popen(
    [ARPENT, "run", "--report", "report.txt", "--", "sh", "-c", "echo $$; read order", SECRET],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
)
pid = int(tracked.stdout.readline())


def stop(server):
    server.send_signal(signal.SIGTERM)
    equal(server.wait(), 0, "status after SIGTERM")


def command_line_in(profile):
    pathlib.Path("heap.pb.gz").write_bytes(profile)
    return report_json("heap.pb.gz")["process"]["command_line"]


# A token is the default.
server, base, token = start("serve", "--port", "0")
equal(len(token), 32, "a token is printed")
for path in "/", "/metrics", f"/debug/pprof/heap?pid={pid}", "/nothing":
    status, content = ask_as_other_user(base + path)
    equal(status, 401, f"another user: {path}")
    check(len(content) < 200, f"what another user gets: {content[:200]}")
    equal(ask_as_other_user(f"{base}{path.split('?')[0]}?token={'0' * 32}")[0], 401, f"a wrong token: {path}")
equal(ask(base + "/metrics", Authorization=f"Bearer {token}")[0], 200, "the token in a header")
equal(ask(f"{base}/metrics?token={token}")[0], 200, "the token in the address")
check(SECRET in command_line_in(ask(f"{base}/debug/pprof/heap?pid={pid}&token={token}")[2]), "the command line")
check(token not in command_lines(), "the token is in no process's arguments")
stop(server)

# A token file is created for its owner alone, used again, and not printed.
server, base, token = start("serve", "--port", "0", "--token-file", "token")
equal(token, "", "the token of a file is not printed")
equal(stat.S_IMODE(os.stat("token").st_mode), 0o600, "mode of the new file")
token = pathlib.Path("token").read_text().strip()
check(re.fullmatch(r"[0-9a-f]{32}", token), f"the new token: {token}")
equal(ask(base + "/metrics", Authorization=f"Bearer {token}")[0], 200, "with the file's token")
equal(ask_as_other_user(base + "/metrics")[0], 401, "without it")
stop(server)
with open("log", "w", encoding="utf-8") as log:
    server = subprocess.Popen([ARPENT, "serve", "--port", "0", "--token-file", "token"], stdout=log)
    while not pathlib.Path("log").read_text().endswith("\n"):
        equal(server.poll(), None, "the server runs")
base = pathlib.Path("log").read_text().strip().removesuffix("/metrics")
equal(ask(base + "/metrics", Authorization=f"Bearer {token}")[0], 200, "the same token after a restart")
stop(server)
check(token not in pathlib.Path("log").read_text(), "the token is not in the log")

# Files that others can read or write, and logs, hold no token.
for mode in 0o604, 0o644, 0o602, 0o620:
    os.chmod("token", mode)
    check("chmod 600" in arpent("serve", "--token-file", "token", status=3), f"a token file of mode {mode:o}")
if os.geteuid() == 0:
    os.chmod("token", 0o600)
    os.chown("token", 65534, 65534)
    check("another user" in arpent("serve", "--token-file", "token", status=3), "another user's token file")
os.mkfifo("pipe", 0o600)
check("not a regular file" in arpent("serve", "--token-file", "pipe", status=3), "a pipe as token file")
check("cannot be created" in arpent("serve", "--token-file", "no/token", status=3), "a folder that is not there")
with open("log", "w", encoding="utf-8") as log:
    done = subprocess.run([ARPENT, "serve", "--port", "0"], stdout=log, stderr=subprocess.PIPE, text=True, timeout=60)
equal((done.returncode, pathlib.Path("log").read_text()), (3, ""), "a log that others can read")
check("--token-file" in done.stderr, f"what to do: {done.stderr}")

# Without a token, on loopback, if one asks for that; and arguments can be withheld.
arpent("serve", "--no-token", "--token-file", "token", status=2)
arpent("serve", "--no-token", "--listen", "0.0.0.0", status=2)
server, base, token = start("serve", "--port", "0", "--no-token", "--no-command-line")
equal(token, "", "no token is printed")
equal(ask_as_other_user(base + "/metrics")[0], 200, "--no-token")
equal(ask(base + "/metrics", Host="evil.example")[0], 403, "a page of another site, without a token")
equal(command_line_in(ask(f"{base}/debug/pprof/heap?pid={pid}")[2]), "", "--no-command-line")
stop(server)
tracked.communicate("x\n")
finish()
