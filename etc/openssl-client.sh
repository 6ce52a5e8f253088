#!/bin/sh
# A certauth/1 client made of a shell and the openssl command, for machines that
# have no package of certauth.  It signs only for the host and the login that the
# user meant, by a request that is not old (docs/protocol.md, rules 1 to 3 for
# clients).  It does not check a host's own proof (rule 4).
#
# For ssh, scp, sftp and git:
#   export CERT=alice.pem KEY=alice.key
#   export SSH_ASKPASS=/path/openssl-client.sh SSH_ASKPASS_REQUIRE=force
#   ssh alice@web1.example
# For a program that shows the prompt on the screen: start this script in another
# window, paste the prompt, and paste its answer back.
#   CERT=alice.pem KEY=alice.key sh openssl-client.sh alice@web1.example
#
# CERT: PEM, the user's certificate first, then intermediate certificates.
# KEY: PEM, EC, RSA, Ed25519, Ed448, or ML-DSA with OpenSSL 3.5.  openssl asks
# for the passphrase.
set -eu
umask 077
export LC_ALL=C
die() { echo "openssl-client.sh: $*" >&2; exit 1; }
newline='
'

# ---- the prompt ----

# lowercase TEXT: as host names are compared
lowercase() { printf %s "$1" | tr '[:upper:]' '[:lower:]'; }

# The kernel's name of the process that started this script.
parent() {
	if [ -r "/proc/$PPID/comm" ]; then cat "/proc/$PPID/comm"
	elif name=$(ps -o comm= -p "$PPID" 2>/dev/null); then echo "${name##*/}"
	else ps -p "$PPID" | awk 'END { sub(".*/", "", $NF); sub("[.]exe$", "", $NF); print $NF }'
	fi
}

