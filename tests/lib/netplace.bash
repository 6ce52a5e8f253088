# shellcheck shell=bash
# A network of its own for the place of common.bash: servers listen on the ports
# that documents name, and clients reach them by the names in /etc/hosts.
#
#   net_make NAME ...      the network, in which NAMEs are 127.0.0.1
#                          in_place and as_user run commands there
#   net_daemon NAME COMMAND ...  a server in the foreground; its number is in
#                          $S/NAME.pid, what it says in $S/NAME.out
#   net_runs NAME          does it run?
#   net_stop NAME          stop that server
#   net_listens PORT       does a server listen there?
#   net_remove             stop all of them, and the network
#   net_tls, pwdfile       see below
#   module_install         the module, certauth and the helper where an example
#                          of etc/pam.d and a document find them
#   doc PAGE NAME          the lines of the example of that name in a page

net_make() {
	printf '127.0.0.1 localhost %s\n127.0.0.1 %s\n' "$(hostname)" "$*" \
		>"$S/etc/hosts"
	EXEC='exec' in_place unshare -n -- setpriv --pdeathsig KILL \
		sh -c 'ip link set lo up && echo up && exec sleep 3600' \
		>"$S/net.out" 2>&1 </dev/null 3>&- 4>&- &
	export NET_PID=$!
	until_true grep -q '^up' "$S/net.out" || {
		cat "$S/net.out"
		return 1
	}
	export PLACE_NET=/proc/$NET_PID/ns/net
}

net_daemon() {
	local name=$1
	shift
	# the child would empty it later than it is looked at
	: >"$S/$name.out"
	EXEC='exec' in_place "$@" \
		>"$S/$name.out" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$S/$name.pid"
}

net_stop() {
	local pid
	[ -e "$S/$1.pid" ] || return 0
	pid=$(cat "$S/$1.pid")
	rm "$S/$1.pid"
	kill "${2:--TERM}" "$pid" 2>/dev/null || return 0
	until_true test ! -e "/proc/$pid/exe"
}

net_runs() {
	[ -e "$S/$1.pid" ] && kill -0 "$(cat "$S/$1.pid")" 2>/dev/null
}

net_listens() {
	in_place ss -ltnH "sport = :$1" | grep -q .
}

net_remove() {
	local f
	for f in "${S:-/nonexistent}"/*.pid; do
		[ "$f" = "$S/resident.pid" ] || [ ! -e "$f" ] ||
			net_stop "$(basename "$f" .pid)" || :
	done
	[ -z "${NET_PID:-}" ] || kill "$NET_PID" 2>/dev/null || :
}

module_install() {
	local dir
	dir=$(dirname "$(find /lib /usr/lib -name pam_unix.so 2>/dev/null | head -n 1)")
	cp -a "$dir" "$S/security"
	cp "$MODULE" "$S/security/pam_certauth.so"
	in_place mount --bind "$S/security" "$dir"
	in_place mount -t tmpfs -o mode=755 tmpfs /usr/local
	in_place mkdir -p /usr/local/bin
	in_place mount --bind "$S/bin" /usr/local/bin
}

doc() {
	awk -v name="<!-- example: $2 -->" '
		$0 == name { on = 1; next }
		on && /^    / { printf "%s%s\n", empty, substr($0, 5); seen = 1
			empty = ""; next }
		on && seen && /^$/ { empty = empty "\n"; next }
		on && seen { exit }' "$HERE/docs/$1"
}

# net_tls NAME ...: a CA, /etc/ssl/certs/web-ca.pem in the place, and a certificate and
# a key of it for each NAME, $S/web/NAME.pem and $S/web/NAME.key
net_tls() {
	local pki=$PKI name
	pki_new "$S/web" && pki_ca ca || return
	for name; do
		pki_leaf "$name" ca --eku serverAuth --san "DNS:$name" || return
	done
	pki_use "$pki"
	cp "$S/web/ca.pem" "$S/etc/ssl/certs/web-ca.pem"
}

# pwdfile PATH USER: a file for pam_pwdfile, which USER may read, and in which alice
# has the password wonderland
pwdfile() {
	in_place mkdir -p "$(dirname "$1")"
	echo "alice:$(openssl passwd -6 -salt certauth wonderland)" |
		in_place install -m 640 -g "$2" /dev/stdin "$1"
}

need_pwdfile() {
	find /lib /usr/lib -name pam_pwdfile.so 2>/dev/null | grep -q . ||
		skip 'no pam_pwdfile here (libpam-pwdfile)'
}
