#!/usr/bin/env bats
# The helper that the module starts for logins at the machine: what it is given,
# and what happens if it misbehaves.  The tests of tokens, key files and agents
# run certauth itself as the helper.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	export DRIVE=$S/bin/pamdrive
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$DRIVE"
	mkdir "$S/helpers"
	local name
	for name in hang noread flood noline crash silent garbage direction \
		junk replay ask questions notes badnote none failed dump closeout child; do
		cp "$CERTAUTH_BUILD/tests/lib/badhelper" "$S/helpers/$name"
	done
}
teardown_file() { place_remove; }

setup() {
	need_root
	rm -f "$S"/home/alice/*
}

# helped NAME [PAMDRIVE-OPTION ...]: one login with the helper NAME
helped() {
	local name=$1
	shift
	service test proof=command "helper=$S/helpers/$name" \
		"helper_timeout=${TIMEOUT:-20}"
	log_mark
	in_place "$DRIVE" -s test -u alice -x -k 2 "$@" >"$S/seen" 2>&1
}

# gone PID: the process does not exist, or is a zombie of init
gone() {
	run ! grep -q '^State:.[^ZX]' "/proc/$1/status"
}

# refused NAME REASON [LOG]: a login with the helper NAME is denied and logged,
# and leaves no process and no descriptor
refused() {
	local status=0
	helped "$1" || status=$?
	grep -v "^info flood" "$S/seen"
	[ "$status" -eq 1 ]
	grep -q '^sigchld 0$' "$S/seen"
	[ "$(grep -c '^child there$' "$S/seen")" -eq 2 ]
	grep -q '^children none$' "$S/seen"
	grep -q '^opened 0$' "$S/seen"
	logged "outcome=denied.* reason=$2( |\$)"
	[ -z "${3:-}" ] || logged "$3"
	# the helper was killed
	gone "$(cat "$S/home/alice/pid")"
}

@test "a helper that hangs is killed after its time" {
	TIMEOUT=1 refused hang helper-timeout 'did not finish within 1 s and was killed'
}

@test "a helper that does not read its input" {
	TIMEOUT=1 refused noread helper-timeout 'did not finish within 1 s and was killed'
}

@test "a helper that closes its output and stays" {
	TIMEOUT=20 refused closeout helper
}

@test "a helper that floods with lines" {
	refused flood helper 'sent more than 256 lines'
	[ "$(grep -c '^info flood' "$S/seen")" -le 256 ]
}

@test "a helper that floods without lines" {
	refused noline helper 'sent an invalid line'
}

@test "a helper that crashes" {
	refused crash helper 'was killed by signal 11'
}

@test "a helper that exits without output" {
	refused silent helper 'exited with status 3 without a result'
}

@test "a helper that writes no line of the protocol" {
	refused garbage helper 'sent an invalid line'
}

@test "a helper that sends lines of the host" {
	refused direction helper 'sent an invalid line'
}

@test "a helper whose response is junk" {
	refused junk answer-malformed
}

@test "a helper that fails says why" {
	refused failed helper 'the PIN is locked'
}

@test "a helper that has no key" {
	refused none no-credential
}

@test "a helper that leaves a child" {
	refused child no-credential
	gone "$(cat "$S/home/alice/child")"
}

@test "a helper that answers for another request" {
	# a good answer to an earlier request of the same user and service
	service test
	login_ok --save-answer "$S/answer"
	cp "$S/answer" "$S/home/alice/response"
	refused replay nonce
}

@test "after a helper without a key the conversation is tried" {
	service test proof=command,conversation "helper=$S/helpers/none"
	login_ok
	[ -e "$S/home/alice/pid" ]
}

@test "the token of a helper that signed nothing is not that of the session" {
	printf '#!/bin/sh\necho "token pkcs11:token=a"\necho "none no key"\n' \
		>"$S/helpers/token"
	chmod 755 "$S/helpers/token"
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/alice/"
	service test proof=command,conversation "helper=$S/helpers/token"
	log_mark
	in_place "$DRIVE" -s test -u alice -C "$CERTAUTH sign --pieces --any-host --yes \
		--user alice --cert $S/home/alice/alice-chain.pem --key $S/home/alice/alice.key" >"$S/seen" 2>&1
	cat "$S/seen"
	logged outcome=granted
	grep -q '^env CERTAUTH_SUBJECT=' "$S/seen"
	run grep '^env CERTAUTH_TOKEN' "$S/seen"
	[ "$status" -eq 1 ]
}

@test "after a helper that fails nothing else is tried" {
	service test proof=command,conversation "helper=$S/helpers/failed"
	login_denied helper
	run ! grep -q certauth1 "$S/seen"
}

@test "what the helper is given" {
	local sock=/tmp/agent.sock
	printf 'staff2:x:4711:alice\n' >>"$S/etc/group"
	service test proof=command "helper=$S/helpers/dump" pkcs11=yes \
		token_uri=pkcs11:token=x wait_for_token=7 ssh_agent=yes \
		key_file=%h/%u%%.p12 user_certificates=yes
	run ! in_place env SSH_AUTH_SOCK=$sock SECRET=1 LD_LIBRARY_PATH=/tmp \
		bash -c 'umask 0; trap "" TERM; exec 7</etc/passwd; exec "$@"' - \
		"$DRIVE" -u alice
	cat "$S/home/alice/dump"
	diff - <(grep -vE '^Cap' "$S/home/alice/dump") <<-EOF
	arg certauth
	arg sign
	arg --helper
	env HOME=$S/home/alice
	env USER=alice
	env LOGNAME=alice
	env PATH=/usr/local/bin:/usr/bin:/bin
	env LC_ALL=C.UTF-8
	uid 2001 2001 2001
	gid 2001 2001 2001
	group 2001
	group 4711
	leader yes
	umask 077
	cwd /
	core 0
	newprivs no
	EOF
	[ "$(grep -c '^Cap.*0000000000000000$' "$S/home/alice/dump")" -eq 4 ]
	# the agent in the environment is root's, not alice's
	grep -v '^request ' "$S/home/alice/opening" >"$S/opening"
	diff - "$S/opening" <<-EOF
	certauth-helper 1
	pkcs11 pkcs11:token=x
	wait 7
	keyfile $S/home/alice/alice%.p12
	usercerts
	secret
	go
	EOF
	[ "$(grep -c '^request ' "$S/home/alice/opening")" -eq 1 ]
}

# the variables of a dumped helper, but for those of every helper
given() {
	sed -n 's/^env //p' "$S/home/$1/dump" |
		grep -vE '^(HOME|USER|LOGNAME|PATH|LC_ALL)=' || :
}

# locker VARIABLE ...: alice's own program with these variables
locker() {
	rm -f "$S"/home/*/dump
	run ! as_user alice env "$@" "$DRIVE" -u alice
	[ -e "$S/home/alice/dump" ]
}

