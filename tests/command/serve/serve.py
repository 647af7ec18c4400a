# Tests tools/arpent/serve/
"""`arpent serve`: Prometheus scrapes it, and pprof reads from it."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
from harness import http_clients
from harness.checks import check, equal, finish
from harness.profiles import arpent, report_json
from harness.survey import ARPENT

pathlib.Path("held.c").write_text(
    """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void* hold(size_t n) { return malloc(n); }
int main(void) {
  char order;
  void* volatile kept[7];
  for (int i = 0; i < 7; ++i) kept[i] = hold(123457);
  printf("%d\\n", (int)getpid());
  fflush(stdout);
  return read(0, &order, 1) == 1 && kept[0] == NULL;
}
"""
)
subprocess.run([os.environ["CC"], "-g", "-O0", "-fno-builtin", "-o", "held", "held.c"], check=True)
tracked = subprocess.Popen(
    [ARPENT, "run", "--report", "report.txt", "--", "./held"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)
pid = int(tracked.stdout.readline())


def ask(url, **headers):
    return http_clients.ask(url, **{"Authorization": f"Bearer {token}", **headers})


server, base, token = http_clients.start("serve", "--port", "0")
check(re.fullmatch(r"http://127\.0\.0\.1:\d+", base), f"it listens on loopback: {base}")
status, kind, text = ask(base + "/metrics")
equal((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"), "the answer to a plain scrape")
live = int(re.search(rf'^arpent_live_bytes{{pid="{pid}",program="held"}} (\d+)$', text.decode(), re.M).group(1))
check(7 * 123457 <= live < 7 * 123457 + 20000, f"live bytes: {live}")
promtool = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
equal((promtool.returncode, promtool.stdout, promtool.stderr), (0, b"", b""), "promtool's faults")
status, kind, text = ask(base + "/metrics", Accept="application/openmetrics-text; version=1.0.0")
equal(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8", "the kind of OpenMetrics")
check(text.endswith(b"# EOF\n") and b"# TYPE arpent_allocations counter\n" in text, "OpenMetrics")

# The profile, as pprof fetches it.
status, _, profile = ask(f"{base}/debug/pprof/heap?pid={pid}")
pathlib.Path("heap.pb.gz").write_bytes(profile)
sites = [site for site in report_json("heap.pb.gz")["process"]["sites"] if site["function"] == "hold"]
equal([(site["live_blocks"], site["live_bytes"]) for site in sites], [(7, 7 * 123457)], "what hold() holds")
top = subprocess.run(
    [
        "go",
        "tool",
        "pprof",
        "-top",
        "-unit=B",
        "-sample_index=inuse_space",
        f"{base}/debug/pprof/heap?pid={pid}&token={token}",
    ],
    capture_output=True,
    text=True,
    env={**os.environ, "PPROF_TMPDIR": os.getcwd()},
).stdout
check(re.search(rf"^ +{7 * 123457}B .* hold$", top, re.M), f"pprof reads from the server: {top}")
equal(ask(f"{base}/debug/pprof/heap?pid=1x")[0], 400, "a pid that is none")
equal(ask(f"{base}/debug/pprof/heap?pid={os.getpid()}")[0], 404, "a process that is not tracked")
equal(ask(f"{base}/nothing")[0], 404, "a path that is not there")
equal(ask(base + "/metrics", Host="evil.example")[0], 403, "a page of another site")
check(str(pid) in ask(base + "/")[2].decode(), "the list of processes")

# Real Prometheus scrapes it, with the token in a file.
pathlib.Path("credentials").touch(0o600)
pathlib.Path("credentials").write_text(token)
pathlib.Path("prometheus.yml").write_text(
    json.dumps(
        {
            "global": {"scrape_interval": "5s", "scrape_timeout": "5s"},
            "scrape_configs": [
                {
                    "job_name": "arpent",
                    "authorization": {"credentials_file": os.path.abspath("credentials")},
                    "static_configs": [{"targets": [base.removeprefix("http://")]}],
                }
            ],
        }
    )
)
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
prometheus = subprocess.Popen(
    [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
    ],
    stdout=subprocess.DEVNULL,
    stderr=open("prometheus.log", "w"),
)
found = []
while not found and prometheus.poll() is None:
    try:
        answer = json.loads(http_clients.ask(f"http://127.0.0.1:{port}/api/v1/query?query=arpent_live_bytes")[2])
        found = answer["data"]["result"]
    except (OSError, ValueError, KeyError):
        pass
    time.sleep(0.2)
prometheus.terminate()
prometheus.wait()
check(
    [sample["metric"]["pid"] for sample in found if sample["metric"]["program"] == "held"] == [str(pid)],
    f"what Prometheus has scraped: {found}; {pathlib.Path('prometheus.log').read_text()[-500:]}",
)

server.send_signal(signal.SIGTERM)
equal(server.wait(), 0, "status after SIGTERM")

# Beyond loopback only with a token.
check("needs a --token-file" in arpent("serve", "--listen", "0.0.0.0", status=2), "no token")
pathlib.Path("short").touch(0o600)
pathlib.Path("short").write_text("secret\n")
check("16 characters" in arpent("serve", "--token-file", "short", status=3), "a short token")
pathlib.Path("token").touch(0o600)
pathlib.Path("token").write_text("0123456789abcdef\n")
server, base, _ = http_clients.start("serve", "--port", "0", "--listen", "0.0.0.0", "--token-file", "token")
base = base.replace("0.0.0.0", "127.0.0.1")
equal(http_clients.ask(base + "/metrics")[0], 401, "without the token")
equal(ask(base + "/metrics", Authorization="Bearer 0123456789abcdeX")[0], 401, "with a wrong token")
equal(ask(base + "/metrics", Authorization="Bearer 0123456789abcdef0")[0], 401, "with more than the token")
equal(ask(base + "/metrics", Authorization="Bearer 0123456789abcdef")[0], 200, "with the token")
taken = base.rsplit(":", 1)[1]
check("cannot listen" in arpent("serve", "--port", taken, status=3), "a port that is taken")
server.send_signal(signal.SIGINT)
equal(server.wait(), 0, "status after SIGINT")
tracked.communicate("x")
equal(tracked.returncode, 0, "status of what was watched")

finish()
