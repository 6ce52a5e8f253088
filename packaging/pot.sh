#!/bin/sh
# Collect the texts that a user reads.
# usage: packaging/pot.sh XGETTEXT USER-SOURCES MARKED-SOURCES OUT.pot
# Of USER-SOURCES the formats of what is logged, too: the user reads that log.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck disable=SC2086 # lists of words
{
	$1 --output="$dir/both.pot" $3
	$1 --join-existing --keyword=ca_log_err:2 --keyword=ca_log_warning:2 \
		--keyword=ca_log:3 --keyword=ca_cli_fail:1 --keyword=ca_cli_usage:2 \
		--keyword=ca_key_tell:3 --keyword=ca_p11_tell:2 \
		--output="$dir/both.pot" $2
}
sed -e '1,/^$/s/charset=CHARSET/charset=UTF-8/' \
	-e '1s/.*/# The texts of pam_certauth that a user reads./' \
	-e '2s/.*/# Licence: BSD-2-Clause, as the rest of pam_certauth./' -e '3d' \
	"$dir/both.pot" | python3 "$(dirname "$0")/pot.py" >"$dir/all.pot"
# the day of an unchanged file is no change
same() {
	grep -v '^"POT-Creation-Date' "$1"
}
mkdir -p "$(dirname "$4")"
if [ -e "$4" ] && [ "$(same "$4")" = "$(same "$dir/all.pot")" ]; then
	exit 0
fi
cp "$dir/all.pot" "$4"
