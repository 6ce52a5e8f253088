#!/bin/bash
# The cost of a login compared with other modules and tools: tables in Markdown.
# usage: [ROUNDS=N] [OLD=DIR] tests/bench/bench.sh [BUILD]
#
# All of it runs in a private place (tests/lib/common.bash): a private
# mount namespace with its own /etc, accounts and log.  It needs root.  Logins go to a
# resident verifier if nothing else is said.  The rows are run in turn, so that what
# else the machine does falls on all of them; times are medians; instructions are
# counted by callgrind, in the process of the login and in the verifier.
# ROUNDS (default 21): runs of each row.
# OLD: a build folder of a version that verified within the application's process.
set -eu
cd "$(dirname "$0")/../.."
B=${1:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
ROUNDS=${ROUNDS:-21}
export CERTAUTH_BUILD=$B
# shellcheck source=tests/lib/common.bash
. tests/lib/common.bash
OLD=${OLD:-}
CORES=$(nproc)
SIZES='0 1000 10000 100000 1000000'

say() { echo "bench: $*" >&2; }

unset SSH_AGENT_PID SSH_AUTH_SOCK
finish() {
	[ $? -eq 0 ] || [ ! -e "${S:-}/log" ] || tail -n 5 "$S/log" >&2
	[ -z "${SSH_AGENT_PID:-}" ] || kill "$SSH_AGENT_PID" || :
	place_remove
}
trap finish EXIT
trap 'exit 1' INT TERM

[ "$(id -u)" -eq 0 ] || { say 'the verifier becomes another user: needs root'; exit 1; }
export CERTAUTH_VERIFIER=verifier=spawn
place_make
cp "$B/tests/bench/"{drive,judge} "$B/tests/load/crowd" "$S/bin/"
D=$S/bench
mkdir "$D" "$D/out" "$D/jobs"

# ---- what the rows are about ----

say 'a CA, a certificate, CRLs of up to 1,000,000 entries'
pki_new "$D/pki"
pki_ca ca
pki_leaf alice ca
pki_leaf card ca --key rsa2048
for n in $SIZES; do
	mkdir "$D/crl-$n"
	"$B/tests/bench/gencrl" "$n" "$PKI/ca.pem" "$PKI/ca.key" \
		"$D/crl-$n/ca.crl"
done

say '1,000 CA certificates'
pki_key others p256
seq 2 1000 | xargs -P 2 -I{} openssl req -x509 -key "$PKI/others.key" \
	-subj '/O=Bench/CN=Other CA {}' -days 30 -out "$PKI/other-{}.pem"
for n in 1 10 100 1000; do
	mkdir "$D/ca-$n"
	cp "$PKI/ca.pem" "$D/ca-$n/"
	for ((i = 2; i <= n; i++)); do
		echo "$PKI/other-$i.pem"
	done | xargs -r cp -t "$D/ca-$n/"
	openssl rehash "$D/ca-$n"
done

say 'users files of 10 and 1,000,000 lines'
for n in 10 1000000; do
	od -An -v -tx1 -w32 -N $((32 * (n - 2))) /dev/urandom | tr -d ' ' |
		awk '{ print "user" NR, "sha256:" $1 }' >"$D/users-$n"
	for name in alice card; do
		echo "alice sha256:$(pki_sha256 "$PKI/$name.pem")"
	done >>"$D/users-$n"
done
cp "$D/users-1000000" "$D/users-scanned"

# ---- services ----

# The CA directory is that of certauth.conf, whose certificates the parent decodes.
# ours NAME [KEY=VALUE ...]
ours() {
	local name=$1 default
	shift
	for default in "users=$D/users-10" "crl_dir=$D/crl-0"; do
		[[ " $* " == *" ${default%%=*}="* ]] || set -- "$@" "$default"
	done
	service "$name" "$@"
}
theirs() {
	printf '%s\n' "auth required $2" 'account required pam_permit.so' \
		>"$S/etc/pam.d/$1"
}
theirs permit pam_permit.so
ours spawned
export CERTAUTH_VERIFIER=verifier=resident
for n in $SIZES; do
	ours "indexed-$n" "crl_dir=$D/crl-$n"
	ours "streamed-$n" "crl_dir=$D/crl-$n" crl_engine=stream
done
ours users-1000000 "users=$D/users-1000000"
ours users-scanned "users=$D/users-scanned"
if [ -n "$OLD" ]; then
	cp "$OLD/pam_certauth.so" "$S/bin/old.so"
	sed "s,$MODULE verifier=[a-z]*,$S/bin/old.so," \
		"$S/etc/pam.d/indexed-0" >"$S/etc/pam.d/old"
else
	say 'without a version that verified in the application: OLD is not set'
fi

say 'indexes'
"$CERTAUTH" users compile --file "$D/users-1000000" >/dev/null
for n in $SIZES; do
	"$CERTAUTH" crl compile --quiet --ca-dir "$D/ca-1" \
		--crl-dir "$D/crl-$n"
done

# ---- the others ----

row() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$D/jobs/$4"; }

pam_dir=$(dirname "$(find /lib /usr/lib /usr/lib64 -name pam_permit.so \
	2>/dev/null | head -n 1)")
softhsm=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2>/dev/null |
	head -n 1)
