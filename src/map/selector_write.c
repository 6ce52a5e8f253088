/* The selectors of a certificate as lines of the users file have to write
 * them. */
#include "map/map.h"
#include "map/match.h"
#include "map/selector.h"
#include "verify/name.h"

#include <stdlib.h>
#include <string.h>

#define LOGIN_AND_OPTIONS 512 /* bytes of a line that are left for them */

struct writing {
	struct ca_ident id;
	struct ca_rule rule;
	ca_map_selector *each;
	void *ctx;
};

/* A text value: a backslash protects what has a meaning in a line. */
static void
put_text(const uint8_t *p, size_t len, struct ca_buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\\' || p[i] == '"' || p[i] == '*')
			ca_buf_str(out, "\\");
		ca_buf_put(out, p + i, 1);
	}
}

/* As `openssl x509 -serial' prints it. */
static void
put_serial(X509 *cert, struct ca_buf *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);

	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		ca_buf_str(out, "-");
	if (ASN1_STRING_length(serial) == 0)
		ca_buf_str(out, "00");
	ca_buf_hex(out, ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));
}

static void
put_value(const struct ca_ident *id, size_t i, struct ca_buf *out)
{
	const uint8_t *p = id->bytes.p + id->v[i].at;
	enum ca_selector_form form = ca_selectors[id->v[i].sel].form;
	X509 *cert = id->leaf;

	if (form == CA_FORM_TEXT) {
		put_text(p, id->v[i].len, out);
		return;
	}
	if (form == CA_FORM_HEX || form == CA_FORM_SID) {
		ca_buf_put(out, p, id->v[i].len);
		return;
	}
	/* names are printed from the certificate, which escapes them */
	if (form == CA_FORM_NAME_SERIAL || form == CA_FORM_NAME_NAME) {
		ca_name_rfc4514(X509_get_issuer_name(cert), out);
		ca_buf_str(out, ";");
	}
	if (form == CA_FORM_NAME_SERIAL)
		put_serial(cert, out);
	else
		ca_name_rfc4514(X509_get_subject_name(cert), out);
}

/* Does the line map exactly this value?  This is the parser that logins use. */
static bool
maps(struct writing *w, size_t i, const char *selector)
{
	struct ca_buf line = CA_BUF_INIT(CA_RULE_LINE_MAX - LOGIN_AND_OPTIONS);
	const struct ca_rule *rule = &w->rule;
	bool same = false;

	ca_buf_fmt(&line, "x %s", selector);
	if (ca_buf_err(&line) == CA_OK &&
	    ca_rule_parse(&w->rule, (const char *)line.p, line.len) == CA_OK)
		same = rule->sel == w->id.v[i].sel && !rule->pattern &&
		       rule->issuer == NULL && rule->len == w->id.v[i].len &&
		       memcmp(rule->value, w->id.bytes.p + w->id.v[i].at,
			   rule->len) == 0;
	ca_buf_free(&line);
	return same;
}

static enum ca_err
write_one(struct writing *w, size_t i)
{
	struct ca_buf value = CA_BUF_INIT(CA_IDENT_VALUE_MAX);
	struct ca_buf out = CA_BUF_INIT(2 * CA_IDENT_VALUE_MAX);
	const char *text, *quote = "";
	enum ca_err rc;

	put_value(&w->id, i, &value);
	text = ca_buf_text(&value);
	if (text != NULL && strchr(text, ' ') != NULL)
		quote = "\"";
	ca_buf_fmt(&out, "%s:%s%s%s", ca_selector_name(w->id.v[i].sel), quote,
	    text != NULL ? text : "", quote);
	rc =
	    ca_buf_err(&value) != CA_OK ? ca_buf_err(&value) : ca_buf_err(&out);
	if (rc == CA_OK && ca_buf_text(&out) == NULL)
		rc = CA_ERR_MEMORY;
	/* a value that no line can have, such as one with a line end, is left
	 * out */
	if (rc == CA_OK && maps(w, i, ca_buf_text(&out)))
		w->each(w->ctx, ca_selector_strong(w->id.v[i].sel),
		    ca_buf_text(&out));
	ca_buf_free(&value);
	ca_buf_free(&out);
	return rc == CA_ERR_LIMIT ? CA_OK : rc;
}

enum ca_err
ca_map_selectors(struct ca_crypto *crypto, X509 *leaf, ca_map_selector *each,
    void *ctx, const char **why)
{
	struct writing *w = calloc(1, sizeof *w);
	enum ca_err rc;

	*why = NULL;
	if (w == NULL)
		return CA_ERR_MEMORY;
	w->each = each;
	w->ctx = ctx;
	ca_rule_init(&w->rule);
	rc = ca_ident_of(crypto, leaf, &w->id);
	*why = w->id.why;
	for (enum ca_selector sel = 0; sel < CA_SELECTORS && rc == CA_OK; sel++)
		for (size_t i = 0; i < w->id.n && rc == CA_OK; i++)
			if (w->id.v[i].sel == sel)
				rc = write_one(w, i);
	ca_ident_free(&w->id);
	ca_rule_free(&w->rule);
	free(w);
	return rc;
}
