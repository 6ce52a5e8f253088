# shellcheck shell=bash
# A real journald in the place of tests/lib/common.bash, for tests of `certauth log'
# and `certauth metrics'.
#
#   journal_start, journal_stop   in setup_file and teardown_file
#   journal_sync                  what was sent until now is in the journal

# journald of this place only; what is sent to /dev/log goes there
journal_start() {
	local i
	# no rotation or limit of this host
	[ -s "$S/etc/machine-id" ] ||
		echo 0123456789abcdef0123456789abcdef >"$S/etc/machine-id"
	# and nothing of the kernel's: its log, whether it audits
	printf '%s\n' '[Journal]' Storage=volatile RateLimitBurst=0 \
		ReadKMsg=no Audit= ForwardToWall=no \
		>"$S/etc/systemd/journald.conf"
	mkdir -p "$S/var"
	# journald asks cgroup2 who sends; a chroot may have none (257 and later
	# end then)
	in_place bash -c '[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] ||
		mount -t cgroup2 cgroup2 /sys/fs/cgroup' \
		>"$S/journald.out" 2>&1 || :
	# the socket of devlog stays below
	EXEC='exec' in_place setpriv --pdeathsig TERM \
		/lib/systemd/systemd-journald >>"$S/journald.out" 2>&1 \
		</dev/null 3>&- 4>&- &
	JOURNALD_PID=$!
	export JOURNALD_PID
	for ((i = 0; i < 500; i++)); do
		in_place test -S /run/systemd/journal/dev-log && break
		sleep 0.02
	done
	# it ends if it misses anything, and leaves its sockets
	if ! in_place systemd-cat true || ! kill -0 "$JOURNALD_PID"; then
		cat "$S/journald.out" >&2
		return 1
	fi
	in_place mount --bind /run/systemd/journal/dev-log /dev/log
}

# what was sent is in the journal
journal_sync() {
	local i mark="mark-$RANDOM$RANDOM"
	in_place logger -t mark -p authpriv.info "$mark"
	for ((i = 0; i < 500; i++)); do
		in_place journalctl -q -t mark 2>/dev/null | grep -q "$mark" &&
			return
		sleep 0.02
	done
	cat "$S/journald.out"
	return 1
}

journal_stop() {
	[ -z "${JOURNALD_PID:-}" ] || kill "$JOURNALD_PID" 2>/dev/null || :
}
