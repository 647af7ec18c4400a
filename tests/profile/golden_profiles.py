# Tests src/profile/read/
"""Profiles that released versions wrote are read as these versions read them: tests/profile/golden."""

import gzip
import json
import os
import pathlib

from harness.checks import check, equal, finish
from harness.profiles import report_json

GOLDEN = pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "profile" / "golden"
FILES = ("compressed.profile", "merged.pb.gz", "packed.pb.gz", "raw.profile.gz")

# Sentences for people, and what is the command's own.
NOT_COMPARED = {"notes", "version"}

# No server may know a module's names.
OFFLINE = {"DEBUGINFOD_URLS": ""}


def differences(seen, expected, where):
    """What is missing or different; what is new is not."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        for name in expected.keys() - NOT_COMPARED:
            if name in seen:
                yield from differences(seen[name], expected[name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is missing"
    elif isinstance(expected, list) and isinstance(seen, list) and len(seen) == len(expected):
        for index, (one, other) in enumerate(zip(seen, expected)):
            yield from differences(one, other, f"{where}[{index}]")
    elif seen != expected:
        yield f"{where}: {seen!r} instead of {expected!r}"


def expected_of(folder, name):
    return json.loads(gzip.decompress((folder / f"{name}.json.gz").read_bytes()))


folders = sorted(path for path in GOLDEN.iterdir() if path.is_dir())
check(len(folders) > 0, "golden profiles of at least one version")
for folder in folders:
    equal(
        tuple(sorted(path.name for path in folder.iterdir() if ".json." not in path.name)), FILES, f"files of {folder}"
    )
    for file in FILES:
        profile, name = folder / file, file
        if file == "raw.profile.gz":
            name = "raw.profile"
            profile = pathlib.Path(name)
            profile.write_bytes(gzip.decompress((folder / file).read_bytes()))
        expected = expected_of(folder, name)
        seen = report_json(profile, environment=OFFLINE)
        for difference in list(differences(seen, expected, f"{folder.name}/{name}"))[:5]:
            check(False, difference)

        # A changed figure would be seen.
        expected["process"]["allocations"] += 1
        equal(len(list(differences(seen, expected, ""))), 1, f"differences of {name} after one is made")
finish()