@test "helper_env: root's values for each helper, the caller's for the own one" {
	local long
	chmod -R a+rX "$S/etc/certauth"
	service test proof=command "helper=$S/helpers/dump"
	# none by default
	locker SOFTHSM2_CONF=/mine OPENSC_CONF=/mine
	[ -z "$(given alice)" ]
	conf default 'helper_env = SOFTHSM2_CONF TPM2_PKCS11_TCTI=swtpm:host=a,port=1 P11_KIT_SERVER_ADDRESS'
	locker SOFTHSM2_CONF='/my own' TPM2_PKCS11_TCTI=mine OPENSC_CONF=/mine \
		LD_PRELOAD= SECRET=1
	diff - <(given alice) <<-'EOF'
	SOFTHSM2_CONF=/my own
	TPM2_PKCS11_TCTI=swtpm:host=a,port=1
	EOF
	# a value that is too long, empty, or no printable ASCII
	conf default 'debug = yes'
	long=$(printf '%1024s' '' | tr ' ' v)
	locker SOFTHSM2_CONF="$long"
	[ "$(given alice | head -n 1)" = "SOFTHSM2_CONF=$long" ]
	local value
	for value in "v$long" '' $'a\nb' $'a\x7f' $'a\t' ä $'\xff'; do
		log_mark
		locker SOFTHSM2_CONF="$value"
		[ "$(given alice)" = 'TPM2_PKCS11_TCTI=swtpm:host=a,port=1' ]
		logged 'does not get the variable "?SOFTHSM2_CONF'
	done
	conf_reset
}

