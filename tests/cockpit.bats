#!/usr/bin/env bats
# cockpit: the examples of etc/pam.d with the real cockpit-ws, cockpit-session and
# cockpit-bridge, by the requests of its login page and at the page itself in Chromium.
load lib/common
load lib/netplace
load lib/signed

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # see setup
	have_cockpit || return 0
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	net_make cockpit.example.com
	module_install
	signed_make cockpit cockpit.example.com
	cp "$HERE/tests/lib/cockpit.py" "$S/bin/"
	# every new cockpit-session is a program of its own, and not a unit of systemd
	mkdir -p "$S/etc/cockpit"
	printf '[WebService]\nAllowUnencrypted = true\n[basic]\nCommand = %s\n' \
		"$(part session)" >"$S/etc/cockpit/cockpit.conf"
	# a password beside the certificate, for the second factor
	sed -i "s,^alice:[^:]*:,alice:$(openssl passwd -6 -salt certauth wonderland):," \
		"$S/etc/shadow"
	in_place install -m 600 /dev/null /var/log/btmp
	local name
	for name in alice bob revoked; do
		cp "$PKI/$name-chain.pem" "$PKI/$name.key" "$S/home/alice/"
		chown 2001 "$S/home/alice/$name"*
	done
	# what a session starts (dbus-daemon, ssh-agent) ends with it
	net_daemon ws unshare --pid --fork --kill-child \
		"$(part ws)" --no-tls -a 127.0.0.1 -p 9090
	until_true net_listens 9090
}
teardown_file() {
	net_stop ws -KILL # unshare ignores other signals
	net_remove
	place_remove
}

# part NAME: the path of cockpit-NAME, which differs between releases
part() {
	find /usr/lib/cockpit /usr/libexec -maxdepth 1 -name "cockpit-$1" \
		2>/dev/null | head -n 1
}

have_cockpit() {
	[ -n "$(part ws)" ] && [ -n "$(part session)" ] &&
		command -v cockpit-bridge >/dev/null
}

setup() {
	need_root
	have_cockpit || skip 'no cockpit here (cockpit-ws, cockpit-bridge)'
	net_runs ws
	signed_reset
	# the section of signed_reset is for signed passwords
	sed -i 's/^proof = password$/proof = conversation/' "$S/conf.sections"
	conf default 'host_names = cockpit.example.com' 'debug = yes'
	conf default 'audit = text'
	crl_dir crl
	stack cockpit
	export WAY=()
}