have_agent='' have_pkcs11='' have_token=''

if [ -e "$pam_dir/pam_ssh_agent_auth.so" ]; then
	have_agent=1
	eval "$(ssh-agent -s -a "$D/agent")" >/dev/null
	export SSH_AUTH_SOCK SSH_AGENT_PID
	ssh-keygen -q -t ecdsa -b 256 -N '' -f "$D/agentkey"
	ssh-add -q "$D/agentkey"
	cp "$D/agentkey.pub" "$S/etc/agent_keys"
	theirs agent 'pam_ssh_agent_auth.so file=/etc/agent_keys'
else
	say 'without pam_ssh_agent_auth, which is not installed'
fi

# One token, which both read: alice's helper, and pam_pkcs11 as root.
if [ -n "$softhsm" ]; then
	have_token=1
	export SOFTHSM2_CONF=$S/home/alice/.config/softhsm2/softhsm2.conf
	mkdir -p "${SOFTHSM2_CONF%/*}" "$S/home/alice/tokens"
	printf '%s\n' "directories.tokendir = $S/home/alice/tokens" \
		'objectstore.backend = file' 'log.level = ERROR' \
		>"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label Card --pin 1234 \
		--so-pin 567890 >/dev/null
	softhsm2-util --import "$PKI/card.key" --token Card --pin 1234 \
		--id 01 --label card >/dev/null
	openssl x509 -in "$PKI/card.pem" -outform DER -out "$D/card.der"
	pkcs11-tool --module "$softhsm" --token-label Card --pin 1234 \
		--write-object "$D/card.der" --type cert --id 01 \
		--label card >/dev/null 2>&1
	chown -R 2001:2001 "$S/home/alice"
	ours token proof=command "helper=$HELPER" pkcs11=yes \
		"token_uri=pkcs11:token=Card?module-path=$softhsm"
fi
if [ -n "$have_token" ] && [ -e "$pam_dir/pam_pkcs11.so" ]; then
	have_pkcs11=1
	mkdir -p "$S/etc/pam_pkcs11"
	hash=$(openssl x509 -in "$PKI/ca.pem" -noout -hash)
	for n in $SIZES; do
		# PEM alone is what it takes there
		mkdir "$D/pem-$n"
		openssl crl -inform DER -in "$D/crl-$n/ca.crl" \
			-out "$D/pem-$n/$hash.r0"
		cat >"$S/etc/pam_pkcs11/$n.conf" <<-END
			pam_pkcs11 {
			  nullok = false;
			  debug = false;
			  use_pkcs11_module = soft;
			  pkcs11_module soft {
			    module = $softhsm;
			    description = "SoftHSM";
			    slot_description = "none";
			    ca_dir = $D/ca-1;
			    crl_dir = $D/pem-$n;
			    support_threads = false;
			    cert_policy = ca,signature,crl_offline;
			    token_type = "Card";
			  }
			  use_mappers = cn;
			  mapper_search_path = $pam_dir/../pam_pkcs11;
			  mapper cn {
			    debug = false;
			    module = internal;
			    ignorecase = false;
			    mapfile = file://$D/cn-map;
			  }
			}
		END
		theirs "pkcs11-$n" \
			"pam_pkcs11.so config_file=/etc/pam_pkcs11/$n.conf"
	done
	echo 'card -> alice' >"$D/cn-map"
else
	say 'without pam_pkcs11, which is not installed'
fi

# ---- jobs ----

cert="cert:$PKI/alice.pem:$PKI/alice.key"
login() { echo "pamtester $1 alice authenticate"; }
count() {
	row "$1" "$2" "valgrind --tool=callgrind --callgrind-out-file=/dev/null $3" \
		counts
}

for jobs in times both; do
	row permit - "$(login permit)" $jobs
	[ -z "$have_agent" ] || row agent - "$(login agent)" $jobs
	row resident "$cert" "$(login indexed-0)" $jobs
	row spawned "$cert" "$(login spawned)" $jobs
	[ -z "$OLD" ] || row old "$cert" "$(login old)" $jobs
