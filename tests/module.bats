#!/usr/bin/env bats
# The module inside an application: conversations that fail, threads, loading
# and unloading, the files that it opens, and what it leaves behind.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	export DRIVE=$S/bin/pamdrive
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$DRIVE"
	cp "$CERTAUTH_BUILD/tests/valgrind/nosandbox.so" "$S/bin/"
	chmod -R a+rX "$S/etc/certauth"
	mkdir "$S/keys"
	cp "$PKI"/{alice,revoked}{-chain.pem,.key} "$S/keys/"
	chmod 755 "$S/keys"
	chmod 600 "$S"/keys/*.key
}
teardown_file() { place_remove; }

setup() {
	verifier_reset
	conf_reset
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	crl_dir crl
	service test
	printf 'account required %s %s\n' "$MODULE" \
		"${CERTAUTH_VERIFIER:-verifier=spawn}" >>"$S/etc/pam.d/test"
	# a shell command that runs alice's client
	export CLIENT="$CERTAUTH sign --pieces --any-host --yes --user alice \
		--cert $S/keys/alice-chain.pem --key $S/keys/alice.key"
	log_mark
}

# drive CODE [PAMDRIVE-OPTION ...]: one login as alice that ends with CODE
drive() {
	local code=$1
	shift
	log_mark
	# shellcheck disable=SC2086 # several words
	in_place ${WRAP:-} "$DRIVE" -u alice -x "$@" >"$S/seen" 2>&1 || :
	cat "$S/seen"
	grep -q "^authenticate $code\$" "$S/seen" || return
	grep -q '^opened 0$' "$S/seen" || return
	[ "$code" = PAM_SUCCESS ] || not_logged outcome=granted
}

@test "a login, and what it leaves for the session" {
	drive PAM_SUCCESS -C "$CLIENT"
	logged 'outcome=granted'
	grep '^env CERTAUTH_SUBJECT=CN=' "$S/seen"
	grep '^env CERTAUTH_ISSUER=CN=' "$S/seen"
	grep -E '^env CERTAUTH_SERIAL=[0-9a-f]+$' "$S/seen"
	grep "^env CERTAUTH_SHA256=$(pki_sha256 "$PKI/alice.pem")\$" "$S/seen"
	grep -E '^env CERTAUTH_NOT_AFTER=20[0-9-]+T[0-9:]+Z$' "$S/seen"
	[ "$(log_lines | grep -c outcome=)" -eq 1 ]
}

@test "no answer: NULL, no array, PAM_CONV_ERR, PAM_CONV_AGAIN" {
	drive PAM_CONV_ERR -m null
	logged reason=answer-empty
	drive PAM_CONV_ERR -m noarray
	logged reason=answer-empty
	drive PAM_CONV_ERR -m error
	logged reason=conversation
	drive PAM_CONV_ERR -m again
	logged reason=conversation
}

@test "no answer at the second prompt" {
	local mode
	for mode in null noarray empty error again; do
		drive PAM_CONV_ERR -C "$CLIENT" -m $mode -f 1
	done
	[ "$(grep -c '^prompt ' "$S/seen")" -eq 2 ]
}

@test "an empty answer" {
	drive PAM_CONV_ERR -m empty
	logged reason=answer-empty
}

@test "1 MiB of junk, 17 MiB, endless pieces, bytes that are no text" {
	drive PAM_AUTH_ERR -m junk
	logged reason=answer-limit
	drive PAM_AUTH_ERR -m big
	drive PAM_AUTH_ERR -m endless
	logged reason=answer-limit
	[ "$(grep -c '^prompt ' "$S/seen")" -le 128 ]
	drive PAM_AUTH_ERR -m binary
	logged reason=answer-malformed
}

@test "a repeated piece, a cut one, a word" {
	drive PAM_AUTH_ERR -C "$CLIENT" -m repeat
	logged reason=answer-repeated
	drive PAM_AUTH_ERR -C "$CLIENT" -m cut
	logged reason=answer-cut
	grep '^error The answer was truncated' "$S/seen"
	drive PAM_AUTH_ERR -m foreign
	grep '^error The answer is malformed' "$S/seen"
}

@test "PAM_SILENT: no message, the same verdict" {
	drive PAM_AUTH_ERR -m foreign -F 0x8000
	run ! grep '^error' "$S/seen"
	drive PAM_SUCCESS -C "$CLIENT" -F 0x8001
}

@test "PAM_USER unset: the login comes from the certificate" {
	log_mark
	in_place "$DRIVE" -C "${CLIENT/--user alice/}" >"$S/seen"
	cat "$S/seen"
	grep '^user alice$' "$S/seen"
	logged 'outcome=granted.* user="alice"'
}

@test "a user who does not exist, or has no mapping, is asked alike" {
	local user
	for user in nobody-such carol; do
		log_mark
		run ! in_place "$DRIVE" -u $user -C "${CLIENT/alice/$user}"
		[[ $output = *'prompt certauth1'*'authenticate PAM_AUTH_ERR'* ]]
		logged 'outcome=denied.*reason=(other-user|unmapped)'
	done
}

@test "a user name that no request can carry" {
	log_mark
	run ! in_place "$DRIVE" -u $'alice\e[2J\nroot' \
		-C "${CLIENT/--user alice/--user ?}"
	[[ $output = *'authenticate PAM_AUTH_ERR'* ]]
	not_logged outcome=granted
	log_lines >"$S/lines"
	run ! grep -q $'\e' "$S/lines"
	grep -q 'x1b\[2J' "$S/lines"
}

# ---- account ----

@test "account: the certificate is looked at anew" {
	drive PAM_SUCCESS -C "$CLIENT" -a
	grep '^account PAM_SUCCESS$' "$S/seen"
}

@test "account: revoked between login and account" {
	local hold=$S/hold i
	users "alice sha256:$(pki_sha256 "$PKI/revoked.pem")"
	crl_dir crl-clean
	: >"$hold"
	log_mark
	in_place "$DRIVE" -u alice -C "${CLIENT//keys\/alice/keys/revoked}" \
		-a -w "$hold" >"$S/seen" &
	for ((i = 0; i < 1000; i++)); do
		grep -q '^waiting$' "$S/seen" 2>/dev/null && break
		sleep 0.02
	done
	crl_dir crl
	rm "$hold"
	wait $! || :
	cat "$S/seen"
	grep '^authenticate PAM_SUCCESS$' "$S/seen"
	grep '^account PAM_PERM_DENIED$' "$S/seen"
	logged 'event=account outcome=rejected reason=revoked'
}

@test "account: of another user than the one who logged in" {
	drive PAM_SUCCESS -C "$CLIENT" -a -U bob
	grep '^account PAM_PERM_DENIED$' "$S/seen"
	logged 'event=account .*reason=other-user'
}

@test "a login without an account, as a mail server has them: only if PAM_USER names it" {
	local user=virtual@example.org
	users "$user sha256:$(pki_sha256 "$PKI/alice.pem")"
	log_mark
	run ! in_place "$DRIVE" -C "${CLIENT/--user alice/}"
	[[ $output = *'authenticate PAM_AUTH_ERR'* ]]
	logged 'outcome=denied reason=login-invalid .*the login is not an account'
	log_mark
	in_place "$DRIVE" -u "$user" -C "${CLIENT/--user alice/--user $user}" >"$S/seen"
	grep '^authenticate PAM_SUCCESS$' "$S/seen"
	logged 'outcome=granted reason=ok user="virtual@example.org"'
}

@test "PAM_USER changed while the answer was given" {
	# the request is for alice, and bob would be logged in
	drive PAM_AUTH_ERR -C "$CLIENT" -P bob
	logged 'outcome=denied reason=nonce'
	users "bob sha256:$(pki_sha256 "$PKI/alice.pem")"
	drive PAM_AUTH_ERR -C "$CLIENT" -P bob
	users "bob sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/alice.pem")"
}

@test "valgrind: PAM_USER, PAM_SERVICE changed while the answer was given, or was not" {
	# the old names have been freed
	local vg="env LD_PRELOAD=$S/bin/nosandbox.so valgrind -q
		--error-exitcode=99 --child-silent-after-fork=yes"
	verifier_is "$S/bin/certauth-verifier"
	WRAP=$vg drive PAM_AUTH_ERR -C "$CLIENT" -P bob
	run ! grep '^==' "$S/seen"
	logged 'outcome=denied reason=nonce'
	WRAP=$vg drive PAM_CONV_ERR -m empty -P bob
	run ! grep '^==' "$S/seen"
	logged 'outcome=denied reason=answer-empty user="bob" service="test"'
	WRAP=$vg drive PAM_CONV_ERR -m empty -S sshd
	run ! grep '^==' "$S/seen"
	logged 'outcome=denied reason=answer-empty user="alice" service="sshd"'
	WRAP=$vg drive PAM_AUTH_ERR -C "$CLIENT" -S sshd
	run ! grep '^==' "$S/seen"
	logged 'outcome=denied reason=nonce user="alice" service="sshd"'
}

@test "a second attempt that fails leaves no data of the first" {
	log_mark
	in_place "$DRIVE" -u alice -C "$CLIENT" -A empty >"$S/seen" && return 1
	grep '^authenticate PAM_SUCCESS$' "$S/seen"
	grep '^again PAM_CONV_ERR$' "$S/seen"
	run ! grep '^env CERTAUTH' "$S/seen"
}

@test "account: not by certificate" {
	printf 'auth required pam_permit.so\naccount required %s\n' "$MODULE" \
		>"$S/etc/pam.d/test"
	echo 'account required pam_permit.so' >>"$S/etc/pam.d/test"
	drive PAM_SUCCESS -a
	grep '^account PAM_SUCCESS$' "$S/seen" # PAM_IGNORE, and pam_permit
	sed -i "2s/\$/ require_account=yes/" "$S/etc/pam.d/test"
	drive PAM_SUCCESS -a
	grep '^account PAM_PERM_DENIED$' "$S/seen"
}

# no_verifier: none can be started
no_verifier() {
	in_place rm -f /run/certauth-test/certauth-verifier
}

# account CODE [ARG ...]: that is what the account phase says, without a login by
# certificate
account() {
	local code=$1
	shift
	printf 'auth required pam_permit.so\naccount required %s verifier=spawn %s\naccount required pam_permit.so\n' \
		"$MODULE" "$*" >"$S/etc/pam.d/test"
	drive PAM_SUCCESS -a
	grep "^account $code\$" "$S/seen"
}

@test "account: without a verifier, nobody is admitted unless an argument says so" {
	local why='outcome=denied reason=internal user="alice" service="test"'
	account PAM_SUCCESS
	no_verifier
	account 'PAM_[AP].*'
	logged "event=account $why"
	logged 'give the account line of service test the argument require_account=no'
	account PAM_SUCCESS require_account=no
	account PAM_SUCCESS mode=audit
	account PAM_PERM_DENIED require_account=yes
	logged 'event=account outcome=denied reason=no-credential'
	account PAM_PERM_DENIED require_account=yes require_account=no
	# one that fails before it has read the configuration
	verifier_is /bin/false
	in_place rm -f /run/certauth-test/slow
	account 'PAM_[AP].*'
	account PAM_SUCCESS mode=audit
	verifier_reset
	# the file decides where it can be read
	conf default 'require_account = yes'
	account PAM_PERM_DENIED
	account PAM_SUCCESS require_account=no
	account PAM_SUCCESS mode=audit
	conf default 'nonsense = 1'
	account PAM_SERVICE_ERR
	logged 'outcome=denied reason=config user="alice" service="test" detail="the line before names the file'
	account PAM_SUCCESS mode=audit
}

@test "a trial stays one, whatever is wrong with the other arguments" {
	printf 'auth required %s mode=audit verifier=nonsense\nauth required pam_deny.so\naccount required %s verifier=nonsense mode=audit\n' \
		"$MODULE" "$MODULE" >"$S/etc/pam.d/test"
	echo 'account required pam_permit.so' >>"$S/etc/pam.d/test"
	sed -i 's/pam_deny/pam_permit/' "$S/etc/pam.d/test"
	drive PAM_SUCCESS -a
	grep '^account PAM_SUCCESS$' "$S/seen"
	logged 'outcome=denied reason=config'
	no_verifier
	sed -i 's/verifier=nonsense//' "$S/etc/pam.d/test"
	drive PAM_SUCCESS -a
	grep '^account PAM_SUCCESS$' "$S/seen"
}

@test "a user name, or arguments, that no message can carry" {
	local long
	long=$(printf 'x%.0s' {1..70000})
	log_mark
	in_place "$DRIVE" -u "$long" -m empty >"$S/seen" 2>&1 || :
	grep '^authenticate PAM_' "$S/seen"
	run ! grep '^prompt' "$S/seen"
	logged 'outcome=denied reason=login-invalid .*has more than 66559 bytes'
	# shellcheck disable=SC2046 # many words
	printf 'auth required %s verifier=spawn %s\n' "$MODULE" \
		"$(printf 'debug %.0s' {1..65})" >"$S/etc/pam.d/test"
	drive PAM_SERVICE_ERR -m empty
	logged 'the module has too many arguments'
	logged 'outcome=denied reason=config'
}

# ---- configuration ----

@test "mode = audit never grants, and leaves no trace" {
	conf default mode=audit
	printf 'auth required %s\nauth required pam_deny.so\n' "$MODULE" \
		>"$S/etc/pam.d/test"
	log_mark
	in_place "$DRIVE" -u alice -C "$CLIENT" >"$S/seen" && return 1
	grep '^authenticate PAM_AUTH_ERR$' "$S/seen"
	logged 'mode=audit outcome=granted reason=ok'
	run ! grep '^env' "$S/seen"
	printf 'auth required %s\n' "$MODULE" >"$S/etc/pam.d/test"
	in_place "$DRIVE" -u alice -C "$CLIENT" >"$S/seen" && return 1
	run ! grep 'authenticate PAM_SUCCESS' "$S/seen"
	service test mode=audit audit=json
	in_place "$DRIVE" -u alice -C "$CLIENT" >"$S/seen" && return 1
	logged '"mode": *"audit"'
}

@test "audit = json: one object" {
	service test audit=json
	drive PAM_SUCCESS -C "$CLIENT"
	log_lines | grep -o '{.*}' | python3 -c 'import json, sys
o = json.loads(sys.stdin.read())
assert o["outcome"] == "granted", o'
}

@test "debug: each check has a line" {
	service test debug
	drive PAM_SUCCESS -C "$CLIENT"
	local check
	for check in signature chain validity purpose revocation mapping; do
		logged "$check +pass"
	done
}

@test "crl = off is in the log of every login" {
	service test crl=off
	drive PAM_SUCCESS -C "$CLIENT"
	logged 'outcome=granted.*crl-off'
}

@test "a mistake in configuration or arguments denies every login" {
	conf default 'no_such_key=1'
	drive PAM_SERVICE_ERR -C "$CLIENT"
	logged 'certauth.conf:[0-9]+'
	run ! grep '^prompt' "$S/seen"
	conf_reset
	service test crl=perhaps
	drive PAM_SERVICE_ERR -C "$CLIENT"
	service test config=/nowhere
	drive PAM_SERVICE_ERR -C "$CLIENT"
}

@test "a certificate that expires soon: the user is told" {
	service test warn_expiry=3650d
	drive PAM_SUCCESS -C "$CLIENT"
	grep -E '^info Your certificate expires in [0-9]+ days?: .*CN=' "$S/seen"
	service test warn_expiry=0
	drive PAM_SUCCESS -C "$CLIENT"
	run ! grep '^info' "$S/seen"
}

@test "the other entry points" {
	printf 'auth required pam_permit.so\npassword required %s\n' \
		"$MODULE" >"$S/etc/pam.d/test"
	printf 'session required %s\nsession required pam_permit.so\n' \
		"$MODULE" >>"$S/etc/pam.d/test"
	in_place pamtester test alice open_session close_session
	log_mark
	run ! in_place pamtester test alice chauthtok
	logged 'no password to change'
	service test
	in_place pamtester test alice setcred
}

# ---- the process that it is in ----

@test "exports pam_sm_ alone, and loads few libraries" {
	local names
	names=$(nm -D --defined-only "$MODULE" | awk '{ print $3 }' | sort)
	diff - <(echo "$names") <<-EOF
	pam_sm_acct_mgmt
	pam_sm_authenticate
	pam_sm_chauthtok
	pam_sm_close_session
	pam_sm_open_session
	pam_sm_setcred
	EOF
	run ! grep -E 'curl|p11-kit|softhsm|gnutls|ldap' <(ldd "$MODULE")
}

@test "no token library and no key in the process, not even at the prompt" {
	cat >"$S/bin/look" <<-EOF
	#!/bin/bash
	read -r prompt
	cat /proc/\$PPID/maps >"$S/maps"
	{ printf '%s\\n' "\$prompt"; cat; } | $CLIENT
	EOF
	chmod 755 "$S/bin/look"
	service test proof=command,conversation "helper=$HELPER" pkcs11=yes
	drive PAM_SUCCESS -C "exec $S/bin/look"
	grep -q pam_certauth "$S/maps"
	run ! grep -E 'p11-kit|softhsm|opensc|libcurl' "$S/maps"
}

@test "OPENSSL_CONF, OPENSSL_MODULES and their like have no effect" {
	local evil=$S/evil
	mkdir -p "$evil"
	cat >"$evil/openssl.cnf" <<-EOF
	openssl_conf = init
	[init]
	providers = prov
	engines = eng
	[prov]
	default = off
	evil = evil_sect
	[off]
	activate = 0
	[evil_sect]
	module = $evil/evil.so
	activate = 1
	[eng]
	evil = eng_sect
	[eng_sect]
	dynamic_path = $evil/evil.so
	init = 1
	EOF
	# a library that creates a file if it is loaded
	printf '%s\n' '#include <stdio.h>' \
		'__attribute__((constructor)) static void mark(void)' \
		"{ fclose(fopen(\"$evil/loaded\", \"w\")); }" |
		gcc -shared -fPIC -x c -o "$evil/evil.so" -
	cp "$evil/evil.so" "$evil/legacy.so"
	cat >"$S/bin/clean-client" <<-EOF
	#!/bin/sh
	unset OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES
	exec $CLIENT
	EOF
	chmod 755 "$S/bin/clean-client"
	WRAP="env OPENSSL_CONF=$evil/openssl.cnf OPENSSL_MODULES=$evil \
		OPENSSL_ENGINES=$evil SSL_CERT_DIR=$evil" \
		drive PAM_SUCCESS -C "$S/bin/clean-client"
	[ ! -e "$evil/loaded" ]
}

@test "as an ordinary user, with readable configuration" {
	need_root
	# the user unlocks as himself, and cannot read root's files
	cp "$S"/keys/alice* "$S/home/alice/"
	chown 2001 "$S"/home/alice/alice*
	as_user alice "$DRIVE" -u alice \
		-C "${CLIENT//$S\/keys/$S/home/alice}" >"$S/seen" 2>&1
	grep '^authenticate PAM_SUCCESS$' "$S/seen"
}

@test "between clone and exec, no function is called that may wait for a lock" {
	# another thread may have held it when the memory was copied; what stands here is
	# a system call, or computes
	local may='__errno_location __libc_current_sigrtmax __stack_chk_fail _exit chdir
		close dup2 fcntl getegid geteuid getppid getrlimit kill lseek open poll
		prctl read send setrlimit setsid sigaddset sigemptyset signalfd
		sigprocmask syscall umask waitid waitpid' name found=0
	for name in $(nm -u "$CERTAUTH_BUILD/src/process/spawn_child.o" \
		"$CERTAUTH_BUILD/src/process/become.o" | sed -n 's/^ *U //p'); do
		name=${name%%@*}
		found=$((found + 1))
		case $name in
		ca_* | __*_chk | __open_2 | __open64_2 | _GLOBAL_OFFSET_TABLE_) continue ;;
		esac
		grep -qw -e "${name%64}" <<<"$may" || {
			echo "$name"
			return 1
		}
	done
	[ "$found" -gt 20 ]
}

@test "8 threads at once" {
	log_mark
	local rc=0
	in_place "$DRIVE" -q -u alice -C "$CLIENT" -t 8 -n 3 -x >"$S/seen" 2>&1 || rc=$?
	cat "$S/seen"
	log_lines
	[ $rc -eq 0 ]
	grep '^failed 0 of 24$' "$S/seen"
	grep '^children none$' "$S/seen"
}

@test "loaded and unloaded 1,000 times" {
	in_place "$DRIVE" -q -u alice -m empty -n 1000 -x >"$S/seen" 2>&1 || :
	cat "$S/seen"
	grep '^failed 1000 of 1000$' "$S/seen"
	grep '^opened 0$' "$S/seen"
	in_place "$DRIVE" -q -u alice -C "$CLIENT" -n 20 -x >"$S/seen" 2>&1
	grep '^failed 0 of 20$' "$S/seen"
}

@test "valgrind: no error and no leak, granted or refused" {
	# valgrind lets nobody lower the limit of descriptors, which the module
	# does for the verifier
	local vg="env LD_PRELOAD=$S/bin/nosandbox.so
		valgrind -q --leak-check=full --show-leak-kinds=definite,possible
		--errors-for-leak-kinds=definite,possible --error-exitcode=99
		--trace-children=no --child-silent-after-fork=yes"
	spawn_only
	verifier_is "$S/bin/certauth-verifier"
	# shellcheck disable=SC2086 # several words
	WRAP=$vg drive PAM_SUCCESS -C "$CLIENT" -a
	run ! grep '^==' "$S/seen"
	WRAP=$vg drive PAM_AUTH_ERR -u bob -C "${CLIENT/--user alice/--user bob}"
	logged reason=other-user
	run ! grep '^==' "$S/seen"
	WRAP=$vg drive PAM_AUTH_ERR -C "$CLIENT" -m cut
	run ! grep '^==' "$S/seen"
	WRAP=$vg drive PAM_CONV_ERR -C "$CLIENT" -m null -f 1
	run ! grep '^==' "$S/seen"
}

# Workers end without freeing anything: what they read and write counts.
@test "valgrind: no error in the verifier, granted or refused" {
	local vg="$S/vg.%p" f workers=0
	spawn_only
	verifier_is "$(command -v valgrind)" -q --log-file="$vg" \
		--error-exitcode=99 -v "$S/bin/unconfined"
	drive PAM_SUCCESS -C "$CLIENT" -a
	drive PAM_AUTH_ERR -u bob -C "${CLIENT/--user alice/--user bob}"
	logged reason=other-user
	drive PAM_AUTH_ERR -C "$CLIENT" -m cut
	logged reason=answer-cut
	for f in $(verifier_logs "$S"/vg.*); do
		workers=$((workers + 1))
		grep 'ERROR SUMMARY: 0 errors' "$f" || { cat "$f"; return 1; }
	done
	# request and judge of each, and recheck
	echo "$workers workers"
	[ "$workers" -eq 7 ]
	# and its parent
	run ! grep -E 'Invalid|ninitialised|Process terminating' "$S"/vg.*
}

# traced [LOGIN.PY-OPTION ...]: a login, with the calls of all processes in
# $S/trace, and APP, the number of the application's
traced() {
	in_place python3 "$S/bin/login.py" --cert "$PKI/alice-chain.pem" \
		--key "$PKI/alice.key" "$@" -- strace -f \
		-e trace=read,openat,openat2,open,seccomp,execve,execveat \
		-o "$S/trace" \
		pamtester test alice authenticate >"$S/seen" 2>&1 </dev/null || :
	APP=$(awk 'NR == 1 { print $1 }' "$S/trace")
	[ -n "$APP" ]
}

# What the last worker opens after it has confined itself, which comes before it
# is given the response; and that this was after the last answer.
opened_after() {
	awk -v app="$APP" '$1 == app && $2 ~ /^read\(0,/ { read_it = 1; n = 0 }
		/ seccomp\(SECCOMP_SET_MODE_FILTER/ { n = 0; worker = $1; sure = read_it }
		$1 == worker && / open/ { line[++n] = $0 }
		END { for (i = 1; i <= n; i++) print line[i]; exit !sure }' "$S/trace"
}

@test "nothing is opened for the certificate before its signature is good" {
	# strace sees the children of the application alone
	spawn_only
	traced
	opened_after >"$S/files"
	# the trace must show the answer, or the test would prove nothing
	grep certauth/ca "$S/files"
	grep certauth/crl "$S/files"
	grep certauth/users "$S/files"
	local how
	for how in flip-signature flip-nonce trailing context; do
		traced --how $how
		opened_after >"$S/files"
		run ! grep certauth "$S/files"
	done
}

@test "the application's process opens no file of certauth's, and no libcrypto" {
	spawn_only
	traced
	grep "^$APP .*pam_certauth.so" "$S/trace"
	# every file that the verifier may not open itself is asked for; here none
	run ! grep -E "^$APP .*(etc/certauth|lib(crypto|cdb|sss)[^ ]*so)" "$S/trace"
	# others do
	grep 'etc/certauth/certauth.conf' "$S/trace"
	grep 'libcrypto[^ ]*so' "$S/trace"
	# the users file that only root may read is asked for, and nothing else
	chmod 600 "$S/etc/certauth/users"
	traced
	chmod 644 "$S/etc/certauth/users"
	logged outcome=granted
	grep -E "^$APP .*etc/certauth" "$S/trace" >"$S/files"
	cat "$S/files"
	run ! grep -v '"/etc/certauth/users"' "$S/files"
	[ -s "$S/files" ]
}

# needs FILE: the libraries that it names
needs() {
	objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }'
}

@test "the module needs libc and libpam alone" {
	local lib so
	for so in "$CERTAUTH_BUILD/pam_certauth.so" "$MODULE"; do
		needs "$so" >"$S/needed"
		cat "$S/needed"
		grep -q '^libpam\.so' "$S/needed"
		while read -r lib; do
			[[ $lib =~ ^lib(pam|c)\.so\. ]] ||
				# of a sanitizer, which a build may have
				[[ $lib =~ ^lib(asan|ubsan|tsan)\.so ]]
		done <"$S/needed"
	done
	# the verifier needs more
	needs "$CERTAUTH_BUILD/certauth-verifier" | grep '^libcrypto\.so'
}

# at_prompt COMMAND ...: what is mapped in each process of COMMAND that has the
# module, while it waits for an answer: in $S/maps
at_prompt() {
	local pid i app p
	rm -f "$S/maps" "$S/hold"
	mkfifo "$S/hold"
	# shellcheck disable=SC2209 # a word
	EXEC=exec in_place "$@" <"$S/hold" >"$S/out" 2>&1 3>&- 4>&- &
	pid=$!
	exec 9>"$S/hold"
	for ((i = 0; i < 500; i++)); do
		! grep -q 'certauth1 ' "$S/out" || break
		sleep 0.02
	done
	for p in /proc/[0-9]*; do
		! grep -q "$MODULE" "$p/maps" 2>/dev/null || cat "$p/maps"
	done >"$S/maps"
	exec 9>&-
	rm -f "$S/hold"
	wait "$pid" || :
	cat "$S/out"
	grep -q "$MODULE" "$S/maps"
}

@test "what is linked into an application has fewer than 6,200 lines of code" {
	# the files that the linker takes, without comments and blank lines
	local n name room total=0 f found
	cc -shared -Wl,-Map="$S/map" -o "$S/mapped.so" \
		"$CERTAUTH_BUILD/pam_certauth.o" \
		"$CERTAUTH_BUILD/libcertauth.a" -lpam
	for name in pam_certauth $(grep -oE 'libcertauth\.a\([a-z_0-9]+\.o\)' "$S/map" |
		sed 's/.*(//; s/\.o)//' | sort -u); do
		found=
		for room in . src/base src/channel src/module src/op src/process src/session; do
			f=$HERE/$room/$name.c
			[ -e "$f" ] || continue
			found=1
			n=$(cc -fpreprocessed -dD -E -P "$f" 2>/dev/null | grep -cv '^[[:space:]]*$')
			total=$((total + n))
		done
		[ -n "$found" ] || {
			echo "$name.c of another room is linked"
			return 1
		}
	done
	echo "$total lines"
	[ "$total" -gt 2000 ]
	[ "$total" -lt 6200 ]
}

@test "no library of the verifier is mapped where the module is" {
	need_root
	printf 'auth required %s verifier=spawn\naccount required pam_permit.so\nsession required pam_permit.so\n' \
		"$MODULE" | tee "$S/etc/pam.d/su" >"$S/etc/pam.d/sudo"
	echo 'alice ALL=(ALL) ALL' >"$S/etc/sudoers"
	chmod 440 "$S/etc/sudoers"
	local app
	for app in drive su sudo; do
		case $app in
		drive) at_prompt "$DRIVE" -u alice -C "cat $S/hold" ;;
		su) at_prompt setpriv --reuid 2002 --regid 2002 --clear-groups \
			su alice -c true ;;
		sudo) at_prompt setpriv --reuid 2001 --regid 2001 \
			--clear-groups sudo -S true ;;
		esac
		# sudo needs libcrypto itself on some releases, or a library of its own does
		local libs='lib(crypto|cdb|sss_certmap|inih)[^ ]*so'
		[ "$app" != sudo ] || ! ldd "$(command -v sudo)" | grep libcrypto ||
			libs='lib(cdb|sss_certmap|inih)[^ ]*so'
		run ! grep -E "$libs" "$S/maps"
	done
}
