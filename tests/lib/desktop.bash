# shellcheck shell=bash
# Screens for lockers and greeters in the place of common.bash, with the cards of
# cards.bash: all that is shown and typed stays in namespaces of the test.
#
#   need_programs NAME ...   skip the test where one of these programs is missing
#   desktop_place            in setup_file: place_make and cards_make; /tmp is private
#                            (X servers have sockets and locks there)
#   desktop_leave            in teardown_file
#   display_start            Xvfb, a number of its own; DISPLAY for on_display, as_alice
#   compositor_start         sway without a screen; WAYLAND_DISPLAY for as_alice
#   screen_stop              in teardown: these two, and what `start' started
#   on_display COMMAND ...   as root, in the place
#   as_alice COMMAND ...     as the user of the screen
#   start COMMAND ...        as_alice, in the background: STARTED is its number
#   ended STATUS             before long, STARTED has ended so
#   locked                   STARTED still runs
#   types TEXT, presses KEY  on the X server's keyboard; the Wayland one: w_types
#   asks                     before long, alice's helper waits for an answer
#   locker NAME              the stack of the example for that service
#   refused REASON           before long the module has refused it; STARTED still runs
#   shown N TEXT             before long STARTED has written that N times
#   said_nothing             STARTED has written no part of a request
#   picture NAME             the screen, as $S/NAME.png (and in $PICTURES, if that
#                            folder is set, for a person to look at)
#
# shellcheck disable=SC2154 # S and CARDS are those of the other files

need_programs() {
	local p
	for p; do
		command -v "$p" >/dev/null || skip "$p is not installed"
	done
}

