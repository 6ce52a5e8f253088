/*
 * doctor: signed passwords: what the configuration of a service does with a password.  It
 * is read as text, without the service's own defaults of other releases.
 */
#include "doctor/doctor_password.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doctor/doctor_view.h"
#include "doctor/servicefile.h"

#define DOVECOT "/etc/dovecot/dovecot.conf"
#define DOVECOT_WORDS "!include !include_try"
#define SASLAUTHD_SECONDS 28800
#define APACHE_SECONDS 300
#define DOVECOT_SECONDS 3600

/* ---- caches ---- */

struct cache {
	bool on, key;      /* key: dovecot caches what PAM says */
	long long seconds; /* -1: not set */
	char at[4200];     /* FILE:LINE of what turns it on */
};

static void
turn(struct cache *c, const struct ca_service_line *line, bool on)
{
	c->on = on;
	(void)snprintf(c->at, sizeof c->at, "%s:%u", line->file, line->number);
}

static void
dovecot_line(void *ctx, const struct ca_service_line *line)
{
	struct cache *c = ctx;

	if (strcmp(line->key, "auth_cache_size") == 0)
		turn(c, line, strtoll(line->value, NULL, 10) > 0);
	else if (strcmp(line->key, "auth_cache_ttl") == 0)
		c->seconds = ca_servicefile_seconds(line->value);
	/* without it, nothing of PAM is in the cache of 2.3; a configuration of 2.4 says
	 * that it is one */
	c->key = c->key || strcmp(line->key, "dovecot_config_version") == 0 ||
		 strstr(line->value, "cache_key=") != NULL ||
		 strstr(line->key, "cache_key") != NULL;
}

static void
apache_line(void *ctx, const struct ca_service_line *line)
{
	struct cache *c = ctx;
	long long n;

	if (strcasecmp(line->key, "AuthnCacheProvideFor") == 0 &&
	    strcasestr(line->value, "pam") != NULL)
		turn(c, line, true);
	else if (strcasecmp(line->key, "AuthnCacheTimeout") == 0 &&
		 (n = ca_servicefile_seconds(line->value)) > c->seconds)
		c->seconds = n;
}

/* The flags of saslauthd(8); those with a value end the word, or take the next. */
static void
saslauthd_line(void *ctx, const struct ca_service_line *line)
{
	struct cache *c = ctx;
	char text[1024], *rest = text, *word;
	bool on = false;
	char wants = '\0';

	if (strcmp(line->key, "OPTIONS") != 0 &&
	    strcmp(line->key, "FLAGS") != 0)
		return;
	(void)snprintf(text, sizeof text, "%s", line->value);
	while ((word = strsep(&rest, " \t")) != NULL) {
		if (wants == 't')
			c->seconds = ca_servicefile_seconds(word);
		if (wants != '\0' || word[0] != '-') {
			wants = *word == '\0' ? wants : '\0';
			continue;
		}
		for (char *p = word + 1; *p != '\0'; p++) {
			on = on || *p == 'c';
			if (strchr("aOmnst", *p) == NULL)
				continue;
			if (p[1] == '\0')
				wants = *p;
			else if (*p == 't')
				c->seconds = ca_servicefile_seconds(p + 1);
			break;
		}
	}
	turn(c, line, on);
}

/* Read how the cache of the carrier is configured.  Returns what sets its seconds, which
 * follow; NULL: it has none that is known. */
