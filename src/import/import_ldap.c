/*
 * The mapper ldap of pam_pkcs11: it asked a directory at each login for the
 * certificates of the login.  Here `certauth users update' asks the directory for the
 * certificates of all logins, by a timer.
 */
#include "import/import_mapper.h"
#include "ldap/ldaplocal.h"

#include <string.h>
#include <strings.h>

#define PASSWORD_FILE CA_SYSCONFDIR "/directory.password"

/* A setting of the block that is being translated, or NULL. */
static const struct ca_scconf_item *
item_of(const struct ca_scconf *conf, size_t at, const char *name)
{
	const struct ca_scconf_item *item =
	    ca_scconf_find(conf, at, name, NULL);

	return ca_scconf_value(item)[0] != '\0' ? item : NULL;
}

static void
gap(struct ca_import *im, const struct ca_scconf_item *item, const char *why)
{
	ca_import_gap(im, item->line, item->name, ca_scconf_value(item), why);
}

/* A setting whose value is that of a key. */
static void
same(struct ca_import *im, const struct ca_scconf *conf, size_t at,
    const char *name, const char *key)
{
	const struct ca_scconf_item *item = item_of(conf, at, name);

	if (item != NULL)
		ca_import_set(im, item->line, name, key, ca_scconf_value(item));
}

/* ---- the servers ---- */

/* on and ssl are TLS from the beginning, tls is StartTLS, off was none: between
 * machines there is always one of the two here. */
static bool
is_ldaps(const struct ca_scconf *conf, size_t at)
{
	const char *ssl = ca_scconf_value(item_of(conf, at, "ssl"));

	return strcasecmp(ssl, "on") == 0 || strcasecmp(ssl, "ssl") == 0;
}

/* The addresses stand between blanks there, and between commas here. */
static void
put_uris(struct ca_buf *out, const char *from, bool ldaps)
{
	while (*from != '\0') {
		size_t n = strcspn(from, " \t");
		size_t skip = ldaps && strncmp(from, "ldap://", 7) == 0 ? 7 : 0;

		if (n > 0)
			ca_buf_str(out, out->len > 0 ? ", " : "");
		if (skip > 0)
			ca_buf_str(out, "ldaps://");
		ca_buf_put(out, from + skip, n - skip);
		from += n + strspn(from + n, " \t");
	}
}

static void
servers(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	const struct ca_scconf_item *host = item_of(conf, at, "ldaphost");
	const struct ca_scconf_item *port = item_of(conf, at, "ldapport");
	const struct ca_scconf_item *uri = item_of(conf, at, "URI");
	struct ca_buf all = CA_BUF_INIT(8192);
	bool ldaps = is_ldaps(conf, at);

	if (uri == NULL)
		uri = item_of(conf, at, "uri");
	if (uri != NULL) {
		put_uris(&all, ca_scconf_value(uri), ldaps);
	} else if (host != NULL) {
		uri = host;
		ca_buf_fmt(&all, "%s%s%s%s", ldaps ? "ldaps://" : "ldap://",
		    ca_scconf_value(host), port != NULL ? ":" : "",
		    ca_scconf_value(port));
	}
	if (uri == NULL)
		ca_import_gap(im, conf->item[at].line, "mapper", "ldap",
		    "it names no server: set directory_uri");
	else if (ca_buf_text(&all) != NULL)
		ca_import_set(im, uri->line, uri->name, "directory_uri",
		    ca_buf_text(&all));
	ca_buf_free(&all);
}

/* Is one of the servers, by its address, on another machine? */
static bool
is_remote(const struct ca_import *im)
{
	const struct ca_list *uri = &im->scratch->directory_uri;

	for (size_t i = 0; i < uri->n; i++)
		if (!ca_ldap_is_local(uri->v[i]))
			return true;
	return false;
}

/* There the default was no TLS, and no CA; here there is no such connection to another
 * machine, so what is proposed without a CA would not work. */
static void
authority(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	const struct ca_scconf_item *ssl = item_of(conf, at, "ssl");
	const bool off = strcasecmp(ca_scconf_value(ssl), "off") == 0;
	const bool remote = is_remote(im);

	if (off)
		ca_import_note(im, ssl->line, "%s",
		    remote
			? "ssl = off: here ldap:// to another machine begins "
			  "with StartTLS before anything is sent, so the "
			  "server must have a certificate"
			: "ssl = off: a server on this machine is asked "
			  "without TLS here, too");
	if (im->scratch->directory_ca == NULL &&
	    (remote || im->scratch->directory_cert != NULL))
		ca_import_gap(im, conf->item[at].line, "mapper", "ldap",
		    "it names no CA of the servers: set directory_ca to a PEM "
		    "file with the CA, without which `certauth users update' "
		    "connects to no other machine; a server on this one is "
		    "ldap://127.0.0.1, and localhost is a name");
}

