#!/usr/bin/env python3
"""Check the structure of src; prints what is wrong, exit 1 if anything is.

- A room includes headers of itself and of the rooms that its row in the table
  of docs/architecture.md names.  Those rows stand above its own: arrows
  between rooms point down only.
- A room has a README with its headline, which the table repeats.
- Files call each other without circles.
- No base name occurs twice with a header each.
- Every .c has a header of its own, or an opening comment; every .h has one.
- A function has at most 6 parameters and 60 lines, a file of src 400 lines,
  a unit test 700.
- ca_crypto_cert alone decodes certificates.

usage: tests/lib/layers.py [TREE]
"""
import collections
import glob
import os
import re
import sys

PARAMETERS, FUNCTION, FILE, TEST = 6, 60, 400, 700
# the entry points, with what PAM shows of a call: one file, by name
MODULE_FILE, MODULE = "pam_certauth.c", 600
DECODERS = (
    r"d2i_X509|d2i_X509_(?:bio|fp|AUX)|PEM_read(?:_bio)?_X509(?:_AUX)?|"
    r"PEM_X509_INFO_read[a-z_]*|d2i_PKCS7[a-z_]*|d2i_CMS_[A-Za-z_]*|"
    r"PEM_read(?:_bio)?_(?:PKCS7|CMS)|"
    r"PKCS12_(?:parse|SAFEBAG_get1_cert|certbag2x509)|X509_load_[a-z_]*|"
    r"X509_LOOKUP_[a-z_]*|OSSL_STORE_open[a-z_]*|d2i_OCSP_[A-Za-z_]*|"
    r"SMIME_read_[A-Z0-9]*")
DECODER_FILE = "src/crypto/crypto.c"
PAM_USERS = ("src/module/", "pam_certauth.c", "src/cli/")

bad = 0


def wrong(text):
    global bad
    bad = 1
    print(text)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def without_comments(text):
    return re.sub(r"/\*.*?\*/", blank, text, flags=re.S)


def code_only(text):
    """The text without comments and strings, each line where it was."""
    text = without_comments(text)
    text = re.sub(r'^#include ".*"$', blank, text, flags=re.M)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def check_headline(room, headline):
    path = f"src/{room}/README"
    if room == "pam_certauth":
        return
    if not os.path.exists(path):
        wrong(f"{path}: the room has no headline")
        return
    with open(path, encoding="utf-8") as f:
        if f.read() != headline + "\n":
            wrong(f"{path} differs from the row of docs/architecture.md")


def read_rooms():
    """The table of docs/architecture.md: room -> rooms that it may include."""
    rooms = {}
    with open("docs/architecture.md", encoding="utf-8") as f:
        for line in f:
            row = re.match(r"\| `(?:src/)?([a-z_]+)(?:\.c)?` \| (.*) \| (.*) \|$", line)
            if not row:
                continue
            room, headline, allowed = row.groups()
            check_headline(room, headline)
            may = [] if allowed == "libc" else \
                [r.strip().strip("`") for r in allowed.split(",")]
            for r in may:
                if r not in rooms:
                    wrong(f"docs/architecture.md: {room} may include {r}, "
                          "which has no row above it")
            rooms[room] = may + [room]
    return rooms


def room_of(path):
    return path.split("/")[1] if path.startswith("src/") else "pam_certauth"


def check_arrows(files, text, rooms):
    for room in sorted({room_of(f) for f in files} - set(rooms)):
        wrong(f"docs/architecture.md: no row for src/{room}")
    for path in files:
        for room in re.findall(r'^#include "([a-z0-9_]+)/', text[path], re.M):
            if room not in rooms.get(room_of(path), [room]):
                wrong(f"{path} includes {room}/: {room_of(path)} may include "
                      f"only {' '.join(rooms[room_of(path)])}")
        for quoted in re.findall(r'^#include "([^/"]+)"', text[path], re.M):
            wrong(f"{path} includes {quoted}: write ROOM/{quoted}")
        if "#include <security/" in text[path] and \
                not path.startswith(PAM_USERS):
            wrong(f"{path}: only pam_certauth.c, src/module and src/cli include PAM's headers")
        if path != DECODER_FILE:
            for call in re.findall(rf"(?<!\w)({DECODERS})\(",
                                   without_comments(text[path])):
                wrong(f"{path}: only ca_crypto_cert decodes certificates, not {call}")