static const char *
read_cache(const char *name, struct cache *c)
{
	if (strcmp(name, "Dovecot") == 0) {
		(void)ca_servicefile_walk(
		    DOVECOT, DOVECOT_WORDS, NULL, dovecot_line, c);
		c->on = c->on && c->key;
		c->seconds = c->seconds < 0 ? DOVECOT_SECONDS : c->seconds;
		return "auth_cache_ttl = ";
	}
	if (strcmp(name, "Apache") == 0) {
		if (!ca_servicefile_walk("/etc/apache2/apache2.conf",
			"Include IncludeOptional", "/etc/apache2", apache_line,
			c))
			(void)ca_servicefile_walk("/etc/httpd/conf/httpd.conf",
			    "Include IncludeOptional", "/etc/httpd",
			    apache_line, c);
		c->seconds = c->seconds < 0 ? APACHE_SECONDS : c->seconds;
		return "AuthnCacheTimeout ";
	}
	if (strcmp(name, "saslauthd") == 0) {
		if (!ca_servicefile_walk(
			"/etc/default/saslauthd*", "", NULL, saslauthd_line, c))
			(void)ca_servicefile_walk("/etc/sysconfig/saslauthd",
			    "", NULL, saslauthd_line, c);
		c->seconds = c->seconds < 0 ? SASLAUTHD_SECONDS : c->seconds;
		return "-t ";
	}
	return NULL;
}

void
ca_doctor_password_cache(struct ca_doctor *d, const struct ca_password_user *u)
{
	const struct ca_config *cfg = d->view->cfg;
	const bool once = cfg->password_use == CA_PASSWORD_ONCE;
	struct cache c = {.seconds = -1};
	const char *setting = read_cache(u->carrier->name, &c);

	if (setting == NULL || !c.on ||
	    (!once && c.seconds <= (long long)cfg->password_window))
		return;
	if (once)
		ca_doctor_find(d, CA_F_PASSWORD_CACHE, CA_LEVEL_WARNING,
		    "%s: %s remembers accepted passwords for %lld seconds, and "
		    "password_use is once",
		    c.at, u->carrier->name, c.seconds);
	else
		ca_doctor_find(d, CA_F_PASSWORD_CACHE, CA_LEVEL_WARNING,
		    "%s: %s remembers accepted passwords for %lld seconds, and "
		    "password_window is %u seconds",
		    c.at, u->carrier->name, c.seconds, cfg->password_window);
	ca_doctor_mend(d, "turn the cache of %s off, or set %s%u%s%s",
	    u->carrier->name, setting, cfg->password_window,
	    once ? " and password_use = window in " : " there",
	    once ? ca_doctor_origin(d, "password_use") : "");
}

/* ---- logins without TLS ---- */

struct plain {
	struct ca_doctor *d;
	char at[4200];   /* FILE:LINE */
	bool login, tls; /* without TLS if not tls */
};

static void
find_plain(
    struct ca_doctor *d, const char *at, const char *what, const char *mend)
{
	ca_doctor_find(
	    d, CA_F_PASSWORD_PLAIN, CA_LEVEL_WARNING, "%s: %s", at, what);
	ca_doctor_mend(d, "%s", mend);
}

static void
dovecot_plain(void *ctx, const struct ca_service_line *line)
{
	struct plain *p = ctx;

	if ((strcmp(line->key, "disable_plaintext_auth") == 0 &&
		strcmp(line->value, "no") == 0) ||
	    (strcmp(line->key, "auth_allow_cleartext") == 0 &&
		strcmp(line->value, "yes") == 0))
		(void)snprintf(
		    p->at, sizeof p->at, "%s:%u", line->file, line->number);
	else if (strcmp(line->key, "disable_plaintext_auth") == 0 ||
		 strcmp(line->key, "auth_allow_cleartext") == 0)
		p->at[0] = '\0'; /* the last one counts */
}

