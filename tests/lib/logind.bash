# shellcheck shell=bash
# A system bus of the place, with a systemd-logind that knows what the test says.
#
#   need_logind              skip where something for it is missing (logind_there)
#   logind_start             a private bus at the place's own address, and logind
#   logind_knows ID UID LOGIN LEADER   add a session; logind_knows alone: none,
#                            and no orders
#   logind_calls             the orders that it got since logind_start
#   logind_stop
#

logind_there() {
	[ "$(id -u)" -eq 0 ] && logind_python >/dev/null &&
		command -v dbus-daemon >/dev/null && command -v loginctl >/dev/null
}

need_logind() {
	logind_there || skip 'dbus-daemon, loginctl, or dbus and gi of Python, are missing'
}

logind_python() {
	local p
	for p in python3 /usr/bin/python3; do
		if "$p" -c 'import dbus, dbus.service, gi' 2>/dev/null; then
			command -v "$p"
			return
		fi
	done
	return 1
}

logind_start() {
	local python
	python=$(logind_python) || return
	: >"$S/logind.sessions"
	: >"$S/logind.calls"
	cat >"$S/bus.conf" <<-'END'
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
		 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig>
		<type>system</type>
		<listen>unix:path=/run/dbus/system_bus_socket</listen>
		<auth>EXTERNAL</auth>
		<policy context="default">
		<allow own="*"/> <allow send_destination="*"/> <allow eavesdrop="true"/>
		<allow receive_sender="*"/> <allow user="*"/>
		</policy>
		</busconfig>
	END
	# loginctl asks whether systemd runs (sd_booted(3))
	in_place mkdir -p /run/dbus /run/systemd/system
	EXEC='exec' in_place dbus-daemon --nofork --nopidfile --nosyslog \
		--config-file="$S/bus.conf" >"$S/bus.log" 2>&1 3>&- 4>&- </dev/null &
	echo $! >"$S/bus.pid"
	until_true in_place test -S /run/dbus/system_bus_socket || return
	EXEC='exec' in_place "$python" "$HERE/tests/lib/logind.py" "$S/logind.sessions" \
		"$S/logind.calls" >"$S/logind.log" 2>&1 3>&- 4>&- </dev/null &
	echo $! >"$S/logind.pid"
	until_true grep -q ready "$S/logind.log" || {
		cat "$S/logind.log" "$S/bus.log"
		return 1
	}
}

logind_knows() {
	if [ $# -eq 0 ]; then
		: >"$S/logind.sessions"
		: >"$S/logind.calls"
	else
		echo "$*" >>"$S/logind.sessions"
	fi
}

not_there() { ! kill -0 "$1" 2>/dev/null; }

logind_calls() { cat "$S/logind.calls"; }

logind_stop() {
	local name pid
	for name in logind bus; do
		[ -e "$S/$name.pid" ] || continue
		pid=$(cat "$S/$name.pid")
		kill "$pid" 2>/dev/null || :
		until_true not_there "$pid"
		rm "$S/$name.pid"
	done
}
