#!/usr/bin/env bats
# certauth watch: modules that do not wait for events, that crash and hang; the lock
# command and its failures; and what starts the watch.
bats_require_minimum_version 1.5.0
load lib/common
load lib/logind
load lib/softhsm
load lib/watch

setup_file() {
	logind_there || return 0 # every test is skipped, see setup
	place_make
	watch_modules
	watch_place
	# a sh of alice's, and a PATH with other programs
	mkdir "$S/bin/away"
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
	watch_leave
	modules hostile
	: >"$S/home/alice/.hostile-looks"
	chown 2001 "$S/home/alice/.hostile-looks"
	token_is ''
}

teardown() {
	[ -n "${S:-}" ] || return 0
	watch_leave
	rm -f "$S"/home/alice/out*
}

# modules NAME ...: what p11-kit knows
modules() {
	local m
	rm -f "$S/modules"/*
	for m; do
		case $m in
		soft) echo "module: $SOFTHSM" ;;
		hostile*) echo "module: $S/hostile_p11.so" ;;
		none) continue ;;
		broken) echo "module: $S/absent.so" ;;
		esac >"$S/modules/$m.module"
	done
}

# token_is MODES: of hostile_p11.c, from now on
token_is() {
	echo "$1" >"$S/home/alice/.hostile.new"
	chmod 644 "$S/home/alice/.hostile.new"
	mv "$S/home/alice/.hostile.new" "$S/home/alice/.hostile"
}

here='the session is locked when the token "Card A" is removed'

@test "nothing to watch: one line, and status 0" {
	TOKEN='' watch_run
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *'nothing to watch'*'CERTAUTH_TOKEN is not set'* ]]
	run as_user alice "$CERTAUTH" watch
	[ "$status" -eq 0 ]
}

@test "wrong arguments, wrong URIs and a wrong configuration: status 2" {
	local uri
	TOKEN='' watch_run -- --token ''
	[ "$status" -eq 2 ]
	for uri in Card pkcs11:tokn=x PKCS11:token=x pkcs11:token=ä \
		'pkcs11:token=x?pin-value=1234' 'pkcs11:token=x?pin-source=/x'; do
		TOKEN=$uri watch_run
		[ "$status" -eq 2 ]
		[[ $output != *1234* ]]
		TOKEN='' watch_run -- --token "$uri"
		[ "$status" -eq 2 ]
	done
	watch_run -- --foo
	[ "$status" -eq 2 ]
	watch_run -- foo
	[ "$status" -eq 2 ]
	client_conf 'lock_comand = true'
	watch_run
	[ "$status" -eq 2 ]
	[[ $output == *lock_comand* ]]
	locked 0
}

@test "a module that does not wait for events is asked" {
	modules soft hostile
	watch_start
	said "$here"
	# the same token by the other module is the same token
	token_is empty
	sleep 3
	locked 0
	watch_end
	modules hostile
	token_is ''
	TOKEN='' watch_start -- --token pkcs11:token=Card%20A
	said "$here"
	token_is empty
	locked 1
	token_is ''
	said 'was inserted'
	locked 1
	# another token in another slot is not the token
	token_is without-a
	locked 2
	watch_end
}

@test "a module that tells of events is asked seldom" {
	token_is wait-event
	watch_start
	said "$here"
	until_true grep -q wait "$S/home/alice/.hostile-looks"
	: >"$S/home/alice/.hostile-looks"
	sleep 4
	[ "$(grep -c slots "$S/home/alice/.hostile-looks")" -le 2 ]
	token_is wait-event,empty
	locked 1
	token_is wait-event
	said 'was inserted'
	watch_end
}

@test "a token that is gone for a moment only locks nothing" {
	watch_start
	said "$here"
	token_is blink
	sleep 3
	not_said 'being locked'
	locked 0
	watch_end
}

@test "not there at the start: locked after 3 seconds, and once" {
	token_is empty
	watch_start
	locked 1
	said 'is not here: the session is being locked'
	sleep 3
	locked 1
	# the modules are loaded anew meanwhile
	token_is ''
	said 'was inserted'
	watch_end
}

@test "a module that hangs, crashes or ends the process: locked" {
	local mode
	for mode in slots-crash slots-exit init-crash init-fail slots-fail token-fail; do
		logind_knows
		logind_knows c1 2001 alice 1
		token_is ''
		watch_start
		said "$here"
		token_is "$mode"
		# what is initialised stays so: a new process
		kill -9 "$(looker)" || :
		locked 1
		said 'no PKCS#11 module tells whether'
		token_is ''
		said 'was inserted'
		watch_end
	done
}

@test "a module that hangs for good: locked, and used again when it answers" {
	watch_start
	said "$here"
	token_is slots-hang
	locked 1
	said '"hostile" does not answer'
	token_is ''
	said 'was inserted'
	watch_end
}

@test "a module that crashes once locks nothing" {
	watch_start
	said "$here"
	kill -SEGV "$(looker)"
	said 'was ended by signal 11'
	sleep 3
	locked 0
	not_said 'being locked'
	token_is empty
	locked 1
	watch_end
}

@test "a child that is stopped: killed after 30 seconds, and a new one looks" {
	local child
	watch_start
	said "$here"
	child=$(looker)
	kill -STOP "$child"
	token_is empty
	until_true not_there "$child" || until_true not_there "$child"
	said 'does not answer'
	locked 1
	watch_end
}

@test "a wait that crashes, storms, never returns or keeps the module: the token is seen" {
	local mode
	for mode in wait-crash wait-storm wait-hang wait-lock; do
		logind_knows
		logind_knows c1 2001 alice 1
		token_is "$mode"
		watch_start
		said "$here"
		token_is "$mode,empty"
		locked 1
		token_is "$mode"
		said 'was inserted'
		watch_end
		[ "$mode" != wait-storm ] ||
			[ "$(grep -c wait "$S/home/alice/.hostile-looks")" -le 40 ]
	done
}

@test "no module at all, and none that can be loaded: locked" {
	modules none
	watch_start
	locked 1
	said 'no PKCS#11 module'
	watch_end
	modules broken
	watch_start
	locked 2
	watch_end
}

@test "lock_command and insert_command are the user's own" {
	local out=$S/home/alice/out
	client_conf 'lock_command = env >~/out.env; readlink /proc/self/fd/0 >~/out.in; echo locked >>~/out' \
		'insert_command = echo "inserted $CERTAUTH_TOKEN" >>~/out'
	watch_start 'MINE=1 2'
	said "$here"
	token_is empty
	until_true grep -qx locked "$out"
	token_is ''
	until_true grep -qx "inserted $TOKEN" "$out"
	token_is empty
	until_true lines 3 "$out"
	grep -qx 'MINE=1 2' "$out.env"
	grep -qx /dev/null "$out.in"
	locked 0
	watch_end
}

@test "a lock command that fails is tried again until it succeeds" {
	local out=$S/home/alice/out
	client_conf 'lock_command = echo x >>~/out; test -e ~/out.good'
	watch_start
	said "$here"
	token_is empty
	until_true lines 3 "$out"
	said 'failed with status 1; see lock_command'
	touch "$out.good"
	until_true lines 4 "$out"
	sleep 3
	lines 4 "$out"
	watch_end
}

@test "a lock command that fails is not tried again when the token is back" {
	local out=$S/home/alice/out n
	client_conf 'lock_command = echo x >>~/out; kill -9 $$'
	watch_start
	said "$here"
	token_is empty
	until_true lines 2 "$out"
	said 'was ended by signal 9'
	token_is ''
	said 'was inserted'
	n=$(grep -c . "$out")
	sleep 3
	lines "$n" "$out"
	watch_end
}

@test "a locker that runs until it is unlocked goes on, also without the watch" {
	local out=$S/home/alice/out locker
	client_conf 'lock_command = echo $$ >>~/out; exec sleep 100'
	watch_start
	said "$here"
	token_is empty
	until_true test -s "$out"
	token_is ''
	said 'was inserted'
	token_is empty
	until_true grep -q 'removed.*' "$S/watch.out"
	sleep 2
	lines 1 "$out"
	locker=$(cat "$out")
	watch_end
	kill -0 "$locker"
	grep -q 'SigBlk:.0*$' "/proc/$locker/status"
	grep -q 'NoNewPrivs:.0$' "/proc/$locker/status"
	# of a session of its own
	[ "$(ps -o sid= -p "$locker" | tr -d ' ')" = "$locker" ]
	kill "$locker"
}

@test "loginctl that fails, or is not there: tried again; without an id it gets none" {
	logind_knows
	watch_start
	said "$here"
	token_is empty
	said 'loginctl lock-session" failed with status 1'
	locked 0
	logind_knows c1 2001 alice 1
	locked 1
	watch_end
	token_is ''
	watch_start PATH=/nonexistent
	said "$here"
	token_is empty
	said 'loginctl cannot be started: No such file'
	watch_end
	printf '#!/bin/sh\necho "$#:$*" >>~/out\n' >"$S/bin/away/loginctl"
	chmod 755 "$S/bin/away/loginctl"
	token_is ''
	watch_start "PATH=$S/bin/away:$PATH" XDG_SESSION_ID=
	said "$here"
	token_is empty
	until_true grep -qx '1:lock-session' "$S/home/alice/out"
	watch_end
}

@test "a loginctl that hangs is ended, and tried again" {
	printf '#!/bin/sh\necho $$ >>~/out\nexec sleep 100\n' >"$S/bin/away/loginctl"
	chmod 755 "$S/bin/away/loginctl"
	watch_start "PATH=$S/bin/away:$PATH"
	said "$here"
	token_is empty
	until_true lines 1 "$S/home/alice/out"
	said 'was ended by signal 9'
	until_true lines 2 "$S/home/alice/out"
	watch_end
	kill "$(tail -n 1 "$S/home/alice/out")"
}

@test "one watch for a session and token" {
	watch_start
	said "$here"
	watch_run
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *'another process watches the token'* ]]
	# another session, and another token
	until_true watched XDG_SESSION_ID=c2
	TOKEN=pkcs11:token=Card%20B until_true watched
	watch_end
	# the lock is free again
	until_true watched
	# a child that outlives its parent does not keep it
	watch_start
	said "$here"
	kill -9 "$WATCH"
	wait "$WATCH" || :
	until_true watched
	# without a lock file it watches, too
	watch_start XDG_RUNTIME_DIR=/nonexistent
	said 'no lock file can be made in XDG_RUNTIME_DIR'
	said "$here"
	watch_end
}

# watched [NAME=VALUE ...]: a watch takes up its work
watched() {
	local pid status=0
	EXEC='exec' watch_as "$@" >"$S/other.out" 2>&1 </dev/null 3>&- 4>&- &
	pid=$!
	until_true grep -q . "$S/other.out"
	kill "$pid" 2>/dev/null || :
	wait "$pid" || status=$?
	[ "$status" -eq 0 ]
	! grep 'another process' "$S/other.out"
}

@test "the child ends with its parent, and has no right to gain" {
	local child
	token_is wait-hang
	watch_start
	said "$here"
	child=$(looker)
	grep -q 'NoNewPrivs:.1$' "/proc/$child/status"
	[ "/proc/$child/fd/1" -ef /dev/null ]
	run ! grep -E 'hostile|softhsm' "/proc/$WATCH/maps"
	[ -z "$(find "/proc/$child/fd" -lname '*.lock')" ]
	# also if it can do nothing for that itself
	kill -STOP "$child"
	kill -9 "$WATCH"
	wait "$WATCH" || :
	until_true not_there "$child"
	for signal in INT TERM HUP; do
		watch_start
		said "$here"
		child=$(looker)
		kill -"$signal" "$WATCH"
		wait "$WATCH"
		until_true not_there "$child"
	done
}
