# Tests src/abi/report_file.cpp
"""Where the report of ar_heap goes: files, pipes, descriptors, and standard error when it cannot get there."""

import os
import re
import shutil
import socket
import stat
import subprocess
import threading

from harness import ar_heap_report as reports

WARNING = "Warning: 7 memory leaks detected (5000145 bytes)."


def clear():
    for name in os.listdir("."):
        if os.path.isdir(name) and not os.path.islink(name):
            shutil.rmtree(name)
        else:
            os.unlink(name)


def run(path, scenario="leaks", kind="shared", variable="ARPENT_REPORT", **options):
    environment = {**os.environ, variable: path, **options.pop("also", {})}
    return reports.run("ar_heap_leaks", scenario, kind=kind, env=environment, **options)


def only(*names):
    assert sorted(os.listdir(".")) == sorted(names), os.listdir(".")


def check_variables():
    clear()
    done = run("mine.log")
    assert reports.read("mine.log").actual == 7
    assert f"{WARNING} See mine.log for details." in done.stderr.splitlines(), done.stderr
    only("mine.log")

    clear()
    run("theirs.log", variable="AGERUN_MEMORY_REPORT", also={"ARPENT_REPORT": "mine.log"})
    assert reports.read("theirs.log").actual == 7
    only("theirs.log")

    clear()
    run("", also={"AGERUN_MEMORY_REPORT": ""})
    only(reports.REPORT)

    clear()
    os.mkdir("folder")
    absolute = os.path.join(os.getcwd(), "folder", "r.log")
    done = run(absolute)
    assert f"{WARNING} See {absolute} for details." in done.stderr.splitlines(), done.stderr
    assert reports.read(absolute).actual == 7
    done = run("folder/s.log")
    assert f"{WARNING} See folder/s.log for details." in done.stderr.splitlines(), done.stderr
    assert os.listdir("folder") in (["r.log", "s.log"], ["s.log", "r.log"])


def check_replacement():
    clear()
    with open(reports.REPORT, "w", encoding="utf-8") as file:
        file.write("old\n" * 100000)
    os.chmod(reports.REPORT, 0o666)
    os.link(reports.REPORT, "other_name")
    with open(reports.REPORT, encoding="utf-8") as reader:
        assert run(reports.REPORT).returncode == 0
        assert reader.read() == "old\n" * 100000, "the old file was written to"
    assert reports.read().actual == 7
    assert stat.S_IMODE(os.stat(reports.REPORT).st_mode) == 0o600
    with open("other_name", encoding="utf-8") as file:
        assert file.read(4) == "old\n"
    only("other_name", reports.REPORT)


def check_direct():
    clear()
    done = run("/dev/stdout", "both")
    text = done.stdout[done.stdout.index("Arpent memory report\n") :]
    assert reports.Report(text[: text.index("End of the report.\n") + 19]).actual == 7
    assert f"{WARNING} See /dev/stdout for details." in done.stderr.splitlines()

    done = run("/dev/stderr")
    text = done.stderr[done.stderr.index("Arpent memory report\n") :]
    assert reports.Report(text[: text.index("End of the report.\n") + 19]).actual == 7

    # To a file that standard output leads to, the report is appended; the file is not replaced.
    with open("output", "w", encoding="utf-8") as file:
        file.write("before\n")
        file.flush()
        run("/dev/stdout", stdout=file)
    with open("output", encoding="utf-8") as file:
        text = file.read()
    assert text.startswith("before\n") and "End of the report.\n" in text
    os.unlink("output")

    # A socket is no file that could be opened by that name; the descriptor serves.
    ours, theirs = socket.socketpair()
    run("/dev/stdout", stdout=theirs.fileno())
    theirs.close()
    received = b""
    while chunk := ours.recv(65536):
        received += chunk
    ours.close()
    assert b"End of the report.\n" in received

    for name in ("/dev/fd/{}", "/proc/self/fd/{}"):
        reading, writing = os.pipe()
        run(name.format(writing), pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as file:
            assert reports.Report(file.read()).actual == 7

    os.mkfifo("pipe")
    received = []
    reader = threading.Thread(target=lambda: received.append(open("pipe", encoding="utf-8").read()))
    reader.start()
    # The reader is there once somebody can open the pipe for writing.
    holder = os.open("pipe", os.O_WRONLY)
    run("pipe")
    os.close(holder)
    reader.join()
    assert reports.Report(received[0]).actual == 7
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)
    os.unlink("pipe")

    done = run("/dev/null")
    assert f"{WARNING} See /dev/null for details." in done.stderr.splitlines()
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    only()


