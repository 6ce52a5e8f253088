# shellcheck shell=bash
# certauth watch of alice's in the place, with a fake logind (logind.bash).
#
#   watch_modules          after place_make (softhsm.bash): the token "Card A"
#   watch_place            after place_make: alice's folders and lock commands
#   watch_start [NAME=VALUE ...] [-- ARG ...]   start it, with CERTAUTH_TOKEN=$TOKEN and
#                          session c1; WATCH is its number
#   watch_end [STATUS]     SIGTERM; it ends with that status (0), and its child with it
#   watch_run [NAME=VALUE ...] [-- ARG ...]     bats' run of one that ends by itself
#   said REGEX, not_said REGEX    what it wrote; said waits
#   locked N               logind got N orders to lock c1, and no other; it waits
#   looker                 the number of its child
#   client_conf LINE ...   alice's configuration, section [default]
#
# shellcheck disable=SC2034,SC2154

# a token of SoftHSM2 that hostile_p11.so shows, and p11-kit's modules in $S/modules
watch_modules() {
	export P11_MODULES
	P11_MODULES=$(pkg-config --variable=p11_module_configs p11-kit-1)
	softhsm_alice && token 'Card A' || return
	cp "$CERTAUTH_BUILD/tests/key/hostile_p11.so" "$S/"
	mkdir "$S/modules"
	rm -rf "$S/etc/pkcs11"
	in_place mount --bind "$S/modules" "$P11_MODULES"
}

watch_place() {
	mkdir -p "$S/run-alice" "$S/home/alice/.config/certauth"
	chown -R 2001:2001 "$S/run-alice" "$S/home/alice"
	chmod 700 "$S/run-alice"
	logind_start
}

client_conf() {
	printf '%s\n' '[default]' "$@" >"$S/home/alice/.config/certauth/config"
}

# watch_as PREFIX NAME=VALUE ... [-- ARG ...]
watch_as() {
	local env=("CERTAUTH_TOKEN=${TOKEN:-}" XDG_SESSION_ID=c1
		"XDG_RUNTIME_DIR=$S/run-alice")
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		env+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	as_user alice env "${env[@]}" "$CERTAUTH" watch "$@"
}

watch_start() {
	: >"$S/watch.out"
	EXEC='exec' watch_as "$@" >"$S/watch.out" 2>&1 </dev/null 3>&- 4>&- &
	WATCH=$!
	echo "$WATCH" >"$S/watch.pid"
}

watch_run() {
	run watch_as "$@"
	echo "$output"
}

looker() {
	pgrep -P "$WATCH" -x certauth
}

watch_end() {
	local status=0 child
	child=$(looker) || :
	kill "$WATCH"
	wait "$WATCH" || status=$?
	rm -f "$S/watch.pid"
	[ "$status" -eq "${1:-0}" ] || return
	[ -z "$child" ] || until_true not_there "$child"
}

# for teardown: one that a failed test left
watch_leave() {
	[ ! -e "$S/watch.pid" ] || kill "$(cat "$S/watch.pid")" 2>/dev/null || :
	rm -f "$S/watch.pid" "$S/home/alice/.config/certauth/config"
	rm -rf "$S"/run-alice/*
	logind_knows
	logind_knows c1 2001 alice 1
}

said() {
	until_true grep -qE -- "$1" "$S/watch.out" || {
		cat "$S/watch.out"
		return 1
	}
}

not_said() {
	! grep -E -- "$1" "$S/watch.out"
}

# lines N FILE: it has that many
lines() {
	[ "$(grep -c . "$2")" -eq "$1" ]
}

locked() {
	until_true lines "$1" "$S/logind.calls" || {
		cat "$S/watch.out" "$S/logind.calls"
		return 1
	}
	[ "$(grep -cx 'lock c1' "$S/logind.calls")" -eq "$1" ]
}
