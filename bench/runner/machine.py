"""What the figures were taken on and with: without it they mean nothing."""

import datetime
import os
import pathlib
import platform
import subprocess

from .allocators import PRELOAD, version
from .tables import Section


def first_line(path, default="unknown"):
    try:
        return pathlib.Path(path).read_text().splitlines()[0].strip()
    except (OSError, IndexError):
        return default


def cpu_fields():
    fields = {}
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    except OSError:
        pass
    return fields


def memory_text():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return f"{int(line.split()[1]) / 1024 / 1024:.1f} GiB"
    return "unknown"


def distribution():
    fields = dict(
        line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    return fields.get("PRETTY_NAME", "unknown").strip('"')


def output_of(*command):
    """The first line that the command prints, or an empty text."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = result.stdout.splitlines()
    return lines[0].strip() if result.returncode == 0 and lines else ""


def revision():
    source = str(pathlib.Path(__file__).resolve().parent)
    name = output_of("git", "-C", source, "describe", "--always", "--tags", "--dirty=, changed since")
    return name or "unknown revision"


def today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def processor():
    fields = cpu_fields()
    name = fields.get("model name") or platform.machine()
    family = f" (family {fields['cpu family']}, model {fields['model']})" if "cpu family" in fields else ""
    virtual = ", in a virtual machine" if "hypervisor" in fields.get("flags", "").split() else ""
    return f"{name}{family}, {os.cpu_count()} cores{virtual}"


def describe(allocators, programs, probe):
    """(what, value) pairs. probe: what the benchmark binary says of itself."""
    facts = [
        ("date", today()),
        ("processor", processor()),
        ("memory", memory_text()),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("huge pages", first_line("/sys/kernel/mm/transparent_hugepage/enabled")),
        ("clock governor", first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "none visible")),
        ("load before", f"{os.getloadavg()[0]:.2f}"),
        ("system", distribution()),
        ("C library", f"glibc {probe['glibc']}"),
        ("compiler", f"{probe['compiler']}, -O2"),
    ]
    for allocator in allocators:
        ours = allocator.soname == PRELOAD and not allocator.given
        facts.append((allocator.name, f"{PRELOAD}, {revision()}" if ours else version(allocator)))
    for program in programs:
        if program.version_command:
            facts.append((program.name.split("/", 1)[1], output_of(*program.version_command) or "unknown"))
    return facts


def warn_of_noise(say):
    load = os.getloadavg()[0]
    if load > 0.5:
        say(f"bench: the load of this machine is {load:.2f}: something else runs, and the figures will suffer")


def section(facts, method):
    return Section("Machine and method", method, ["", ""], [list(fact) for fact in facts], words=(0, 1))
