# Tests src/abi/symbolizer.cpp
"""How the report of ar_heap gets its functions and lines, and what it does without them."""

import os
import re
import shutil
import stat
import time

from harness import ar_heap_report as reports

COMMAND = os.environ["ARPENT_BIN"]
NAMED = r" leaks at .*ar_heap_leaks\.c:\d+$"
BY_OFFSET = r" ar_heap_leaks-(static|shared)\+0x[0-9a-f]+$"


def run(kind="shared", scenario="leaks", **variables):
    environment = {name: value for name, value in os.environ.items() if name != "ARPENT_SYMBOLIZER"}
    reports.run("ar_heap_leaks", scenario, kind=kind, env={**environment, **variables})
    report = reports.read()
    assert "[[" not in report.text, report.text
    return report


def is_named(report):
    named = re.search(NAMED, report.other_memory, re.MULTILINE) is not None
    by_offset = re.search(BY_OFFSET, report.other_memory, re.MULTILINE) is not None
    assert named != by_offset, report.text
    return named


def script(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{text}\n")
    os.chmod(name, stat.S_IRWXU)
    return os.path.abspath(name)


def check_where_it_is_found():
    assert is_named(run("shared", PATH="/nonexistent")), "not found beside the library"
    assert not is_named(run("static", PATH="/nonexistent")), "found from nowhere"
    assert is_named(run("static", PATH=f"/nonexistent:{os.path.dirname(COMMAND)}:/bin")), "not found on the path"
    assert is_named(run("static", PATH="/nonexistent", ARPENT_SYMBOLIZER=COMMAND))
    assert not is_named(run("shared", ARPENT_SYMBOLIZER="")), "an empty variable does not turn it off"
    assert not is_named(run("shared", ARPENT_SYMBOLIZER="/nonexistent/arpent"))
    assert not is_named(run("shared", ARPENT_SYMBOLIZER="/etc"))

    # Relative folders of the path are whoever's the working directory is.
    shutil.copy(script("fake", "touch was_run; exit 1"), "arpent")
    for path in (".", "", ":", "..:."):
        run("static", PATH=path)
    assert not os.path.exists("was_run")
    os.unlink("arpent")


def check_addresses():
    """Without the command, sites that only an address is known of are shown by module and offset."""
    for kind in reports.KINDS:
        report = run(kind, "addresses", ARPENT_SYMBOLIZER="")
        assert len(report.leaks) == 4
        for leak in report.leaks:
            assert re.fullmatch(rf"ar_heap_leaks-{kind}\+0x[0-9a-f]+", leak.site), leak.site


def check_failures():
    assert not is_named(run(ARPENT_SYMBOLIZER=script("failing", "cat; exit 1")))
    assert not is_named(run(ARPENT_SYMBOLIZER=script("silent", "exit 0")))
    assert not is_named(run(ARPENT_SYMBOLIZER=script("other", "echo this is something else; yes | head -n 10000")))
    assert not is_named(run(ARPENT_SYMBOLIZER=script("cut_short", "head -c 700")))
    assert not is_named(run(ARPENT_SYMBOLIZER=script("killed", "kill -9 $$")))
    not_a_program = os.path.abspath("data")
    with open(not_a_program, "w", encoding="utf-8") as file:
        file.write("\0\1\2")
    os.chmod(not_a_program, stat.S_IRWXU)
    assert not is_named(run(ARPENT_SYMBOLIZER=not_a_program))


def check_endless():
    started = time.monotonic()
    endless = script("endless", "echo $$ >endless.pid; exec sleep 100000")
    assert not is_named(run(ARPENT_SYMBOLIZER=endless))
    assert time.monotonic() - started >= 19
    with open("endless.pid", encoding="utf-8") as file:
        pid = int(file.read())
    assert not os.path.exists(f"/proc/{pid}"), "the command outlived the program"


def check_what_it_is_given():
    spy = script(
        "spy",
        f"""
        env >spy.environment
        ls -l /proc/self/fd >spy.descriptors
        grep -E '^Sig(Blk|Ign)' /proc/self/status >spy.signals
        echo "$@" >spy.arguments
        exec {COMMAND} "$@" """,
    )
    assert is_named(
        run("static", LD_PRELOAD="", ARPENT_MODE="sites", ARPENT_SYMBOLIZER=spy, SECRET="x", LANG="C.UTF-8")
    )
    with open("spy.environment", encoding="utf-8") as file:
        names = {line.split("=")[0] for line in file}
    assert "LANG" in names and "PATH" in names, names
    assert not [name for name in names if name.startswith(("ARPENT_", "LD_PRELOAD", "SECRET"))], names
    with open("spy.descriptors", encoding="utf-8") as file:
        descriptors = [int(line.split()[-3]) for line in file if "->" in line]
    assert set(descriptors) <= {0, 1, 2, 3}, descriptors  # 3: ls looking at its own folder
    with open("spy.signals", encoding="utf-8") as file:
        assert [line.split()[1] for line in file] == ["0" * 16] * 2
    with open("spy.arguments", encoding="utf-8") as file:
        assert file.read() == "symbolize\n"


def check_nothing_to_ask():
    """A report without addresses starts no process."""
    marker = script("marker", "touch was_run")
    reports.run("ar_heap_leaks", "silent", env={**os.environ, "ARPENT_SYMBOLIZER": marker})
    report = reports.read()
    assert not os.path.exists("was_run") and "In use:    0 blocks" in report.text, report.text


def main():
    for check in (
        check_where_it_is_found,
        check_addresses,
        check_failures,
        check_what_it_is_given,
        check_nothing_to_ask,
        check_endless,
    ):
        check()
        leftover = [name for name in os.listdir(".") if name.startswith(".arpent")]
        assert not leftover, leftover
        print(f"{check.__name__} passed")


if __name__ == "__main__":
    main()
