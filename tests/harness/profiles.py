"""Makes profiles for tests of what reads them, and runs the commands that do."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from harness.checks import check
from harness.survey import ARPENT


def profile_of(file, *command, mode="sites", **settings):
    """Runs the command with tracking and leaves its profile in the file."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        environment = {
            **os.environ,
            "ARPENT_MODE": mode,
            "ARPENT_PROFILE_DIRECTORY": os.path.abspath(folder),
            "LD_PRELOAD": os.environ["ARPENT_PRELOAD"],
        }
        settings.setdefault("stdout", subprocess.DEVNULL)
        subprocess.run([str(word) for word in command], env=environment, **settings)
        found = list(pathlib.Path(folder).glob("*.profile"))
        if len(found) != 1:
            sys.exit(f"{len(found)} profiles of {command}")
        shutil.copyfile(found[0], file)


def arpent(*arguments, status=0, environment=None):
    """Standard output of `arpent ARGUMENTS`, which must end with the status and complain only when that is not 0."""
    done = subprocess.run(
        [ARPENT, *map(str, arguments)],
        capture_output=True,
        env={**os.environ, **environment} if environment else None,
    )
    error = done.stderr.decode(errors="replace")
    check(done.returncode == status, f"status of {arguments}: {done.returncode} instead of {status}; {error!r}")
    lines = 0 if status == 0 else 1
    check(len(error.splitlines()) == lines, f"{lines} lines on standard error of {arguments}: {error!r}")
    return done.stdout.decode() if status == 0 or done.stdout else error


def report_json(profile, *options, **settings):
    return json.loads(arpent("report", "--format", "json", *options, profile, **settings))