@test "helper_env: a service's own variables reach no helper, su's not another user's" {
	conf default 'helper_env = SOFTHSM2_CONF OPENSC_CONF=/roots'
	service test proof=command "helper=$S/helpers/dump" \
		"helper_write=$S/home/root"
	# a service of root, for alice and for root
	run ! in_place env SOFTHSM2_CONF=/services "$DRIVE" -u alice
	[ "$(given alice)" = OPENSC_CONF=/roots ]
	mkdir -p "$S/home/root"
	sed -i "s|^root:\(.*\):[^:]*:\([^:]*\)$|root:\1:$S/home/root:\2|" \
		"$S/etc/passwd"
	run ! in_place env SOFTHSM2_CONF=/services "$DRIVE" -u root
	[ "$(given root)" = OPENSC_CONF=/roots ]
	# the helper that signs for the host, also in a program of alice's
	service host "helper=$S/helpers/dump" "helper_write=$S/home" \
		host_key=pkcs11:token=x "host_cert=$S/etc/certauth/host.pem" \
		host_proof=optional
	pki_leaf host-cert inter --eku serverAuth --san DNS:host.example
	install -m 644 "$PKI/host-cert.pem" "$S/etc/certauth/host.pem"
	rm -f "$S"/home/*/dump
	run ! in_place env SOFTHSM2_CONF=/services "$DRIVE" -s host -u alice -m null
	[ "$(given root)" = OPENSC_CONF=/roots ]
	rm -f "$S"/home/*/dump
	run ! as_user alice env SOFTHSM2_CONF=/alices "$DRIVE" -s host -u alice -m null
	[ "$(given alice)" = OPENSC_CONF=/roots ]
	# root's su to bob: bob's helper
	service su proof=command "helper=$S/helpers/dump"
	rm -f "$S"/home/*/dump
	run ! in_place env SOFTHSM2_CONF=/roots-shell su bob -c true </dev/null
	[ "$(given bob)" = OPENSC_CONF=/roots ]
	# alice's su to bob: her own helper, with her variables, and none of bob's
	rm -f "$S"/home/*/dump
	AS_USER_ENV='SOFTHSM2_CONF=/alices' run ! as_user alice su bob -c true \
		</dev/null
	[ ! -e "$S/home/bob/dump" ]
	grep -q '^uid 2001 2001 2001$' "$S/home/alice/dump"
	diff - <(given alice) <<-'EOF'
	SOFTHSM2_CONF=/alices
	OPENSC_CONF=/roots
	EOF
	conf_reset
}

@test "helper_env: a name that is not in the table is a mistake" {
	service test proof=command "helper=$S/helpers/dump"
	conf default 'helper_env = SOFTHSM2_CONF LD_PRELOAD'
	log_mark
	run ! in_place "$DRIVE" -u alice
	[ ! -e "$S/home/alice/dump" ]
	logged 'certauth.conf:[0-9]+: helper_env = "LD_PRELOAD" is not NAME .* SOFTHSM2_CONF TPM2_PKCS11_STORE'
	logged 'outcome=denied reason=config'
	conf_reset
}

@test "a user of two hundred groups keeps all of them" {
	seq 6001 6200 | sed 's/.*/many&:x:&:alice/' >>"$S/etc/group"
	service test proof=command "helper=$S/helpers/dump" ssh_agent=yes
	run ! in_place "$DRIVE" -u alice
	[ "$(grep -c '^group 6[0-2][0-9][0-9]$' "$S/home/alice/dump")" -eq 200 ]
	sed -i '/^many/d' "$S/etc/group"
}

