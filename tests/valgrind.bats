#!/usr/bin/env bats
# The module in the real sshd and the real su, under valgrind: no error and no
# leak in any of their processes, and no error in the verifier;
# tests/data/valgrind.supp has what is others'.
load lib/common
load lib/sshd

# not --trace-children: what they execute is not theirs
valgrind_for() { # NAME
	mkdir -p "$S/vg"
	chmod 1777 "$S/vg"
	echo valgrind --log-file="$S/vg/$1.%p" --keep-debuginfo=yes \
		--leak-check=full --show-leak-kinds=definite,possible \
		--errors-for-leak-kinds=definite,possible --num-callers=30 \
		--suppressions="$HERE/tests/data/valgrind.supp"
}

# valgrind lets nobody lower the limit of descriptors, which the module does for
# the verifier
preloaded() {
	echo env LD_PRELOAD="$S/bin/nosandbox.so"
}

# The parent ends by a signal, and workers without freeing anything.
verifier_under_valgrind() {
	rm -f "$S/vg/verifier".*
	verifier_is "$(command -v valgrind)" --log-file="$S/vg/verifier.%p" \
		--suppressions="$HERE/tests/data/valgrind.supp" \
		"$S/bin/unconfined"
}

# verifier_clean N: that many workers ended, all without an error
verifier_clean() {
	local f n=0
	for f in $(verifier_logs "$S/vg/verifier".*); do
		n=$((n + 1))
		grep 'ERROR SUMMARY: 0 errors' "$f" || { cat "$f"; return 1; }
	done
	echo "$n workers"
	! grep -E 'Invalid|ninitialised' "$S/vg/verifier".* || return
	[ "$n" -eq "$1" ]
}

setup() { need_root; }

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	spawn_only # by valgrind, too
	cp "$CERTAUTH_BUILD/tests/valgrind/nosandbox.so" "$S/bin/"
	service su
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	conf default 'host_names = web1.example web1'
}
teardown_file() {
	sshd_stop
	place_remove
}

# clean NAME N: at least N processes came to their end, all without an error
clean() {
	local f n=0 bad=0 errors
	for f in "$S/vg/$1".*; do
		errors='Invalid (read|write|free)|[Uu]ninitialised'
		# sshd ends the process that talks to PAM by a signal where it
		# stands: what that one had not yet freed is no leak
		grep -q 'default action of signal 15 ' "$f" ||
			errors="$errors|lost in loss record|Process terminating"
		# one that was killed or has executed something has no summary
		grep -q 'ERROR SUMMARY' "$f" && n=$((n + 1))
		if grep -qE "$errors" "$f"; then
			cat "$f"
			bad=1
		fi
	done
	echo "$n processes"
	[ "$bad" -eq 0 ] && [ "$n" -ge "$2" ]
}

@test "su: granted, another user's certificate, a cut answer" {
	local under
	under="$(preloaded) $(valgrind_for su)"
	# valgrind takes no setuid program; root needs none
	cp "$(command -v su)" "$S/bin/su"
	# shellcheck disable=SC2086 # several words
	run in_place $under "$(command -v true)" # that it is there
	[ "$status" -eq 0 ]
	rm -f "$S/vg"/*
	verifier_under_valgrind
	log_mark
	# shellcheck disable=SC2016,SC2086
	run in_place python3 "$S/bin/login.py" --cert "$PKI/alice-chain.pem" \
		--key "$PKI/alice.key" -- $under \
		"$S/bin/su" alice -c 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'pam_certauth\(su:auth\).*outcome=granted'
	# shellcheck disable=SC2086
	run in_place python3 "$S/bin/login.py" --cert "$PKI/bob-chain.pem" \
		--key "$PKI/bob.key" -- $under "$S/bin/su" alice -c true </dev/null
	[ "$status" -ne 0 ]
	logged 'outcome=denied.* reason=other-user'
	# shellcheck disable=SC2086
	run in_place python3 "$S/bin/login.py" --cert "$PKI/alice-chain.pem" \
		--key "$PKI/alice.key" --how empty -- $under \
		"$S/bin/su" alice -c true </dev/null
	[ "$status" -ne 0 ]
	logged 'outcome=denied.* reason=answer-empty'
	# of each su itself, and of each verifier what minds it
	clean su 6
	# request and judge of each
	verifier_clean 6
}

@test "sshd: granted, and another user's certificate" {
	local i under session processes=4
	under="$(preloaded) $(valgrind_for sshd)"
	verifier_under_valgrind
	if sshd_knows SshdSessionPath; then
		# 9.8 and later: a program of its own answers each connection.
		# From 10.0 on it executes sshd-auth for the network, where the
		# module does not run.
		session=$(awk '{ print $2 }' "$S/keyword")
		# shellcheck disable=SC2086 # several words
		printf '%s\n' '#!/bin/sh' \
			"exec $(echo $under) $session \"\$@\"" >"$S/bin/session"
		chmod 755 "$S/bin/session"
		sshd_start 'LoginGraceTime 300' "SshdSessionPath $S/bin/session"
	else
		# -r: or it would execute itself, out of valgrind; it is under
		# valgrind, too
		processes=5
		SSHD_UNDER=$under SSHD_FLAGS=-r SSHD_WAIT=2000 \
			sshd_start 'LoginGraceTime 300'
	fi
	client_make
	log_mark
	# shellcheck disable=SC2016 # for the shell there
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	cat "$S/sshd.log"
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'pam_certauth\(sshd:auth\).*outcome=granted'
	client_make bob
	run client "$CERTAUTH" ssh -o NumberOfPasswordPrompts=1 web1 true \
		</dev/null
	[ "$status" -ne 0 ]
	logged 'outcome=denied.* reason=other-user'
	# the processes of the connections end on their own
	for ((i = 0; i < 1000; i++)); do
		pgrep -P "$SSHD_PID" >"$S/children" || break
		sleep 0.02
	done
	sshd_stop
	# of each connection the monitor and PAM's process
	clean sshd "$processes"
	# request and judge of both
	verifier_clean 4
}
