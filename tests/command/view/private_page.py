# Tests tools/arpent/view/ tools/arpent/common/http_access.cpp
"""`arpent view` shows its page to this user alone: another user of the machine, who knows the port, gets nothing."""

import os
import pathlib
import signal
import stat
import subprocess

from harness.checks import check, equal, finish
from harness.http_clients import ask, ask_as_other_user, command_lines, start, wait_for
from harness.profiles import arpent, profile_of
from harness.survey import ARPENT, PROGRAMS

SECRET = "--password=hunter2"
os.umask(0o022)
profile_of("a.profile", PROGRAMS / "figures", SECRET, mode="stacks")

# Another user has no token. The page holds the source and the command line.
server, base, token = start("view", "a.profile")
equal(len(token), 32, "a token is printed")
status, content = ask_as_other_user(base + "/")
equal(status, 401, "another user")
check(len(content) < 1000 and SECRET.encode() not in content, f"what another user gets: {content[:200]}")
equal(ask_as_other_user(f"{base}/?token={'0' * 32}")[0], 401, "a wrong token")
equal(ask_as_other_user(f"{base}/?token=")[0], 401, "an empty token")
equal(ask_as_other_user(f"{base}/?token={token[:-1]}")[0], 401, "a part of the token")
equal(ask_as_other_user(f"{base}/?token={token}0")[0], 401, "more than the token")
equal(ask_as_other_user(f"{base}/nothing")[0], 401, "another user does not learn which paths there are")
status, _, page = ask(f"{base}/?token={token}")
equal(status, 200, "this user")
check(SECRET.encode() in page, "the page has the command line")
equal(ask(base + "/", Authorization=f"Bearer {token}")[0], 200, "the token in a header")
equal(ask(f"{base}/?token={token}", Host="elsewhere.example")[0], 403, "another host's name, with the token")
check(token not in command_lines(), "the token is in no process's arguments")
other, _, other_token = start("view", "a.profile")
check(other_token not in ("", token), "each server has a token of its own")
other.send_signal(signal.SIGINT)
equal(other.wait(), 0, "Ctrl-C")
server.send_signal(signal.SIGINT)
equal(server.wait(), 0, "Ctrl-C")

# Standard output that others can read takes no token.
with open("log", "w", encoding="utf-8") as log:
    done = subprocess.run([ARPENT, "view", "a.profile"], stdout=log, stderr=subprocess.PIPE, text=True, timeout=60)
equal((done.returncode, pathlib.Path("log").read_text()), (3, ""), "a log that others can read")
check("--no-token" in done.stderr and len(done.stderr.splitlines()) == 1, f"what to do: {done.stderr}")

# Without a token, if one asks for that.
server, base, token = start("view", "--no-token", "a.profile")
equal(token, "", "no token is printed")
equal(ask_as_other_user(base + "/")[0], 200, "--no-token")
equal(ask(base + "/", Host="elsewhere.example")[0], 403, "another host's name is refused all the same")
server.send_signal(signal.SIGINT)
equal(server.wait(), 0, "Ctrl-C")

# The browser gets the address through a file that only this user can read.
pathlib.Path("programs").mkdir()
browser = pathlib.Path("programs/xdg-open")
browser.write_text(
    """#!/bin/sh
stat -c %a "$1" >opened.mode
cp "$1" opened.html
echo "$1" >opened.path.new
mv opened.path.new opened.path
"""
)
browser.chmod(0o755)
environment = {**os.environ, "PATH": f"{os.getcwd()}/programs:{os.environ['PATH']}", "TMPDIR": os.getcwd()}
environment.pop("XDG_RUNTIME_DIR", None)
server, base, token = start("view", "--open", "a.profile", env=environment)
check(wait_for(pathlib.Path("opened.path").exists), "the browser was started")
redirect = pathlib.Path(pathlib.Path("opened.path").read_text().strip())
equal(pathlib.Path("opened.mode").read_text().strip(), "600", "mode of the file")
check(f"url={base}/?token={token}" in pathlib.Path("opened.html").read_text(), "the file leads to the page")
check(token not in str(redirect) and token not in command_lines(), "the token is in no process's arguments")
server.send_signal(signal.SIGINT)
equal(server.wait(), 0, "Ctrl-C")
check(not redirect.exists(), "the file is removed at the end")

# It does not lie where another user can put another page in its place.
pathlib.Path("opened.path").unlink()
pathlib.Path("open").mkdir()
os.chmod("open", 0o777)
server, base, token = start(
    "view", "--open", "a.profile", env={**environment, "XDG_RUNTIME_DIR": os.path.abspath("open")}
)
check(wait_for(pathlib.Path("opened.path").exists), "the browser was started again")
check("/open/" not in pathlib.Path("opened.path").read_text(), "the file lies in a folder that all may write to")
server.send_signal(signal.SIGINT)
equal(server.wait(), 0, "Ctrl-C")

# Arguments can be withheld.
arpent("view", "--output", "page.html", "a.profile")
check(SECRET in pathlib.Path("page.html").read_text(), "a page has the command line")
equal(stat.S_IMODE(os.stat("page.html").st_mode), 0o600, "mode of the page")
check(SECRET not in arpent("view", "--no-command-line", "--output", "-", "a.profile"), "--no-command-line")
finish()
