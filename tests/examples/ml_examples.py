# Tests examples/inference-server/
"""The digits example, its trainer, and the inference server under load, surveyed by `arpent run`; a few seconds of the
server's own load script, with wrk."""
# ctest: COST=20

import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

from harness.checks import check, finish

ARPENT = os.environ["ARPENT_BIN"]
EXAMPLES = os.path.join(os.path.dirname(ARPENT), "examples")
WEIGHTS = os.path.join(os.environ["SOURCE_DIR"], "examples", "digits", "digits.safetensors")
PIXELS = 196


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


def digits(weights):
    """Runs the example; its output, and images that it drew with what they are."""
    done = run(os.path.join(EXAMPLES, "digits"), weights)
    check(done.returncode == 0, f"digits {weights}: status {done.returncode}: {done.stderr}")
    right = re.search(r"^(\d+) of 1000 right$", done.stdout, re.M)
    check(right and int(right[1]) >= 970, f"digits {weights}: {right and right[0]}")
    scratch = [int(size) for size in re.findall(r"scratch of .*: (\d+) bytes; the arena keeps \d+", done.stdout)]
    check(
        len(scratch) == 2 and scratch[0] == (PIXELS + 32) * 4 and scratch[1] == 1000 * scratch[0],
        f"digits {weights}: scratch {scratch}",
    )
    kept = re.findall(r"the arena keeps (\d+)", done.stdout)
    check(kept and int(kept[-1]) == 65536, f"digits {weights}: the arena keeps {kept}")
    return done.stdout


digits(WEIGHTS)
check(os.path.getsize(WEIGHTS) < 32768, "the weights are small")
trained = run(os.path.join(EXAMPLES, "digits-train"), "own.safetensors")
check(trained.returncode == 0, f"digits-train: {trained.stderr}")
digits("own.safetensors")

with open("bad.safetensors", "wb") as bad:
    header = b'{"fc1.weight":{"dtype":"F32","shape":[1,196],"data_offsets":[0,784]}}'
    bad.write(len(header).to_bytes(8, "little") + header + bytes(784))
for program in ("digits", "inference-server"):
    refused = run(os.path.join(EXAMPLES, program), "bad.safetensors")
    check(
        refused.returncode == 1
        and refused.stderr == f'{program}: bad.safetensors: tensor "fc1.weight": its shape is '
        "[1, 196], and [32, 196] was asked for\n",
        f"{program} with a wrong model: {refused.returncode} {refused.stderr}",
    )
    check(run(os.path.join(EXAMPLES, program)).returncode == 2, f"{program} without arguments")
told = run(os.path.join(EXAMPLES, "inference-server"), "--help")
check(
    told.returncode == 0 and "Example:\n  inference-server " in told.stdout, f"--help: {told.returncode} {told.stdout}"
)

# ----- the server -----

server = subprocess.Popen(
    [
        ARPENT,
        "run",
        "--leak-exit",
        "9",
        "--report",
        "survey.txt",
        "--",
        os.path.join(EXAMPLES, "inference-server"),
        WEIGHTS,
        "--port",
        "0",
        "--workers",
        "2",
        "--budget",
        "1048576",
    ],
    stdout=subprocess.PIPE,
    text=True,
)
first = server.stdout.readline()
listening = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", first)
if not listening:
    sys.exit(f"FAILED: the server said {first!r}")
port = int(listening[1])


def ask(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def metrics():
    connection = http.client.HTTPConnection("127.0.0.1", port)
    status, text = ask(connection, "GET", "/metrics")
    connection.close()
    check(status == 200, f"/metrics: {status}")
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: int(value) for name, value in lines}


