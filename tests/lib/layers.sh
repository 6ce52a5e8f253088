#!/bin/sh
# Check that includes between the rooms of src go down only (see
# docs/architecture.md).  Prints each arrow that goes up; exit 1 if any.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
may() {
	case $1 in
	base) echo base ;;
	config) echo base config ;;
	wire) echo base wire ;;
	crypto) echo base wire crypto ;;
	verify) echo base config wire crypto verify ;;
	map) echo base config wire crypto verify map ;;
	auth) echo base config wire crypto verify map auth ;;
	channel) echo base config wire verify channel ;;
	key) echo base wire crypto key ;;
	cli) echo base config wire crypto channel verify map auth key cli ;;
	module) echo base config wire crypto channel verify map auth ;;
	esac
}
check() {
	room=$1
	file=$2
	allowed=" $(may "$room") "
	for inc in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u); do
		case $allowed in
		*" $inc "*) ;;
		*) echo "$file includes $inc/: $room may use only$allowed"; bad=1 ;;
		esac
	done
	case $room in
	cli|module) ;;
	*) if grep -n '^#include <security/' "$file"; then
		echo "$file: only pam_certauth.c and src/cli know PAM"; bad=1
	fi ;;
	esac
}
for f in src/*/*.[ch]; do
	check "$(basename "$(dirname "$f")")" "$f"
done
check module pam_certauth.c
exit $bad