/* The connections of pg_hba.conf, by pam. */
static void
postgresql_plain(void *ctx, const struct ca_service_line *line)
{
	struct plain *p = ctx;
	const struct ca_config *cfg = p->d->view->cfg;
	char database[256], user[256], address[256];
	char at[4200];

	if (strstr(line->value, "pam") == NULL)
		return;
	(void)snprintf(at, sizeof at, "%s:%u", line->file, line->number);
	if (strcmp(line->key, "local") == 0 &&
	    cfg->password_use == CA_PASSWORD_WINDOW) {
		ca_doctor_find(p->d, CA_F_PASSWORD_WINDOW, CA_LEVEL_WARNING,
		    "%s: PostgreSQL sets no PAM_RHOST on the unix socket, and "
		    "password_use is window (%u seconds)",
		    at, cfg->password_window);
		ca_doctor_mend(p->d,
		    "use peer in that line, or set password_use = once in %s",
		    ca_doctor_origin(p->d, "password_use"));
	}
	if ((strcmp(line->key, "host") != 0 &&
		strcmp(line->key, "hostnossl") != 0) ||
	    sscanf(line->value, "%255s %255s %255s", database, user, address) !=
		3 ||
	    strncmp(address, "127.", 4) == 0 ||
	    strcmp(address, "::1/128") == 0 ||
	    strcmp(address, "localhost") == 0 ||
	    strcmp(address, "samehost") == 0)
		return;
	find_plain(p->d, at, "PostgreSQL accepts connections without TLS",
	    "replace the first word of the line by hostssl");
}

static void
vsftpd_plain(void *ctx, const struct ca_service_line *line)
{
	struct plain *p = ctx;

	if (strcasecmp(line->key, "ssl_enable") == 0)
		p->tls = strcasecmp(line->value, "YES") == 0;
	if (strcasecmp(line->key, "force_local_logins_ssl") == 0 &&
	    strcasecmp(line->value, "NO") == 0)
		p->login = true; /* a login without TLS is possible */
}

static void
postfix_plain(void *ctx, const struct ca_service_line *line)
{
	struct plain *p = ctx;
	const bool yes = strcmp(line->value, "yes") == 0;

	if (strcmp(line->key, "smtpd_sasl_auth_enable") == 0) {
		p->login = yes;
		(void)snprintf(
		    p->at, sizeof p->at, "%s:%u", line->file, line->number);
	}
	p->tls = p->tls ||
		 (strcmp(line->key, "smtpd_tls_auth_only") == 0 && yes) ||
		 (strcmp(line->key, "smtpd_tls_security_level") == 0 &&
		     strcmp(line->value, "encrypt") == 0);
}

void
ca_doctor_password_plain(struct ca_doctor *d, const struct ca_password_user *u)
{
	static const char *const hba[] = {"/etc/postgresql/*/*/pg_hba.conf",
	    "/var/lib/pgsql/data/pg_hba.conf",
	    "/var/lib/pgsql/*/data/pg_hba.conf"};
	const char *name = u->carrier->name;
	struct plain p = {.d = d};

	if (strcmp(name, "Dovecot") == 0) {
		(void)ca_servicefile_walk(
		    DOVECOT, DOVECOT_WORDS, NULL, dovecot_plain, &p);
		if (p.at[0] != '\0')
			find_plain(d, p.at,
			    "Dovecot accepts logins without TLS",
			    "remove the line");
	} else if (strcmp(name, "PostgreSQL") == 0) {
		for (size_t i = 0; i < sizeof hba / sizeof *hba; i++)
			(void)ca_servicefile_walk(
			    hba[i], "", NULL, postgresql_plain, &p);
	} else if (strcmp(name, "vsftpd") == 0) {
		if (ca_servicefile_walk(
			"/etc/vsftpd.conf", "", NULL, vsftpd_plain, &p) &&
		    (!p.tls || p.login))
			find_plain(d, "/etc/vsftpd.conf",
			    "vsftpd accepts logins without TLS",
			    "set ssl_enable=YES there, and do not set "
			    "force_local_logins_ssl");
	} else if (strcmp(name, "saslauthd") == 0) {
		(void)ca_servicefile_walk(
		    "/etc/postfix/main.cf", "", NULL, postfix_plain, &p);
		if (p.login && !p.tls)
			find_plain(d, p.at,
			    "Postfix accepts logins without TLS",
			    "postconf smtpd_tls_auth_only=yes; postfix reload");
	}
}
