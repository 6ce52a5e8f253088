#!/usr/bin/env bats
# certauth watch: a thief at the desk, and what starts the watch in an odd way.
# shellcheck disable=SC2034 # used by watch.bash
load lib/common
load lib/logind
load lib/softhsm
load lib/watch

setup_file() {
	logind_there || return 0 # every test is skipped, see setup
	place_make
	watch_modules
	echo "module: $S/hostile_p11.so" >"$S/modules/hostile.module"
	watch_place
}

teardown_file() {
	[ -n "${S:-}" ] || return 0
	logind_stop
	place_remove
}

setup() {
	need_root
	need_logind
	TOKEN=pkcs11:token=Card%20A
	WRAP=
	watch_leave
	token_is ''
}

teardown() {
	[ -n "${S:-}" ] || return 0
	watch_leave
	# one that is blocked heeds no SIGTERM
	[ ! -e "$S/blocked.pid" ] || kill -9 "$(cat "$S/blocked.pid")" 2>/dev/null || :
	rm -rf "$S"/home/alice/out* "$S/shared" "$S/blocked.pid"
}

# token_is MODES: of hostile_p11.c, from now on
token_is() {
	echo "$1" >"$S/home/alice/.hostile.new"
	chmod 644 "$S/home/alice/.hostile.new"
	mv "$S/home/alice/.hostile.new" "$S/home/alice/.hostile"
}

here='the session is locked when the token .*Card A.* is removed'

@test "a parent that ignores SIGCHLD: locked, each time" {
	cat >"$S/bin/ignorant" <<-'END'
		#!/usr/bin/python3
		import os, signal, sys
		signal.signal(signal.SIGCHLD, signal.SIG_IGN)
		os.execv(sys.argv[1], sys.argv[1:])
	END
	chmod 755 "$S/bin/ignorant"
	WRAP=$S/bin/ignorant watch_start
	said "$here"
	token_is empty
	locked 1
	token_is ''
	said 'was inserted'
	token_is empty
	locked 2
	# and a child that ends is noticed
	kill -9 "$(looker)"
	said 'was ended by signal 9'
	watch_end
}

@test "a log that nobody reads does not keep the session open" {
	local reader
	mkfifo "$S/pipe"
	exec 5<>"$S/pipe"
	EXEC='exec' watch_as >"$S/pipe" 2>&1 </dev/null 3>&- 4>&- 5>&- &
	WATCH=$!
	echo "$WATCH" >"$S/blocked.pid"
	read -r reader <&5
	[[ $reader =~ $here ]]
	# full: a further line waits
	timeout 1 dd if=/dev/zero of="$S/pipe" bs=4096 count=64 2>/dev/null || :
	token_is empty
	locked 1
	token_is ''
	sleep 3
	token_is empty
	locked 2
	# and it heeds signals
	kill "$WATCH"
	wait "$WATCH"
	exec 5>&-
}

@test "a token that is removed while a locker ends: locked again, and once" {
	local out=$S/home/alice/out
	# the locker has just been unlocked, and ends only when the token is gone
	client_conf 'lock_command = echo x >>~/out; test -e ~/out.2 || { touch ~/out.2; until test -e ~/out.end; do sleep 0.1; done; }'
	watch_start
	said "$here"
	token_is empty
	until_true lines 1 "$out"
	token_is ''
	said 'was inserted'
	token_is empty
	until_true removed 2
	lines 1 "$out"
	touch "$out.end"
	until_true lines 2 "$out"
	sleep 2
	lines 2 "$out"
	watch_end
}

@test "a token that is back when the locker ends: not locked again" {
	local out=$S/home/alice/out
	client_conf 'lock_command = echo x >>~/out; until test -e ~/out.end; do sleep 0.1; done'
	watch_start
	said "$here"
	token_is empty
	until_true lines 1 "$out"
	token_is ''
	said 'was inserted'
	token_is empty
	until_true removed 2
	token_is ''
	until_true inserted 2
	touch "$out.end"
	sleep 2
	lines 1 "$out"
	watch_end
}

removed() { [ "$(grep -c 'was removed' "$S/watch.out")" -eq "$1" ]; }
inserted() { [ "$(grep -c 'was inserted' "$S/watch.out")" -eq "$1" ]; }

@test "a lock file that another user holds, or a link, keeps nobody from watching" {
	local name holder
	mkdir -m 1777 "$S/shared"
	watch_start "XDG_RUNTIME_DIR=$S/shared"
	said "$here"
	name=$(basename "$S"/shared/certauth-watch-*)
	watch_end
	rm -f "$S/shared/$name"
	as_user bob sh -c "umask 0; exec 9>'$S/shared/$name'; chmod 666 '$S/shared/$name'
		flock 9; echo held; exec sleep 100" >"$S/held" 2>&1 </dev/null 3>&- 4>&- &
	holder=$!
	until_true grep -q held "$S/held"
	watch_start "XDG_RUNTIME_DIR=$S/shared"
	said "$here"
	said 'no lock file can be made in XDG_RUNTIME_DIR'
	token_is empty
	locked 1
	watch_end
	pkill -P "$holder" || :
	kill "$holder" 2>/dev/null || :
	wait "$holder" || :
	token_is ''
	rm -f "$S/shared/$name"
	ln -s /etc/passwd "$S/shared/$name"
	watch_start "XDG_RUNTIME_DIR=$S/shared"
	said "$here"
	said 'no lock file can be made in XDG_RUNTIME_DIR'
	watch_end
	# of alice's own, it does
	watch_start
	said "$here"
	watch_run
	[ "$status" -eq 0 ]
	[[ $output == *'another process watches'* ]]
	watch_end
}

@test "the id of a session that has ended: the session at the display is locked" {
	printf '#!/bin/sh\necho "$*" >>~/out\ntest $# -eq 1\n' >"$S/bin/loginctl"
	chmod 755 "$S/bin/loginctl"
	watch_start "PATH=$S/bin:$PATH" XDG_SESSION_ID=old
	said "$here"
	token_is empty
	until_true lines 2 "$S/home/alice/out"
	[ "$(cat "$S/home/alice/out")" = 'lock-session old
lock-session' ]
	sleep 2
	lines 2 "$S/home/alice/out"
	watch_end
	rm "$S/bin/loginctl"
}
