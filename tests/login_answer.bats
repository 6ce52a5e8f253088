#!/usr/bin/env bats
# Answers that must be refused: replayed, for another request, late, cut,
# empty, endless, or not answers at all.
load lib/common

setup_file() {
	place_make
	map alice rsa4096
	service other
}
teardown_file() { place_remove; }

setup() { conf_reset; }

@test "an answer replayed" {
	login_ok --save-answer "$S/answer"
	login_denied nonce --replay "$S/answer"
}

@test "an answer to another service's request" {
	# somebody is asked at service other, and that request is passed on
	SERVICE=other login --save-request "$S/request" --how eof || true
	login_denied nonce --for "$S/request"
	login_denied signature --for "$S/request" --nonce-of-asked
}

@test "an answer to another user's request" {
	LOGIN=bob login --save-request "$S/request" --how eof || true
	login_denied nonce --for "$S/request"
	login_denied signature --for "$S/request" --nonce-of-asked
}

@test "an answer after the request's lifetime" {
	conf default 'lifetime = 10'
	login_denied request-expired --delay 11
}

@test "a signature by the host's context string" {
	login_denied signature --how context
}

@test "a bit changed in signature and nonce" {
	login_denied signature --how flip-signature
	login_denied nonce --how flip-nonce
}

@test "a byte too many, messages too many" {
	login_denied answer-malformed --how trailing
	login_denied answer-malformed --how two
}

@test "cut: the last character is missing" {
	login_denied answer-cut --how cut
	grep -q 'truncated' "$S/seen"
}

@test "cut: half of a piece is missing" {
	login_denied answer-cut --how cut-half
	login_denied answer-cut --cert rsa4096 --how cut-half
}

@test "an answer that is a password" {
	login_denied 'answer-(malformed|cut)' --how plain
}

@test "the same piece again and again" {
	login_denied answer-repeated --cert rsa4096 --how repeat
}

@test "the log says what a refused answer means, and what to do" {
	login_denied answer-cut --how cut
	logged 'detail="the application, the terminal .*smaller max_answer'
	login_denied answer-repeated --cert rsa4096 --how repeat
	logged 'detail="the application shows one prompt .*proof = command'
	login_denied answer-limit --how endless
	logged 'detail=".*default max_answer = .*certauth-protocol\(7\)'
	login_denied answer-malformed --how trailing
	logged 'detail=".*does not follow certauth-protocol\(7\)'
	login --save-answer "$S/old" || true
	login_denied nonce --replay "$S/old"
	logged 'detail="the client answered an earlier prompt'
	login_denied signature --how flip-signature
	logged 'detail="the signature is not by the key of the certificate'
	login_denied scheme --cert alice --scheme ecdsa_secp384r1_sha384
	logged 'detail="the key of the client.s certificate \(EC on P-256\) does not fit the scheme ecdsa_secp384r1_sha384'
	login_denied scheme --cert rsa2048 --scheme rsa_pkcs1_sha1
	logged 'detail="the client used the signature scheme 0x0201, and this host accepts ecdsa_secp256r1_sha256'
	login_denied key-weak --cert rsa1024
	logged 'detail="the key of the client.s certificate \(RSA of 1024 bits\)'
	login_denied no-registered --raw --cert - --key "$PKI/bob.key"
	logged 'detail="/etc/certauth/users.d has no certificate of the user'
	# the client is told nothing of it
	run ! grep -qE 'users\.d|earlier prompt|CN=' "$S/seen"
}

@test "endless pieces" {
	login_denied answer-limit --how endless
	conf default 'max_answer = 64'
	login_denied answer-limit --how endless
}

@test "1 MiB of junk" {
	login_denied 'answer-(limit|cut|malformed)' --how junk
}

@test "an empty answer" {
	login_denied answer-empty --how empty
}

@test "no answer: end of file" {
	login_denied answer-empty --how eof
	login_denied answer-empty --pty --how eof
}

@test "the user is not told more than that it failed" {
	login_denied unknown-ca --raw --cert "$PKI/stranger-leaf.pem" \
		--key "$PKI/stranger-leaf.key"
	sed 's/certauth1 [^ ]*//g' "$S/seen" >"$S/told"
	cat "$S/told"
	run grep -iE 'unknown|chain|\bCA\b|certificate|map|revo' "$S/told"
	[ "$status" -ne 0 ]
}

@test "text of others is escaped in the log" {
	login_denied signature --how flip-signature -- -Irhost="$(printf \
		'evil\nline "two"\033[31m')" || true
	logged 'outcome=denied'
	run bash -c "tail -n +$LOG_FROM '$S/log' | grep -P '\\033'"
	[ "$status" -ne 0 ]
	run bash -c "tail -n +$LOG_FROM '$S/log' | grep '^line'"
	[ "$status" -ne 0 ]
}

# a login by pamdrive, an application whose conversation misbehaves
driven() {
	log_mark
	run in_place timeout 60 "$CERTAUTH_BUILD/tests/lib/pamdrive" -u alice "$@"
	echo "$output" | cut -c1-300
	[ "$status" -eq 1 ]
	logged 'outcome=denied'
	not_logged 'outcome=granted'
}

@test "NULL for an answer, and no answers at all" {
	driven -m null
	logged 'reason=answer-empty'
	driven -m noarray
	logged 'reason=(answer-empty|conversation)'
}

@test "PAM_CONV_ERR" {
	driven -m error
	logged 'reason=conversation'
}

@test "NULL, empty and PAM_CONV_ERR at a later prompt" {
	local mode client
	client="sh -c 'while IFS= read -r line; do $S/bin/piece \"\$line\"; done'"
	careless_client "$S/bin/piece"
	for mode in null empty error; do
		driven -C "CERT=$PKI/alice-chain.pem KEY=$PKI/alice.key \
			HOME=$S $client" -f 1 -m $mode
		echo "$output" | grep -q 'next=499'
	done
}