def exported(code):
    """Names that a .c file defines for others."""
    names = set()
    for m in re.finditer(r"^(ca_\w+|pam_sm_\w+)\(", code, re.M):
        before = code[:m.start()].rstrip("\n").rsplit("\n", 1)[-1]
        if not before.startswith("static"):
            names.add(m.group(1))
    names.update(re.findall(r"^(?!static|extern)[a-z][\w \*]*\b(ca_\w+)"
                            r"(?:\[[^\]]*\])? *=", code, re.M))
    return names


def circles(graph):
    """Strongly connected components of more than one node (Tarjan)."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        on.add(v)
        for w in graph.get(v, ()):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            part = []
            while not part or part[-1] != v:
                part.append(stack.pop())
                on.discard(part[-1])
            if len(part) > 1:
                found.append(sorted(part))

    for v in sorted(graph):
        if v not in index:
            visit(v)
    return found


def check_circles(files, code, text):
    home = {}
    for path in files:
        if path.endswith(".c"):
            for name in exported(code[path]):
                home[name] = path
    calls = collections.defaultdict(lambda: collections.defaultdict(set))
    for path in files:
        if path.endswith(".c"):
            for name in set(re.findall(
                    r"(?<!struct )\b(?:ca|pam)_\w+", code[path])):
                if home.get(name, path) != path:
                    calls[path][home[name]].add(name)
    for part in circles(calls):
        wrong("circle: " + " ".join(part))
        for a in part:
            for b in part:
                if b in calls[a]:
                    print(f"    {a} calls {b}: {' '.join(sorted(calls[a][b]))}")
    includes = {p: {"src/" + i for i in
                    re.findall(r'^#include "([^"]+)"', text[p], re.M)}
                for p in files if p.endswith(".h")}
    for part in circles(includes):
        wrong("circle of headers: " + " ".join(part))


def check_names(files, text):
    seen = collections.defaultdict(list)
    for path in files:
        if path.endswith(".h"):
            seen[os.path.basename(path)].append(path)
    for paths in seen.values():
        if len(paths) > 1:
            wrong("two headers have one base name: " + " ".join(paths))
    for path in files:
        own = path.endswith(".c") and path[:-2] + ".h" in files
        if not own and not text[path].startswith("/*"):
            wrong(f"{path}: it has no opening comment"
                  + (" and no header of its own" if path.endswith(".c") else ""))


def parameters(code, start):
    depth, commas, i = 1, 0, start
    while depth and i < len(code):
        if code[i] in "({[":
            depth += 1
        elif code[i] in ")}]":
            depth -= 1
        elif code[i] == "," and depth == 1:
            commas += 1
        i += 1
    return commas + 1


def check_sizes(files, code, text):
    for path in files:
        lines = text[path].count("\n")
        if lines > (MODULE if path == MODULE_FILE else FILE):
            wrong(f"{path}: {lines} lines, more than {FILE}: split it by subject")
        if not path.endswith(".c"):
            continue
        for m in re.finditer(r"^(\w+)\(", code[path], re.M):
            n = parameters(code[path], m.end())
            if n > PARAMETERS:
                wrong(f"{path}: {m.group(1)} has {n} parameters, more than "
                      f"{PARAMETERS}")
            body = re.compile(r"^\{\n.*?^\}", re.M | re.S).search(
                code[path], m.end())
            if body and body.group(0).count("\n") > FUNCTION:
                wrong(f"{path}: {m.group(1)} has {body.group(0).count(chr(10))} "
                      f"lines, more than {FUNCTION}")
    for path in sorted(glob.glob("tests/unit/*.[ch]")):
        with open(path, encoding="utf-8") as f:
            lines = f.read().count("\n")
        if lines > TEST:
            wrong(f"{path}: {lines} lines, more than {TEST}: split it by subject")


def main():
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else
             os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    files = sorted(glob.glob("src/*/*.[ch]")) + ["pam_certauth.c"]
    text = {}
    for path in files:
        with open(path, encoding="utf-8") as f:
            text[path] = f.read()
    code = {path: code_only(t) for path, t in text.items()}
    check_arrows(files, text, read_rooms())
    check_circles(files, code, text)
    check_names(files, text)
    check_sizes(files, code, text)
    return bad


if __name__ == "__main__":
    sys.exit(main())
