# Tests tools/arpent/common/http_serving.cpp
# ctest: RUN_SERIAL COST=20
"""`arpent serve` under 1,000 good, slow and malformed clients at once: good ones, of which some ask for a profile, are
all answered, and its memory stays small. How long they wait is printed, not judged: the computer may be busy."""

import concurrent.futures
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time

from harness.checks import check, equal, finish
from harness.http_clients import resident_peak, see_no_other_processes, start
from harness.survey import ARPENT

GOOD = 200
GOOD_AT_ONCE = 8
GOOD_PER_PROFILE = 8  # one of so many asks for a profile, the others for metrics
SLOW = 500
MALFORMED = 300
MOST_RESIDENT = 64 * 1024  # KiB

see_no_other_processes()
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192, hard))


def good_clients(port, token):
    """Asks from several threads, in a process of its own, and prints the seconds that each answer took."""

    def seconds_of_one(number):
        wants_profile = number % GOOD_PER_PROFILE == 0
        path = "/debug/pprof/heap" if wants_profile else "/metrics"
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        expected = b"\r\n\r\n\x1f\x8b" if wants_profile else b"arpent_processes"
        started = time.monotonic()
        received = b""
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(request)
            while block := client.recv(65536):
                received += block
        if not received.startswith(b"HTTP/1.1 200 ") or expected not in received:
            raise ValueError(f"a good client of {path} got {received[:100]!r}")
        return time.monotonic() - started

    with concurrent.futures.ThreadPoolExecutor(GOOD_AT_ONCE) as threads:
        print(json.dumps(list(threads.map(seconds_of_one, range(GOOD)))))


if len(sys.argv) > 1:
    good_clients(int(sys.argv[1]), sys.stdin.read())
    sys.exit()

tracked = subprocess.Popen(
    [ARPENT, "run", "--report", "/dev/null", "--", "sh", "-c", "echo; read order"],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
)
tracked.stdout.readline()
server, base, token = start("serve", "--port", "0")
port = int(base.rpartition(":")[2])

MALFORMED_REQUESTS = [
    b"\x00" * 4096,
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000,
    b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=" + b"0-," * 2500 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer wrong\r\n\r\n",
]


class Client:
    """A client that does not wait: it sends its bytes at once or one by one, and begins again if it is cut off."""

    def __init__(self, text, bytes_at_once):
        self.text = text
        self.bytes_at_once = bytes_at_once
        self.begin()

    def begin(self):
        self.sent = 0
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))

    def go_on(self):
        try:
            if self.sent < len(self.text):
                self.sent += self.socket.send(self.text[self.sent : self.sent + self.bytes_at_once])
            if self.socket.recv(65536):
                return
            self.restart()
        except BlockingIOError:
            pass
        except OSError:
            self.restart()

    def restart(self):
        self.socket.close()
        self.begin()


others = [Client(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100000, 1) for _ in range(SLOW)]
others += [Client(MALFORMED_REQUESTS[i % len(MALFORMED_REQUESTS)], 65536) for i in range(MALFORMED)]
good = subprocess.Popen(
    [sys.executable, __file__, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
)
good.stdin.write(token)
good.stdin.close()
while good.poll() is None:
    for client in others:
        client.go_on()
    select.select([], [], [], 0.02)
seconds = sorted(json.loads(good.stdout.read() or "[]"))
equal((good.returncode, len(seconds)), (0, GOOD), "good clients were all answered")
middle, usual, most = (
    (seconds[(len(seconds) - 1) * part // 100] for part in (50, 95, 100)) if seconds else [float("inf")] * 3
)
resident = resident_peak(server.pid)
check(resident < MOST_RESIDENT, f"{resident} KiB resident")
print(
    f"{GOOD} good clients: half within {middle * 1000:.1f} ms, 95 % within {usual * 1000:.1f} ms, "
    f"all within {most * 1000:.1f} ms; {resident} KiB resident"
)
server.send_signal(signal.SIGTERM)
equal(server.wait(), 0, "status after SIGTERM")
tracked.communicate(b"\n")
finish()
