# Tests tools/arpent/common/http_serving.cpp tools/arpent/common/http_workers.cpp tools/arpent/serve/
# ctest: COST=20
"""`arpent serve` makes one profile at a time, however many are asked for at once: its memory stays small, and metrics
are answered meanwhile."""

import signal
import socket
import subprocess
import threading

from harness.checks import check, equal, finish
from harness.http_clients import ask, resident_peak, see_no_other_processes, start
from harness.survey import ARPENT

AT_ONCE = 40
LEAST_MADE = 8  # those that may wait
MOST_RESIDENT = 64 * 1024  # KiB

see_no_other_processes()
tracked = subprocess.Popen(
    [ARPENT, "run", "--report", "/dev/null", "--", "sh", "-c", "echo; read order"],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
)
tracked.stdout.readline()
server, base, token = start("serve", "--port", "0")
address = ("127.0.0.1", int(base.rpartition(":")[2]))
request = f"GET /debug/pprof/heap HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
clients = [socket.create_connection(address, timeout=600) for _ in range(AT_ONCE)]
received = [b""] * AT_ONCE


def receive(number):
    while block := clients[number].recv(65536):
        received[number] += block


for client in clients:
    client.sendall(request)
threads = [threading.Thread(target=receive, args=[number]) for number in range(AT_ONCE)]
for thread in threads:
    thread.start()
equal(ask(base + "/metrics", Authorization=f"Bearer {token}")[0], 200, "metrics meanwhile")
for thread in threads:
    thread.join()

made = [response for response in received if response.startswith(b"HTTP/1.1 200 ") and b"\r\n\r\n\x1f\x8b" in response]
put_off = [
    response for response in received if response.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 1\r\n" in response
]
equal(len(made) + len(put_off), AT_ONCE, f"answered, of which {len(made)} are profiles")
# How many are put off depends on how fast the requests arrive.
check(len(made) >= LEAST_MADE, f"{len(made)} profiles of {AT_ONCE} were made")
check(resident_peak(server.pid) < MOST_RESIDENT, f"{resident_peak(server.pid)} KiB resident")
equal(ask(base + "/debug/pprof/heap", Authorization=f"Bearer {token}")[0], 200, "a profile afterwards")
print(f"{len(made)} of {AT_ONCE} profiles were made; {resident_peak(server.pid)} KiB resident")
server.send_signal(signal.SIGTERM)
equal(server.wait(), 0, "status after SIGTERM")
tracked.communicate(b"\n")
finish()
