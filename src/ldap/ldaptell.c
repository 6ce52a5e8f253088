#include "ldap/ldaptell.h"

#include <string.h>

/* In the advice, {try} is the command that searches, {tls} the one that shows the
 * server's certificate, {top} the one that shows what the server has, {bind} are the
 * keys of the bind; the others are values of keys, or of directory_uri. */
#define TRY "try: {try}"

static const struct {
	const char *what, *next;
} rows[CA_LDAP_CAUSES] = {
    [CA_LDAP_CAUSE_OTHER] = {"the server gives no complete answer", TRY},
    [CA_LDAP_CAUSE_NAME] = {"the name of the server cannot be looked up",
	"correct directory_uri, or the name service of this host; try: getent "
	"hosts {host}"},
    [CA_LDAP_CAUSE_CONNECT] = {"no connection to the server",
	"check that the server runs, and the address and port in "
	"directory_uri"},
    [CA_LDAP_CAUSE_TLS] = {"TLS failed", "try: {tls}"},
    [CA_LDAP_CAUSE_TLS_ISSUER] = {"directory_ca does not verify the "
				  "certificate of the server",
	"add the certificate of its CA to {ca}; to see what the server sends: "
	"{tls}"},
    [CA_LDAP_CAUSE_TLS_TIME] = {"the certificate of the server is not valid "
				"now",
	"renew it on the server, or correct the clock of this host"},
    [CA_LDAP_CAUSE_TLS_NAME] = {"the certificate of the server is for another "
				"name",
	"write a name of the certificate into directory_uri"},
    [CA_LDAP_CAUSE_OPTION] = {"a file for TLS is not accepted",
	"check {ca} and the files of directory_cert and directory_key; run: "
	"certauth doctor"},
    [CA_LDAP_CAUSE_STARTTLS] = {"the server refuses StartTLS",
	"use ldaps:// in directory_uri, or configure TLS on the server"},
    [CA_LDAP_CAUSE_BIND] = {"the server refuses the bind",
	"check {bind}; try: {try}"},
    [CA_LDAP_CAUSE_MECHANISM] = {"the server does not offer this way to bind",
	"configure it on the server, or use another key than {bind}"},
    [CA_LDAP_CAUSE_LOCAL] = {"the bind cannot be made", "check {bind}; " TRY},
    [CA_LDAP_CAUSE_STRONGER] = {"the server demands another bind, or TLS",
	"set directory_bind_dn, directory_cert or directory_keytab, and use "
	"ldaps:// in directory_uri"},
    [CA_LDAP_CAUSE_RIGHTS] = {"the account of the bind may not search",
	"give it the right to read below directory_base, {base}, or check "
	"{bind}; " TRY},
    [CA_LDAP_CAUSE_BASE] = {"the server does not have directory_base, {base}",
	"correct directory_base; the server names its own: {top}"},
    [CA_LDAP_CAUSE_FILTER] = {"directory_filter is not accepted: {filter}",
	"correct directory_filter; " TRY},
    [CA_LDAP_CAUSE_SIZE] = {"the server has a limit of entries",
	"raise the limit for the account of the bind on the server (OpenLDAP: "
	"limits; 389ds: nsSizeLimit)"},
    [CA_LDAP_CAUSE_TIME] = {"the server has a limit of time",
	"raise the limit for the account of the bind on the server (OpenLDAP: "
	"limits; 389ds: nsTimeLimit)"},
    [CA_LDAP_CAUSE_BUSY] = {"the server is busy or not available",
	"run later: certauth users update"},
    [CA_LDAP_CAUSE_UNWILLING] = {"the server is unwilling",
	"the log of the server has the reason; " TRY},
    [CA_LDAP_CAUSE_LOST] = {"the connection to the server is lost",
	"the log of the server may have the reason; " TRY},
};

/* ---- what stands in braces ---- */

struct place {
	const struct ca_config *cfg;
	const char *uri;
};

/* The host of the URI, and its port. */
static void
put_host(const char *uri, bool port, struct ca_buf *out)
{
	const char *host = strstr(uri, "://"), *end;

	host = host != NULL ? host + 3 : uri;
	end = host + strcspn(host, "/");
	if (!port && *host == '[')
		end = host + strcspn(host, "]");
	else if (!port)
		end = host + strcspn(host, ":/");
	host += !port && *host == '[';
	ca_buf_put(out, host, (size_t)(end - host));
	if (port &&
	    (memchr(host, ':', (size_t)(end - host)) == NULL || end[-1] == ']'))
		ca_buf_str(
		    out, strncmp(uri, "ldaps", 5) == 0 ? ":636" : ":389");
}

