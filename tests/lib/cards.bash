# shellcheck shell=bash
# Smart cards and a TPM for tests: a private pcscd with virtual readers (vpcd), the
# emulated cards of tests/cards, swtpm, and p11-kit with the modules for them.
#
#   cards_need WHAT ...    skip the test, with the reason, if one of these is not
#                          installed: pcscd opensc ykcs11 tpm2 scdaemon remote
#   cards_make DIR         in setup_file, after token_make or place_make: pcscd, in
#                          mount and network namespaces of its own; its files are in
#                          DIR/cards (CARDS)
#   cards_remove           in teardown_file, before token_remove or place_remove
#
#   card_piv NAME SLOT=CERT ... [OPTION=VALUE ...]
#                          insert a PIV card with keys and certificates of the PKI
#                          in 9a, 9c, 9d, 9e; tests/cards/piv.py has the options.
#                          The reader of a card with yubi=1 is a YubiKey's.
#   card_opgp NAME CERT [OPTION=VALUE ...]
#                          insert an OpenPGP card; CERT (RSA 2048) is the
#                          certificate of its key for authentication
#   card_pull NAME, card_insert NAME   out of the reader, and back; pcscd knows of it
#                          afterwards
#   card_set NAME OPTION=VALUE ...   tries, slow, die, cut, pin, wrong (card.py)
#                          A program that a test runs has them as $CARDS/do card_pull
#                          NAME, and so on
#   card_log NAME          the commands that the card got since card_mark NAME
#   card_count NAME        how many these are
#   card_stop NAME         the card is gone for good
#
#   tpm_make, tpm_load     see tpm.bash
#
#   cards_modules opensc|ykcs11|tpm2|spy|remote ...   what p11-kit knows: spy is
#                          OpenSC's module, its calls in $CARDS/spy; remote is what
#                          cards_server serves
#   cards_server URI       p11-kit server for the tokens of cards_modules, a socket
#   with_cards COMMAND ... run with pcscd, the TPM and these modules
#   cards_tool ANSWERS ARG ...   bats' run of keytool so (token.bash has to be loaded)
#   cards_in_place         the place of common.bash has them, too: in_place, as_user
#                          and logins in it (sets PLACE_NET)
#
# In the namespace of pcscd /run is empty but for its own socket, and the ports of
# vpcd and swtpm are on its own loopback interface.  Two readers have two slots each.
#
# shellcheck disable=SC2034,SC2154 # status and output are those of bats' run

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CERTAUTH_BUILD=${CERTAUTH_BUILD:-$HERE/build}
export HERE CERTAUTH_BUILD
KEYTOOL=$CERTAUTH_BUILD/tests/key/keytool
# shellcheck source=tests/lib/tpm.bash
. "$HERE/tests/lib/tpm.bash"

# a library of PKCS#11, wherever this Debian has it
cards_library() {
	find /usr/lib /usr/lib64 \( -name "$1" -o -name "$1.[0-9]" \) 2>/dev/null |
		sort | head -n 1
}

# cards_has WHAT: or the reason that it cannot be tested
cards_has() {
	case $1 in
	pcscd)
		command -v pcscd >/dev/null || echo 'pcscd is not installed'
		[ -n "$(cards_library libifdvpcd.so)" ] ||
			echo 'vsmartcard-vpcd is not installed'
		python3 -c 'import cryptography' 2>/dev/null ||
			echo 'python3-cryptography is not installed'
		;;
	opensc) [ -n "$(cards_library opensc-pkcs11.so)" ] ||
		echo 'opensc-pkcs11 is not installed' ;;
	ykcs11) [ -n "$(cards_library libykcs11.so)" ] ||
		echo 'ykcs11 is not installed' ;;
	tpm2)
		command -v swtpm >/dev/null || echo 'swtpm is not installed'
		command -v tpm2_ptool >/dev/null ||
			echo 'libtpm2-pkcs11-tools is not installed'
		[ -n "$(cards_library libtpm2_pkcs11.so)" ] ||
			echo 'libtpm2-pkcs11-1 is not installed'
		[ -n "$(cards_library libtss2-tcti-swtpm.so)" ] ||
			[ -n "$(cards_library 'libtss2-tcti-swtpm.so*')" ] ||
			echo 'libtss2-tcti-swtpm0 is not installed'
		;;
	scdaemon) [ -x "$(gpgconf --list-components 2>/dev/null |
		sed -n 's/^scdaemon:[^:]*://p')" ] || echo 'scdaemon is not installed' ;;
	remote) [ -n "$(cards_library p11-kit-client.so)" ] ||
		echo 'p11-kit-modules is not installed' ;;
	esac | head -n 1
}