static void
tls(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	static const struct {
		const char *name, *why;
	} none[] = {
	    {"tls_cacertdir",
		"directory_ca is one file: put the certificates of the "
		"servers' CAs into it"},
	    {"tls_ciphers", "the library's own list is used"},
	    {"tls_randfile", "the kernel's random numbers are used"},
	};
	const struct ca_scconf_item *item;

	same(im, conf, at, "tls_cacertfile", "directory_ca");
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if ((item = item_of(conf, at, none[i].name)) != NULL)
			gap(im, item, none[i].why);
	if ((item = item_of(conf, at, "tls_checkpeer")) != NULL)
		ca_import_note(im, item->line,
		    "tls_checkpeer: the certificate of the server is always "
		    "verified");
	authority(im, conf, at);
}

/* ---- the bind and the search ---- */

static void
bind_as(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	const struct ca_scconf_item *dn = item_of(conf, at, "binddn");
	const struct ca_scconf_item *cert = item_of(conf, at, "tls_cert");
	const struct ca_scconf_item *key = item_of(conf, at, "tls_key");

	if (dn == NULL) {
		same(im, conf, at, "tls_cert", "directory_cert");
		same(im, conf, at, "tls_key", "directory_key");
		return;
	}
	ca_import_set(
	    im, dn->line, "binddn", "directory_bind_dn", ca_scconf_value(dn));
	ca_import_note(im, dn->line,
	    "write the password into that file: umask 077; cat >%s",
	    PASSWORD_FILE);
	ca_import_set(
	    im, 0, "passwd", "directory_password_file", PASSWORD_FILE);
	if (cert != NULL)
		gap(im, cert, "the bind is by name and password");
	if (key != NULL)
		gap(im, key, "the bind is by name and password");
}

/*
 * The filter had to select the entry of one login, %s.  Here it selects all accounts:
 * (ATTRIBUTE=%s) becomes (ATTRIBUTE=*).
 */
static void
filter(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	const struct ca_scconf_item *item = item_of(conf, at, "filter");
	const char *text = ca_scconf_value(item);
	const char *mark = strstr(text, "=%s)");
	struct ca_buf all = CA_BUF_INIT(8192);

	if (item == NULL)
		return;
	if (mark == NULL || strstr(mark + 4, "%s") != NULL ||
	    strchr(text, '%') != mark + 1) {
		gap(im, item,
		    "directory_filter selects all accounts: write it without "
		    "the login");
		return;
	}
	ca_buf_put(&all, text, (size_t)(mark - text));
	ca_buf_fmt(&all, "=*)%s", mark + 4);
	if (ca_buf_text(&all) != NULL)
		ca_import_set(im, item->line, "filter", "directory_filter",
		    ca_buf_text(&all));
	ca_buf_free(&all);
}

static void
search(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	const struct ca_scconf_item *scope = item_of(conf, at, "scope");
	const struct ca_scconf_item *attribute = item_of(conf, at, "attribute");
	const struct ca_scconf_item *map = item_of(conf, at, "attribute_map");
	const struct ca_scconf_item *any = item_of(conf, at, "ignorecase");

	same(im, conf, at, "base", "directory_base");
	filter(im, conf, at);
	same(im, conf, at, "uid_attribute", "directory_login");
	if (scope == NULL)
		ca_import_note(im, conf->item[at].line,
		    "scope: everything below directory_base is searched");
	else if (strcmp(ca_scconf_value(scope), "2") != 0)
		gap(im, scope,
		    "everything below directory_base is searched: name a base "
		    "with accounts alone");
	if (attribute != NULL &&
	    strncasecmp(ca_scconf_value(attribute), "userCertificate", 15) != 0)
		gap(im, attribute,
		    "certificates are read from userCertificate alone");
	if (map != NULL)
		gap(im, map,
		    "an account is found by its userCertificate, or by its "
		    "altSecurityIdentities");
	if (ca_scconf_true(any))
		gap(im, any,
		    "the name service decides whether two spellings are one "
		    "account");
	if ((scope = item_of(conf, at, "searchtimeout")) != NULL)
		ca_import_note(im, scope->line,
		    "searchtimeout: no login waits for the directory");
}

struct place {
	struct ca_import *im;
	unsigned line;
};

static void
put_disagreement(void *ctx, enum ca_log_level level, const char *text)
{
	const struct place *p = ctx;

	(void)level;
	ca_import_gap(p->im, p->line, "mapper", "ldap", text);
}

void
ca_import_ldap(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	struct place place = {im, conf->item[at].line};
	const struct ca_log log = {put_disagreement, &place, false};

	ca_import_note(im, conf->item[at].line,
	    "mapper ldap: a timer fetches the directory; run `certauth users "
	    "update', then systemctl enable --now certauth-users-update.timer");
	ca_import_set(im, 0, "mapper ldap", "directory", "ldap");
	servers(im, conf, at);
	bind_as(im, conf, at);
	search(im, conf, at);
	tls(im, conf, at);
	/* with keys that disagree no login would be granted */
	if (im->scratch->directory_uri.n > 0)
		(void)!ca_config_check_directory(im->scratch, &log);
}
