#!/bin/bash
# Print the lines of src that the fuzz targets reach, by file.
# usage: tests/fuzz/coverage.sh FUZZ_BUILD COVERAGE_BUILD NAME...
set -eu
cd "$(dirname "$0")/../.."
fb=$1
cov=$2
shift 2
tests/fuzz/seeds.sh "$fb/seeds" "$@"
objects=()
for name in "$@"; do
	dirs=("$fb/seeds/$name")
	[ -d "$fb/corpus/$name" ] && dirs+=("$fb/corpus/$name")
	LLVM_PROFILE_FILE=$cov/$name.profraw "$cov/fuzz_$name" "${dirs[@]}" \
		>/dev/null 2>"$cov/$name.log" ||
		{ tail -n 5 "$cov/$name.log"; exit 1; }
	objects+=(-object "$cov/fuzz_$name")
done
llvm-profdata merge -o "$cov/all.profdata" "$cov"/*.profraw
# of each file: lines, lines missed, share; nothing for files never entered
llvm-cov export -summary-only -instr-profile "$cov/all.profdata" \
	"${objects[@]}" | python3 -c '
import json, os, sys
rooms = {}
for f in json.load(sys.stdin)["data"][0]["files"]:
    path = os.path.relpath(f["filename"])
    lines = f["summary"]["lines"]
    if not path.startswith("src/") or lines["covered"] == 0:
        continue
    print("%-32s %5d lines %6.1f%%" % (path, lines["count"], lines["percent"]))
    room = rooms.setdefault(os.path.dirname(path), [0, 0])
    room[0] += lines["count"]
    room[1] += lines["covered"]
for room, (count, covered) in sorted(rooms.items()):
    print("%-32s %5d lines %6.1f%%" % (room, count, 100.0 * covered / count))
'
