# Tests tools/arpent/common/http_serving.cpp
# ctest: COST=20
"""What a client without a token can cost `arpent serve`: little memory, few seconds, and no other client's answer."""

import signal
import socket

from harness.checks import check, equal, finish
from harness.http_clients import ask, resident_peak, see_no_other_processes, start

see_no_other_processes()
server, base, token = start("serve", "--port", "0")
port = int(base.rpartition(":")[2])
before = resident_peak(server.pid)
LEAST_ROOM = 8 * 1024  # KiB: what is certainly not one client's


def connect():
    return socket.create_connection(("127.0.0.1", port))


def response(client):
    """All bytes until the server closes."""
    received = b""
    try:
        while block := client.recv(65536):
            received += block
    except OSError:
        pass
    return received


def sent(request):
    with connect() as client:
        client.sendall(request)
        return response(client)


def status(received):
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else 0


def own_request(extra=b"", path=b"/metrics"):
    return b"GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s\r\n" % (path, token.encode(), extra)


# Headers are bounded as a whole, one of 400 MiB as well as many that are short.
for block in b"a" * 65536, b"X: y\r\n" * 10923:
    with connect() as client:
        taken = 0
        try:
            client.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            while taken < 400 << 20:
                client.sendall(block)
                taken += len(block)
        except OSError:
            pass  # it does not read on
    check(taken < 16 << 20, f"{taken} bytes of headers were taken")
after = resident_peak(server.pid)
check(after < before + LEAST_ROOM, f"memory: {before} KiB before, {after} after")
equal(status(sent(own_request(b"X: " + b"a" * 15000 + b"\r\n"))), 200, "15,000 bytes of headers")
equal(status(sent(own_request(b"X: " + b"a" * 40000 + b"\r\n"))), 431, "40,000 bytes of headers")
equal(status(sent(own_request(b"".join(b"X%d: a\r\n" % i for i in range(90))))), 200, "92 headers")
equal(status(sent(own_request(b"".join(b"X%d: a\r\n" % i for i in range(1000))))), 431, "1,002 headers")
equal(status(sent(b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n\r\n")), 414, "a long path")
equal(status(sent(own_request(path=b"/metrics?a=" + b"a" * 10000))), 200, "a parameter of 10,000 bytes")
for count in 1000, 10000:
    equal(status(sent(own_request(path=b"/metrics?" + b"a&" * count))), 414, f"{count} parameters")

# Ranges are ignored: the answer is whole, once.
whole = sent(own_request())
many = b"Range: bytes=" + b",".join(b"0-" for _ in range(2000)) + b"\r\n"
ranged = sent(own_request(many))
equal(status(ranged), 200, "2,000 ranges")
check(len(ranged) < 2 * len(whole), f"{len(ranged)} bytes for 2,000 ranges, {len(whole)} for none")
equal(status(sent(own_request(b"Range: bytes=0-3\r\n"))), 200, "one range")

# Malformed requests, those with bodies, and those that two readers could understand differently. 0 is no answer at all.
for request, expected in (
    (b"GET /metrics\r\n\r\n", 400),
    (b"GET metrics HTTP/1.1\r\n\r\n", 400),
    (b" GET /metrics HTTP/1.1\r\n\r\n", 0),
    (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 0),
    (b"GET /metrics HTTP/3.0\r\n\r\n", 505),
    (b"GET /metrics HTTP/1.1\r\n\r\n", 400),
    (own_request(b"no colon\r\n"), 400),
    (own_request(b"Host: localhost\r\n"), 400),
    (own_request(b"authorization: Bearer x\r\n"), 400),
    (own_request(b"Transfer-Encoding: chunked\r\n"), 413),
    (own_request(b"Content-Length: 5\r\n") + b"12345", 413),
    (own_request(b"Content-Length: 99999999999\r\n"), 413),
    (own_request(b"Content-Length: 5\r\nExpect: 100-continue\r\n"), 413),
    (own_request(b"Content-Length: x\r\n"), 400),
    (own_request().replace(b"GET", b"POST"), 405),
    (own_request().replace(b"GET", b"DELETE"), 405),
):
    equal(status(sent(request)), expected, f"{request[:60]}")
head = sent(own_request().replace(b"GET", b"HEAD"))
check(status(head) == 200 and head.endswith(b"\r\n\r\n"), f"HEAD: {head[-100:]}")

# Time: a client that sends a byte now and then is cut off, and meanwhile keeps out no other.
slow = [connect() for _ in range(300)]
for number, client in enumerate(slow):
    if number % 2:
        client.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
for _ in range(3):
    equal(ask(base + "/metrics", Authorization=f"Bearer {token}")[0], 200, "beside 300 slow clients")
dripping = slow[-1]
dripping.settimeout(0.2)
is_cut_off = False
while not is_cut_off:
    try:
        is_cut_off = not dripping.recv(4096)
    except TimeoutError:
        try:
            dripping.sendall(b"a")
        except OSError:
            is_cut_off = True
    except OSError:
        is_cut_off = True
for client in slow:
    client.close()
after = resident_peak(server.pid)
check(after < before + LEAST_ROOM, f"memory: {before} KiB before, {after} after")
server.send_signal(signal.SIGTERM)
equal(server.wait(), 0, "status after SIGTERM")
finish()
