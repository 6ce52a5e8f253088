#!/usr/bin/env bats
# certauth metrics: logins counted from a real journal and from files of syslog, each
# once; certificates, CRLs and indexes; what promtool says of them and of the alerts.
# And the JSON of certauth log, certauth doctor and certauth sessions, against its schema.
bats_require_minimum_version 1.5.0
load lib/common
load lib/journal
load lib/promtool
load lib/sessions

DATA=$HERE/tests/data/log

not() { ! "$@"; }

setup() { need_root; }

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	promtool_find
	cp "$DATA"/openssh10.0.classic "$S/"
	touch -d 2026-11-29 "$S"/openssh10.0.classic # the classic form has no year
	service sshd
	service su
	journal_start || return
}

teardown_file() {
	journal_stop
	place_remove
}

# by pamtester, which names itself in the log: CERT
try() {
	in_place python3 "$S/bin/login.py" --cert "$PKI/$1-chain.pem" \
		--key "$PKI/$1.key" -- pamtester test alice authenticate \
		>"$S/seen" 2>&1 </dev/null || :
}

# metrics [OPTION ...]: with the state $STATE; standard output is in $S/out
metrics() {
	local code=0
	in_place "$CERTAUTH" metrics --state "${STATE:-$S/state}" "$@" \
		>"$S/out" 2>"$S/err" || code=$?
	cat "$S/err"
	return "$code"
}

# sample TEXT: its value; nothing if there is no such sample
sample() {
	awk -v s="$1 " 'index($0, s) == 1 { print $NF }' "$S/out"
}

# logins OUTCOME REASON [SERVICE [MODE]]: how many were counted
logins() {
	local n
	n=$(sample "certauth_logins_total{service=\"${3:-test}\",mode=\"${4:-enforce}\",outcome=\"$1\",reason=\"$2\"}")
	echo "${n:-0}"
}

# series: how many there are of logins
series() { grep -c '^certauth_logins_total{' "$S/out" || :; }

# sane: promtool accepts the output, if it is there; node_exporter refuses all of a
# text in which a sample stands twice
sane() {
	[ -z "$(grep -v '^#' "$S/out" | sed 's/ [^ ]*$//' | sort | uniq -d)" ]
	[ -z "$PROMTOOL" ] || "$PROMTOOL" check metrics <"$S/out"
}

@test "the journal: each login counts once, from the first run on" {
	try alice
	journal_sync
	metrics
	cat "$S/out" "$S/err"
	sane
	# what was before the first run does not count
	[ "$(series)" -eq 0 ]
	[ "$(sample certauth_log_read)" -eq 1 ]
	[ "$(sample certauth_log_gaps_total)" -eq 0 ]
	[ "$(sample certauth_logins_since_timestamp_seconds)" -gt 1700000000 ]
	try alice
	try alice
	try revoked
	journal_sync
	metrics
	cat "$S/out"
	sane
	[ "$(logins granted ok)" -eq 2 ]
	[ "$(logins denied revoked)" -eq 1 ]
	[ "$(series)" -eq 2 ]
	metrics
	[ "$(logins granted ok)" -eq 2 ]
	# lines of other programs move the place too
	journal_sync
	metrics
	try revoked
	journal_sync
	metrics
	[ "$(logins denied revoked)" -eq 2 ]
	[ "$(sample certauth_log_gaps_total)" -eq 0 ]
	[ "$(stat -c %a "$S/state/state")" = 600 ]
}

@test "the journal: runs at the same time count each login once" {
	local pids=() i
	STATE=$S/crowd metrics
	for ((i = 0; i < 5; i++)); do try revoked; done
	journal_sync
	for ((i = 0; i < 8; i++)); do
		in_place "$CERTAUTH" metrics --state "$S/crowd" >"$S/crowd.$i" \
			2>/dev/null 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	STATE=$S/crowd metrics
	cat "$S/out"
	[ "$(logins denied revoked)" -eq 5 ]
	# a run waits for another one, or it would write what is older
	# held by a process that lives: a namespace of processes shows no other's locks
	flock --no-fork "$S/crowd" sleep 600 3>&- &
	pids=($!)
	until_true grep -q "FLOCK .* $! .*:$(stat -c %i "$S/crowd") " /proc/locks
	in_place "$CERTAUTH" metrics --state "$S/crowd" >"$S/waited" 2>/dev/null \
		3>&- &
	pids+=($!)
	until_true grep -q -- "-> FLOCK .*:$(stat -c %i "$S/crowd") " /proc/locks
	[ ! -s "$S/waited" ]
	kill "${pids[0]}"
	wait "${pids[1]}"
	grep -q '^certauth_build_info' "$S/waited"
}

