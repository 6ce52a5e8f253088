#!/usr/bin/env python3
"""What a document names and what does not exist: tests/newcomer.bats.

usage: stale.py ROOT DOCUMENT

A document names, in backquotes,
  `src/x/y.c`                  a file or folder of the tree
  `src/x/y.c`: `f()`, `g()`    functions defined in that file; a name without ()
                               is a word of the file; a text in "quotes" is in it
  `f()`                        elsewhere: a function that some file of src has
  `make NAME`                  a target; so does an indented line `make NAME`
Names with NAME or VERSION in them, and with *, are patterns and not looked up.
Prints a line for each that is missing, then `N names, M missing`; exit status 1
if any is missing.
"""
import glob
import os
import re
import sys

root, document = sys.argv[1:]
text = open(document, encoding="utf-8").read()
missing = []
count = 0


def read(path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def sources():
    return glob.glob(root + "/src/*/*.[ch]") + [root + "/pam_certauth.c"]


def where(name):
    """Where a function is now, for whoever mends the document."""
    hits = [os.path.relpath(p, root) for p in sources() if defines(read(p), name)]
    return "; now in " + ", ".join(hits) if hits else "; renamed or removed"


def defines(code, name):
    # a definition begins its line with the name (.clang-format), a macro
    # function with #define
    return re.search(r"^(#define )?%s\(" % re.escape(name), code, re.M)


def say(line, what):
    missing.append("%s:%d: %s" % (os.path.basename(document), line, what))


def is_file(name):
    top = ("src/", "tests/", "docs/", "packaging/", "etc/", ".github/")
    plain = ("Makefile", "pam_certauth.c", "CHANGELOG.md", "README.md",
             ".git-blame-ignore-revs", ".clang-format", "LICENSE")
    return (name.startswith(top) or name in plain or name in (
        "src", "tests", "docs", "etc", "packaging")) and " " not in name


def is_pattern(name):
    return re.search(r"NAME|VERSION|\*", name) is not None


def check_file(line, name):
    if os.path.exists(os.path.join(root, name)):
        return True
    base = os.path.basename(name)
    now = [os.path.relpath(os.path.join(d, base), root)
           for d, _, files in os.walk(root)
           if base in files and "/build" not in d and "/.git" not in d]
    say(line, "there is no %s%s" % (name, "; now " + ", ".join(now) if now else ""))
    return False


def check_target(line, name):
    makefiles = ["Makefile"] + [
        os.path.relpath(p, root) for p in
        glob.glob(root + "/tests/*.mk") + glob.glob(root + "/packaging/*.mk")]
    for path in makefiles:
        if re.search(r"^(?:[a-z-]+ )*%s(?: [a-z-]+)*:(?!=)" % re.escape(name),
                     read(path), re.M):
            return
    say(line, "there is no target `make %s'" % name)


def check_in(line, path, item):
    code = read(path)
    if item.startswith('"'):
        if item[1:-1] not in code:
            say(line, "%s has no text %s" % (path, item))
    elif item.endswith("()"):
        if not defines(code, item[:-2]):
            say(line, "%s does not define %s%s" % (path, item, where(item[:-2])))
    elif not re.search(r"\b%s\b" % re.escape(item), code):
        say(line, "%s does not have the word %s" % (path, item))


# `FILE`, and what stands behind `FILE`: of its contents; a line may be broken
# anywhere
item = r'(?:`[A-Za-z_][A-Za-z0-9_]*(?:\(\))?`|"[^"\n]+")'
named = re.compile(
    r"`([^`\n]+)`(?::\s+(%s(?:(?:,|\s+and)\s+%s)*))?" % (item, item))
for m in named.finditer(text):
    name, rest = m.group(1), m.group(2)
    line = text.count("\n", 0, m.start()) + 1
    if is_pattern(name):
        continue
    if re.match(r"make [a-z-]+( |$)", name):
        count += 1
        check_target(line, name.split()[1])
    elif is_file(name):
        count += 1
        if check_file(line, name) and rest:
            for part in re.findall(item, rest):
                count += 1
                check_in(line, name, part.strip("`"))
    elif re.fullmatch(r"[a-z0-9_]+\(\)", name):
        count += 1
        if not any(defines(read(p), name[:-2]) for p in sources()):
            say(line, "no file of src defines %s" % name)
for m in re.finditer(r"^    make ([a-z-]+)", text, re.M):
    count += 1
    check_target(text.count("\n", 0, m.start()) + 1, m.group(1))

for line in missing:
    print(line)
print("%d names, %d missing" % (count, len(missing)))
sys.exit(1 if missing else 0)
