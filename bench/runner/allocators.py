"""The allocators that are compared: where they are, and what loads them."""

import os
import pathlib
import subprocess
from dataclasses import dataclass, field, replace

from .errors import UsageError

BASELINE = "mimalloc"
OFF = "off"
SITES = "sites"
SURVEY = "survey"


@dataclass(frozen=True)
class Allocator:
    name: str  # as in --allocators and in the tables' headings
    description: str
    soname: str = ""  # empty: the C library's own malloc, nothing is loaded
    package: str = ""  # Debian's, to name a version and to say what to install
    environment: dict = field(default_factory=dict)
    kinds: tuple = ()  # of workloads, where not all are worth the time
    path: str = ""  # of the library, once found
    given: bool = False  # the user named the library

    @property
    def variables(self):
        """The environment that puts the allocator into a program."""
        return {"LD_PRELOAD": self.path, **self.environment} if self.path else dict(self.environment)


PRELOAD = "libarpent-preload.so"

# A folder in which each run may leave files; the launcher puts its own in the place.
FOLDER = "{folder}"
PROFILES = {"ARPENT_PROFILE_DIRECTORY": FOLDER}

KNOWN = (
    Allocator("glibc", "the C library's malloc", package="libc6"),
    Allocator(BASELINE, "mimalloc", "libmimalloc.so.2", "libmimalloc2.0"),
    Allocator("jemalloc", "jemalloc", "libjemalloc.so.2", "libjemalloc2"),
    Allocator("tcmalloc", "tcmalloc (minimal)", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    Allocator(OFF, "Arpent, ARPENT_MODE=off", PRELOAD, environment={"ARPENT_MODE": "off"}),
    Allocator(SITES, "Arpent, ARPENT_MODE=sites", PRELOAD, environment={"ARPENT_MODE": "sites"}),
    Allocator(
        SURVEY,
        "Arpent as under arpent run: sites, the profile in a file, the leak scan at exit",
        PRELOAD,
        environment={"ARPENT_MODE": "sites", **PROFILES},
        kinds=("programs",),
    ),
)
NAMES = tuple(allocator.name for allocator in KNOWN)

LIBRARY_FOLDERS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/local/lib",
    "/usr/lib64",
    "/usr/lib",
)


def loader_cache():
    """soname -> path, as the dynamic loader knows them; empty where ldconfig is missing."""
    for program in ("/sbin/ldconfig", "/usr/sbin/ldconfig"):
        if os.access(program, os.X_OK):
            listing = subprocess.run([program, "-p"], capture_output=True, text=True).stdout
            found = {}
            for line in listing.splitlines():
                soname, arrow, path = line.strip().partition(" => ")
                if arrow:
                    found.setdefault(soname.split(" ")[0], path)
            return found
    return {}


def find_library(soname, build, cache):
    if soname == PRELOAD:
        path = build / "lib" / PRELOAD
        return str(path.resolve()) if path.exists() else ""
    if soname in cache:
        return cache[soname]
    for folder in LIBRARY_FOLDERS:
        path = pathlib.Path(folder) / soname
        if path.exists():
            return str(path)
    return ""


def find(build, wanted, libraries, cache=None):
    """Returns (allocators that can be run, lines that say what is missing), in the order of KNOWN.

    wanted: names; libraries: name -> path, for libraries that lie elsewhere.
    """
    for name in (*wanted, *libraries):
        if name not in NAMES:
            raise UsageError(f"there is no allocator '{name}'; they are: {', '.join(NAMES)}")
    cache = loader_cache() if cache is None else cache
    found, missing = [], []
    for allocator in KNOWN:
        if allocator.name not in wanted:
            continue
        path = libraries.get(allocator.name, "")
        if path and not os.path.isfile(path):
            raise UsageError(f"--library {allocator.name}={path}: there is no such file")
        if allocator.soname and not path:
            path = find_library(allocator.soname, build, cache)
            if not path:
                missing.append(f"{allocator.name}: {allocator.soname} was not found; {remedy(allocator, build)}")
                continue
        given = allocator.name in libraries
        found.append(replace(allocator, path=os.path.abspath(path) if path else "", given=given))
    return found, missing


def remedy(allocator, build):
    if allocator.soname == PRELOAD:
        return f"build it into {build / 'lib'}"
    return f"apt-get install {allocator.package}"


def version(allocator):
    """Debian's version of the package, or the file that was given."""
    if allocator.given or not allocator.package:
        return allocator.path
    try:
        result = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", allocator.package], capture_output=True, text=True
        )
    except FileNotFoundError:
        return allocator.path or "unknown"
    return f"{allocator.package} {result.stdout}" if result.returncode == 0 else allocator.path or "unknown"
