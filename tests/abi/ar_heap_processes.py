# Tests src/abi/
"""The report of ar_heap in processes that fork, change their surroundings or end in unusual ways."""

import glob
import os
import re
import shutil
import stat

from harness import ar_heap_report as reports


def clear():
    for name in os.listdir("."):
        if os.path.isdir(name):
            shutil.rmtree(name)
        else:
            os.unlink(name)


def run(scenario, kind, **options):
    clear()
    return reports.run("ar_heap_processes", scenario, kind=kind, **options)


def one_leak(description="here", size=100, path=reports.REPORT):
    report = reports.read(path)
    assert [(leak.size, leak.description) for leak in report.leaks] == [(size, description)], report.text
    return report


def announced(done, path=reports.REPORT, count=1, size=100):
    line = f"Warning: {count} memory leaks detected ({size} bytes). See {path} for details."
    assert done.stderr.splitlines().count(line) == 1, done.stderr


def check_forks(kind):
    done = run("fork_and_leak", kind)
    child = re.search(r"^child (\d+)$", done.stdout, re.MULTILINE)[1]
    grandchild = re.search(r"^grandchild (\d+)$", done.stdout, re.MULTILINE)[1]
    names = {reports.REPORT, f"{reports.REPORT}.{child}", f"{reports.REPORT}.{grandchild}"}
    assert set(os.listdir(".")) == names, os.listdir(".")
    one_leak("before the fork")
    report = one_leak("of the child", 30, f"{reports.REPORT}.{child}")
    assert (report.total_allocations, report.total_bytes) == (2, 35), report.text
    report = one_leak("of the grandchild", 7, f"{reports.REPORT}.{grandchild}")
    assert (report.total_allocations, report.total_bytes) == (1, 7), report.text
    announced(done)
    announced(done, f"{reports.REPORT}.{child}", size=30)
    announced(done, f"{reports.REPORT}.{grandchild}", size=7)
    assert all(stat.S_IMODE(os.stat(name).st_mode) == 0o600 for name in names)

    # Where there is no name to append to, parent and child write to the same place.
    done = run("fork_and_leak", kind, env={**os.environ, "ARPENT_REPORT": "/dev/stdout"})
    assert os.listdir(".") == [], os.listdir(".")
    for description in ("before the fork", "of the child", "of the grandchild"):
        assert done.stdout.count(f"Description: {description}\n") == 1, done.stdout

    for scenario in ("fork_and_release", "fork_and_do_nothing"):
        done = run(scenario, kind)
        assert os.listdir(".") == [reports.REPORT]
        one_leak("before the fork")
        announced(done)

    done = run("vfork_and_fail", kind)
    assert os.listdir(".") == [reports.REPORT]
    one_leak("of the parent")
    announced(done)


def check_surroundings(kind):
    done = run("change_directory", kind)
    one_leak()
    announced(done, os.path.join(os.getcwd(), reports.REPORT))
    assert os.listdir("elsewhere") == []

    announced(run("clear_environment", kind))
    one_leak()
    announced(run("clear_environment", kind, env={**os.environ, "ARPENT_REPORT": "named.log"}), "named.log")
    one_leak(path="named.log")

    done = run("close_everything", kind)
    assert (done.stdout, done.stderr) == ("", "")
    one_leak()

    # A file that took the place of standard output receives what is for standard output, never the report itself.
    run("close_output", kind)
    one_leak()
    with open("victim", encoding="utf-8") as file:
        text = file.read()
    assert text.startswith("Note: 1 intentional") and text.count("\n") == 1, text

    run("strict_mask", kind)
    one_leak()
    assert stat.S_IMODE(os.stat(reports.REPORT).st_mode) == 0o600


def check_ends(kind):
    for scenario, status in (("end_at_once", 3), ("end_quickly", 4), ("exit_from_thread", 5)):
        announced(run(scenario, kind, status=status))
        one_leak()
    for _ in range(5):
        reports.remove()
        run("end_from_all_threads", kind, status=6)
        assert reports.read().actual == 20000
        assert not [name for name in os.listdir(".") if name.startswith(".arpent-report")], os.listdir(".")
    reports.remove()
    done = run("release_at_exit", kind)
    assert (done.stdout, done.stderr) == ("", ""), done.stderr
    assert reports.read().says_clean


def check_children(kind):
    for scenario in ("nobody_sees_a_child", "ignored_children"):
        # A program that Arpent is linked into has no library that the command could lie beside.
        run(scenario, kind, env={**os.environ, "ARPENT_SYMBOLIZER": os.environ["ARPENT_BIN"]})
        report = one_leak()
        # The command was run: the other memory has its function.
        assert re.search(rf" {scenario} at .*ar_heap_processes\.c:\d+$", report.other_memory, re.MULTILINE), report.text


def check_limits(kind):
    done = run("no_memory", kind)
    report = reports.read()
    assert (report.actual, report.intentional) == (100000, 1), report.text[:2000]
    assert "no memory to sort" in report.text
    addresses = [leak.address for leak in report.leaks]
    assert addresses == sorted(addresses)
    announced(done, count=100000, size=1600000)

    for scenario, reason, count in (("no_room", "File too large", 100), ("no_descriptors", "Too many open files", 1)):
        done = run(scenario, kind)
        assert os.listdir(".") == [], os.listdir(".")
        assert re.search(
            rf"^arpent: the memory report cannot be written to '{reports.REPORT}': .*\({reason}\)\. "
            r"It follows here\.$",
            done.stderr,
            re.MULTILINE,
        ), done.stderr
        text = done.stderr[done.stderr.index("Arpent memory report\n") :]
        text, warning = text.split("End of the report.\n")
        assert reports.Report(text + "End of the report.\n").actual == count
        assert re.fullmatch(
            rf"Warning: {count} memory leaks detected \(\d+ bytes\)\. The report is on standard error\.\n", warning
        ), warning


def main():
    for kind in reports.KINDS:
        for check in (check_forks, check_surroundings, check_ends, check_children, check_limits):
            check(kind)
            assert not glob.glob(".arpent-report-*"), os.listdir(".")
            print(f"{kind}: {check.__name__} passed")


if __name__ == "__main__":
    main()
