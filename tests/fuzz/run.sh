#!/bin/bash
# Run fuzz targets in parallel; exit 1 on a finding.
# usage: tests/fuzz/run.sh FUZZ_BUILD SECONDS NAME...
set -u
cd "$(dirname "$0")/../.." || exit 2
fb=$1
seconds=$2
shift 2
[ $# -gt 0 ] || { echo 'no fuzz target'; exit 2; }
tests/fuzz/seeds.sh "$fb/seeds" "$@" || exit 2
mkdir -p "$fb/log" "$fb/findings"
case $fb in /*) ;; *) fb=$PWD/$fb ;; esac

run_one() {
	local name=$1 log=$fb/log/$1 dict=tests/fuzz/$1.dict rc
	local -a args=(-max_total_time="$seconds" -timeout=20
		-rss_limit_mb=2048 -print_final_stats=1 -verbosity=1
		-artifact_prefix="$fb/findings/$name-")
	[ -e "$dict" ] && args+=(-dict="$dict")
	# shellcheck disable=SC2207 # a list of words
	[ -e "tests/fuzz/$name.opts" ] && args+=($(cat "tests/fuzz/$name.opts"))
	mkdir -p "$fb/corpus/$name"
	"$fb/fuzz_$name" "${args[@]}" "$fb/corpus/$name" "$fb/seeds/$name" \
		>"$log" 2>&1 </dev/null
	rc=$?
	printf '%-16s %s, %s runs, %s inputs in the corpus\n' "$name" \
		"$([ $rc -eq 0 ] && echo 'no finding' || echo FINDING)" \
		"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
		"$(find "$fb/corpus/$name" -type f | wc -l)"
	if [ $rc -ne 0 ]; then
		tail -n 40 "$log"
		return 1
	fi
}
export -f run_one
export fb seconds
# shellcheck disable=SC2016 # for the inner shell
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'run_one "$1"' _ {} ||
	{ echo "findings: see $fb/findings and $fb/log"; exit 1; }
