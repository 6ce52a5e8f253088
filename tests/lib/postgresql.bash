# shellcheck shell=bash
# A real PostgreSQL in the place of common.bash, in the network of netplace.bash.
#
#   pg_make                a cluster in $S/pg with the logins alice, bob and carol
#                          and the database shop, and a certificate for
#                          db.example.com of net_tls
#   pg_hba LINE ...        pg_hba.conf, after which the server reads it again
#   pg_start, pg_stop

PGBIN=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
export PGBIN

pg_as() {
	in_place setpriv --reuid postgres --regid postgres --init-groups \
		--inh-caps=-all env -i -C "$S/pg" LC_ALL=C PATH="$PGBIN:$PATH" "$@"
}

pg_start() {
	net_daemon postgres setpriv --reuid postgres --regid postgres --init-groups \
		--inh-caps=-all env -i LC_ALL=C "$PGBIN/postgres" -D "$S/pg/data"
	until_true net_listens 5432
}

pg_stop() { net_stop postgres -INT; }

# shellcheck disable=SC2120 # tests give the lines
pg_hba() {
	printf '%s\n' 'local all postgres peer' "$@" >"$S/pg/data/pg_hba.conf"
	[ ! -e "$S/postgres.pid" ] || pg_as pg_ctl -s -D "$S/pg/data" reload
}

pg_make() {
	local name
	mkdir -m 755 "$S/pg" && chown postgres "$S/pg" || return
	in_place install -d -o postgres -g postgres -m 755 /run/postgresql
	pg_as initdb -D "$S/pg/data" --auth=peer >"$S/pg/initdb" 2>&1 || {
		cat "$S/pg/initdb"
		return 1
	}
	cp "$S/web/db.example.com.pem" "$S/pg/data/server.crt"
	cp "$S/web/db.example.com.key" "$S/pg/data/server.key"
	chown postgres "$S/pg/data"/server.*
	chmod 600 "$S/pg/data/server.key"
	cat >>"$S/pg/data/postgresql.conf" <<-END
		listen_addresses = '127.0.0.1'
		unix_socket_directories = '/run/postgresql'
		ssl = on
		fsync = off
		log_connections = on
	END
	pg_hba && pg_start || return
	for name in alice bob carol; do
		pg_as createuser "$name" || return
	done
	pg_as createdb -O alice shop && pg_as createdb -O alice second || return
	pg_as psql -qX shop -c 'CREATE TABLE goods (id int);
		CREATE TABLE prices (id int); CREATE TABLE orders (id int);
		ALTER TABLE goods OWNER TO alice; ALTER TABLE prices OWNER TO alice;
		ALTER TABLE orders OWNER TO alice'
}