@test "what users and clients write makes no series" {
	STATE=$S/forged metrics
	as_user carol logger -t sshd -p authpriv.notice \
		'pam_certauth(sshd:auth): outcome=denied reason=revoked user="alice" service="sshd"'
	as_user carol logger -t su -p authpriv.notice \
		'pam_certauth(su:auth): outcome=granted reason=ok user="root" service="su"'
	in_place logger -t webapp -p authpriv.notice \
		'pam_certauth(sshd:auth): outcome=denied reason=revoked user="alice" service="sshd"'
	echo 'pam_certauth(test:auth): outcome=granted reason=ok user="stdout"' |
		in_place systemd-cat -t test -p notice
	in_place logger -t sshd -p auth.info \
		'Invalid user x pam_certauth(sshd:auth): outcome=granted reason=ok from 192.0.2.7'
	journal_sync
	STATE=$S/forged metrics
	cat "$S/out"
	sane
	[ "$(series)" -eq 0 ]
	[ "$(sample 'certauth_unproven_logins_total{outcome="refused"}')" -eq 1 ]
	[ "$(sample 'certauth_unproven_logins_total{outcome="granted"}')" -eq 1 ]
	[ "$(sample 'certauth_log_ignored_entries_total{why="imitation"}')" -eq 1 ]
	# services that root has not configured, whatever their number
	for i in 1 2 3; do
		in_place logger -t "x$i" -p authpriv.notice \
			"pam_certauth(x$i:auth): outcome=denied reason=revoked user=\"u$i\""
	done
	journal_sync
	STATE=$S/forged metrics
	sane
	[ "$(series)" -eq 1 ]
	[ "$(logins denied revoked '(other)')" -eq 3 ]
	[ "$(grep -cE 'u[123]|alice|carol' "$S/out")" -eq 0 ]
}

# host COMMAND ...: as on a host without a journal, with the files of $S/varlog
# shellcheck disable=SC2016 # for the shell inside
host() {
	mkdir -p "$S/varlog"
	in_place unshare -m --propagation private bash -c '
		mount --bind "$1" /var/log
		mount -t tmpfs tmpfs /run
		shift
		exec "$@"' - "$S/varlog" "$@"
}

