#!/usr/bin/env bats
# GDM: several certificates fit, and its list shows them.  tests/lib/gdmworker.c asks
# as GDM's worker does; the tokens are those of SoftHSM2.
bats_require_minimum_version 1.5.0
load lib/common
load lib/softhsm

LIST=org.gnome.DisplayManager.UserVerifier.ChoiceList

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	export GDM=$S/bin/gdmworker
	cp "$CERTAUTH_BUILD/tests/lib/gdmworker" \
		"$CERTAUTH_BUILD/tests/valgrind/nosandbox.so" "$S/bin/"
	softhsm_alice
	export KEY_PREFIX='key '
	ca_dir root.pem inter.pem
	map p256 rsa2048
	token 'Card A' p256
	cp -a "$S/home/alice/tokens" "$S/one"
	token 'Card B' rsa2048 expired
	cp -a "$S/home/alice/tokens" "$S/two"
}

teardown_file() { place_remove; }

setup() {
	need_root
	conf_reset
	cards two
	local s
	for s in gdm-smartcard gdm-password sshd su; do
		service $s proof=command pkcs11=yes "helper=$HELPER"
	done
}

# cards one|two: what alice has inserted
cards() {
	rm -rf "$S/home/alice/tokens"
	cp -a "$S/$1" "$S/home/alice/tokens"
	chown -R 2001:2001 "$S/home/alice"
}

# gdm CODE OPTION ...: a login of alice at GDM
gdm() {
	local code=$1
	shift
	log_mark
	# a question too many would wait for its answer for good
	# shellcheck disable=SC2086 # UNDER is a list of words
	in_place timeout 120 ${UNDER:-} "$GDM" -u alice "$@" >"$S/seen" 2>&1 || :
	cat "$S/seen"
	grep -qx "authenticate $code" "$S/seen"
}

