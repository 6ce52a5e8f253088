#!/usr/bin/env bats
# A real sshd and the real OpenSSH client.
load lib/common
load lib/sshd

setup() {
	need_root
	client_make
}

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/rsa4096.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/revoked.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	conf default 'host_names = web1.example web1'
	sshd_start
}

teardown_file() {
	sshd_stop
	place_remove
}

# a refused login of the client: NAME OF REASON, COMMAND ...
refused() {
	local reason=$1
	shift
	log_mark
	run "$@"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output != *alice-is-in* ]]
	logged "pam_certauth\\(sshd:auth\\).*outcome=denied.* reason=$reason"
	not_logged 'outcome=granted'
}

# what ssh gives its askpass as the prompt of the module: carol's file prompt
prompt_seen() {
	printf '#!/bin/sh\nprintf "%%s\\n" "$1" >~/prompt\necho\n' \
		>"$S/bin/seen-prompt"
	chmod 755 "$S/bin/seen-prompt"
	CLIENT_ENV="SSH_ASKPASS=$S/bin/seen-prompt SSH_ASKPASS_REQUIRE=force" \
		client ssh -o NumberOfPasswordPrompts=1 web1 true </dev/null ||
		[ -s "$S/home/carol/prompt" ]
}

@test "certauth ssh web1, with no option at all" {
	log_mark
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'pam_certauth\(sshd:auth\).*outcome=granted'
	logged ' rhost="?127.0.0.1'
}

@test "an account with a domain, by a line with keep-domain" {
	pki_leaf dom inter --san 'email:dom@corp.example'
	cat "$PKI/dom.pem" "$PKI/inter.pem" >"$PKI/dom-chain.pem"
	cp "$S/etc/certauth/users" "$S/users.before"
	echo "dom@corp.example:x:2101:2101::$S/home/alice:/bin/bash" \
		>>"$S/etc/passwd"
	echo 'dom@corp.example:*:19000:0:99999:7:::' >>"$S/etc/shadow"
	users '* email:*@corp.example keep-domain'
	client_make dom
	run client "$CERTAUTH" ssh -l dom@corp.example web1 \
		'echo $(id -un)-is-in' </dev/null
	echo "$output"
	cp "$S/users.before" "$S/etc/certauth/users"
	sed -i '/^dom@/d' "$S/etc/passwd" "$S/etc/shadow"
	[ "$status" -eq 0 ]
	[[ $output == *dom@corp.example-is-in* ]]
}

pass_through() {
	echo from here | client "$CERTAUTH" ssh web1 'cat; exit 7'
}

@test "in sshd the module loads nothing: no library is opened after it" {
	local pid of_file=$SSHD_PID
	command -v strace >/dev/null || skip 'no strace here'
	# a second one, for this test
	SSHD_PID=
	SSHD_UNDER="strace -I1 -f -qq -e trace=openat,open -o $S/opened" SSHD_WAIT=2000 \
		sshd_start
	client_make
	log_mark
	run client "$CERTAUTH" ssh web1 true </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	logged 'pam_certauth\(sshd:auth\).*outcome=granted'
	# strace ends with the sshd that it started
	kill "$(pgrep -P "$SSHD_PID")"
	wait "$SSHD_PID" || :
	SSHD_PID=$of_file
	awk '/\/pam_certauth\.so"/ && !/ENOENT/ { print $1 }' "$S/opened" |
		sort -u >"$S/loaders"
	[ -s "$S/loaders" ]
	while read -r pid; do
		# what that process opens after the module; PAM loads its other
		# modules itself
		awk -v p="$pid" '$1 == p && after && /\.so/ && !/ENOENT/ && \
			!/\/pam_[a-z]+\.so"/
			$1 == p && /\/pam_certauth\.so"/ { after = 1 }' "$S/opened"
	done <"$S/loaders" >"$S/libraries"
	cat "$S/libraries"
	[ ! -s "$S/libraries" ]
	# the trace would show it: the verifier loads libcrypto
	grep -q 'libcrypto[^ ]*so' "$S/opened"
}

@test "ssh passes the exit status and the streams through" {
	run pass_through
	echo "$output"
	[ "$status" -eq 7 ]
	[[ $output == *'from here'* ]]
}

@test "a long response takes several answers" {
	client_make rsa4096
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	[[ $output == *alice-is-in* ]]
}

@test "no response is left behind in XDG_RUNTIME_DIR" {
	run find "$S/home/carol/run" -type f
	echo "$output"
	[ -z "$output" ]
}

@test "a plain ssh on a terminal, with another program's pieces pasted" {
	log_mark
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/carol/"
	chown 2003 "$S/home/carol/alice.key"
	run client python3 "$S/bin/login.py" --pty \
		--cert alice-chain.pem --key alice.key -- \
		ssh web1 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'outcome=granted'
}

@test "a plain ssh on a terminal, with pieces pasted from certauth sign" {
	log_mark
	run client "$S/bin/paste.exp" \
		"$CERTAUTH sign --pieces --host web1.example --user alice" \
		"ssh web1 {echo \$(id -un)-is-in}" </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'outcome=granted'
}

@test "certauth sign does not sign a pasted request of another host" {
	log_mark
	run client "$S/bin/paste.exp" \
		"$CERTAUTH sign --pieces --host web2.example --user alice" \
		"ssh web1 true" </dev/null
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'* ]]
	not_logged 'outcome=granted'
}