@test "no journal: auth.log or secure, over their rotation; neither: said" {
	local log
	run -1 host "$CERTAUTH" metrics --state "$S/files"
	echo "$output"
	[[ $output == *'neither a journal nor /var/log/auth.log'* ]]
	grep -qx 'certauth_log_read 0' <<<"$output"
	for log in auth.log secure; do
		rm -rf "$S/varlog"/* "$S/files"
		cp "$S/openssh10.0.classic" "$S/varlog/$log"
		host "$CERTAUTH" metrics --state "$S/files" >"$S/out"
		[ "$(series)" -eq 0 ]
		cat "$S/openssh10.0.classic" >>"$S/varlog/$log"
		mv "$S/varlog/$log" "$S/varlog/$log.1"
		head -n 7 "$S/openssh10.0.classic" >"$S/varlog/$log"
		host "$CERTAUTH" metrics --state "$S/files" >"$S/out"
		cat "$S/out"
		sane
		[ "$(logins granted ok sshd)" -eq 2 ]
		[ "$(logins denied crl-expired sshd)" -eq 2 ]
		[ "$(logins denied unmapped sshd)" -eq 1 ]
		[ "$(sample certauth_log_gaps_total)" -eq 0 ]
	done
	# without permission
	chmod 600 "$S/varlog/secure"
	run host setpriv --reuid 2003 --regid 2003 --clear-groups \
		"$CERTAUTH" metrics --state "$S/home/carol/state"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'/var/log/secure: no permission'*'group adm'* ]]
	grep -qx 'certauth_log_read 0' <<<"$output"
}

@test "--file: a damaged state begins again, and one of another user is refused" {
	export STATE=$S/onefile
	cp "$S/openssh10.0.classic" "$S/one.log"
	metrics --file "$S/one.log"
	cat "$S/openssh10.0.classic" >>"$S/one.log"
	metrics --file "$S/one.log"
	[ "$(logins denied unmapped sshd)" -eq 1 ]
	truncate -s -1 "$STATE/state"
	metrics --file "$S/one.log"
	cat "$S/err"
	grep -q 'state is damaged: the counting of logins begins again' "$S/err"
	[ "$(series)" -eq 0 ]
	metrics --file "$S/one.log"
	[ ! -s "$S/err" ]
	chmod 666 "$STATE/state"
	run -2 metrics --file "$S/one.log"
	grep -q 'state is writable by' "$S/err"
	[ ! -s "$S/out" ]
	chmod 600 "$STATE/state"
	chmod 777 "$STATE"
	run -2 metrics --file "$S/one.log"
	grep -q 'is writable by' "$S/err"
	[ ! -s "$S/out" ]
	chmod 700 "$STATE"
	# a state that cannot be written: nothing else is
	mv "$STATE/state" "$S/onestate"
	mkdir -p "$STATE/state/x"
	run -2 metrics --file "$S/one.log" --output "$S/never.prom"
	[ ! -e "$S/never.prom" ]
	rm -r "$STATE/state"
	run -1 metrics --file "$S/nonexistent"
	grep -q 'nonexistent: No such file' "$S/err"
}

@test "--output: replaced in one step, for all to read, and never through a link" {
	mkdir "$S/textfile" "$S/elsewhere"
	echo old >"$S/textfile/certauth.prom"
	(
		umask 077
		in_place "$CERTAUTH" metrics --state "$S/state" \
			--output "$S/textfile/certauth.prom" 2>/dev/null || [ $? -eq 1 ]
	)
	cp "$S/textfile/certauth.prom" "$S/out"
	sane
	grep -q '^certauth_build_info{' "$S/out"
	[ "$(stat -c %a "$S/textfile/certauth.prom")" = 644 ]
	# nothing else is left, and a link as the file itself is replaced
	[ "$(ls "$S/textfile")" = certauth.prom ]
	echo kept >"$S/elsewhere/kept"
	ln -sf "$S/elsewhere/kept" "$S/textfile/certauth.prom"
	metrics --output "$S/textfile/certauth.prom" || [ $? -eq 1 ]
	[ -f "$S/textfile/certauth.prom" ] && [ ! -L "$S/textfile/certauth.prom" ]
	[ "$(cat "$S/elsewhere/kept")" = kept ]
	# the owner of the directory above leads nothing elsewhere
	ln -s "$S/elsewhere" "$S/link"
	run -2 metrics --output "$S/link/certauth.prom"
	cat "$S/err"
	grep -q 'must be a directory that can be opened, and no link' "$S/err"
	[ "$(ls "$S/elsewhere")" = kept ]
	run -2 metrics --output "$S/nowhere/certauth.prom"
	grep -q "certauth: $S/nowhere does not exist, so nothing was written" "$S/err"
	[ ! -e "$S/nowhere" ]
	# node_exporter reads nothing else
	for name in certauth.txt .prom certauth.prom.new "$S/textfile/.prom"; do
		run -2 metrics --output "$name"
		grep -q 'must end in .prom' "$S/err"
	done
	run -2 metrics more
	run -2 metrics --users
}

# epoch DATE: in seconds
epoch() { date -u -d "${1#*=}" +%s; }

@test "CAs, CRLs and the host certificate: their times, whatever their names are" {
	local sha hostile
	pki_ca 'hostile' --issuer root --subject '/CN=a"b\\c/O=x y' 2>/dev/null ||
		pki_ca hostile --issuer root
	ca_dir root.pem hostile.pem
	mkdir -p "$S/etc/certauth/intermediates"
	cp "$PKI/inter.pem" "$S/etc/certauth/intermediates/"
	crl_dir root.crl inter.crl inter-expired.crl
	cp "$PKI/root.crl" "$S/etc/certauth/crl/a\"b\\c
d.crl"
	cp "$PKI/stranger.pem" "$S/etc/certauth/crl/none.crl"
	cat "$PKI/root.crl" "$PKI/inter.crl" >"$S/etc/certauth/crl/two.crl"
	cp "$PKI/server.pem" "$S/etc/certauth/host.pem"
	cp "$PKI/server.key" "$S/etc/certauth/host.key"
	chmod 600 "$S/etc/certauth/host.key"
	conf default 'host_cert = /etc/certauth/host.pem' \
		'host_key = /etc/certauth/host.key' \
		'intermediates_dir = /etc/certauth/intermediates'
	metrics
	cat "$S/out" "$S/err"
	sane
	sha=$(pki_sha256 "$PKI/root.pem")
	[ "$(grep "^certauth_ca_not_after_timestamp_seconds{.*sha256=\"$sha\",kind=\"anchor\"} " "$S/out" |
		awk '{ print $NF }')" = "$(epoch "$(openssl x509 -in "$PKI/root.pem" -noout -enddate)")" ]
	sha=$(pki_sha256 "$PKI/inter.pem")
	[ "$(grep "^certauth_ca_not_before_timestamp_seconds{.*sha256=\"$sha\",kind=\"intermediate\"} " "$S/out" |
		awk '{ print $NF }')" = "$(epoch "$(openssl x509 -in "$PKI/inter.pem" -noout -startdate)")" ]
	# each once, though openssl rehash links it
	[ "$(grep -c '^certauth_ca_not_after_timestamp_seconds{' "$S/out")" -eq 3 ]
	[ "$(sample certauth_cas)" -eq 3 ]
	sha=$(pki_sha256 "$PKI/server.pem")
	[ "$(grep "^certauth_host_certificate_not_after_timestamp_seconds{.*sha256=\"$sha\"} " "$S/out" |
		awk '{ print $NF }')" = "$(epoch "$(openssl x509 -in "$PKI/server.pem" -noout -enddate)")" ]
	# FILE NUMBER -> value of a metric
	crl() {
		grep -F "certauth_crl_$1{file=\"$2\",number=\"$3\"," "$S/out" |
			awk '{ print $NF }'
	}
	[ "$(crl expiry_timestamp_seconds inter.crl 1)" = "$(epoch "$(openssl crl -in "$PKI/inter.crl" -noout -nextupdate)")" ]
	[ "$(crl this_update_timestamp_seconds inter.crl 1)" = "$(epoch "$(openssl crl -in "$PKI/inter.crl" -noout -lastupdate)")" ]
	[ "$(crl usable inter.crl 1)" -eq 1 ]
	[ "$(crl usable inter-expired.crl 1)" -eq 0 ]
	[ "$(crl usable two.crl 1)$(crl usable two.crl 2)" = 11 ]
	# no CRL: it cannot be used, and has no times
	[ "$(crl usable none.crl 1)" -eq 0 ]
	[ -z "$(crl expiry_timestamp_seconds none.crl 1)" ]
	hostile=$(grep -c '^certauth_crl_usable{file="a\\"b\\\\\\\\c\\\\x0ad.crl",number="1",' "$S/out")
	[ "$hostile" -eq 1 ]
	[ "$(sample certauth_crls)" -eq 7 ]
	# the same by an index, and with one whose CRL was replaced
	in_place "$CERTAUTH" crl compile >/dev/null 2>&1 || :
	cp "$S/out" "$S/before"
	metrics
	diff <(grep '^certauth_cr' "$S/before") <(grep '^certauth_cr' "$S/out")
	# no certificate
	echo none >"$S/etc/certauth/host.pem"
	run -1 metrics
	grep -q 'host_cert /etc/certauth/host.pem: ' "$S/err"
	[ "$(grep -c '^certauth_host_certificate' "$S/out")" -eq 0 ]
	conf_reset
	ca_dir root.pem
	crl_dir crl
}

@test "many CAs: at most 500 are shown, those that expire first" {
	local i
	mkdir "$S/many"
	openssl genpkey -algorithm ed25519 -out "$S/many.key" 2>/dev/null
	python3 - "$S" <<-'END'
		import subprocess, sys
		s = sys.argv[1]
		one = subprocess.run(['openssl', 'req', '-x509', '-key', s + '/many.key',
		    '-subj', '/CN=soon', '-days', '1', '-addext',
		    'basicConstraints=critical,CA:TRUE'], capture_output=True, check=True).stdout
		open(s + '/many/soon.pem', 'wb').write(one)
		with open(s + '/many/all.pem', 'wb') as f:
		    for i in range(520):
		        f.write(subprocess.run(['openssl', 'req', '-x509', '-key',
		            s + '/many.key', '-subj', '/CN=ca%d' % i, '-days', '900', '-addext',
		            'basicConstraints=critical,CA:TRUE'], capture_output=True,
		            check=True).stdout)
	END
	conf default "ca_dir = $S/many"
	metrics
	sane
	[ "$(sample certauth_cas)" -eq 521 ]
	[ "$(grep -c '^certauth_ca_not_after_timestamp_seconds{' "$S/out")" -eq 500 ]
	[ "$(grep -c '^certauth_ca_not_after_timestamp_seconds{subject="CN=soon"' "$S/out")" -eq 1 ]
	conf_reset
}

@test "certauth crl update: the last time that every CRL was fetched" {
	local name=certauth_crl_update_success_timestamp_seconds stamp before
	stamp=$S/etc/certauth/crl/.certauth-crl.updated
	metrics
	[ -z "$(sample $name)" ]
	# a run that fails leaves no time
	in_place "$CERTAUTH_BUILD/certauth" crl update --url "file://$S/nothing" >"$S/said" 2>&1 ||
		[ $? -eq 1 ]
	[ -e "$stamp" ]
	metrics
	[ -z "$(sample $name)" ]
	before=$(date +%s)
	conf default 'crl = off' # no other CA needs one
	in_place "$CERTAUTH_BUILD/certauth" crl update --url "file://$PKI/root.crl" >"$S/said" 2>&1 ||
		{ cat "$S/said"; false; }
	metrics
	[ "$(sample $name)" -ge "$before" ]
	# that has not changed the directory after its files were linked
	[ "$(awk '{ print $NF }' "$S/etc/certauth/crl/.certauth-crl.linked")" = \
		"$(stat -c %.9Y "$S/etc/certauth/crl")" ]
	touch -d '2 hours ago' "$stamp"
	metrics
	metrics
	[ "$(sample $name)" -eq "$(stat -c %Y "$stamp")" ]
	run -0 in_place "$CERTAUTH_BUILD/certauth" crl update --dry-run --url "file://$PKI/root.crl"
	run -1 in_place "$CERTAUTH_BUILD/certauth" crl update --url "file://$S/nothing"
	metrics
	[ "$(sample $name)" -lt "$(($(date +%s) - 7000))" ]
	conf_reset
	crl_dir crl
}

@test "the users file, its index, and an index of a directory that no login uses" {
	# shellcheck disable=SC2016 # for the shell inside
	lib() {
		in_place unshare -m --propagation private bash -c '
			mount -t tmpfs tmpfs /var/lib
			mkdir -p /var/lib/certauth
			[ -z "$1" ] || touch -d "@$1" /var/lib/certauth/users.cdb
			shift
			exec "$@"' - "$@" >"$S/out" 2>"$S/err"
	}
	touch -d @1700000000 "$S/etc/certauth/users"
	lib '' "$CERTAUTH" metrics
	cat "$S/out" "$S/err"
	[ "$(sample certauth_users_file_timestamp_seconds)" -eq 1700000000 ]
	[ "$(grep -c '^certauth_users_index' "$S/out")" -eq 0 ]
	in_place "$CERTAUTH" users compile
	lib 1700000001 "$CERTAUTH" metrics
	sane
	[ "$(sample 'certauth_users_index_timestamp_seconds{source="file"}')" = \
		"$(stat -c %Y "$S/etc/certauth/users.cdb")" ]
	# a file that the configuration does not name
	not grep 'source="directory"' "$S/out"
	[ "$(sample certauth_users_index_current)" -eq 1 ]
	# users_update.bats has one that is whole
	conf default 'directory = ldap' 'directory_base = dc=example' \
		'directory_uri = ldaps://ldap.example.com'
	lib '' "$CERTAUTH" metrics
	sane
	[ "$(sample 'certauth_users_index_timestamp_seconds{source="directory"}')" -eq 0 ]
	lib 1700000001 "$CERTAUTH" metrics
	[ "$(sample 'certauth_users_index_timestamp_seconds{source="directory"}')" -eq 0 ]
	conf_reset
	crl_dir crl
	echo '# changed' >>"$S/etc/certauth/users"
	lib '' "$CERTAUTH" metrics
	[ "$(sample certauth_users_index_current)" -eq 0 ]
	rm "$S/etc/certauth/users.cdb"
	# the state is made where nothing is yet
	lib '' sh -c "rmdir /var/lib/certauth; '$CERTAUTH' metrics; stat -c %a /var/lib/certauth /var/lib/certauth/metrics"
	[ "$(tail -n 2 "$S/out" | tr '\n' ' ')" = '755 700 ' ]
}

@test "a mistake in the configuration is a metric, and logins are counted" {
	conf default 'crl = maybe'
	run -1 metrics
	cat "$S/err"
	sane
	[ "$(sample certauth_config_valid)" -eq 0 ]
	[ "$(sample certauth_log_gaps_total)" -ge 0 ]
	grep -q 'certauth.conf:' "$S/err"
	conf_reset
	metrics || [ $? -eq 1 ]
	[ "$(sample certauth_config_valid)" -eq 1 ]
}

@test "the verifier: what systemctl says; without systemd there is nothing" {
	metrics
	[ "$(grep -c '^certauth_verifier' "$S/out")" -eq 0 ]
	cp "$CERTAUTH_BUILD/tests/lib/systemctl" "$S/bin/"
	# shellcheck disable=SC2016 # for the shell inside
	with_systemd() {
		in_place unshare -m --propagation private bash -c '
			mount -t tmpfs tmpfs /run
			mkdir -p /run/systemd/system
			[ -z "$1" ] || printf "%b" "$1" >/run/said
			mount --bind "$2/bin/systemctl" /usr/bin/systemctl
			"$3" metrics --state "$2/verifier" --file "$2/openssh10.0.classic"
			code=$?
			cat /run/asked >"$2/asked"
			exit $code' - "$1" "$S" "$CERTAUTH" >"$S/out" 2>"$S/err" || code=$?
		cat "$S/err"
		return "${code:-0}"
	}
	[ -e /usr/bin/systemctl ] || skip 'no systemctl to put another in its place'
	with_systemd 'LoadState=loaded\nActiveState=active\nNRestarts=7\nExecMainStartTimestampMonotonic=1000000\n'
	cat "$S/out" "$S/err" "$S/asked"
	sane
	[ "$(sample certauth_verifier_restarts_total)" -eq 7 ]
	[ "$(sample certauth_verifier_running)" -eq 1 ]
	[ "$(sample certauth_verifier_start_timestamp_seconds)" -le "$(date +%s)" ]
	grep -q '^show .*NRestarts.* certauth-verifier.service $' "$S/asked"
	grep -qE 'CapEff:.*0000000000000000' "$S/asked"
	grep -qE 'NoNewPrivs:.*1' "$S/asked"
	with_systemd 'LoadState=not-found\nActiveState=inactive\nNRestarts=0\n'
	[ "$(grep -c '^certauth_verifier' "$S/out")" -eq 0 ]
	run -1 with_systemd ''
	grep -q 'systemctl does not say' "$S/err"
}

@test "memory does not grow with the log, nor with what was counted" {
	local small large
	peak() { # KiB
		in_place python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
			"$CERTAUTH" metrics --state "$S/peak" --file "$1"
	}
	cp "$S/openssh10.0.classic" "$S/grows.log"
	peak "$S/grows.log" >/dev/null
	cat "$S/openssh10.0.classic" >>"$S/grows.log"
	small=$(peak "$S/grows.log")
	python3 - "$S" <<-'END'
		import sys
		s = sys.argv[1]
		line = open(s + '/openssh10.0.classic').read()
		with open(s + '/grows.log', 'a') as f:
		    for i in range(3000):
		        f.write(line)
		    f.write('x' * 3000000 + '\n')
	END
	large=$(peak "$S/grows.log")
	echo "$small $large"
	[ "$large" -lt $((small + 1024)) ]
	STATE=$S/peak metrics --file "$S/grows.log"
	[ "$(logins granted ok sshd)" -eq 3001 ]
}

@test "the alerts: promtool reads them, and each one tells what it must" {
	local rules=$HERE/etc/prometheus/certauth.rules.yml name
	# each metric of the rules is one of the program's
	metrics || [ $? -eq 1 ]
	for name in $(grep -v '^ *#' "$rules" | grep -oE '\bcertauth_[a-z_]+' | sort -u); do
		grep -qE "\"$name\"" "$HERE"/src/metrics/*.c
		grep -qE "\b$name\b" "$HERE/src/man/certauth.1"
	done
	need_promtool
	"$PROMTOOL" check rules "$rules"
	cp "$rules" "$S/"
	cp "$HERE/tests/data/certauth.rules.test.yml" "$S/"
	run -0 "$PROMTOOL" test rules "$S/certauth.rules.test.yml"
	# each alert is in the tests, once as one that tells
	for name in $(sed -n 's/^ *- alert: //p' "$rules"); do
		echo "$name"
		grep -A2 "alertname: $name\$" "$HERE/tests/data/certauth.rules.test.yml" |
			grep -q exp_alerts
	done
	# the tests notice another number
	sed -i 's/> 50$/> 5000/' "$S/certauth.rules.yml"
	run ! "$PROMTOOL" test rules "$S/certauth.rules.test.yml"
}

@test "each metric of the program is in the manual" {
	local name
	for name in $(grep -ohE '"certauth_[a-z_]+"' "$HERE"/src/metrics/*.c |
		tr -d '"' | grep -v '_$' | sort -u); do
		echo "$name"
		grep -qE "\b$name\b" "$HERE/src/man/certauth.1"
	done
}

@test "the systemd units are valid, and leave few rights" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	mkdir "$S/units"
	sed "s|/usr/bin/certauth|$CERTAUTH|" \
		"$HERE/packaging/systemd/certauth-metrics.service" \
		>"$S/units/certauth-metrics.service"
	cp "$HERE/packaging/systemd/certauth-metrics.timer" "$S/units/"
	run systemd-analyze verify --man=no "$S/units/certauth-metrics.service" \
		"$S/units/certauth-metrics.timer"
	# messages about the machine's own units do not matter
	[ "$(grep -c certauth <<<"$output")" -eq 0 ]
	run systemd-analyze security --offline=true --threshold=15 \
		"$S/units/certauth-metrics.service"
	tail -3 <<<"$output"
	[ "$status" -eq 0 ]
}

@test "the rights of the unit suffice, and its filter has every system call" {
	local rights='--bounding-set=-all,+dac_override --inh-caps=-all --no-new-privs'
	mkdir "$S/prometheus"
	chown 2003 "$S/prometheus"
	# shellcheck disable=SC2086 # several words
	in_place setpriv $rights "$CERTAUTH" metrics --state "$S/rights" \
		--output "$S/prometheus/certauth.prom" 2>"$S/err" || [ $? -eq 1 ]
	cat "$S/err"
	grep -qx 'certauth_log_read 1' "$S/prometheus/certauth.prom"
	[ "$(stat -c '%u %a' "$S/prometheus/certauth.prom")" = '0 644' ]
	rm "$S/prometheus/certauth.prom"
	# shellcheck disable=SC2086
	run -2 in_place setpriv ${rights/,+dac_override/} "$CERTAUTH" metrics \
		--state "$S/rights" --output "$S/prometheus/certauth.prom"
	[ ! -e "$S/prometheus/certauth.prom" ]
	grep -qx 'CapabilityBoundingSet=CAP_DAC_OVERRIDE' \
		"$HERE/packaging/systemd/certauth-metrics.service"
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	command -v strace >/dev/null || skip 'no strace here'
	sanitized && skip 'a sanitizer makes calls of its own'
	in_place strace -f -o "$S/trace" "$CERTAUTH" metrics --state "$S/rights" \
		--output "$S/prometheus/certauth.prom" 2>"$S/err" || [ $? -eq 1 ]
	grep -q 'journalctl' "$S/trace"
	python3 "$HERE/tests/lib/unitcalls.py" \
		"$HERE/packaging/systemd/certauth-metrics.service" "$S/trace"
}

# validate KIND: each line of standard input has the schema; strict: without a member
# that the schema does not have
validate() {
	python3 -c '
import json, sys
from jsonschema import Draft7Validator
schema = json.load(open(sys.argv[1]))
Draft7Validator.check_schema(schema)
Draft7Validator(schema)
def strict(s):
    if isinstance(s, dict):
        if s.get("type") == "object":
            s["additionalProperties"] = False
        for v in s.values():
            strict(v)
strict(schema)
n = 0
for line in sys.stdin:
    Draft7Validator(schema).validate(json.loads(line))
    n += 1
print(n)' "$HERE/packaging/schema/certauth-$1.schema.json"
}

need_jsonschema() {
	python3 -c 'import jsonschema' 2>/dev/null ||
		skip 'python3-jsonschema is not installed'
}

@test "certauth log --json: each line has the schema" {
	need_jsonschema
	conf test 'audit = json' 'mode = audit'
	try revoked
	try expired
	conf_reset
	try alice
	try revoked
	in_place logger -t sshd -p authpriv.notice \
		'pam_certauth(sshd:account): event=account outcome=rejected reason=expired also=revoked,unmapped waived=crl-stale detail="x"'
	journal_sync
	in_place "$CERTAUTH" log --json >"$S/log.json"
	cat "$S/log.json"
	[ "$(validate log <"$S/log.json")" -ge 5 ]
	[ "$(grep -c '^{"schema":1,' "$S/log.json")" -eq "$(wc -l <"$S/log.json")" ]
	in_place "$CERTAUTH" log --json --file "$S/openssh10.0.classic" >"$S/log.json"
	[ "$(validate log <"$S/log.json")" -eq 4 ]
	# the validator refuses
	for edit in 's/"schema":1/"schema":2/' 's/"count":1/"count":"1"/' \
	    's/"reason":"[a-z-]*",//' 's/{/{"more":1,/' 's/"outcome":"[a-z]*"/"outcome":"x"/'; do
		sed "$edit" "$S/log.json" >"$S/bad.json"
		run ! validate log <"$S/bad.json"
	done
	# a text that is not UTF-8
	printf '2026-11-29T12:00:00Z h\xff sshd: pam_certauth(sshd:auth): outcome=denied reason=config\n' \
		>"$S/latin.log"
	in_place "$CERTAUTH" log --json --file "$S/latin.log" >"$S/log.json"
	[ "$(validate log <"$S/log.json")" -eq 1 ]
	run -1 --separate-stderr in_place "$CERTAUTH" log --json --user nobody
	[ -z "$output" ]
}

@test "certauth doctor --json: the object has the schema, and the exit status fits" {
	need_jsonschema
	local code
	for code in 0 1; do
		[ "$code" -eq 0 ] || conf sshd 'crl = off' 'mode = audit' 'unknown = 1'
		in_place "$CERTAUTH" doctor --skip clock --json >"$S/doctor.json" || code=$?
		cat "$S/doctor.json"
		[ "$(validate doctor <"$S/doctor.json")" -eq 1 ]
		python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
levels = [f["level"] for f in o["findings"]]
assert o["errors"] == levels.count("error"), o
assert o["warnings"] == levels.count("warning"), o
assert int(sys.argv[2]) == (2 if o["errors"] else 1 if o["warnings"] else 0), o
assert o["findings"]' "$S/doctor.json" "$code"
	done
	conf_reset
	for edit in 's/"schema":1,//' 's/"level":"[a-z]*"/"level":"bad"/' 's/"why"/"whi"/'; do
		sed "$edit" "$S/doctor.json" >"$S/bad.json"
		run ! validate doctor <"$S/bad.json"
	done
}

@test "certauth sessions --json: the object has the schema; its end is shown by certauth log" {
	need_jsonschema
	local bad client before
	in_place "$CERTAUTH" sessions --json >"$S/sessions.json"
	[ "$(validate sessions <"$S/sessions.json")" -eq 1 ]
	conf default 'sessions = yes'
	sessions_service su
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/carol/"
	chown 2003 "$S/home/carol/alice.key"
	: >"$S/stay"
	as_user carol python3 "$S/bin/login.py" --pty --cert alice-chain.pem \
		--key alice.key -- bash -c "su alice -c 'while [ -e $S/stay ]; do sleep 0.1; done'; true" \
		>"$S/seen" 2>&1 3>&- </dev/null &
	client=$!
	recorded 1
	in_place "$CERTAUTH" sessions --json >"$S/sessions.json"
	cat "$S/sessions.json"
	[ "$(validate sessions <"$S/sessions.json")" -eq 1 ]
	[[ $(cat "$S/sessions.json") == '{"schema":1,"sessions":[{"id":"'*'"state":"ok"'* ]]
	for bad in 's/"schema":1,//' 's/"id":"/&g/' 's/"state":"ok"/"state":""/' \
	    's/"pid":/"more":1,&/' 's/"uid":2001,//' 's/"account":"alice"/"account":1/'; do
		sed "$bad" "$S/sessions.json" >"$S/bad.json"
		run ! cmp -s "$S/sessions.json" "$S/bad.json"
		run ! validate sessions <"$S/bad.json"
	done
	# what ended is no login
	metrics --state "$S/state.sessions"
	before=$(series)
	in_place "$CERTAUTH" sessions end "$(session_id alice su)"
	rm "$S/stay"
	wait "$client" || :
	journal_sync
	in_place "$CERTAUTH" log --json --reason administrator >"$S/log.json"
	cat "$S/log.json"
	[ "$(validate log <"$S/log.json")" -eq 1 ]
	[[ $(cat "$S/log.json") == *'"program":"certauth","writer_uid":0,"event":"session","mode":"enforce","outcome":"ended","reason":"administrator","user":"alice","service":"su"'* ]]
	metrics --state "$S/state.sessions"
	[ "$(series)" -eq "$before" ]
	[ "$(sample 'certauth_log_ignored_entries_total{why="imitation"}')" -eq 0 ]
	[ "$(sample 'certauth_log_ignored_entries_total{why="damaged"}')" -eq 0 ]
	sessions_forget
	conf_reset
	service su
}

# the last one, because it ends the journald of the others
@test "the journal is another one: said by a counter, and counting goes on" {
	local was
	export STATE=$S/lost
	metrics
	try revoked
	journal_sync
	metrics
	was=$(logins denied revoked)
	journal_stop
	until_true test ! -e "/proc/$JOURNALD_PID/exe"
	in_place umount /dev/log
	in_place bash -c 'rm -rf /run/log/journal'
	in_place rm -f /run/systemd/journal/dev-log
	JOURNALD_PID=
	journal_start
	try revoked
	journal_sync
	metrics
	cat "$S/out" "$S/err"
	[ "$(sample certauth_log_gaps_total)" -eq 1 ]
	[ "$(logins denied revoked)" -eq $((was + 1)) ]
	try revoked
	journal_sync
	metrics
	[ "$(sample certauth_log_gaps_total)" -eq 1 ]
	[ "$(logins denied revoked)" -eq $((was + 2)) ]
	# a cursor that journalctl does not read is an error, and is said
	sed -i 's/^cursor .*/cursor x/' "$STATE/state"
	run -1 metrics
	cat "$S/out" "$S/err"
	[ "$(sample certauth_log_read)" -eq 0 ]
	grep -q 'journalctl reported an error' "$S/err"
	[ "$(logins denied revoked)" -eq $((was + 2)) ]
	journal_stop # it is this test's
}