# asked WHAT ...: exactly these were asked, by the first words of the lines
asked() {
	diff <([ $# -eq 0 ] || printf '%s\n' "$@") \
		<(grep -oE '^(list|item [0-9]*|question|secret)' "$S/seen")
}

@test "several certificates fit: a line for each, and the chosen one signs" {
	gdm PAM_SUCCESS -t 'Card B' -p 1234
	asked list 'item 1' 'item 2' secret
	grep -qx 'list More than one certificate fits:' "$S/seen"
	grep -qE '^item [12] p256 \(Card A: key p256\), issued by Test inter, until 20[0-9]{2}-[0-9]{2}-[0-9]{2}$' "$S/seen"
	# the expired one is not offered
	grep -qE '^item [12] rsa2048 \(Card B: key rsa2048\), issued by ' "$S/seen"
	grep -qx 'secret PIN for Card B: ' "$S/seen"
	logged 'pam_certauth\(gdm-smartcard:auth\).*outcome=granted'
	logged "sha256=$(pki_sha256 "$PKI/rsa2048.pem")"
	gdm PAM_SUCCESS -t 'Card A' -p 1234 -s gdm-password
	asked list 'item 1' 'item 2' secret
	grep -qx 'secret PIN for Card A: ' "$S/seen"
	logged "sha256=$(pki_sha256 "$PKI/p256.pem")"
	# the list is the third extension that is advertised
	gdm PAM_SUCCESS -t 'Card A' -p 1234 -e "a b $LIST c"
	asked list 'item 1' 'item 2' secret
}

@test "PAM_SILENT has no effect on the list" {
	gdm PAM_SUCCESS -t 'Card B' -p 1234 -F 0x8000
	asked list 'item 1' 'item 2' secret
	run ! grep -qE '^(info|error)' "$S/seen"
}

@test "lines that would be equal are written in full" {
	pki_leaf red inter --subject /O=Red/CN=Twin
	pki_leaf blue inter --subject /O=Blue/CN=Twin
	pki_leaf two inter --subject /CN=Left/CN=Right
	pki_leaf plain inter --subject '/O=Plain, Inc.'
	map p256 red blue two plain
	rm -rf "$S/home/alice/tokens"
	mkdir "$S/home/alice/tokens"
	token 'Card C' two plain
	KEY=twin token 'Card D' red
	chown -R 2001:2001 "$S/home/alice"
	gdm PAM_SUCCESS -t Right -p 1234
	asked list 'item 1' 'item 2' 'item 3' secret
	grep -qE '^item . Right \(Card C: key two\), issued by Test inter, until ' "$S/seen"
	grep -qE '^item . O=Plain\\, Inc. \(Card C: key plain\), ' "$S/seen"
	grep -qE '^item . Twin \(Card D: twin\), issued by Test inter, until ' "$S/seen"
	rm -rf "$S/home/alice/tokens"
	mkdir "$S/home/alice/tokens"
	KEY=twin token 'Card D' red blue
	chown -R 2001:2001 "$S/home/alice"
	gdm PAM_SUCCESS -t O=Blue -p 1234
	asked list 'item 1' 'item 2' secret
	grep -qE '^item [12] CN=Twin,O=Red, issued by CN=Test inter,O=Example, until .*, in Card D: twin$' "$S/seen"
	logged "sha256=$(pki_sha256 "$PKI/blue.pem")"
	map p256 rsa2048
}

@test "a label of direction marks, control characters and conversions is only text" {
	local label=$'\xe2\x80\xae%n%s\x1b[31m"; x=\x7f'
	rm -rf "$S/home/alice/tokens"
	mkdir "$S/home/alice/tokens"
	token "$label" p256 rsa2048
	chown -R 2001:2001 "$S/home/alice"
	gdm PAM_SUCCESS -t rsa2048 -p 1234
	asked list 'item 1' 'item 2' secret
	grep -qF 'secret PIN for \xe2\x80\xae%n%s\x1b[31m"; x=\x7f: ' "$S/seen"
	grep -qE '^item [12] rsa2048 \(.*%n%s' "$S/seen"
	LC_ALL=C run ! grep -q $'\x1b\|\x7f\|\xe2' "$S/seen" "$S/log"
}

@test "one certificate fits: there is no list" {
	cards one
	gdm PAM_SUCCESS -p 1234
	asked secret
	grep -qx 'secret PIN for Card A: ' "$S/seen"
	logged outcome=granted
}

@test "after the list no PIN is entered: refused" {
	gdm PAM_CONV_ERR -c 1
	asked list 'item 1' 'item 2' secret
	logged 'outcome=denied.* reason=conversation'
	gdm PAM_AUTH_ERR -c 1 -p ''
	asked list 'item 1' 'item 2' secret
	logged 'no PIN was entered for'
	not_logged outcome=granted
}

@test "without a login name GDM asks for it, and then shows the list" {
	# the example as it stands, but for where the module is and what is configured
	local more="${CERTAUTH_VERIFIER:-verifier=spawn} pkcs11=yes helper=$HELPER"
	sed -n "s|pam_certauth.so|$MODULE $more|; /^auth/p" \
		"$HERE/etc/pam.d/gdm-smartcard" >"$S/etc/pam.d/gdm-smartcard"
	log_mark
	in_place timeout 120 "$GDM" -l alice -t 'Card B' -p 1234 >"$S/seen" 2>&1
	cat "$S/seen"
	asked question list 'item 1' 'item 2' secret
	grep -qx 'question Username:' "$S/seen"
	grep -qx 'user alice' "$S/seen"
	logged outcome=granted
	# without that line nobody asks, and no helper is started
	service gdm-smartcard proof=command pkcs11=yes "helper=$HELPER" debug=yes
	log_mark
	run -1 in_place timeout 120 "$GDM" -l alice -t 'Card B' -p 1234
	[[ $output != *list* ]]
	logged 'no helper is started: PAM_USER is not set'
	logged 'reason=no-credential'
}

# numbered OPTION ...: the list is one with numbers, and GDM's has no part in it
numbered() {
	gdm PAM_SUCCESS -l 1 -p 1234 "$@"
	asked question secret
	grep -qx 'info More than one certificate fits:' "$S/seen"
	grep -qE '^info   1  CN=(p256|rsa2048)' "$S/seen"
	grep -qx 'question Which one, 1 to 2? ' "$S/seen"
	logged outcome=granted
}

@test "other services, and a variable without the list: numbers as before" {
	numbered -s sshd
	numbered -s su
	numbered -e ''
	numbered -e "${LIST}2 x$LIST ${LIST%t}"
}

@test "the variable of who calls a setuid program has no effect" {
	local GDM=$S/bin/gdm-setuid
	install -m 4755 -o 0 "$S/bin/gdmworker" "$GDM"
	as_user alice timeout 120 "$S/bin/gdmworker" -u alice -c 1 -p 1234 \
		>"$S/seen"
	cat "$S/seen"
	asked list 'item 1' 'item 2' secret
	log_mark
	as_user alice timeout 120 "$GDM" -u alice -l 1 -p 1234 >"$S/seen"
	cat "$S/seen"
	asked question secret
	grep -qx 'authenticate PAM_SUCCESS' "$S/seen"
	logged 'pam_certauth\(gdm-smartcard:auth\).*outcome=granted'
}

# misbehaves MODE REASON [OPTION ...]: refused, for that reason
misbehaves() {
	local mode=$1 reason=$2
	shift 2
	echo "== $mode"
	gdm "${CODE:-PAM_CONV_ERR}" -m "$mode" -p 1234 "$@"
	# nothing more is asked, and nothing signs
	asked list 'item 1' 'item 2'
	logged "outcome=denied.* reason=$reason( |\$)"
	not_logged outcome=granted
}

# every answer to the list that is no choice
misbehaviour() {
	local mode key
	# as GDM does it, where the person cancels
	misbehaves cancel conversation
	# no line was chosen: the helper ends it
	for mode in null empty noarray; do
		CODE=PAM_AUTH_ERR misbehaves $mode helper
		logged 'helper: "no certificate was chosen, so nothing was signed"'
	done
	for key in 0 3 01 ' 1' '' p256 18446744073709551617; do
		misbehaves foreign conversation -c "$key"
	done
	for mode in type short long text; do
		misbehaves $mode conversation -c 1
	done
}

@test "a list that is cancelled, or answered with what is no choice, is refused" {
	misbehaviour
}

@test "valgrind: the list, and what is no choice: no error and no leak" {
	spawn_only
	local UNDER="env LD_PRELOAD=$S/bin/nosandbox.so valgrind -q
		--leak-check=full --show-leak-kinds=definite,possible
		--errors-for-leak-kinds=definite,possible --error-exitcode=99
		--log-file=$S/vg.%p --suppressions=$HERE/tests/data/valgrind.supp"
	rm -f "$S"/vg.*
	gdm PAM_SUCCESS -c 1 -p 1234
	misbehaviour
	local f n=0
	for f in "$S"/vg.*; do
		n=$((n + 1))
		[ ! -s "$f" ] || { cat "$f"; return 1; }
	done
	echo "$n processes"
	[ "$n" -ge 15 ]
}

# said LINE ...: the helper says that, and keeps what it is told in alice's `got'
said() {
	printf '%s\n' "$@" >"$S/bin/lines"
	cat >"$S/bin/says" <<-'END'
		#!/bin/sh
		exec 3>~/got
		while read -r told && echo "$told" >&3 && [ "$told" != go ]; do :; done
		while read -r line <&4; do
			echo "$line"
			case $line in
			choose*) read -r told && echo "$told" >&3 ;;
			esac
		done 4<"${0%/*}/lines"
	END
	chmod 755 "$S/bin/says"
}

@test "what the module tells its helper, and what it takes from it" {
	local s long
	for s in gdm-smartcard sshd; do
		service $s proof=command "helper=$S/bin/says"
	done
	said 'item A' 'choose Which?' 'none asked'
	gdm PAM_AUTH_ERR -c 1
	grep -qx choices "$S/home/alice/got"
	# 1, in base64url
	tail -n 1 "$S/home/alice/got" | grep -qx 'answer MQ'
	# what the application cannot show is not asked
	gdm PAM_AUTH_ERR -c 1 -s sshd
	run ! grep -qx choices "$S/home/alice/got"
	asked
	logged 'helper .*/says: sent an invalid line'
	logged 'outcome=denied.* reason=helper( |$)'
	# a list without lines, one with too many, and lines of one list in another
	said 'choose Which?'
	gdm PAM_AUTH_ERR -c 1
	asked
	logged 'helper .*/says: sent an invalid line'
	mapfile -t long < <(for s in {1..65}; do echo "item $s"; done)
	said "${long[@]}" 'choose Which?'
	gdm PAM_AUTH_ERR -c 1
	asked
	logged 'helper .*/says: sent an invalid line'
	said "${long[@]:0:64}" 'choose Which?' 'none asked'
	gdm PAM_AUTH_ERR -c 64
	[ "$(grep -c '^item' "$S/seen")" -eq 64 ]
	tail -n 1 "$S/home/alice/got" | grep -qx 'answer NjQ'
	said 'item A' 'item B' 'choose First?' 'item C' 'choose Second?' 'none asked'
	gdm PAM_AUTH_ERR -c 1
	asked list 'item 1' 'item 2' list 'item 1'
	grep -qx 'item 1 C' "$S/seen"
}