def is_refused():
    """Whether the server has stopped to listen."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # the server closed its socket before it accepted this connection
        pass
    return False


def sum_of(values, pattern):
    return sum(value for name, value in values.items() if re.search(pattern, name))


def load(requests):
    """One client: every third request is over the budget. Returns how many were answered and refused."""
    counts = {200: 0, 503: 0}
    for index in range(requests):
        if index % 50 == 0:
            connection = http.client.HTTPConnection("127.0.0.1", port)
        images = 2000 if index % 3 == 2 else 1 + index % 100
        status, text = ask(connection, "POST", "/classify", bytes(images * PIXELS))
        wanted = 503 if images == 2000 else 200
        check(status == wanted, f"{images} images: {status} {text[:100]}")
        if status == 200:
            check(len(json.loads(text)["digits"]) == images, f"{images} images: {text[:100]}")
        elif status == 503:
            check(text == "over budget: 2000 images need more than 1048576 bytes; send fewer at once\n", text)
        counts[status] = counts.get(status, 0) + 1
        if index % 50 == 49 or index == requests - 1:
            connection.close()
    return counts


try:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    status, text = ask(connection, "POST", "/classify", bytes(PIXELS + 1))
    check(status == 400 and "each is 196 bytes, and 197 came" in text, f"no whole image: {status} {text}")
    status, text = ask(connection, "POST", "/classify", b"")
    check(status == 400 and text.startswith("no image"), f"no image: {status} {text}")
    # A request that just fits the budget, and one image more.
    most = 1048576 // ((PIXELS + 32) * 4)
    status, text = ask(connection, "POST", "/classify", bytes(most * PIXELS))
    check(status == 200, f"{most} images: {status}")
    status, text = ask(connection, "POST", "/classify", bytes((most + 1) * PIXELS))
    check(status == 503, f"{most + 1} images: {status}")
    status, text = ask(connection, "GET", "/nothing")
    check(
        status == 404 and text == "no such page: GET /nothing; there are POST /classify and GET /metrics\n",
        f"{status} {text}",
    )
    connection.close()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.putrequest("POST", "/classify")
    connection.putheader("Content-Length", str((16 << 20) + 1))
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    check(
        answer.status == 413 and text.startswith("too large: a body has at most 16777216 bytes"),
        f"{answer.status} {text}",
    )
    connection.close()
    taken = run(os.path.join(EXAMPLES, "inference-server"), WEIGHTS, "--port", str(port))
    check(
        taken.returncode == 1 and f"cannot listen on 127.0.0.1:{port}: the port is taken" in taken.stderr,
        f"a port in use: {taken.returncode} {taken.stderr}",
    )

    with concurrent.futures.ThreadPoolExecutor(2) as clients:
        warm = list(clients.map(load, [150, 150]))
        before = metrics()
        counts = list(clients.map(load, [600, 600]))
    after = metrics()
    answered = sum(count[200] for count in warm + counts) + 1
    refused = sum(count[503] for count in warm + counts) + 1
    check(sum_of(after, 'requests_total.*"200"') == answered, f"answered: {answered}, {after}")
    check(sum_of(after, 'requests_total.*"503"') == refused, f"refused: {refused}, {after}")
    check(sum_of(after, 'requests_total.*"400"') == 2, f"wrong: {after}")
    marks = [value for name, value in after.items() if "high_water" in name]
    check(
        len(marks) == 2 and all(0 < mark <= 1048576 for mark in marks) and max(marks) == most * (PIXELS + 32) * 4,
        f"arena high-water marks: {marks}",
    )
    kept = [value for name, value in after.items() if "retained" in name]
    check(len(kept) == 2 and all(0 < size <= 262144 for size in kept), f"kept between requests: {kept}")
    resident = [values["process_resident_memory_bytes"] for values in (before, after)]
    print("resident:", resident)
    check(resident[0] > 0 and resident[1] <= resident[0] * 1.1, f"resident memory: {resident}")
    # What has begun is answered before the server ends.
    begun = http.client.HTTPConnection("127.0.0.1", port)
    begun.putrequest("POST", "/classify")
    begun.putheader("Content-Length", str(2 * PIXELS))
    begun.putheader("Expect", "100-continue")
    begun.endheaders()
    word = begun.sock.recv(100)
    check(word == b"HTTP/1.1 100 Continue\r\n\r\n", f"the server begins with a request: {word}")
    begun.send(bytes(PIXELS))
finally:
    # `arpent run` passes the signal on to the server.
    server.send_signal(signal.SIGTERM)
while not is_refused():
    time.sleep(0.01)
begun.send(bytes(PIXELS))
answer = begun.getresponse()
text = answer.read().decode()
check(
    answer.status == 200 and len(json.loads(text)["digits"]) == 2,
    f"a request when SIGTERM came: {answer.status} {text}",
)
status = server.wait()
survey = open("survey.txt").read()
check(status == 0, f"status {status} of `arpent run`, 9 would be a leak:\n{survey}")
check("nothing definitely lost" in survey, survey)

loaded = run(
    os.path.join(os.environ["SOURCE_DIR"], "examples", "inference-server", "load"),
    "4",
    os.path.dirname(os.path.dirname(ARPENT)),
)
check(
    loaded.returncode == 0
    and "Non-2xx or 3xx responses" in loaded.stdout
    and "nothing definitely lost" in loaded.stdout,
    f"the load script: {loaded.returncode}\n{loaded.stdout}{loaded.stderr}",
)

finish()
