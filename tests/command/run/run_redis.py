# Tests tools/arpent/run/
"""redis-server under redis-benchmark, with its threads and forks, serves the same under `arpent run` as without."""

import json
import pathlib
import shutil
import subprocess
import sys
import time

from harness.checks import check, equal, finish
from harness.survey import ARPENT

# Debian's redis-tools holds the server under another name: the program looks at what it is called.
found = shutil.which("redis-server") or shutil.which("redis-check-rdb")
missing = [name for name in ("redis-cli", "redis-benchmark") if shutil.which(name) is None]
if found is None or missing:
    sys.exit("cannot be tested without redis-check-rdb, redis-cli and redis-benchmark (redis-tools); install them")
server = pathlib.Path("redis-server").absolute()
server.symlink_to(found)
socket = pathlib.Path("socket")  # relative, because the name of a socket must be short

SERVER = [
    server,
    "--port",
    "0",
    "--unixsocket",
    socket,
    "--save",
    "",
    "--appendonly",
    "no",
    "--daemonize",
    "no",
    "--io-threads",
    "2",
]
COMMANDS = """\
SET parcel 7
APPEND parcel " and more"
GET parcel
STRLEN parcel
SET large PADDING
SETRANGE large 300000 end
STRLEN large
RPUSH owners ada bob cyd
LRANGE owners 0 -1
HSET field:1 owner ada size 12
HGETALL field:1
ZADD sizes 3 c 1 a 2 b
ZRANGE sizes 0 -1 WITHSCORES
EVAL "local sum = 0 for i = 1, 1000 do sum = sum + #redis.call('GET', KEYS[1]) end return sum" 1 parcel
SORT owners ALPHA DESC
LRANGE parcel 0 1
NOSUCHCOMMAND
OBJECT ENCODING sizes
DEBUG RELOAD NOSAVE
DEL large owners
DBSIZE
FLUSHALL
DBSIZE
"""


def client(text):
    return subprocess.run(["redis-cli", "-s", socket], input=text, capture_output=True, text=True)


def served(before):
    """What a server started by the command answers, and how it ends."""
    socket.unlink(missing_ok=True)
    with subprocess.Popen(
        [*before, *SERVER], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not (socket.exists() and client("PING\n").stdout == "PONG\n"):
            time.sleep(0.05)
        answers = client(COMMANDS)
        load = subprocess.run(
            [
                "redis-benchmark",
                "-s",
                socket,
                "-q",
                "-c",
                "8",
                "-n",
                "3000",
                "-d",
                "100",
                "-P",
                "4",
                "-t",
                "set,get,lpush,lpop,sadd,hset,lrange_100",
            ],
            capture_output=True,
            text=True,
        )
        after = client("GET key:__rand_int__\nTYPE mylist\nSCARD myset\nCLIENT NO-EVICT off\n")
        client("SHUTDOWN NOSAVE\n")
        _, said = process.communicate()
    equal(load.returncode, 0, f"status of redis-benchmark: {load.stderr}")
    check("requests per second" in load.stdout, f"redis-benchmark said {load.stdout[:300]!r}")
    return {
        "answers": answers.stdout,
        "complaints": answers.stderr,
        "after the load": after.stdout,
        "status": process.returncode,
        "standard error": said,
    }


plain = served([])
check("7 and more" in plain["answers"] and "10000" in plain["answers"], f"the answers are {plain['answers']!r}")
equal(plain["status"], 0, "status of the server alone")

for mode in ("off", "sites"):
    under = served([ARPENT, "run", "--mode", mode, "--format", "json", "--report", "report.json", "--"])
    for what, expected in plain.items():
        equal(under[what], expected, f"{what} in mode {mode}")

# The sites are plausible: what it answered and stored, it allocated itself.
report = json.loads(pathlib.Path("report.json").read_text())
process = report["process"]
equal(report["ended"], {**report["ended"], "how": "exited", "status": 0}, "the end")
equal(process["leak_scan"], "done", "the leak scan")
check(process["allocations"] > 10000, f"{process['allocations']} allocations")
check(process["peak_bytes"] > 500_000, f"peak of {process['peak_bytes']}")
first = max(process["sites"], key=lambda site: site["allocations"])
check("redis" in first["label"], f"most allocations come from {first['label']}")
check(process["lost_bytes"] < 10_000, f"{process['lost_bytes']} bytes lost")
finish()