@test "the agent of a service's environment is not used, even for root" {
	mkdir -p "$S/home/root"
	sed -i "s|^root:\(.*\):[^:]*:\([^:]*\)$|root:\1:$S/home/root:\2|" \
		"$S/etc/passwd"
	# this helper writes what it is given into root's home
	service test proof=command "helper=$S/helpers/dump" ssh_agent=yes \
		"helper_write=$S/home/root"
	run ! in_place env SSH_AUTH_SOCK=/tmp/agent.sock "$DRIVE" -u root
	grep '^go$' "$S/home/root/opening"
	run ! grep '^agent ' "$S/home/root/opening"
}

@test "the screen locker of an ordinary user: its rights, its agent" {
	service test proof=command "helper=$S/helpers/dump" ssh_agent=yes
	chmod -R a+rX "$S/etc/certauth"
	AS_USER_ENV="SSH_AUTH_SOCK=/tmp/mine" run as_user alice "$DRIVE" \
		-u alice
	[ "$status" -eq 1 ]
	grep '^uid 2001 2001 2001$' "$S/home/alice/dump"
	grep '^agent /tmp/mine$' "$S/home/alice/opening"
	# a relative path is not used
	rm "$S/home/alice/opening"
	AS_USER_ENV="SSH_AUTH_SOCK=mine" run as_user alice "$DRIVE" -u alice
	grep '^go$' "$S/home/alice/opening"
	run ! grep '^agent ' "$S/home/alice/opening"
	[ "$(grep -c '^Cap.*0000000000000000$' "$S/home/alice/dump")" -eq 4 ]
}

@test "questions, answers and messages go through the conversation" {
	helped ask -C 'while read -r p; do echo "12 34"; done' || :
	grep '^info Look at the pin pad.$' "$S/seen"
	grep '^error It is broken.$' "$S/seen"
	grep '^prompt PIN of the card: $' "$S/seen"
	[ "$(cat "$S/home/alice/answer")" = "answer $(printf '12 34' | base64 | tr -d =)" ]
}

# silent NAME [MODULE-ARGUMENT ...]: alice's login by that helper, with PAM_SILENT
silent() {
	local name=$1
	shift
	service test "proof=${PROOF:-command}" "helper=$S/helpers/$name" "$@"
	log_mark
	in_place "$DRIVE" -s test -u alice -F 0x8000 -x \
		-C 'while read -r p; do echo 1; done' >"$S/seen" 2>&1 || :
	cat "$S/seen"
}

@test "PAM_SILENT: what must be read stands in front of the next question" {
	silent questions
	diff - <(grep -vE '^(authenticate|user|opened|children)' "$S/seen") <<-'EOF'
	prompt Reader 1 does not answer.
	Two certificates fit:
	  1  A
	  2  B
	Which one? 
	prompt Wrong PIN.
	PIN: 
	prompt Again: 
	EOF
	# a program reads this prompt: nothing stands in front of it
	PROOF=command,conversation silent questions
	[ "$(grep -c '^prompt certauth1 [^ ]* next=0 max=' "$S/seen")" -eq 1 ]
	[ "$(grep -cE 'gone|AQID' "$S/seen")" -eq 0 ]
}

@test "silent = ignore: an application with PAM_SILENT is shown messages" {
	silent questions silent=ignore
	cp "$S/seen" "$S/ignored"
	# as an application without it is
	in_place "$DRIVE" -s test -u alice -x \
		-C 'while read -r p; do echo 1; done' >"$S/seen" 2>&1 || :
	diff "$S/ignored" "$S/seen"
	diff - <(grep -vE '^(authenticate|user|opened|children)' "$S/seen") <<-'EOF'
	error Reader 1 does not answer.
	info Two certificates fit:
	info   1  A
	info Look at the reader.
	info   2  B
	prompt Which one? 
	error The first error.
	error Wrong PIN.
	prompt PIN: 
	prompt Again: 
	error It is gone.
	info certauth1 AQID
	EOF
	# for one service alone
	conf other 'silent = ignore'
	silent questions
	[ "$(grep -cE '^(info|error)' "$S/seen")" -eq 0 ]
	conf test 'silent = ignore'
	silent questions
	[ "$(grep -cE '^(info|error)' "$S/seen")" -eq 9 ]
	conf_reset
}

