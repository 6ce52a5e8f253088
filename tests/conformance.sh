#!/bin/bash
# Run the outside suites of path validation against `certauth verify`.
# usage: tests/conformance.sh SUITE [CERTAUTH-OPTION ...]
#   SUITE: pkits, limbo-client, bettertls-client, bssl-chain
#   SUITES: the folder they are in (default: ../shared/conformance)
#   NAMES: names in ca_dir and crl_dir: hash, plain or both (the default)
#   INDEX: if set, each case's CRLs are compiled first
# Prints each case that differs from the suite and is not listed in
# tests/data/conformance-differences.txt, and each listed one that does not
# differ; exit 0 if there is none, 1 if there is, 77 if the suite is not installed.
set -u
cd "$(dirname "$0")/.." || exit 2
suite=$1
shift
case " $* " in
*' --profile strict '*) profile=strict ;;
*) profile=basic ;; # the default
esac
SUITES=${SUITES:-../shared/conformance}
certauth=${CERTAUTH_BUILD:-build}/certauth
listed=tests/data/conformance-differences.txt
if [ ! -e "$SUITES/$suite/cases.json" ]; then
	echo "$suite is not in $SUITES"
	exit 77
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
verify=$certauth
if [ -n "${INDEX:-}" ]; then
	verify="tests/lib/indexed.sh $certauth"
	export INDEXED=$work/indexed
fi
# The configuration of this machine is no part of the test.
: >"$work/certauth.conf"
# shellcheck disable=SC2016 # the placeholders are run-verify.py's
cmd="$verify verify --config $work/certauth.conf --ca-dir {ca_dir}
	[[--crl-dir {crl_dir}]] [[--intermediates {intermediates}]]
	--time {time} --purpose {purpose} [[--max-depth {depth}]] {policy}
	$* {leaf}"
policy='policy=--policy {oid};explicit=--explicit-policy'
policy="$policy;inhibit_map=--inhibit-map;inhibit_any=--inhibit-any"
python3 "$SUITES/run-verify.py" --suite "$suite" --cmd "$cmd" \
	--policy-opts "$policy" --workdir "$work" --jobs "${JOBS:-2}" \
	--dir-names "${NAMES:-both}" \
	--json "$work/results.json" >"$work/out" 2>&1
status=$?
if [ $status -gt 1 ] || [ ! -e "$work/results.json" ]; then
	cat "$work/out"
	exit 2
fi
grep -E '^(suite|TOTAL|wrongly)' "$work/out"
if [ -n "${INDEX:-}" ]; then
	n=$(sort -u "$INDEXED" | wc -l)
	echo "$n indexes"
	[ "$n" -gt 0 ] || exit 1
fi
python3 - "$work/results.json" "$listed" "$suite" "$profile" <<'EOF'
import json, sys

results, listed, suite, profile = sys.argv[1:5]
data = json.load(open(results))
known = {}
for line in open(listed):
    line = line.strip()
    if not line or line.startswith('#'):
        continue
    of, case, reason = line.split(None, 2)
    known.setdefault(of, {})[case] = reason
mine = {**known.get(suite, {}), **known.get(suite + ':' + profile, {})}
bad = 0
for case in data['skipped']:
    print('skipped, and should not be:', case)
    bad = 1
seen = set()
for r in data['results']:
    seen.add(r['id'])
    if not r['ok'] and r['got'] not in ('accept', 'reject'):
        print('failed to run: %s: %s' % (r['id'], r['got']))
        bad = 1
    elif not r['ok'] and r['id'] not in mine:
        print('differs: %s: the suite says %s; %s' %
              (r['id'], r['expected'], r['why'] or 'accepted here'))
        bad = 1
    elif r['ok'] and r['id'] in mine:
        print('agrees, but is listed as a difference:', r['id'])
        bad = 1
for case in sorted(set(mine) - seen):
    print('listed, but not in the suite:', case)
    bad = 1
if not seen:
    print('no case was run')
    bad = 1
sys.exit(bad)
EOF
