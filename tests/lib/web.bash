# shellcheck shell=bash
# Real web servers in the place of common.bash, in the network of netplace.bash.
#
#   web_make               /var/www and /srv/git, certificates of net_tls for
#                          www.example.com and git.example.com
#   web_start nginx|apache one of them, on port 443; the other one stops
#   web_get TEXT [URL [OPTION ...]]   curl as alice, with that password

web_make() {
	local name dir
	net_tls www.example.com git.example.com
	for name in www git; do
		cp "$S/web/$name.example.com.pem" "$S/etc/ssl/certs/"
		cp "$S/web/$name.example.com.key" "$S/etc/ssl/private/"
	done
	# as an administrator's own CA, for curl and git
	cat "$S/web/ca.pem" >>"$S/etc/ssl/certs/ca-certificates.crt"
	for dir in /var/www /srv /var/lib/nginx /var/lib/apache2; do
		[ ! -d "$dir" ] || in_place mount -t tmpfs -o mode=755 tmpfs "$dir" || return
	done
	in_place mkdir -p /var/www/html /srv/git /var/log/nginx /var/log/apache2 \
		/run/lock /run/apache2
	echo 'the page of www.example.com' >"$S/page"
	in_place cp "$S/page" /var/www/html/index.html
	rm -f "$S"/etc/nginx/sites-enabled/* "$S"/etc/apache2/sites-enabled/*
}

web_start() {
	local other=nginx
	[ "$1" = apache ] || other=apache
	! net_runs "$1" || return 0
	net_stop "$other" && until_true web_free || return
	if [ "$1" = nginx ]; then
		net_daemon nginx nginx -g 'daemon off;'
	else
		net_daemon apache sh -c '. /etc/apache2/envvars
			exec apache2 -DFOREGROUND'
	fi
	until_true net_listens 443 || {
		cat "$S/$1.out"
		in_place sh -c 'tail /var/log/*/error.log'
		return 1
	}
}
web_free() { ! net_listens 443; }

web_get() {
	local text=$1 url=${2:-https://www.example.com/index.html}
	shift $(($# > 2 ? 2 : $#))
	printf 'user = "%s:%s"\n' "${WEB_USER:-alice}" "$text" |
		as_user alice curl -sSf -m 30 -K - "$@" "$url"
}