@test "PAM_SILENT: the notes of a hostile helper are bounded, and checked" {
	silent notes
	[ "$(grep -c '^prompt' "$S/seen")" -eq 1 ]
	[ "$(grep -c nnn "$S/seen")" -eq 16 ]
	grep -q '^PIN: $' "$S/seen"
	silent badnote
	logged 'sent an invalid line'
	[ "$(grep -c '^prompt' "$S/seen")" -eq 0 ]
}

@test "a question without an answer, and a conversation that fails" {
	helped ask -m null || :
	[ "$(cat "$S/home/alice/answer")" = noanswer ]
	helped ask -m error || :
	logged 'reason=conversation'
	helped ask -m junk || :
	logged 'reason=answer-limit'
	grep '^children none$' "$S/seen"
}

@test "a remote user, no account, no user: no helper is started" {
	local args
	for args in '-r 192.0.2.1 -u alice' '-u nobody-such' ''; do
		service test proof=command "helper=$S/helpers/dump"
		log_mark
		# shellcheck disable=SC2086 # several options
		run ! in_place "$DRIVE" $args
		logged 'reason=no-credential'
		[ ! -e "$S/home/alice/pid" ]
	done
}

@test "programs that may not be run" {
	local bad=$S/bad
	rm -rf "$bad"
	mkdir "$bad" "$bad/dir"
	cp "$S/helpers/dump" "$bad/group"
	chmod 775 "$bad/group"
	cp "$S/helpers/dump" "$bad/alices"
	chown 2001 "$bad/alices"
	cp "$S/helpers/dump" "$bad/noexec"
	chmod 644 "$bad/noexec"
	ln -s "$S/helpers/dump" "$bad/link"
	mkdir "$bad/open"
	chmod 777 "$bad/open"
	cp "$S/helpers/dump" "$bad/open/dump"
	mkdir "$bad/sticky"
	chmod 1777 "$bad/sticky"
	cp "$S/helpers/dump" "$bad/sticky/dump"
	ln -s "$S/helpers" "$bad/linkdir"
	mkdir "$bad/alicesdir"
	chown 2001 "$bad/alicesdir"
	cp "$S/helpers/dump" "$bad/alicesdir/dump"
	# the file may be run, but its path is wrong
	cp "$S/helpers/dump" "$bad/good"
	local path
	for path in group alices noexec link open/dump sticky/dump \
		linkdir/dump alicesdir/dump dir absent dir/../good ./good \
		/good good/ good/good; do
		service test proof=command "helper=$bad/$path"
		log_mark
		run ! in_place "$DRIVE" -u alice
		logged "helper $bad/$path: "
		# each path once, the part at fault beside it only if it is another
		not_logged "helper $bad/$path: $bad/$path"
		logged 'outcome=denied.* reason=helper'
		[ ! -e "$S/home/alice/pid" ]
	done
	service test proof=command "helper=$bad/good"
	run ! in_place "$DRIVE" -u alice
	[ -e "$S/home/alice/pid" ]
	rm -rf "$bad"
}

@test "threads with children of their own" {
	service test proof=command "helper=$S/helpers/none"
	in_place "$DRIVE" -q -u alice -t 8 -n 10 -k 2 -x >"$S/seen" || :
	cat "$S/seen"
	grep -q '^failed 80 of 80$' "$S/seen"
	grep -q '^sigchld 0$' "$S/seen"
	[ "$(grep -c '^child there$' "$S/seen")" -eq 2 ]
	grep -q '^children none$' "$S/seen"
	grep -q '^opened 0$' "$S/seen"
}

# ---- certauth itself ----

