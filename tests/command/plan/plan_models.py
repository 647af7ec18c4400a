# Tests tools/arpent/plan/
"""`arpent plan` on real models: each is planned at its lower bound, and replayed; on damaged ones, one line."""
# ctest: COST=20

import json
import os
import pathlib
import subprocess

from harness.checks import check, finish

ARPENT = os.environ["ARPENT_BIN"]
FETCH = pathlib.Path(os.environ["SOURCE_DIR"], "scripts", "fetch-models")
MODELS = pathlib.Path(subprocess.run([FETCH], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


def plan(*arguments):
    return subprocess.run([ARPENT, "plan", *arguments], capture_output=True, text=True)


def overlap(one, other):
    return (
        one["lower"] < other["upper"]
        and other["lower"] < one["upper"]
        and one["offset"] < other["offset"] + other["size"]
        and other["offset"] < one["offset"] + one["size"]
    )


models = sorted(MODELS.glob("*.tflite"))
check(len(models) == 5, f"there are five models, not {models}")
for model in models:
    for alignment in (1, 64):
        done = plan("--format", "json", "--alignment", str(alignment), model)
        check(done.returncode == 0, f"{model.name}: {done.stderr}")
        data = json.loads(done.stdout)
        tensors = data["tensors"]
        check(len(tensors) > 50, f"{model.name}: only {len(tensors)} tensors")
        check(
            data["proved"] and data["total_bytes"] == data["lower_bound_bytes"],
            f"{model.name}: {data['total_bytes']} bytes where {data['lower_bound_bytes']} are alive at once",
        )
        check(data["sum_bytes"] == sum(tensor["size"] for tensor in tensors), f"{model.name}: the sum")
        check(data["sum_bytes"] > 3 * data["total_bytes"], f"{model.name}: hardly anything is shared")
        alive = max(
            sum(
                -(-tensor["size"] // alignment) * alignment
                for tensor in tensors
                if tensor["lower"] <= step < tensor["upper"]
            )
            for step in {tensor["lower"] for tensor in tensors}
        )
        check(alive == data["lower_bound_bytes"], f"{model.name}: {alive} bytes are alive at once")
        for index, one in enumerate(tensors):
            check(one["offset"] % alignment == 0, f"{model.name}: {one['id']} is not aligned")
            for other in tensors[:index]:
                check(not overlap(one, other), f"{model.name}: {one['id']} and {other['id']} overlap")

# Its rows are a file that can be planned.
rows = plan("--output", "rows.csv", models[0])
check(rows.returncode == 0 and plan("rows.csv").returncode == 0, f"rows: {rows.stderr}")

# Damaged: one line, status 3.
whole = models[0].read_bytes()
for name, content, words in [
    ("short.tflite", whole[:1000], "no whole TensorFlow Lite model"),
    ("half.tflite", whole[: len(whole) // 2], "no whole TensorFlow Lite model"),
    ("outside.tflite", b"\xff\xff\xff\x7f" + whole[4:], "no whole TensorFlow Lite model"),
    ("other.tflite", b"\0" * 100, "no TensorFlow Lite model: 'TFL3' does not stand at its byte 4"),
    ("empty.tflite", b"", "no TensorFlow Lite model"),
]:
    pathlib.Path(name).write_bytes(content)
    done = plan(name)
    check(
        done.returncode == 3 and done.stdout == "" and words in done.stderr and done.stderr.count("\n") == 1,
        f"{name}: {done}",
    )

finish()