# target [USER@]HOST: what the user meant
target() {
	host=${1##*@} login=${1%"$host"}
	login=${login%@}
	[ -n "$host" ] || die "no host in '$1'"
	[ -n "$login" ] || login=$(id -un)
}

# prompt_line LINE: one prompt and nothing else, into request, next and max
prompt_line() {
	printf '%s\n' "$1" | grep -qE \
		'^certauth1 [A-Za-z0-9_-]+ next=(0|[1-9][0-9]{0,4}) max=[1-9][0-9]{0,5}:$' ||
		return 1
	request=${1#certauth1 } request=${request%% *}
	next=${1#* next=} next=${next%% *}
	max=${1#* max=} max=${max%:}
	[ ${#request} -le 65536 ] && [ "$max" -ge 2 ]
}

# Does ssh write "(user@host) " before what a host asks?  OpenSSH does since 8.5;
# the text of an older ssh comes from the host alone.
ssh_names_host() {
	version=$(ssh -V 2>&1 | sed -n \
		's/^OpenSSH_\(for_Windows_\)\{0,1\}\([0-9]\{1,\}\)\.\([0-9]\{1,\}\).*/\2 \3/p')
	[ -n "$version" ] && [ $((${version% *} * 100 + ${version#* })) -ge 805 ]
}

# prompt_of_ssh TEXT: what ssh gives to its askpass program.  ssh itself writes
# "(user@host) "; the host wrote the rest, which may contain a false prefix.
prompt_of_ssh() {
	[ "$(parent)" = ssh ] ||
		die "started by '$(parent)', not by ssh; see the first lines of $0"
	ssh_names_host ||
		die 'not signed (rule 1): an ssh older than OpenSSH 8.5 does not say which host asks; paste the prompt instead'
	case $1 in
	*certauth1\ *) ;;
	*) die "ssh asks something else: $(printf %s "$1" | tr -cd '[:print:]')" ;;
	esac
	text=$(printf '%s.' "$1" | tr -d '\r') text=${text%.}
	case $text in '('*') '*) ;; *) die 'the prompt has no (user@host)' ;; esac
	prefix=${text#(} prefix=${prefix%%') '*}
	case $prefix in
	*[\(\)[:cntrl:]]* | @* | *@) die 'user or host in the prompt is odd' ;;
	*@*) target "$prefix" ;;
	*) die 'the prompt has no (user@host)' ;;
	esac
	text=${text#"($prefix) "}
	while case $text in *[\ "$newline"]) : ;; *) ! : ;; esac; do text=${text%?}; done
	lines=${text%"$newline"*}
	[ "$lines" != "$text" ] || lines=
	case $lines in *certauth1\ *) die 'two prompts in one text' ;; esac
	! printf '%s\n' "$lines" | grep -q '@.*) ' || die 'a second (user@host) in the prompt'
	prompt_line "${text##*"$newline"}" || die 'the prompt is malformed'
}

# Read what was pasted up to "max=N:".  Terminals break a long prompt into lines;
# PuTTY begins each with "| " or "> ".
prompt_pasted() {
	echo 'Paste the prompt, from "certauth1" to "max=N:", and press Enter.' >&2
	text=
	while case $text in *certauth1*max=*[0-9]:*) ! : ;; *) : ;; esac; do
		IFS= read -r line || die 'no complete prompt was pasted'
		text=$text$(printf %s "$line" | sed 's/^[|>]//' | tr -d ' \t\r')
		[ ${#text} -le 70000 ] || die 'the text is longer than a prompt'
	done
	text=${text#*certauth1}
	prompt_line "certauth1 $(printf %s "${text%%:*}:" | sed 's/next=/ &/; s/max=/ &/')" ||
		die 'the prompt is malformed'
}

# ---- the request ----

decode() { { tr -- '-_' '+/' | tr -d '\n'; case $((${#request} % 4)) in
	2) echo '==' ;; 3) echo '=' ;; *) echo ;; esac; } | fold -w 64 | openssl base64 -d; }

# fields FILE: of a CertificateRequest, a line for each scheme, host name, service,
# user, rhost and time; nothing and status 1 if a length is wrong, or a name is
# not printable ASCII
fields() {
	head -c 8192 "$1" | od -An -v -tu1 | awk '
	function bad() { failed = 1; exit 1 }
	function num(n,  v) { v = 0; while (n-- > 0) { if (p >= end) bad(); v = v * 256 + b[p++] } return v }
	function str(n,  s, c) { s = ""; while (n-- > 0) { c = num(1); if (c < 33 || c > 126) bad()
		s = s sprintf("%c", c) } return s }
	function out(k, v) { line[lines++] = k " " v }
	{ for (i = 1; i <= NF; i++) b[end++] = $i }
	END {
		if (failed) exit 1
		if (num(1) != 13) bad()
		len = num(3); if (len > 8188 || p + len > end) bad()
		end = p + len
		if (num(1) != 32) bad()
		p += 32
		if (num(2) != end - p) bad()
		while (p < end) {
			type = num(2); len = num(2); last = p + len
			if (last > end || seen[type]++) bad()
			if (type == 13) {
				if (num(2) != last - p || p == last) bad()
				while (p < last) out("scheme", num(2))
			} else if (type == 65482) {
				if (num(2) != 1) bad()
				out("issued", num(8)); out("lifetime", num(2))
				n = num(2) + p; if (n > last || n == p) bad()
				while (p < n) { len = num(1); if (!len) bad(); out("host", str(len)) }
				if (p != n) bad()
				out("service", str(num(1))); out("user", str(num(1)))
				out("rhost", str(num(1)))
			} else p = last
			if (p != last) bad()
		}
		if (!seen[13] || !seen[65482]) bad()
		for (i = 0; i < lines; i++) print line[i]
	}'
}

# The rules for clients: 1, the host that the user meant; 2, the login that the
# user meant; 3, a request of now.
rules() {
	grep -qxF "host $(lowercase "$host")" "$t/names" ||
		die "not signed (rule 1): you meant the host $host, and the request is of $(
		sed -n 's/^host //p' "$t/fields" | tr '\n' ' ')"
	user=$(sed -n 's/^user //p' "$t/fields")
	[ -z "$user" ] || [ "$user" = "$login" ] ||
		die "not signed (rule 2): you meant the login $login, and the request is for $user"
	lifetime=$(sed -n 's/^lifetime //p' "$t/fields")
	age=$(awk -v now="$(date +%s)" '/^issued / { d = now - $2; printf "%.0f", d < 0 ? -d : d }' "$t/fields")
	{ [ ${#age} -le 9 ] && [ "$age" -le $((lifetime + 300)) ]; } ||
		die "not signed (rule 3): the clocks of this machine and of $host differ by $age s, or the request is old"
}

# ---- the response ----

# be NUMBER BYTES: big-endian.  size FILE.
# shellcheck disable=SC2059 # the octal escape is the format
be() { [ "$2" -eq 0 ] || { be $(($1 / 256)) $(($2 - 1))
	printf "\\$(printf %03o $(($1 % 256)))"; }; }
size() { wc -c <"$1"; }

# respond: the response to $t/request, in base64url, to the standard output
respond() {
	# Certificate: the nonce of the request, then each certificate in DER
	i=0
	while i=$((i + 1)); [ "$i" -le "$(grep -c 'BEGIN CERT' "$CERT")" ]; do
		awk -v i=$i '/BEGIN CERT/ { n++ } n == i' "$CERT" |
			openssl x509 -outform DER >"$t/der"
		{ be "$(size "$t/der")" 3; cat "$t/der"; be 0 2; } >>"$t/list"
	done
	{ be 11 1; be $((1 + 32 + 3 + $(size "$t/list"))) 3; be 32 1
		tail -c +6 "$t/request" | head -c 32
		be "$(size "$t/list")" 3; cat "$t/list"; } >"$t/certificate"

	# What is signed: 64 spaces, the context, and the hash of all so far
	{ printf '%64s' ''; printf 'certauth/1, client CertificateVerify\0'
		cat "$t/request" "$t/certificate" |
			openssl dgst -sha384 -binary; } >"$t/tbs"
	openssl x509 -in "$CERT" -noout -pubkey >"$t/pub" 2>/dev/null ||
		die "the key of $CERT is of a type that $(openssl version) does not have; ML-DSA needs OpenSSL 3.5 or later"
	pss='-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32'
	# shellcheck disable=SC2086 # options
	case $(openssl pkey -pubin -in "$t/pub" -noout -text) in
	*P-256*) scheme=1027; set -- dgst -sha256 ;;
	*P-384*) scheme=1283; set -- dgst -sha384 ;;
	*P-521*) scheme=1539; set -- dgst -sha512 ;;
	*ED25519*) scheme=2055; set -- pkeyutl ;;
	*ED448*) scheme=2056; set -- pkeyutl ;;
	*ML-DSA-44*) scheme=2308; set -- pkeyutl ;;
	*ML-DSA-65*) scheme=2309; set -- pkeyutl ;;
	*ML-DSA-87*) scheme=2310; set -- pkeyutl ;;
	*PSS*) scheme=2057; set -- dgst -sha256 $pss ;;
	*RSA* | *Modulus:*) scheme=2052; set -- dgst -sha256 $pss ;;
	*) die "the key of $CERT is of a kind that certauth/1 does not have" ;;
	esac
	grep -qx "scheme $scheme" "$t/fields" ||
		die "$host does not accept keys of the kind that $CERT has"
	if [ "$1" = dgst ]; then
		openssl "$@" -sign "$KEY" "$t/tbs" >"$t/sig"
		openssl "$@" -verify "$t/pub" -signature "$t/sig" "$t/tbs" >/dev/null
	else
		openssl pkeyutl -sign -rawin -inkey "$KEY" -in "$t/tbs" >"$t/sig"
		openssl pkeyutl -verify -rawin -pubin -inkey "$t/pub" \
			-sigfile "$t/sig" -in "$t/tbs" >/dev/null
	fi || die "$KEY is not the key of $CERT, or cannot be used"

	# CertificateVerify: the scheme (RFC 8446 section 4.2.3) and the signature
	{ cat "$t/certificate"; be 15 1; be $((4 + $(size "$t/sig"))) 3
		be "$scheme" 2; be "$(size "$t/sig")" 2; cat "$t/sig"; } |
		openssl base64 | tr '+/' '-_' | tr -d '=\n'
}