done
count permit - "$(login permit)"
count resident "$cert" "$(login indexed-0)"
count indexed-1000000 "$cert" "$(login indexed-1000000)"
count users-1000000 "$cert" "$(login users-1000000)"
[ -z "$have_agent" ] || count agent - "$(login agent)"
[ -z "$OLD" ] || count old "$cert" "$(login old)"
for n in $SIZES; do
	row "indexed-$n" "$cert" "$(login "indexed-$n")" times
	row "streamed-$n" "$cert" "$(login "streamed-$n")" times
	row "openssl-$n" - "openssl verify -CAfile $PKI/ca.pem -crl_check_all \
-CRLfile $D/crl-$n/ca.crl -purpose sslclient $PKI/alice.pem" times
	[ -z "$have_pkcs11" ] ||
		row "pkcs11-$n" text:1234 "$(login "pkcs11-$n")" times
done
row users-1000000 "$cert" "$(login users-1000000)" times
row users-scanned "$cert" "$(login users-scanned)" scanned
[ -z "$have_token" ] || row token text:1234 "$(login token)" times
for n in 1 10 100 1000; do
	row "ca-$n" "$cert" "$(login indexed-0)" "ca-$n"
done
for n in resident:indexed-0 indexed-1000000:indexed-1000000 \
    users-1000000:users-1000000 ca-1000:indexed-0; do
	row "${n%:*}" "$cert" "$(login "${n#*:}")" "warm-${n%:*}"
done
row compile - "$CERTAUTH crl compile --quiet --force --ca-dir $D/ca-1 \
--crl-dir $D/crl-1000000" compile
row parse - "openssl crl -noout -inform DER -in $D/crl-1000000/ca.crl" compile

# Chains made to be dear, of x509-limbo where it is at hand; each is one process,
# with what its shell costs.
suite=${SUITES:-$PWD/../shared/conformance}/limbo-client/cases
: >"$D/empty.conf"
for c in "$suite"/pathological__*; do
	[ -d "$c" ] || { say 'without x509-limbo, which is not here'; break; }
	n=${c##*pathological__}
	mkdir "$D/ca-$n"
	cp "$c"/trusted-*.pem "$D/ca-$n"
	openssl rehash "$D/ca-$n" 2>/dev/null
	helping=''
	[ ! -e "$c/intermediates.pem" ] || {
		cp "$c/intermediates.pem" "$D/helping-$n.pem"
		helping="--intermediates $D/helping-$n.pem"
	}
	cp "$c/leaf.pem" "$D/leaf-$n.pem"
	# one is a good chain, as its name says
	want=1
	[[ $n != multiple-chains-expired* ]] || want=0
	cat >"$D/limbo-$n" <<-END
		#!/bin/sh
		$CERTAUTH verify --config $D/empty.conf --ca-dir $D/ca-$n --no-crl \
			--quiet --purpose sslclient --max-depth 32 $helping \
			$D/leaf-$n.pem
		[ \$? -eq $want ]
	END
	chmod +x "$D/limbo-$n"
	row "limbo-$n" - "$D/limbo-$n" times
done

# ---- times ----

drive() { in_place "$S/bin/drive" "$@"; }

# with_cas N: a resident verifier, whose parent decodes N CAs
with_cas() {
	conf default "ca_dir = $D/ca-$1"
	# no file that was changed within a second is decoded
	sleep 1.2
	resident_start
	drive "$D/jobs/ca-$1" >/dev/null
	sleep 0.5
}

# ticks PID: CPU time of it and of the children that it waited for, in 10 ms
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 + $14 + $15 }'; }

fact() { printf '%s\t%s\n' "$1" "$2" >>"$D/facts"; }

for n in 1000 100 10 1; do
	say "$n CAs"
	with_cas "$n"
	drive -r "$ROUNDS" "$D/jobs/ca-$n" >>"$D/cas"
done

# In these rows the verifier works for the row `resident` alone, and the agent for
# the row `agent`.
say "300 rounds of $(wc -l <"$D/jobs/both") rows, and the CPU time of both sides"
verifier=$(ticks "$RESIDENT")
[ -z "$have_agent" ] || agent=$(ticks "$SSH_AGENT_PID")
drive -r 300 "$D/jobs/both" >"$D/both"
sleep 1
hertz=$(getconf CLK_TCK)
of_each() { awk -v n="$1" -v hz="$hertz" 'BEGIN { print n * 1e6 / hz / 300 }'; }
fact verifier-cpu "$(of_each $(($(ticks "$RESIDENT") - verifier)))"
[ -z "$have_agent" ] ||
	fact agent-cpu "$(of_each $(($(ticks "$SSH_AGENT_PID") - agent)))"

say '2,000 judgements on all cores, three times'
for _ in 1 2 3; do
	verifier=$(ticks "$RESIDENT")
	in_place "$S/bin/judge" -p $((2 * CORES)) -n $((1000 / CORES)) \
		"$PKI/alice.pem" "$PKI/alice.key" verifier=resident \
		"users=$D/users-10" "crl_dir=$D/crl-0" >"$D/judged"
	sleep 0.5
	awk -v ticks=$(($(ticks "$RESIDENT") - verifier)) -v hz="$hertz" \
		-v cores="$CORES" '{ print "judged-cpu\t" $1 / ticks * hz
		print "judged-wall\t" $1 / $2 / cores }' "$D/judged" >>"$D/facts"