def refused(path, reason, **options):
    shown = options.pop("shown", path)
    done = run(path, **options)
    line = f"arpent: the memory report cannot be written to '{shown}': {reason}. It follows here."
    assert line in done.stderr.splitlines(), done.stderr
    text = done.stderr[done.stderr.index("Arpent memory report\n") :]
    assert reports.Report(text[: text.index("End of the report.\n") + 19]).actual == 7
    assert f"{WARNING} The report is on standard error." in done.stderr.splitlines(), done.stderr


def check_refusals():
    clear()
    with open("precious", "w", encoding="utf-8") as file:
        file.write("precious\n")
    os.symlink("precious", "link")
    refused("link", "it is a symbolic link, and links are not followed")
    os.symlink("nowhere", "dangling")
    refused("dangling", "it is a symbolic link, and links are not followed")
    with open("precious", encoding="utf-8") as file:
        assert file.read() == "precious\n"
    os.mkdir("folder")
    refused("folder", "it is a directory")
    refused("missing/r.log", "no file can be made in its folder (No such file or directory)")
    refused("precious/r.log", "it cannot be reached (Not a directory)")
    refused("d/" * 2040 + "r.log", "the path is too long")
    # One that is even longer than any path may be is cut off where it is told.
    refused("e/" * 3000 + "r.log", "the path is too long", shown=("e/" * 3000)[:4095])
    refused(
        "e/" * 3000,
        "the path is too long",
        shown=("e/" * 3000)[:4095],
        variable="AGERUN_MEMORY_REPORT",
        also={"ARPENT_REPORT": "not_taken.log"},
    )
    refused("n" * 256, "it cannot be reached (File name too long)")
    os.mkfifo("pipe")
    refused("pipe", "nobody reads from the pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("socket")
    refused("socket", "it is neither a regular file, a pipe nor a character device")
    listener.close()
    refused("/dev/full", "it cannot be written (No space left on device)")
    refused("/dev/fd/77", "it is closed")
    reading = os.open("/dev/null", os.O_RDONLY)
    refused(f"/dev/fd/{reading}", "it is open only for reading", pass_fds=(reading,))
    os.close(reading)
    only("precious", "link", "dangling", "folder", "pipe", "socket")
    assert os.listdir("folder") == []

    # Control characters of the path do not reach the terminal.
    done = run("missing/\x1b[31m\n")
    assert "'missing/\\x1b[31m\\n'" in done.stderr, done.stderr


def check_broken_pipes():
    # A reader that went away is no reason for the program to end by a signal.
    clear()
    reading, writing = os.pipe()
    os.close(reading)
    program = f"{reports.PROGRAMS}/ar_heap_processes-shared"
    done = subprocess.run(
        [program, "strict_mask"],
        env={**os.environ, "ARPENT_REPORT": "/dev/stdout"},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert re.search(
        r"cannot be written to '/dev/stdout': it cannot be written \(Broken pipe\)", done.stderr
    ), done.stderr
    done = subprocess.run([program, "strict_mask"], stdout=subprocess.PIPE, stderr=writing, text=True, check=False)
    assert done.returncode == 0, done
    os.close(writing)
    assert reports.read().actual == 1


def main():
    for check in (check_variables, check_replacement, check_direct, check_refusals, check_broken_pipes):
        check()
        print(f"{check.__name__} passed")


if __name__ == "__main__":
    main()