@test "texts of other modules above the prompt" {
	printf 'Hello (you)\nThe second line\n' >"$S/etc/hello"
	sed -i '1i auth optional pam_echo.so file=/etc/hello' "$S/etc/pam.d/sshd"
	log_mark
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	# whoever may write such a line is not the one who asks
	echo 'alice@web1) x@evil) ' >"$S/etc/hello"
	prompt_seen
	log_mark
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	service sshd
	echo "$output"
	cat "$S/home/carol/prompt"
	if grep -q x@evil "$S/home/carol/prompt"; then
		[ "$status" -ne 0 ]
		[[ $output == *'rule 1'*'more than whole lines'* ]]
		not_logged 'outcome=granted'
	else
		# this sshd shows such texts apart from the prompt
		[ "$status" -eq 0 ]
		[[ $output == *alice-is-in* ]]
		grep -qxE '\(alice@web1.example\) certauth1 [^ ]+ next=0 max=[0-9]+: ?' \
			"$S/home/carol/prompt"
		[ "$(wc -l <"$S/home/carol/prompt")" -eq 1 ]
	fi
}

@test "another user's certificate" {
	client_make bob
	refused other-user client "$CERTAUTH" ssh web1 'echo alice-is-in' \
		</dev/null
}

@test "a host that gives itself another name: the client does not sign" {
	printf '127.0.0.1 localhost web1.example web1 bank.example\n' \
		>"$S/etc/hosts"
	log_mark
	run client "$CERTAUTH" ssh -o StrictHostKeyChecking=no -p "$PORT" \
		alice@bank.example 'echo alice-is-in' </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'rule 1'* ]]
	not_logged 'outcome=granted'
}

@test "an unknown user gets the same prompts" {
	local who
	for who in alice erika; do
		log_mark
		run client python3 "$S/bin/login.py" --pty --how empty \
			-- ssh -o NumberOfPasswordPrompts=1 "$who@web1" true \
			</dev/null
		[ "$status" -ne 0 ]
		# all but what is random or the user's own name
		echo "$output" | tr -d '\r' |
			sed -E 's/certauth1 [^ ]+/certauth1 R/; s/(alice|erika)/U/g' \
			>"$S/seen.$who"
	done
	cat "$S/seen.alice"
	grep -q 'certauth1 R next=0' "$S/seen.alice"
	diff "$S/seen.alice" "$S/seen.erika"
}

@test "an unknown user's request is as long as a known one's" {
	local who
	for who in alice erika; do
		run client python3 "$S/bin/login.py" --pty --how empty \
			-- ssh -o NumberOfPasswordPrompts=1 "$who@web1" true \
			</dev/null
		echo "$output" | grep -oE 'certauth1 [^ ]+' | head -1 | wc -c \
			>"$S/length.$who"
	done
	cmp "$S/length.alice" "$S/length.erika"
}

@test "a failed attempt starts anew with another challenge" {
	run client python3 "$S/bin/login.py" --pty --how empty \
		-- ssh web1 true </dev/null
	[ "$status" -ne 0 ]
	echo "$output" | grep -oE 'certauth1 [^ ]+' | sort >"$S/all"
	[ "$(wc -l <"$S/all")" -gt 1 ]
	[ -z "$(uniq -d "$S/all")" ]
}

@test "revoked afterwards: the same login is refused" {
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	[[ $output == *alice-is-in* ]]
	pki_copy "$S/again"
	pki_revoke inter alice
	pki_crl inter
	crl_dir root.crl inter.crl
	refused revoked client "$CERTAUTH" ssh web1 'echo alice-is-in' </dev/null
}

# refused_until TEXT N: bob's certificate, until sshd's log has TEXT, at most N
# times; how often the module was asked is in ASKED
refused_until() {
	local i
	client_make bob
	log_mark
	for ((i = 0; i < $2; i++)); do
		run client "$CERTAUTH" ssh -o NumberOfPasswordPrompts=1 web1 \
			'echo alice-is-in' </dev/null
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output != *alice-is-in* ]]
		if grep -q "$1" "$S/sshd.log"; then break; fi
	done
	ASKED=$(log_lines | grep -c 'outcome=denied.* reason=other-user' || :)
}

@test "refused certificates: sshd refuses the address, unless it is exempt" {
	local values='authfail:600 noauth:600 min:1200 max:3600' line
	crl_dir crl
	if ! sshd_knows PerSourcePenalties; then
		# this sshd has no penalties: the module is asked each time
		refused_until 'penalty' 5
		[ "$ASKED" -eq 5 ]
		return
	fi
	# docs/operations.md, "sshd refuses the address": the default
	grep -i 'authfail:5[. ]' "$S/keyword" | grep -iE 'min:15(\.| |$)'
	# other servers than that of the tests above, which ends with the file
	sshd_start "PerSourcePenalties $values"
	refused_until 'drop connection .*penalty: failed authentication' 10
	grep 'penalty: failed authentication' "$S/sshd.log"
	[ "$ASKED" -ge 2 ] && [ "$ASKED" -lt 10 ]
	# alice, too, who did nothing wrong
	client_make
	log_mark
	run client "$CERTAUTH" ssh web1 'echo alice-is-in' </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth'
	# as operations.md says
	line=$(grep -oE 'PerSourcePenaltyExemptList [^`]*' \
		"$HERE/docs/operations.md" | head -n1)
	sshd_stop
	sshd_start "PerSourcePenalties $values" "$line,127.0.0.0/8"
	refused_until 'penalty' 5
	[ "$ASKED" -eq 5 ]
	client_make
	run client "$CERTAUTH" ssh web1 'echo alice-is-in' </dev/null
	[[ $output == *alice-is-in* ]]
}
