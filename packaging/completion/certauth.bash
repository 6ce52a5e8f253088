# bash completion for certauth                             -*- shell-script -*-
#
# Commands and options are taken from `certauth --help` and `certauth COMMAND
# --help`, so they always match the installed certauth.

_certauth_keys='ecdsa_secp256r1_sha256 ecdsa_secp384r1_sha384
	ecdsa_secp521r1_sha512 ed25519 ed448 mldsa44 mldsa65 mldsa87'

_certauth_words() {
	# the options in the help of $2, or the list of commands
	if [ $# -lt 2 ]; then
		"$1" --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p'
		echo help --help --version
	else
		"$1" "$2" --help 2>/dev/null | grep -oE -- '--[a-z0-9-]+'
		echo --help
	fi
}

# The commands below a command: crl list|compile|update, users add ...
_certauth_verbs() {
	"$1" "$2" --help 2>/dev/null | sed -nE \
		-e "1s/^usage: certauth $2 ([a-z]+(\\|[a-z]+)+).*/\\1/p" \
		-e 's/^  ([a-z]+)( .*|$)/\1/p' | tr '|' '\n' |
		grep -vx certauth | sort -u
}

# The names of the sections [service NAME] of the client's configuration.
_certauth_services() {
	sed -n 's/^[[:space:]]*\[service[[:space:]]\{1,\}\([^],[:space:]]*\)[[:space:]]*\].*/\1/p' \
		/etc/certauth/client.conf \
		"${XDG_CONFIG_HOME:-$HOME/.config}/certauth/config" 2>/dev/null
}

_certauth() {
	local cur prev words cword
	_init_completion 2>/dev/null || {
		cur=${COMP_WORDS[COMP_CWORD]}
		prev=${COMP_WORDS[COMP_CWORD-1]}
		words=("${COMP_WORDS[@]}")
		cword=$COMP_CWORD
	}
	local tool=${words[0]} command=${words[1]-}
	if [ "$cword" -eq 1 ] || { [ "$cword" -eq 2 ] && [ "$command" = help ]; }
	then
		# shellcheck disable=SC2207 # words without blanks
		COMPREPLY=($(compgen -W "$(_certauth_words "$tool")" -- "$cur"))
		return
	fi
	case $prev in
	--user)
		# shellcheck disable=SC2207
		COMPREPLY=($(compgen -u -- "$cur"))
		return ;;
	--service)
		# shellcheck disable=SC2207
		COMPREPLY=($(compgen -W "$(cd /etc/pam.d 2>/dev/null && ls)" \
			-- "$cur"))
		return ;;
	--purpose)
		# shellcheck disable=SC2207
		COMPREPLY=($(compgen -W 'any sslclient' -- "$cur"))
		return ;;
	--key)
		# of pki: a type; elsewhere a file
		if [ "$command" = pki ]; then
			# shellcheck disable=SC2207
			COMPREPLY=($(compgen -W "$_certauth_keys" -- "$cur"))
			return
		fi ;;
	esac
	case $cur in
	-*)
		# shellcheck disable=SC2207
		COMPREPLY=($(compgen -W \
			"$(_certauth_words "$tool" "$command")" -- "$cur"))
		return ;;
	esac
	if [ "$cword" -eq 2 ]; then
		case $command in
		credential | crl | ocsp | users | sessions | pki | import)
			# shellcheck disable=SC2207
			COMPREPLY=($(compgen -W \
				"$(_certauth_verbs "$tool" "$command")" \
				-- "$cur"))
			return ;;
		esac
	fi
	case $command in
	password)
		# shellcheck disable=SC2207
		COMPREPLY=($(compgen -W "$(_certauth_services)" -- "$cur"))
		return ;;
	# a session's id is no file, and to ask for one judges each certificate
	sessions) return ;;
	ssh)
		# complete hosts as ssh does
		if declare -F _known_hosts_real >/dev/null; then
			_known_hosts_real -a -- "$cur"
			return
		fi ;;
	esac
	# shellcheck disable=SC2207
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
} && complete -F _certauth certauth

# certauth-ssh has the arguments of ssh
_certauth_ssh() {
	local f
	if declare -F _comp_load >/dev/null; then
		_comp_load ssh
	elif declare -F _completion_loader >/dev/null; then
		_completion_loader ssh
	fi
	for f in _comp_cmd_ssh _ssh; do
		if declare -F "$f" >/dev/null; then
			"$f" "$@"
			return
		fi
	done
} && complete -F _certauth_ssh certauth-ssh
