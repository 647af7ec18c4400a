# Tests tools/arpent/learn/
# ctest: COST=80
"""`arpent learn`, in both tracks: a workspace in which each of the eight starters fails its check and each solution passes,
and after a reset the starter fails again; what each verb says and its exit status; the words for what does not compile."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from harness.checks import check, finish

SOURCE_DIR = pathlib.Path(os.environ["SOURCE_DIR"])
EXERCISES = sorted((SOURCE_DIR / "course/exercises").iterdir())
COMMAND = os.environ["ARPENT_BIN"]
ZIG = subprocess.run([SOURCE_DIR / "scripts/install-zig"], capture_output=True, text=True, check=True).stdout.strip()
FILES = {"cpp": "exercise.hpp", "zig": "exercise.zig"}


class Workspace:
    def __init__(self, track):
        self.track = track
        self.folder = pathlib.Path(f"work-{track}").absolute()

    def learn(self, *arguments, status=0, cwd=None, words="", **environment):
        """What it prints; and that its status and some words are these."""
        variables = (
            os.environ | {"ZIG": ZIG, "ZIG_GLOBAL_CACHE_DIR": os.environ["BUILD_DIR"] + "/zig-cache"} | environment
        )
        done = subprocess.run(
            [COMMAND, "learn", *arguments],
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            env=variables,
            stdin=subprocess.DEVNULL,
        )
        seen = f"status {done.returncode}\n{done.stdout}{done.stderr}"
        check(
            done.returncode == status and words in done.stdout + done.stderr,
            f"{self.track}: learn {' '.join(arguments)}: wanted {status} and {words!r}: {seen}",
        )
        if status not in (0, 1):
            check(done.stderr.count("\n") == 1, f"learn {' '.join(arguments)}: not one line: {seen}")
        return done.stdout

    def file(self, exercise):
        return self.folder / exercise.name / FILES[self.track]

    def source(self, exercise, kind):
        return exercise / self.track / kind / FILES[self.track]

    def start(self):
        self.learn("start", str(self.folder), "--track", self.track, cwd=".", words="8 exercises")
        self.learn("start", str(self.folder), "--track", self.track, cwd=".", status=3, words="is there already")
        check(
            sorted(path.name for path in self.folder.iterdir())
            == sorted([path.name for path in EXERCISES] + ["progress.json"]),
            "start makes other files than wanted",
        )
        check(
            all(
                sorted(path.name for path in (self.folder / exercise.name).iterdir())
                == [FILES[self.track], "prompt.md"]
                for exercise in EXERCISES
            ),
            "start makes more than prompts and starters",
        )
        said = self.learn("next", words=f"Write in {EXERCISES[0].name}/{FILES[self.track]}")
        for text in (said, (self.folder / EXERCISES[0].name / "prompt.md").read_text()):
            check(("In Zig" in text) == (self.track == "zig"), f"{self.track}: a prompt for the other track:\n{text}")

    def solve_all(self):
        for count, exercise in enumerate(EXERCISES, 1):
            number = exercise.name[:3]
            said = self.learn("check", number, status=1, words="not yet")
            check(len(said.splitlines()) == 3, f"{self.track}: a failed check is not three lines:\n{said}")
            print(f"{self.track} | {exercise.name} | {said.splitlines()[1]}")
            shutil.copy(self.source(exercise, "solution"), self.file(exercise))
            self.learn("check", number, words=f"{exercise.name}: passed")
            check(f"] {count} of 8 exercises" in self.learn("status"), f"the status after {number}")
        self.learn("next", words="All exercises are solved.")
        check("[########################]" in self.learn("status"), "the bar of all")

    def reset_all(self):
        for exercise in EXERCISES:
            self.learn("reset", exercise.name[:3], words="is the starter again")
            file = self.file(exercise)
            check(
                file.read_bytes() == self.source(exercise, "starter").read_bytes(),
                "reset does not put the starter back",
            )
            check(
                file.with_name(file.name + ".old").read_bytes() == self.source(exercise, "solution").read_bytes(),
                "reset does not keep what was written",
            )
        check("] 0 of 8 exercises" in self.learn("status"), "the status after resets")

    def hints(self):
        """They come one by one, and stay at the third."""
        for count in (1, 2, 3, 3):
            said = self.learn("hint", "3")
            check(len(re.findall(r"^\d of 3: ", said, re.MULTILINE)) == count, f"hint {count}: {said}")

    def broken(self, exercise, old, new, words):
        text = self.source(exercise, "solution").read_text()
        check(old in text, f"{exercise.name} has no {old!r}")
        self.file(exercise).write_text(text.replace(old, new, 1))
        said = self.learn("check", exercise.name[:3], status=1, words=words)
        check(len(said) < 500, f"a compiler's message is not short:\n{said}")


def whatever_the_track(work):
    work.learn("status", cwd=".", status=3, words="is in no workspace")
    work.learn("check", "9.9", status=2, words="there is no exercise '9.9'")
    work.learn(status=2)
    work.learn("start", "other", "--track", "python", status=2, words="--track")
    work.learn("status", status=3, words="where no course is", ARPENT_COURSE="/nowhere")
    work.learn("next", words="# Exercise 3.1: Stack and heap")
    work.learn("check", status=3, words="no-such-compiler", CXX="no-such-compiler")
    work.learn("solution", "3.1", status=1, words="after two failed checks (0 so far)")
    work.learn("solution", "3.1", "--force", words="inline Scores from_zero")
    for compiler in ("env IN_SEVERAL=words g++", "clang++-19"):
        said = work.learn("check", status=1, words="not yet", CXX=compiler)
        check("does not compile" not in said, f"{compiler} is no compiler:\n{said}")
    work.learn("check", status=3, words="'g++ -fno-such' cannot build the course's own code", CXX="g++ -fno-such")


cpp, zig = Workspace("cpp"), Workspace("zig")
for work in (cpp, zig):
    work.start()
whatever_the_track(cpp)
zig.learn("check", status=3, words="no-such-compiler", ZIG="no-such-compiler")
zig.learn("check", status=3, words="'false' cannot build the course's own code", ZIG="false")
for work in (cpp, zig):
    work.solve_all()
    work.reset_all()
    work.learn("check", "3.1", status=1, words="not yet")
    work.hints()

# What does not compile, and what never ends.
third = EXERCISES[2]
solution = cpp.source(third, "solution").read_text()
line = 1 + solution[: solution.index("  return *result;")].count("\n")
unknown = "use of undeclared identifier {}" if "clang" in os.environ["CXX"] else "{} was not declared"
cpp.broken(
    third,
    "return *result;",
    "return *results;",
    f"exercise.hpp, line {line}: " + unknown.format("'results'"),
)
cpp.broken(
    third,
    "Values join_positive",
    "Values join_positives",
    "the tests cannot use what exercise.hpp has: " + unknown.format("'join_positive'"),
)
cpp.learn("solution", "3.3", words="join_positive")
cpp.broken(third, "return *result;", 'while (true) { asm(""); }', "some loop never ends")
cpp.file(third).unlink()
cpp.learn("check", "3.3", status=3, words="'arpent learn reset 3.3' puts the starter there")
cpp.learn("reset", "3.3")
solution = zig.source(third, "solution").read_text()
line = 1 + solution[: solution.index("return result;")].count("\n")
zig.broken(
    third, "return result;", "return results;", f"exercise.zig, line {line}: use of undeclared identifier 'results'"
)

# What the learner prints is shown, and does not decide; without end, it fills no memory.
first = EXERCISES[0]
cpp.file(first).write_text(
    "#include <cstdio>\n"
    + cpp.source(first, "solution")
    .read_text()
    .replace(
        "inline Scores from_zero(",
        'struct Told { Told() { std::puts("look here"); std::fputs("and here\\n", stderr); } };\n'
        "inline Told told;\ninline Scores from_zero(",
        1,
    )
)
cpp.learn("check", "3.1", words="passed\nYour code printed:\n    look here\n    and here\nNext: ")
cpp.file(first).write_text(
    "#include <cstdio>\n"
    + cpp.source(first, "starter").read_text()
    + '\ninline int told = [] { for (int i = 0; i < 100; ++i) std::puts("line"); return 0; }();\n'
)
said = cpp.learn("check", "3.1", status=1, words="    and 80 lines more\nLesson 3.1 explains it")
check(said.count("    line\n") == 20 and "from_zero" in said.splitlines()[1], f"what was printed: {said}")
cpp.file(first).write_text(
    "#include <cstdlib>\n" + cpp.source(first, "solution").read_text() + "\ninline int left = (std::exit(0), 0);\n"
)
cpp.learn("check", "3.1", status=1, words="the program ended with status 0, and not by the tests")

# Ctrl-C ends what is being checked, too.
cpp.file(first).write_text(
    cpp.source(first, "solution").read_text() + '\ninline int ever = [] { while (true) { asm(""); } return 0; }();\n'
)
checking = subprocess.Popen([COMMAND, "learn", "check", "3.1"], cwd=cpp.folder, stdout=subprocess.DEVNULL)
program = str(cpp.folder / ".build" / first.name)


def running():
    """Processes whose program is the exercise's tests."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "exe").removesuffix(" (deleted)") == program:
                found.append(process.name)
        except OSError:
            pass
    return found


while not running() and checking.poll() is None:
    time.sleep(0.1)
check(running(), "the tests of an exercise that never ends do not run")
checking.send_signal(signal.SIGINT)
checking.wait()
check(checking.returncode == -signal.SIGINT and not running(), f"after SIGINT: {checking.returncode}, {running()}")
cpp.learn("reset", "3.1")

# watch rechecks what is saved, and ends with a check that passes.
watching = subprocess.Popen([COMMAND, "learn", "watch", "3.1"], cwd=cpp.folder, stdout=subprocess.PIPE, text=True)
check("not yet" in watching.stdout.readline(), "watch does not check at once")
shutil.copy(cpp.source(EXERCISES[0], "solution"), cpp.folder / "saved")
os.replace(cpp.folder / "saved", cpp.file(EXERCISES[0]))
rest, _ = watching.communicate()
check(watching.returncode == 0 and "passed" in rest, f"watch does not see what is saved: {rest}")

# A workspace whose progress is damaged says so.
(cpp.folder / "progress.json").write_text("[]")
cpp.learn("status", status=3, words="is no progress of a course")

finish()
