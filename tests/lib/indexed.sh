#!/bin/bash
# Compile the CRLs that a `certauth verify` is about to use, then run it.
# usage: tests/lib/indexed.sh certauth verify OPTION ... CERT.pem
# INDEXED: a file; this script appends a line for each index that exists at the
# end.
set -u
ca='' crl='' inter=''
args=("$@")
for ((i = 0; i < ${#args[@]}; i++)); do
	case ${args[i]} in
	--ca-dir) ca=${args[i + 1]} ;;
	--crl-dir) crl=${args[i + 1]} ;;
	--intermediates) inter=${args[i + 1]} ;;
	esac
done
if [ -n "$crl" ]; then
	work=$(mktemp -d) || exit 2
	[ -z "$inter" ] || cp "$inter" "$work/inter.pem"
	: >"$work/conf"
	# a CRL that cannot be compiled (forged, of an unknown CA) is for the
	# streaming reader to judge
	"$1" crl compile --quiet --config "$work/conf" --ca-dir "$ca" \
		--intermediates-dir "$work" --crl-dir "$crl" >/dev/null 2>&1
	find "$crl" -name '*.idx' >>"${INDEXED:-/dev/null}"
	rm -rf "$work"
fi
exec "$@"