# local_login CODE [MODULE-ARGUMENT ...] [-- PAMDRIVE-ARGUMENT ...]: alice logs
# in at the machine
local_login() {
	local code=$1 args=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	service test proof=command "helper=$HELPER" "${args[@]}"
	log_mark
	in_place "$DRIVE" -s test -u alice -x -k 1 "$@" >"$S/seen" 2>&1 || :
	cat "$S/seen"
	grep -q "^authenticate $code\$" "$S/seen" || return
	grep -q '^children none$' "$S/seen" || return
	# with -C pamdrive starts a child itself
	[[ $* = *-C* ]] || grep -q '^sigchld 0$' "$S/seen"
}

@test "a key file of the user's, in PEM and PKCS#12" {
	cat "$PKI/alice-chain.pem" "$PKI/alice.key" >"$S/home/alice/login.pem"
	openssl pkcs12 -export -in "$PKI/alice-chain.pem" -inkey \
		"$PKI/alice.key" -passout pass:sesame -out "$S/home/alice/l.p12"
	chown 2001 "$S"/home/alice/*
	chmod 600 "$S"/home/alice/*
	# root runs the program, and the login needs no secret of alice's
	local_login PAM_AUTH_ERR key_file=%h/login.pem
	logged 'login.pem: the key has no passphrase'
	not_logged outcome=granted
	openssl pkcs12 -export -in "$PKI/alice-chain.pem" -inkey \
		"$PKI/alice.key" -passout pass: -out "$S/home/alice/open.p12"
	openssl pkcs8 -topk8 -in "$PKI/alice.key" -passout pass:sesame \
		-out "$S/home/alice/locked.pem"
	cat "$PKI/alice-chain.pem" >>"$S/home/alice/locked.pem"
	chown 2001 "$S"/home/alice/*
	local_login PAM_AUTH_ERR key_file=%h/open.p12
	logged 'open.p12: the key has no passphrase'
	local_login PAM_AUTH_ERR key_file=%h/open.p12 -- \
		-C 'while read -r p; do echo sesame; done'
	local_login PAM_SUCCESS key_file=%h/locked.pem -- \
		-C 'while read -r p; do echo sesame; done'
	logged outcome=granted
	local_login PAM_SUCCESS key_file=%h/l.p12 -- \
		-C 'while read -r p; do echo sesame; done'
	grep '^prompt ' "$S/seen"
	local_login PAM_AUTH_ERR key_file=%h/l.p12 -- \
		-C 'while read -r p; do echo wrong; done'
	logged 'reason=helper'
	local_login PAM_AUTH_ERR key_file=%h/absent.p12
	logged 'reason=(no-credential|helper)'
}

# said TOKEN LINE ...: a login by a helper that says these first has that CERTAUTH_TOKEN
said() {
	local want=${1:+env CERTAUTH_TOKEN=$1}
	shift
	printf '%s\n' "$@" >"$S/helpers/lines"
	printf '#!/bin/sh\ncat "%s"\nexec "%s"\n' "$S/helpers/lines" "$HELPER" \
		>"$S/helpers/token"
	chmod 755 "$S/helpers/token"
	HELPER=$S/helpers/token local_login PAM_SUCCESS debug key_file=%h/locked.pem -- \
		-C 'while read -r p; do echo sesame; done' || return
	logged outcome=granted || return
	[ "$(grep '^env CERTAUTH_TOKEN' "$S/seen")" = "$want" ]
}

@test "what a helper says of its token decides nothing, and has a form" {
	local long
	openssl pkcs8 -topk8 -in "$PKI/alice.key" -passout pass:sesame \
		-out "$S/home/alice/locked.pem"
	cat "$PKI/alice-chain.pem" >>"$S/home/alice/locked.pem"
	chown 2001 "$S/home/alice/locked.pem"
	said pkcs11:token=a 'token pkcs11:token=a'
	not_logged 'the URI of its token is not used'
	said pkcs11:token=a 'token pkcs11:token=a' 'token pkcs11:token=b'
	logged 'helper .*/token: the URI of its token is not used'
	for long in 'token ' 'token x' 'token PKCS11:token=a' 'token pkcs11:token=ä' \
		'token pkcs11:token=a?pin-value=1234' 'token pkcs11:token=a;pin-value=1' \
		'token pkcs11:token=a?pin-source=/x' 'token pkcs11:token=a?pinfile=/x' \
		'token pkcs11:token=a?pin-val ue=1234' 'token pkcs11:token=a^b'; do
		said '' "$long"
		logged 'helper .*/token: the URI of its token is not used'
	done
	long=$(printf '%01017d' 0)
	said "pkcs11:$long" "token pkcs11:$long"
	# such a line is none of the protocol
	printf 'token pkcs11:0%s\n' "$long" >"$S/helpers/lines"
	HELPER=$S/helpers/token local_login PAM_AUTH_ERR key_file=%h/locked.pem
	logged 'sent an invalid line'
	not_logged outcome=granted
}