cards_need() {
	local what why
	for what; do
		why=$(cards_has "$what")
		[ -z "$why" ] || skip "$why"
	done
}

# cards_wait COMMAND ...: it succeeds before long
cards_wait() {
	local i
	for ((i = 0; i < 500; i++)); do
		"$@" && return
		sleep 0.02
	done
	echo "never: $*" >&2
	return 1
}

# cards_make DIR: it succeeds also where pcscd is missing, for cards_need to say
cards_make() {
	local how=-mn options='' driver
	export CARDS=$1/cards
	mkdir -p "$CARDS/run" "$CARDS/readers" "$CARDS/modules" || return
	chmod 755 "$CARDS" "$CARDS/run"
	printf '#!/bin/bash\n. "%s"\n"$@"\n' "$HERE/tests/lib/cards.bash" >"$CARDS/do"
	chmod 755 "$CARDS/do"
	[ -z "$(cards_has pcscd)" ] || return 0
	driver=$(cards_library libifdvpcd.so)
	# channel and port, in hexadecimal; the second slot has the next port.  The
	# driver knows the slots of one reader: another reader has a driver of its own
	cp "$driver" "$CARDS/yubi.so" || return
	cards_reader 'Virtual PCD' 0x8C7B "$driver" >"$CARDS/readers/plain"
	cards_reader 'Yubico YubiKey CCID' 0x8C8B "$CARDS/yubi.so" >"$CARDS/readers/yubi"
	# what newer releases ask polkit about, there is no D-Bus to ask here
	! pcscd --help | grep -q disable-polkit || options=--disable-polkit
	[ "$(id -u)" -eq 0 ] || how=-rmn
	# shellcheck disable=SC2016
	unshare $how --propagation private sh -c '
		ip link set lo up && mount -t tmpfs -o mode=755 none /run &&
			mkdir /run/pcscd && mount --bind "$1/run" /run/pcscd &&
			exec pcscd --foreground --config "$1/readers" $2
		' - "$CARDS" "$options" >"$CARDS/pcscd.out" 2>&1 </dev/null 3>&- 4>&- &
	export PCSCD_PID=$!
	if ! cards_wait test -S "$CARDS/run/pcscd.comm"; then
		cat "$CARDS/pcscd.out" >&2
		return 1
	fi
}

cards_reader() {
	printf '%s\n' "FRIENDLYNAME \"$1\"" "DEVICENAME /dev/null:$2" "LIBPATH $3" \
		"CHANNELID $2"
}

cards_remove() {
	local f
	[ -n "${CARDS:-}" ] || return 0
	# the cards and servers first: pcscd waits for none of them
	for f in "$CARDS"/*.pid "$CARDS"/*/pid; do
		[ ! -e "$f" ] || cards_kill "$f"
	done
	[ -z "${PCSCD_PID:-}" ] || cards_end "$PCSCD_PID"
	rm -rf "$CARDS"
}

# cards_kill FILE: the process whose number is in FILE
cards_kill() {
	cards_end "$(cat "$1")"
	rm -f "$1"
}