done

say '200 logins at once, seven times'
for _ in 1 2 3 4 5 6 7; do
	in_place "$S/bin/crowd" -w -s indexed-0 -p 200 "$PKI/alice.pem" \
		"$PKI/alice.key" >"$D/crowd"
	read -ra words <"$D/crowd"
	[ "${words[1]}" -eq 200 ] || { say "at once: ${words[*]}"; exit 1; }
	fact crowd "${words[9]}"
	sleep 1
done

say "$ROUNDS rounds of $(wc -l <"$D/jobs/times") rows"
drive -r "$ROUNDS" -t 8 "$D/jobs/times" >"$D/times"
say 'compiling a CRL of 1,000,000 entries, and openssl parsing it'
drive -r 7 "$D/jobs/compile" >"$D/compile"
not_logged 'outcome=denied'
# on a busy machine that takes longer than a login may
drive -r "$ROUNDS" -t 8 "$D/jobs/scanned" >>"$D/cas" ||
	say 'without the row of users without an index'

# ---- instructions ----

say 'instructions of the application'
drive -o "$D/out" "$D/jobs/counts" >/dev/null
for f in "$D/out"/*; do
	printf '%s\t%s\n' "app-${f##*/}" \
		"$(sed -n 's/^==[0-9]*== Collected : //p' "$f")"
done >>"$D/facts"

# A worker has what its parent counted before it was forked, and the parent carries
# out no operation: the operations alone are counted.
say 'instructions of the verifier'
CERTAUTH_VERIFIER='' verifier_is "$(command -v valgrind)" --tool=callgrind \
	--toggle-collect=ca_worker_run --callgrind-out-file=/dev/null \
	--log-file="$S/counts/%p" "$S/bin/unconfined"
# sets sum and workers: of those that ended
collected() {
	sed -n 's/.*Collected : //p' "$S/counts"/* >"$D/collected"
	sum=$(awk '{ n += $1 } END { printf "%.0f", n }' "$D/collected")
	workers=$(wc -l <"$D/collected")
}
# the first logins may come before the verifier under callgrind is there
patiently() {
	local i
	for ((i = 0; i < 30; i++)); do
		! drive "$1" >/dev/null 2>&1 || return 0
		sleep 0.5
	done
	say "no login by a verifier under callgrind: $1"
	return 1
}
# counted NAME: a login by the verifier when it is warm
counted() {
	local before was i
	patiently "$D/jobs/warm-$1"
	sleep 2
	collected
	before=$sum was=$workers
	drive "$D/jobs/warm-$1" >/dev/null
	for ((i = 0; i < 100; i++)); do
		collected
		[ "$workers" -lt $((was + 2)) ] || break
		sleep 0.1
	done
	[ "$workers" -eq $((was + 2)) ] ||
		{ say "$1: $((workers - was)) workers, not 2"; return 1; }
	fact "verifier-$1" $((sum - before))
}
for cas in 1 1000; do
	rm -rf "$S/counts"
	mkdir -m 777 "$S/counts"
	conf default "ca_dir = $D/ca-$cas"
	sleep 1.2
	resident_start
	if [ "$cas" -eq 1 ]; then
		for n in resident indexed-1000000 users-1000000; do counted $n; done
	else
		counted ca-1000
	fi
done

python3 tests/bench/table.py "$D/times" "$D/both" "$D/cas" "$D/compile" "$D/facts" |
	tee "$B/bench.md"
tests/pictures/cost.py "$B/bench.md" >"$B/cost.svg"
say "the tables are in $B/bench.md, the plot is $B/cost.svg"
