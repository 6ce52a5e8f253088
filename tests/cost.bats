#!/usr/bin/env bats
# What a login costs: instructions and memory, as limits.  No time is limited here;
# `make bench` measures times.

load lib/common

setup_file() {
	place_make
	printf 'auth required pam_permit.so\naccount required pam_permit.so\n' \
		>"$S/etc/pam.d/permit"
	PKI=$S/cost && pki_new "$S/cost"
	pki_ca ca
	pki_ca other
	pki_leaf alice ca
	pki_crl ca
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	export PKI
}
teardown_file() { place_remove; }

setup() {
	[ "$(id -u)" -eq 0 ] || skip 'the verifier becomes another user: needs root'
	ca_dir ca.pem
	openssl rehash "$S/etc/certauth/ca" 2>/dev/null
	rm -f "$S/etc/certauth/crl"/*
	crl_dir ca.crl
	"$CERTAUTH" crl compile --quiet --ca-dir "$S/etc/certauth/ca" \
		--crl-dir "$S/etc/certauth/crl"
	# the parent decodes no file that was changed within a second
	sleep 1.2
	CERTAUTH_VERIFIER=verifier=resident service test
}
teardown() {
	resident_stop
	verifier_reset
}

by_alice() { "$@" --raw --cert "$PKI/alice.pem" --key "$PKI/alice.key"; }

# counted: the verifier under callgrind, which counts the operations alone: a worker
# has what its parent counted before it was forked
counted() {
	rm -rf "$S/counts"
	mkdir -m 777 "$S/counts"
	verifier_is "$(command -v valgrind)" --tool=callgrind \
		--toggle-collect=ca_worker_run \
		--callgrind-out-file="${CALLGRIND_OUT:-/dev/null}" \
		--log-file="$S/counts/%p" "$S/bin/unconfined"
	resident_start
	# the first connection starts it, which is slow under callgrind, above all where
	# other tests run
	until_true by_alice login || {
		cat "$S/seen"
		ls -l "$S/counts"
		return 1
	}
}

# collected: the sum of the workers that ended; sets n and workers
collected() {
	local f
	n=0 workers=0
	for f in "$S/counts"/*; do
		grep -q Collected "$f" || continue
		n=$((n + $(sed -n 's/.*Collected : //p' "$f")))
		workers=$((workers + 1))
	done
}

@test "instructions of the resident verifier for a login: at most 4 million" {
	local before was i
	counted
	# the workers of that login end, and spares take their places
	sleep 2
	collected
	before=$n was=$workers
	by_alice login_ok
	for ((i = 0; i < 100; i++)); do
		collected
		[ "$workers" -lt $((was + 2)) ] || break
		sleep 0.1
	done
	n=$((n - before))
	echo "$n instructions in $((workers - was)) workers"
	[ "$workers" -eq $((was + 2)) ]
	[ "$n" -gt 500000 ]
	[ "$n" -le 4000000 ]
}

@test "a spare that was forked before trusts no CA that was replaced or removed" {
	local ca=$S/etc/certauth/ca/ca.pem
	resident_start
	by_alice login_ok
	sleep 0.3
	touch -r "$ca" "$S/time"
	cat "$PKI/other.pem" >"$ca"
	touch -r "$S/time" "$ca"
	by_alice login_denied '(ca-dir|chain-unknown-ca)'
	cat "$PKI/ca.pem" >"$ca"
	by_alice login_ok
	rm "$ca"
	by_alice login_denied '(ca-dir|chain-unknown-ca)'
}

# app SERVICE: instructions of the process of the application
app() {
	local i
	for i in 1 2 3; do
		in_place python3 "$S/bin/login.py" --cert "$PKI/alice.pem" \
			--key "$PKI/alice.key" -- valgrind --tool=callgrind \
			--callgrind-out-file=/dev/null --log-file="$S/app" \
			pamtester "$1" alice authenticate >"$S/seen" 2>&1 \
			</dev/null && break
	done
	sed -n 's/.*Collected : //p' "$S/app"
}

@test "instructions of the application's process: at most 0.3 million above pam_permit" {
	local ours permit
	resident_start
	by_alice login_ok
	permit=$(valgrind_permit)
	ours=$(app test)
	echo "$ours, pam_permit $permit"
	[ "$permit" -gt 100000 ]
	[ "$ours" -gt "$permit" ]
	[ $((ours - permit)) -le 300000 ]
}

valgrind_permit() {
	in_place valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		--log-file="$S/app" pamtester permit alice authenticate \
		>/dev/null 2>&1 </dev/null
	sed -n 's/.*Collected : //p' "$S/app"
}

# peak OPTION ... -- SERVICE: the largest of five, in KiB.  The shell's child is
# pamtester alone, and the children of a process stay those of what it executes.
peak() {
	local i
	rm -f "$S/peak"
	cat >"$S/bin/measure" <<-'END'
		#!/bin/sh
		pamtester "$1" alice authenticate || exit
		exec python3 -c 'import resource, sys
		use = resource.getrusage(resource.RUSAGE_CHILDREN)
		print(use.ru_maxrss, file=open(sys.argv[1], "a"))' "$2"
	END
	chmod +x "$S/bin/measure"
	for i in 1 2 3 4 5; do
		in_place "$@" "$S/peak" >"$S/seen" 2>&1 </dev/null || return
	done
	sort -n "$S/peak" | tail -n 1
}

@test "memory of the application's process: at most 0.3 MiB above pam_permit" {
	local ours permit
	resident_start
	by_alice login_ok
	# both on a terminal, in the same environment
	local by=(python3 "$S/bin/login.py" --cert "$PKI/alice.pem"
		--key "$PKI/alice.key" -- "$S/bin/measure")
	permit=$(peak "${by[@]}" permit)
	ours=$(peak "${by[@]}" test)
	echo "$ours KiB, pam_permit $permit KiB"
	[ "$permit" -gt 500 ]
	[ "$ours" -gt "$permit" ]
	[ "$ours" -le $((permit + 307)) ]
}