# Answer the prompt in request, next and max.  The signature differs each time it
# is made: the response is kept for later pieces.
answer() {
	kept=$keep/$(printf %s "$request" | openssl dgst -sha256 -r | cut -c1-64)
	printf %s "$request" | decode >"$t/request"
	fields "$t/request" >"$t/fields" || die 'the request is malformed, or a name in it is not ASCII'
	lowercase "$(grep '^host ' "$t/fields")" >"$t/names"
	rules # also for later pieces: another host may show a request that was answered
	if [ "$next" -eq 0 ]; then
		: >"$t/list"
		respond >"$t/response"
		mv "$t/response" "$kept"
	fi
	[ -s "$kept" ] || die 'the first piece of this response was not sent from here'

	# The piece from character N on, at most M with its mark: + more, . the last
	piece=$(tail -c +$((next + 1)) "$kept" | head -c $((max - 1)))
	if [ $((next + ${#piece})) -lt "$(size "$kept")" ]; then
		echo "$piece+"
	else
		rm -f "$kept"
		echo "$piece."
	fi
}

case $# in
1) ;;
*) sed -n '2,/^set/{ /^set/d; s/^# \{0,1\}//; p; }' "$0" >&2; exit 2 ;;
esac
[ -r "${CERT:?is not set: the file of your certificate}" ] || die "$CERT cannot be read"
[ -r "${KEY:?is not set: the file of your key}" ] || die "$KEY cannot be read"
keep=${XDG_RUNTIME_DIR:-$HOME/.cache}/certauth-openssl
mkdir -p "$keep"
find "$keep" -type f -mmin +10 -exec rm -f {} +
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
trap 'exit 1' HUP INT TERM
case $(parent):$1 in
ssh:* | *:*[!A-Za-z0-9@._:-]*) # no [USER@]HOST
	prompt_of_ssh "$1"
	[ "$max" -le 1023 ] || max=1023 # ssh reads no more from an askpass
	answer ;;
*)
	target "$1"
	if [ -t 0 ]; then # a line of more than 1,023 characters, without editing
		was=$(stty -g)
		trap 'rm -rf "$t"; stty "$was"' EXIT
		stty -icanon
	fi
	while :; do
		prompt_pasted
		said=$(answer)
		echo 'Copy this line:' >&2
		printf '%s\n' "$said"
		case $said in *.) break ;; esac
	done ;;
esac