static void
put_tls(const struct place *at, struct ca_buf *out)
{
	ca_buf_str(out, "openssl s_client -connect ");
	put_host(at->uri, true, out);
	if (strncmp(at->uri, "ldap://", 7) == 0)
		ca_buf_str(out, " -starttls ldap");
	if (at->cfg->directory_ca != NULL) {
		ca_buf_str(out, " -CAfile ");
		ca_buf_shell(out, at->cfg->directory_ca);
	}
}

static const char *
bind_keys(const struct ca_config *cfg)
{
	return cfg->directory_bind_dn != NULL
		   ? "directory_bind_dn and directory_password_file"
	       : cfg->directory_cert != NULL
		   ? "directory_cert and directory_key"
	       : cfg->directory_keytab != NULL
		   ? "directory_keytab"
		   : "directory_bind_dn, directory_cert and directory_keytab, "
		     "of which none is set";
}

static void
put_word(
    const struct place *at, const char *word, size_t len, struct ca_buf *out)
{
	const struct {
		const char *word, *text;
	} words[] = {
	    {"bind", bind_keys(at->cfg)},
	    {"ca", at->cfg->directory_ca},
	    {"base", at->cfg->directory_base},
	    {"filter", at->cfg->directory_filter},
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (len == strlen(words[i].word) &&
		    memcmp(word, words[i].word, len) == 0)
			ca_buf_str(
			    out, words[i].text != NULL ? words[i].text : "");
	if (len == 3 && memcmp(word, "try", len) == 0)
		ca_ldap_try(at->cfg, at->uri, out);
	else if (len == 3 && memcmp(word, "tls", len) == 0)
		put_tls(at, out);
	else if (len == 3 && memcmp(word, "top", len) == 0)
		ca_ldap_try_top(at->cfg, at->uri, out);
	else if (len == 4 && memcmp(word, "host", len) == 0)
		put_host(at->uri, false, out);
}

static void
put(const struct place *at, const char *text, struct ca_buf *out)
{
	for (;;) {
		size_t len = strcspn(text, "{");

		ca_buf_put(out, text, len);
		if (text[len] == '\0')
			return;
		text += len + 1;
		len = strcspn(text, "}");
		put_word(at, text, len, out);
		text += len + (text[len] == '}');
	}
}

/* ---- the line ---- */

static void
tell(const struct place *at, const struct ca_log *log, struct ca_buf *what,
    const char *next, bool more)
{
	struct ca_buf advice = CA_BUF_INIT(32768);
	const char *text, *first = ca_buf_text(what);

	put(at, next, &advice);
	text = ca_buf_text(&advice);
	ca_log(log, more ? CA_LOG_WARNING : CA_LOG_ERR, "%s: %-s; %-s%-s",
	    at->uri, first != NULL ? first : "no answer",
	    text != NULL ? text : "run: certauth doctor",
	    more ? "; the next server is asked" : "");
	ca_buf_free(&advice);
}

void
ca_ldap_tell(const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_ldap_input *in, bool more)
{
	const struct place at = {cfg, in->uri};
	struct ca_buf what = CA_BUF_INIT(32768);

	put(&at, rows[in->cause].what, &what);
	ca_buf_str(&what, " (");
	/* quoted, so that it looks like no text of ours */
	ca_buf_quote_names(&what, in->text, in->textn);
	ca_buf_str(&what, ")");
	tell(&at, log, &what, rows[in->cause].next, more);
	ca_buf_free(&what);
}

void
ca_ldap_tell_silent(const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_ldap_input *in, unsigned seconds, bool more)
{
	static const struct {
		const char *what, *next;
	} steps[CA_LDAP_STEPS] = {
	    [CA_LDAP_STEP_CONNECT] = {"connection",
		"check directory_uri, and the name service of this host: "
		"getent hosts {host}"},
	    [CA_LDAP_STEP_TLS] = {"TLS handshake",
		"check that the port in directory_uri is that of LDAP; try: "
		"{tls}"},
	    [CA_LDAP_STEP_BIND] = {"bind",
		"the log of the server may have the reason; " TRY},
	    [CA_LDAP_STEP_SEARCH] = {"search", TRY},
	};
	const struct place at = {cfg, in->uri};
	struct ca_buf what = CA_BUF_INIT(256);

	ca_buf_fmt(&what, "the server did not complete the %s in %u seconds",
	    steps[in->step].what, seconds);
	tell(&at, log, &what, steps[in->step].next, more);
	ca_buf_free(&what);
}