cards_end() {
	local i
	kill "$1" 2>/dev/null || return 0
	for ((i = 0; i < 500; i++)); do
		[ -e "/proc/$1/exe" ] || return 0
		[ "$i" -ne 250 ] || kill -KILL "$1" 2>/dev/null || :
		sleep 0.02
	done
}

# with_net COMMAND ...: in the namespaces of pcscd; with EXEC=exec in a background
# process, its number is that of COMMAND
with_net() {
	local how=(-r)
	[ "$(id -u)" -eq 0 ] || how=(-U --preserve-credentials -r)
	${EXEC:-} nsenter "${how[@]}" -m -n -t "$PCSCD_PID" -- "$@"
}

# ---- cards ----

# card_start PROGRAM PORT NAME OPTION ...: a folder NAME with its files is there
card_start() {
	local program=$1 port=$2 name=$3
	shift 3
	EXEC='exec' with_net env PYTHONDONTWRITEBYTECODE=1 \
		python3 "$HERE/tests/cards/$program" "$port" "$CARDS/$name" "$@" \
		>"$CARDS/$name/out" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$CARDS/$name/pid"
	echo "$port" >"$CARDS/$name/port"
	cards_wait test -p "$CARDS/$name/control" && card_seen "$name" Yes
}

# card_port FIRST: of the slot of the reader that has no card yet
card_port() {
	local f
	for f in "$CARDS"/*/port; do
		[ ! -e "$f" ] || [ "$(cat "$f")" != "$1" ] || {
			echo $(($1 + 1))
			return
		}
	done
	echo "$1"
}

card_piv() {
	local name=$1 arg options=() port=$((0x8c7b))
	shift
	mkdir -p "$CARDS/$name"
	for arg; do
		case $arg in
		9[acde]=* | 8[23]=*)
			cp "$PKI/${arg#*=}.key" "$CARDS/$name/${arg%%=*}.key"
			cp "$PKI/${arg#*=}.pem" "$CARDS/$name/${arg%%=*}.pem"
			;;
		yubi=*) port=$((0x8c8b)); options+=("$arg") ;;
		*) options+=("$arg") ;;
		esac || return
	done
	card_start piv.py "$(card_port $port)" "$name" "${options[@]}"
}

card_opgp() {
	local name=$1 cert=$2 key
	shift 2
	mkdir -p "$CARDS/$name"
	for key in sig dec; do
		openssl genpkey -quiet -algorithm RSA -out "$CARDS/$name/$key.key" 2>/dev/null ||
			openssl genpkey -algorithm RSA -out "$CARDS/$name/$key.key" \
				2>/dev/null
	done
	cp "$PKI/$cert.key" "$CARDS/$name/aut.key" &&
		cp "$PKI/$cert.pem" "$CARDS/$name/aut.pem" || return
	card_start opgp.py "$(card_port $((0x8c7b)))" "$name" "$@"
}

# card_do NAME COMMAND ...: returns when the card has obeyed
card_do() {
	local name=$1 word=$RANDOM$RANDOM
	shift
	{
		[ $# -eq 0 ] || printf '%s\n' "$@"
		echo "sync $word"
	} >"$CARDS/$name/control"
	cards_wait grep -qx "$word" "$CARDS/$name/done"
}

# card_seen NAME Yes|No: what pcscd says about the slot
card_seen() {
	local port slot reader='Virtual PCD'
	port=$(cat "$CARDS/$1/port")
	slot=$(((port - 0x8c7b) % 16))
	[ "$port" -lt $((0x8c8b)) ] || reader='Yubico YubiKey CCID'
	cards_wait card_line "$reader 0. 0$slot" "$2"
}

# card_line READER Yes|No
card_line() {
	with_net timeout 10 opensc-tool --list-readers 2>/dev/null | grep -qE "^[0-9]+ +$2 .*$1\$"
}

card_pull() {
	card_do "$1" pull && card_seen "$1" No
}

# one that left by itself (die, cut) first leaves for pcscd, too
card_insert() {
	card_do "$1" || return
	[ ! -e "$CARDS/$1/inside" ] || return 0
	card_seen "$1" No && card_do "$1" insert && card_seen "$1" Yes
}

card_set() {
	local name=$1
	shift
	card_do "$name" "${@/#/set }"
}

card_mark() {
	: >"$CARDS/$1/log"
}

card_log() {
	cat "$CARDS/$1/log"
}

card_count() {
	grep -c . "$CARDS/$1/log"
}

card_stop() {
	cards_kill "$CARDS/$1/pid"
	card_seen "$1" No
	rm -rf "${CARDS:?}/$1"
}

# ---- modules ----

cards_modules() {
	local m file
	rm -f "$CARDS/modules"/*
	for m; do
		case $m in
		opensc) file=$(cards_library opensc-pkcs11.so) ;;
		ykcs11) file=$(cards_library libykcs11.so) ;;
		tpm2) file=$(cards_library libtpm2_pkcs11.so) ;;
		spy) file=$(cards_library pkcs11-spy.so) ;;
		remote) file=$(cards_library p11-kit-client.so) ;;
		none) continue ;;
		esac
		echo "module: $file" >"$CARDS/modules/$m.module"
	done
}

cards_env() {
	tpm_env
	echo "P11_KIT_SERVER_ADDRESS=unix:path=$CARDS/p11.sock"
	# OpenSC keeps certificates of cards there
	echo "XDG_CACHE_HOME=$CARDS/cache"
	echo "PKCS11SPY=$(cards_library opensc-pkcs11.so)"
	echo "PKCS11SPY_OUTPUT=$CARDS/spy"
}

with_cards() {
	local env how=(-r)
	mapfile -t env < <(cards_env)
	[ "$(id -u)" -eq 0 ] || how=(-U --preserve-credentials -r)
	# shellcheck disable=SC2016
	${EXEC:-} nsenter "${how[@]}" -m -n -t "$PCSCD_PID" -- \
		unshare -m --propagation private sh -c '
		mount --bind "$1" "$2" || exit 99
		[ ! -d /etc/pkcs11 ] || mount -t tmpfs none /etc/pkcs11 || exit 99
		shift 2
		exec env "$@"' - "${CARDS_MODULES:-$CARDS/modules}" \
		"$(pkg-config --variable=p11_module_configs p11-kit-1)" \
		"${env[@]}" "$@"
}

cards_tool() {
	token_tool with_cards "$@"
}

# each connection reads the modules: the server keeps those of now
cards_server() {
	[ ! -e "$CARDS/server.pid" ] || cards_kill "$CARDS/server.pid"
	rm -rf "$CARDS/p11.sock" "$CARDS/server"
	cp -r "$CARDS/modules" "$CARDS/server"
	CARDS_MODULES=$CARDS/server EXEC='exec' with_cards p11-kit server --foreground --name "$CARDS/p11.sock" "$1" \
		>"$CARDS/server.out" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$CARDS/server.pid"
	cards_wait test -S "$CARDS/p11.sock"
}

# ---- the place of common.bash ----

cards_in_place() {
	in_place mkdir -p /run/pcscd &&
		in_place mount --bind "$CARDS/run" /run/pcscd &&
		in_place mount --bind "$CARDS/modules" \
			"$(pkg-config --variable=p11_module_configs p11-kit-1)" || return
	chmod -R a+rX "$CARDS/modules"
	export PLACE_NET=/proc/$PCSCD_PID/ns/net
}

# ---- what was said, and what the card got ----

has() {
	grep -qE -- "$1" <<<"$output"
}

hasnt() {
	! grep -qE -- "$1" <<<"$output"
}

# verified N: alice's card got that many PINs since card_mark
verified() {
	[ "$(card_log alice | grep -c '^verify ')" -eq "$1" ]
}
