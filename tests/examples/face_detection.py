# Tests examples/face-detection/
"""examples/face-detection, a real network on XNNPACK: planned and named, and with malloc only, it computes the same; planned,
it needs half the memory at most, and each purpose has its name in the report. Nothing is lost either way."""
# ctest: COST=10

import json
import os
import pathlib
import re
import subprocess

from harness.checks import check, finish

ARPENT = pathlib.Path(os.environ["ARPENT_BIN"])
PROGRAM = ARPENT.parent / "examples" / "face-detection"
FETCH = pathlib.Path(os.environ["SOURCE_DIR"], "scripts", "fetch-models")
MODELS = pathlib.Path(subprocess.run([FETCH], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
MODEL = MODELS / "face_detection_short_range.tflite"


def survey(*options):
    """What the program printed, and what `arpent run` says of it."""
    done = subprocess.run(
        [ARPENT, "run", "--format", "json", "--report", "survey.json", "--", PROGRAM, *options, MODEL, "10"],
        capture_output=True,
        text=True,
    )
    check(done.returncode == 0, f"{options}: {done}")
    return done.stdout, json.loads(pathlib.Path("survey.json").read_text())["process"]


def bytes_of(said, words):
    found = re.search(rf"(\d+) bytes {words}", said)
    return int(found[1]) if found else 0


planned, report = survey()
plain, plain_report = survey("--plain")
print(planned, plain, sep="")
check(
    re.match(r"10 inferences without an allocation; the sum of their outputs is -?\d+\.\d+\n", planned)
    and planned.splitlines()[0] == plain.splitlines()[0],
    "the outputs differ",
)
check(
    bytes_of(planned, "in places of their own")
    == bytes_of(plain, "in places of their own")
    > 5 * bytes_of(planned, "in one block")
    > 0,
    "the tensors' bytes",
)
peak, plain_peak = report["peak_bytes"], plain_report["peak_bytes"]
check(0 < 2 * peak < plain_peak, f"peaks: {peak} and, with malloc only, {plain_peak}")
for one in (report, plain_report):
    check(one["leak_scan"] == "done" and one["lost_blocks"] == 0, f"lost: {one['leak_scan']}, {one['lost_blocks']}")
for name in ("weights, packed", "weights, widened to be packed", "scratch of inferences"):
    check(name in json.dumps(report["sites"]), f"no site is called '{name}'")

damaged = pathlib.Path("damaged.tflite")
damaged.write_bytes(MODEL.read_bytes()[:5000])
for arguments, status in (([damaged], 1), (["nowhere.tflite"], 1), ([], 2), ([MODEL, "0"], 2)):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    check(done.returncode == status and done.stderr.count("\n") == 1 and not done.stdout, f"{arguments}: {done}")

finish()
