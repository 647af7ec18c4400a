# Tests tools/arpent/plan/
"""`arpent plan` on good and bad files: rows and offsets replayed, statuses, one line for each mistake, the picture."""

import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

from harness.checks import check, finish

ARPENT = os.environ["ARPENT_BIN"]


def plan(*arguments, content=None):
    done = subprocess.run([ARPENT, "plan", *arguments], input=content, capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def replay(text, capacity=None):
    heading, *rows = [line.split(",") for line in text.splitlines()]
    at = {name: index for index, name in enumerate(heading)}
    tensors = [[int(row[at[name]]) for name in ("lower", "upper", "size", "offset")] for row in rows]
    for index, (lower, upper, size, offset) in enumerate(tensors):
        check(capacity is None or offset + size <= capacity, f"row {index} ends above {capacity}")
        for other_lower, other_upper, other_size, other_offset in tensors[:index]:
            if lower < other_upper and other_lower < upper:
                check(offset + size <= other_offset or other_offset + other_size <= offset, f"row {index} overlaps")
    return tensors


small = "id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\nb3,0,9,4\n"
pathlib.Path("small.csv").write_text(small)

status, out, err = plan("small.csv")
check(status == 0, f"status {status}: {err}")
check([line.rsplit(",", 1)[0] for line in out.splitlines()] == small.splitlines(), f"the rows changed: {out}")
check(len(replay(out, 8)) == 3, "not all rows are there")
check("3 tensors in 8 B" in err and "proved" in err and err.count("\n") == 1, f"summary: {err}")

# Planned again: the column is replaced. Windows' line ends, a mark at the begin, quotes, other columns, any order.
status, again, _ = plan("-", content=out.encode())
check((status, again) == (0, out), "a plan cannot be planned again")
odd = '\ufeffsize,note,upper,id,lower,offset\r\n4,"a, ""b""",3,"x,1",0,77\r\n\r\n4,,9,y,3,\r\n'
status, out, _ = plan("-", content=odd.encode())
check(status == 0 and '4,"a, ""b""",3,"x,1",0,0\n' in out and "4,,9,y,3,0\n" in out, f"odd file: {status} {out}")

# The capacity: more than enough, exact, too little; in words.
check(plan("--capacity", "1KiB", "small.csv")[0] == 0, "1KiB is not enough")
check(plan("--capacity", "8", "small.csv")[0] == 0, "8 bytes are not enough")
status, out, err = plan("--capacity", "7", "small.csv")
check(status == 1 and "no plan fits the capacity of 7 bytes" in err, f"capacity 7: {status} {err}")
check(len(replay(out)) == 3, "the rows are missing when the plan does not fit")

status, out, _ = plan("--alignment", "64", "small.csv")
check(status == 0 and all(row[3] % 64 == 0 for row in replay(out, 128)), "offsets are not aligned")

# The picture: well-formed, a rectangle a tensor, names escaped.
pathlib.Path("names.csv").write_text('id,lower,upper,size\n<&>,0,3,4\n"a\tb",3,9,4\nplain,0,9,4\n')
status, out, _ = plan("--svg", "plan.svg", "--output", "out.csv", "--capacity", "20", "names.csv")
check((status, out) == (0, ""), "--output leaves standard output alone")
replay(pathlib.Path("out.csv").read_text())
picture = xml.etree.ElementTree.parse("plan.svg").getroot()
titles = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")]
check(len(titles) == 3 and titles[0].startswith("<&>: 4 B at "), f"titles: {titles}")
check("capacity" in "".join(picture.itertext()), "the capacity is not drawn")

status, out, _ = plan("--format", "json", "--capacity", "8", "small.csv")
data = json.loads(out)
check(data["total_bytes"] == 8 and data["proved"] and data["fits"] and len(data["tensors"]) == 3, f"JSON: {data}")

# Mistakes: one line, that says where.
for content, words in [
    ("", "line 1: the file is empty"),
    ("name,lower,upper,size\n", "line 1: there is no column 'id'"),
    ("id,lower,upper,size,size\n", "the column 'size' is there twice"),
    ("id,lower,upper,size,gaps\n", "the column 'gaps' is not supported"),
    ("id,lower,upper,size\na,0,1\n", "line 2: 3 fields where the heading names 4"),
    ("id,lower,upper,size\n\na,0,1,-4\n", "line 3: size '-4' is no number of bytes"),
    ("id,lower,upper,size\na,x,1,4\n", "line 2: lower 'x' is no whole number"),
    ("id,lower,upper,size\na,0,1e3,4\n", "line 2: upper '1e3' is no whole number"),
    ("id,lower,upper,size\na,5,5,4\n", "line 2: upper (5) must be larger than lower (5)"),
    ('id,lower,upper,size\n"a,0,1,4\n', "line 2: a quote is not closed"),
    ("id,lower,upper,size\na,0,1,99999999999999999999\n", "line 2: size"),
    ("id,lower,upper,size\n\na,0,1,9223372036854775807\nb,0,1,1\n", "line 4: the sizes together"),
]:
    status, out, err = plan("-", content=content.encode())
    check(status == 3 and out == "" and words in err and err.count("\n") == 1, f"{content!r}: {status} {err}")
for arguments, wanted, words in [
    (["nowhere.csv"], 3, "No such file"),
    (["."], 3, "Is a directory"),
    (["--output", "nowhere/out.csv", "small.csv"], 3, "nowhere"),
    (["--alignment", "3", "small.csv"], 2, "no power of two"),
    (["--alignment", "-1", "small.csv"], 2, "--alignment"),
    (["--capacity", "much", "small.csv"], 2, "--capacity"),
    (["--time-limit", "-1", "small.csv"], 2, "--time-limit"),
    ([], 2, "FILE"),
]:
    status, out, err = plan(*arguments)
    check(status == wanted and words in err and err.count("\n") == 1, f"{arguments}: {status} {err}")
with open("/dev/full", "w") as full:
    done = subprocess.run([ARPENT, "plan", "small.csv"], stdout=full, stderr=subprocess.PIPE)
    check(done.returncode == 3 and b"No space left" in done.stderr, f"full: {done}")
check(re.search(r"Example", plan("--help")[1]) is not None, "--help has no example")


# The table of ./dev bench-ml, on a folder with one that fits and one that cannot.
def table():
    command = [
        os.path.join(os.environ["SOURCE_DIR"], "bench", "run-ml"),
        os.path.dirname(os.path.dirname(ARPENT)),
        "folder",
    ]
    done = subprocess.run([*command, "--only", "plans", "--seconds", "5"], capture_output=True, text=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return done.returncode, {row[0]: row[1:6] for row in rows if row}


os.mkdir("folder")
check(table()[0] == 2, "an empty folder is planned")
pathlib.Path("folder/fits.8.csv").write_text(small)
status, rows = table()
check(status == 0 and rows.get("fits") == ["3", "8", "8", "8", "yes"], f"{status} {rows}")
pathlib.Path("folder/larger.7.csv").write_text(small)
status, rows = table()
check(status == 1 and rows.get("larger") == ["3", "7", "8", "8", "no"], f"{status} {rows}")

finish()
