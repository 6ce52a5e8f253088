#!/bin/sh
# Make the seeds of the fuzz targets.
# usage: tests/fuzz/seeds.sh FOLDER NAME...    (into FOLDER/NAME)
set -eu
cd "$(dirname "$0")/../.."
# a seed script may work in a folder of its own
case $1 in /*) out=$1 ;; *) out=$PWD/$1 ;; esac
shift
for name in "$@"; do
	mkdir -p "$out/$name"
	# never an empty corpus
	: >"$out/$name/empty"
	if [ -x "tests/fuzz/$name.seeds" ]; then
		"tests/fuzz/$name.seeds" "$out/$name"
	fi
	for f in "tests/fuzz/corpus/$name"/*; do
		[ -f "$f" ] && cp "$f" "$out/$name/"
	done
done
exit 0