@test "a key file that the user may not read" {
	cat "$PKI/alice-chain.pem" "$PKI/alice.key" >"$S/secret.pem"
	chmod 600 "$S/secret.pem"
	local_login PAM_AUTH_ERR "key_file=$S/secret.pem"
	not_logged outcome=granted
	rm "$S/secret.pem"
}

# alice_agent: start alice's agent with her key, and register her certificate
alice_agent() {
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/alice-chain.pem" "$S/etc/certauth/users.d/alice/alice.pem"
	cp "$PKI/alice.key" "$S/home/alice/id"
	chown 2001 "$S/home/alice/id"
	chmod 600 "$S/home/alice/id"
	agent_run alice "$S/home/alice/agent" \
		ssh-agent -D -a "$S/home/alice/agent"
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent" as_user alice \
		ssh-add -q "$S/home/alice/id"
	rm "$S/home/alice/id"
}

teardown() {
	[ -z "${AGENT:-}" ] || kill "$AGENT" || :
}

@test "sudo by the caller's ssh-agent, su with another's" {
	alice_agent
	# without env_keep sudo removes the variable before it calls PAM
	printf '%s\n' 'Defaults !lecture, timestamp_timeout=0, !fqdn' \
		'Defaults env_keep += "SSH_AUTH_SOCK"' \
		'alice ALL = (ALL) ALL' 'bob ALL = (ALL) ALL' >"$S/etc/sudoers"
	chmod 440 "$S/etc/sudoers"
	pki_dir "$S/etc/certauth/inter" inter.pem
	conf_reset
	conf default "intermediates_dir=/etc/certauth/inter"
	service sudo proof=command "helper=$HELPER" ssh_agent=yes
	log_mark
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent" run as_user alice \
		sudo id -un </dev/null
	echo "$output"
	log_lines
	[ "$status" -eq 0 ]
	[ "$output" = root ]
	logged 'pam_certauth\(sudo:auth\).*outcome=granted'
	# bob names her socket: it cannot be opened with his rights
	log_mark
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent" run as_user bob \
		sudo id -un </dev/null
	[ "$status" -ne 0 ]
	logged 'outcome=denied'
	not_logged 'outcome=granted'
	# bob cannot log in with alice's key
	service su proof=command "helper=$HELPER" ssh_agent=yes
	log_mark
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent" run as_user alice \
		su bob -c 'id -un' </dev/null
	[ "$status" -ne 0 ]
	not_logged 'outcome=granted'
}

@test "a locked agent" {
	alice_agent
	# shellcheck disable=SC2016 # alice's shell expands it
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent" as_user alice \
		bash -c 'SSH_ASKPASS_REQUIRE=force \
		SSH_ASKPASS=$HOME/ask; export SSH_ASKPASS_REQUIRE SSH_ASKPASS
		printf "#!/bin/sh\necho secret\n" >ask; chmod 700 ask
		ssh-add -x' </dev/null
	service test proof=command "helper=$HELPER" ssh_agent=yes
	log_mark
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent" run as_user alice \
		"$DRIVE" -u alice </dev/null
	[ "$status" -eq 1 ]
	not_logged 'outcome=granted'
	logged 'reason=(no-credential|helper)'
}