# stack FILE [LINE ...]: /etc/pam.d/cockpit is that example; or the auth lines are LINEs
stack() {
	cp "$HERE/etc/pam.d/$1" "$S/etc/pam.d/cockpit"
	shift
	[ $# -gt 0 ] || return 0
	sed -i '/^auth /d' "$S/etc/pam.d/cockpit"
	printf '%s\n' "$@" >>"$S/etc/pam.d/cockpit"
}

# form CERT [PASSWORD [ANSWER ...]]: alice fills in the form, and signs with CERT where
# an answer is @sign.  The module's lines are in the log, and nothing that was typed.
form() {
	local cert=$1 password=${2-} typed
	shift $(($# > 2 ? 2 : $#))
	log_mark
	: >"$S/ws.out"
	run as_user alice python3 "$S/bin/cockpit.py" "${WAY[@]}" --sign \
		"$CERTAUTH sign --cert ~/$cert-chain.pem --key ~/$cert.key --host cockpit.example.com --user alice --pieces --yes" \
		alice "$password" "$@"
	echo "$output"
	cat "$S/ws.out"
	for typed in "$password" "$@"; do
		[ ${#typed} -gt 5 ] || continue
		! grep -qF -- "$typed" "$S/ws.out" || return
		not_logged "$typed" || return
	done
}

# prompts: how many the user saw
prompts() { grep -c '^prompt certauth1 ' <<<"$output" || :; }
# is: the last status of /cockpit/login
is() { [[ $(grep '^status ' <<<"$output" | tail -n 1) == "status $1 "* ]]; }

bridge_runs() { pgrep -u 2001 -f cockpit-bridge >/dev/null; }

in_session() {
	[ "$status" -eq 0 ] && is 200 && until_true bridge_runs &&
		logged 'pam_certauth\(cockpit:auth\): .*outcome=granted .*user="alice" service="cockpit" rhost="127.0.0.1"' &&
		logged 'pam_certauth\(cockpit:account\): .*outcome=accepted'
}

# no_session REASON: refused, and the form is there again
no_session() {
	[ "$status" -eq 1 ] && is 401 &&
		logged "pam_certauth\\(cockpit:auth\\): .*outcome=denied .*reason=$1 " &&
		not_logged 'outcome=granted'
}

# no_password: the field had no signed password, so there was no attempt of certauth's
no_password() {
	[ "$status" -eq 1 ] && is 401 && [ "$(prompts)" -eq 0 ] &&
		not_logged 'outcome='
}

@test "alone: whatever is in the form's field is discarded, and the response logs in" {
	local password
	for password in wonderland '' 'two words' 'cut+off' "$(printf 'x%.0s' {1..3000})"; do
		form alice "$password" @sign
		in_session
		[ "$(prompts)" -eq 1 ]
		[[ $output == *$'\nmessage A password is not used for this login.'* ]]
		[[ $output == *' next=0 max=5000: '* ]]
		logged 'first_answer=ignore: the first answer is no piece of a response'
		logged 'the response came in 1 answers'
	done
}

@test "alone: a response in pieces" {
	sed -i 's/max_answer=5000/max_answer=500/' "$S/etc/pam.d/cockpit"
	form alice '' @sign @sign @sign
	in_session
	[ "$(prompts)" -eq 3 ]
	[[ $output == *' next=998 max=500: '* ]]
}

@test "alone, refused: another's certificate, a revoked one, a second foreign answer" {
	form bob '' @sign
	no_session other-user
	form revoked '' @sign
	no_session revoked
	form alice wonderland wonderland
	no_session answer-cut
	[ "$(prompts)" -eq 1 ]
	form alice wonderland 'wonder land'
	no_session answer-malformed
	[ "$(prompts)" -eq 1 ]
	form alice '' ''
	no_session answer-empty
	[ "$(prompts)" -eq 1 ]
}

@test "alone, refused: a password that looks like a piece of a response is one" {
	form alice wonderland.
	no_session answer-malformed
	[ "$(prompts)" -eq 0 ]
	# the response to the second prompt goes on behind it
	form alice wonderlan+ @sign
	[[ $output == *' next=9 max=5000: '* ]]
	[ "$status" -eq 1 ]
	not_logged 'outcome=granted'
}

@test "alone, without first_answer = ignore: the form's password ends the attempt" {
	sed -i 's/first_answer=ignore //' "$S/etc/pam.d/cockpit"
	form alice wonderland
	no_session answer-cut
	[ "$(prompts)" -eq 0 ]
	# the key in the section of the service is as good as the argument
	sed -i 's/^proof = conversation$/first_answer = ignore/' \
		"$S/etc/certauth/certauth.conf"
	form alice wonderland @sign
	in_session
}

@test "alone: an answer of the user is as long as the page can send" {
	local long
	# no prompt is shown again, and nothing is cut
	long=$(printf 'x %.0s' {1..2500})
	form alice '' "$long"
	no_session answer-malformed
}

@test "the account line refuses a login that asked no auth line" {
	log_mark
	run in_place pamtester -I rhost=127.0.0.1 cockpit alice acct_mgmt
	echo "$output"
	[ "$status" -ne 0 ]
	logged 'pam_certauth\(cockpit:account\): .*outcome=denied reason=no-credential'
}

@test "a signed password in the form's field" {
	local text
	sed -i 's/first_answer=ignore max_answer=5000/proof=password/' \
		"$S/etc/pam.d/cockpit"
	signed_ready
	text=$(signed)
	form alice "$text"
	in_session
	[ "$(prompts)" -eq 0 ]
	form alice "$text"
	no_session replayed
	# with its certificates
	form alice "$(signed --send)"
	in_session
	form alice "$(signed --cert bob --send)"
	no_session other-user
	form alice "$(signed --host other.example.com)"
	no_session other-host
	form alice wonderland
	no_password
}

@test "both: a signed password in the field, otherwise the request on the page" {
	doc operations.md 'cockpit both' >"$S/lines"
	mapfile -t lines <"$S/lines"
	[ "${#lines[@]}" -eq 3 ]
	stack cockpit "${lines[@]}"
	signed_ready
	form alice "$(signed)"
	in_session
	[ "$(prompts)" -eq 0 ]
	form alice '' @sign
	in_session
	[ "$(prompts)" -eq 1 ]
	form bob wonderland @sign
	no_session other-user
	# a signed password that is refused is not asked again
	form alice "$(signed --cert bob --send)"
	no_session other-user
	[ "$(prompts)" -eq 0 ]
}

@test "second factor: the form's password, then the certificate" {
	stack cockpit-second-factor
	form alice wonderland @sign
	in_session
	[ "$(prompts)" -eq 1 ]
	form alice wrong
	[ "$status" -eq 1 ]
	[ "$(prompts)" -eq 0 ]
	form bob wonderland @sign
	no_session other-user
}

# ---- the page ----

page() {
	local browser
	browser=$(command -v chromium) || skip 'no chromium here'
	rm -rf "$S/home/alice/browser"
	in_place install -d -m 700 -o 2001 "$S/home/alice/browser"
	WAY=(--browser "$browser" --home "$S/home/alice/browser"
		--shots "$S/home/alice/browser")
}

@test "the page: an empty field, the request copied by three clicks, the response" {
	page
	form alice '' @sign
	in_session
	[ "$(prompts)" -eq 1 ]
	[[ $output == *$'\nmessage A password is not used for this login.'* ]]
	[[ $output == *' next=0 max=5000:'* ]]
	file=$S/home/alice/browser/prompt1.png
	[ "$(head -c 4 "$file" | tail -c 3)" = PNG ]
}

@test "the page, refused: the form is there again; a signed password logs in" {
	page
	form alice wonderland 'wonder land'
	no_session answer-malformed
	[[ $output == *$'\nerror Authentication failed'* ]]
	form alice '' ''
	no_session answer-empty
	[[ $output == *$'\nerror Authentication failed'* ]]
	form revoked '' @sign
	no_session revoked
	sed -i 's/first_answer=ignore max_answer=5000/proof=password/' \
		"$S/etc/pam.d/cockpit"
	signed_ready
	form alice "$(signed --send)"
	in_session
	form alice wonderland
	no_password
	[[ $output == *$'\nerror '*'Wrong user name or password'* ]]
	# without pam_deny.so there is no form after another error of PAM
	stack cockpit 'auth required pam_certauth.so first_answer=ignore'
	form alice '' ''
	[ "$status" -eq 1 ]
	[[ $output == *$'\ndead Authentication failed: internal-error'* ]]
}
