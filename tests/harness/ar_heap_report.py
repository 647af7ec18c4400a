"""Runs linked test programs and reads their reports of ar_heap."""

import os
import re
import subprocess

PROGRAMS = os.environ.get("TEST_PROGRAMS", "")
KINDS = ("static", "shared")
REPORT = "heap_memory_report.log"

FIGURES = {
    "total_allocations": r"^Total allocations: (\d+)$",
    "active_allocations": r"^Active allocations: (\d+)$",
    "total_bytes": r"^Total memory allocated: (\d+) bytes$",
    "active_bytes": r"^Active memory: (\d+) bytes$",
    "intentional": r"^Intentional test leaks: (\d+) \(\d+ bytes\)$",
    "intentional_bytes": r"^Intentional test leaks: \d+ \((\d+) bytes\)$",
    "actual": r"^Actual memory leaks: (\d+) \(\d+ bytes\)$",
    "actual_bytes": r"^Actual memory leaks: \d+ \((\d+) bytes\)$",
}

ENTRY = re.compile(
    r"^(Leak|Intentional leak) #(\d+):\n"
    r"  Address: (0x[0-9a-f]+)\n"
    r"  Size: (\d+) bytes\n"
    r"  Allocated at: (.*)\n"
    r"  Description: (.*)\n"
    r"  Allocated on: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|unknown)\n",
    re.MULTILINE,
)


class Leak:
    def __init__(self, match):
        self.number = int(match[2])
        self.address = int(match[3], 16)
        self.size = int(match[4])
        self.site = match[5]
        self.description = match[6]
        self.time = match[7]

    @property
    def line(self):
        return int(self.site.rpartition(":")[2])


class Report:
    def __init__(self, text):
        self.text = text
        for name, pattern in FIGURES.items():
            found = re.findall(pattern, text, re.MULTILINE)
            assert len(found) == 1, f"{name} stands {len(found)} times in:\n{text}"
            setattr(self, name, int(found[0]))
        assert text.endswith("End of the report.\n"), text
        matches = list(ENTRY.finditer(text))
        self.leaks = [Leak(m) for m in matches if m[1] == "Leak"]
        self.on_purpose = [Leak(m) for m in matches if m[1] == "Intentional leak"]
        assert len(matches) == len(re.findall(r"^(?:Intentional leak|Leak) #", text, re.MULTILINE)), text
        self.says_clean = "\nNo memory leaks detected.\n" in text
        self.check_against_itself()

    def check_against_itself(self):
        assert self.actual == len(self.leaks)
        assert self.actual_bytes == sum(leak.size for leak in self.leaks)
        assert self.intentional == len(self.on_purpose)
        assert self.intentional_bytes == sum(leak.size for leak in self.on_purpose)
        assert self.active_allocations == self.actual + self.intentional
        assert self.active_bytes == self.actual_bytes + self.intentional_bytes
        assert self.says_clean == (self.active_allocations == 0)
        for listed in (self.leaks, self.on_purpose):
            assert [leak.number for leak in listed] == list(range(1, len(listed) + 1))
        if self.leaks and self.on_purpose:
            assert self.text.rindex("\nLeak #") < self.text.index("\nIntentional leak #1:")

    @property
    def other_memory(self):
        return self.text[self.text.index("\nMemory of other origin") + 1 :]


def read(path=REPORT):
    with open(path, encoding="utf-8") as file:
        return Report(file.read())


def run(name, *arguments, kind="shared", status=0, **options):
    """Runs a linked test program; gives what subprocess.run gives, with text."""
    environment = options.pop("env", dict(os.environ))
    done = subprocess.run(
        [f"{PROGRAMS}/{name}-{kind}", *arguments],
        env=environment,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        text=True,
        encoding="utf-8",
        check=False,
        **options,
    )
    assert (
        done.returncode == status
    ), f"{name} {arguments} ({kind}): status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def remove(path=REPORT):
    if os.path.lexists(path):
        os.unlink(path)