desktop_place() {
	place_make && cards_make "$S" || return
	[ -z "$(cards_has pcscd)$(cards_has opensc)" ] || return 0
	cards_in_place || return
	map p256 rsa2048
	ca_dir root.pem inter.pem
	chmod -R a+rX "$S/etc/certauth"
	mkdir -p "$S/tmp" "$S/pictures"
	chmod 1777 "$S/tmp"
	# what the test needs stays where it is, if that is below /tmp
	# shellcheck disable=SC2016 # for the shell there
	in_place sh -ec '
		for dir; do
			case $dir in /tmp/*) ;; *) continue ;; esac
			mkdir -p "$1/tmp/${dir#/tmp/}"
			mount --bind "$dir" "$1/tmp/${dir#/tmp/}"
		done
		mount --rbind "$1/tmp" /tmp
		mkdir -m 1777 /tmp/.X11-unix
		install -d -o 2001 -g 2001 -m 700 /run/user/2001
	' - "$S" "$HERE" "$CERTAUTH_BUILD"
}

desktop_leave() {
	[ -n "${S:-}" ] || return 0
	cards_remove
	place_remove
}

# desktop_begin, desktop_end: in setup and teardown of a file about lockers
desktop_begin() {
	need_root
	cards_need pcscd opensc
	cards_modules opensc
	chmod -R a+rX "$CARDS/modules"
	crl_dir crl
	chmod -R a+rX "$S/etc/certauth"
	log_mark
}
desktop_end() {
	screen_stop
	[ ! -e "${CARDS:-}/card/pid" ] || card_stop card
}

# ---- screens ----

# background FILE COMMAND ...: its number is in $S/FILE.pid, its output in $S/FILE.out
background() {
	local file=$1
	shift
	EXEC='exec' "$@" >"$S/$file.out" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$S/$file.pid"
}

# no socket but the one in the private /tmp: a server of the machine is not met
display_start() {
	: >"$S/display"
	# shellcheck disable=SC2016 # for the shell there
	background xvfb in_place sh -c 'exec Xvfb -displayfd 5 -screen 0 800x600x24 \
		-nolisten tcp -nolisten local -nolock -ac 5>"$1"' - "$S/display"
	until_true test -s "$S/display" || {
		cat "$S/xvfb.out"
		return 1
	}
	export DISPLAY_NUMBER
	DISPLAY_NUMBER=:$(cat "$S/display")
	export DESKTOP_ENV="DISPLAY=$DISPLAY_NUMBER"
}

wayland_socket() { in_place sh -c 'ls /run/user/2001' | grep -xE 'wayland-[0-9]+'; }

compositor_start() {
	printf 'output HEADLESS-1 resolution 800x600\nxwayland disable\n' >"$S/sway.conf"
	DESKTOP_ENV="XDG_RUNTIME_DIR=/run/user/2001 WLR_BACKENDS=headless
		WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1"
	background sway as_alice sway -c "$S/sway.conf"
	until_true eval "wayland_socket >/dev/null" || {
		cat "$S/sway.out"
		return 1
	}
	DESKTOP_ENV="XDG_RUNTIME_DIR=/run/user/2001 WAYLAND_DISPLAY=$(wayland_socket)"
}

screen_stop() {
	local name
	for name in started lightdm sway xvfb; do
		[ ! -e "$S/$name.pid" ] || cards_kill "$S/$name.pid"
	done
}

on_display() { in_place env DISPLAY="$DISPLAY_NUMBER" "$@"; }
as_alice() { AS_USER_ENV="${DESKTOP_ENV:-}" as_user alice "$@"; }

# ---- programs ----

start() {
	background started as_alice "$@"
	STARTED=$(cat "$S/started.pid")
}

has_ended() { ! kill -0 "$STARTED" 2>/dev/null || grep -q '^State:.Z' "/proc/$STARTED/status"; }

ended() {
	local rc=0
	until_true has_ended || return
	wait "$STARTED" || rc=$?
	rm "$S/started.pid"
	[ "$rc" -eq "$1" ] || {
		echo "ended with $rc:"
		cat "$S/started.out"
		return 1
	}
}

locked() { ! has_ended; }

# ---- keys ----

# the field is empty at first, and a delay between keys is not needed
types() { on_display xdotool type --delay 12 "$1" && on_display xdotool key Return; }
presses() { on_display xdotool key "$1"; }
# a virtual keyboard brings its own keymap, which the locker has to read first
w_types() { as_alice wtype -s 100 -k Escape -s 200 -d 20 "$1" -s 50 -k Return; }

# helper_reads: one helper of this place waits for a line of the module: its first
# thread is in a call whose first argument is descriptor 0
helper_reads() {
	local pid
	for pid in $(pgrep -x certauth-sign); do
		# by its name it is not known in a chroot
		[ "/proc/$pid/exe" -ef "$HELPER" ] || continue
		[ "$(cut -d' ' -f2 "/proc/$pid/syscall" 2>/dev/null)" != 0x0 ] || return 0
	done
	return 1
}
asks() { until_true helper_reads; }

# ---- pictures ----

picture() {
	if [ -n "${WAYLAND:-}" ]; then
		as_alice grim /run/user/2001/now.png &&
			in_place cp /run/user/2001/now.png "$S/$1.png"
	else
		on_display import -window root "$S/$1.png"
	fi
	[ -z "${PICTURES:-}" ] || cp "$S/$1.png" "$PICTURES/"
	# an empty file would be no picture
	[ -s "$S/$1.png" ]
}

# ---- lockers ----

# nobody's password is right
locker() {
	sed "s|pam_certauth.so proof=command|$MODULE ${CERTAUTH_VERIFIER:-verifier=spawn} proof=command helper=$HELPER pkcs11=yes|
		/proof=/!s|pam_certauth.so|$MODULE|" "$HERE/etc/pam.d/screen-locker" >"$S/etc/pam.d/$1"
}

refused_now() { log_lines | grep -qE "outcome=denied reason=$1"; }
refused() {
	until_true refused_now "$1" || {
		log_lines
		return 1
	}
	locked
	not_logged outcome=granted
}

said_nothing() { [ -s "$S/started.out" ] && [ "$(grep -c certauth1 "$S/started.out")" -eq 0 ]; }

shown_now() { [ "$(grep -cF -- "$2" "$S/started.out")" -ge "$1" ]; }
shown() { until_true shown_now "$@" || { cat "$S/started.out"; return 1; }; }
