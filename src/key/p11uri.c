/*
 * PKCS#11 URIs (RFC 7512), and what is wrong with one.
 */
#include "key/p11.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/tr.h"

/* The attributes of RFC 7512 sections 2.3 and 2.4, and p11-kit's: those of the path,
 * and those behind the question mark. */
static const char *const of_path[] = {"token", "manufacturer", "serial",
    "model", "library-manufacturer", "library-version", "library-description",
    "object", "type", "id", "slot-description", "slot-manufacturer", "slot-id",
    "object-type", "objecttype", NULL};
static const char *const of_query[] = {
    "pin-source", "pin-value", "module-name", "module-path", "pinfile", NULL};

static bool
is_one_of(const char *const *list, struct ca_bytes name)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == name.len &&
		    memcmp(*list, name.p, name.len) == 0)
			return true;
	return false;
}

/* The first attribute of a URI that is unknown, or misplaced; empty: none is. */
static struct ca_bytes
find_wrong(const char *text)
{
	const char *at = strchr(text, ':');
	bool query = false;

	while (at != NULL && *at != '\0') {
		query = query || *at == '?';
		at++;
		const struct ca_bytes name = {
		    (const uint8_t *)at, strcspn(at, "=;?&")};
		if (name.len > 0 &&
		    !is_one_of(query ? of_query : of_path, name))
			return name;
		at += strcspn(at, ";?&");
	}
	return (struct ca_bytes){(const uint8_t *)"", 0};
}

/* The values are not shown: one may be a PIN. */
static enum ca_err
refuse_uri(const char *text, int rc, const struct ca_log *log)
{
	const struct ca_bytes name = find_wrong(text);
	struct ca_buf why = CA_BUF_INIT(512);

	if (name.len == 0)
		ca_buf_str(&why, rc != P11_KIT_URI_OK
				     ? p11_kit_uri_message(rc)
				     : P_("it has an unknown attribute"));
	else {
		ca_buf_str(&why, P_("it has the unknown attribute "));
		ca_buf_printable(&why, name.p, name.len < 40 ? name.len : 40);
	}
	if (is_one_of(of_query, name)) {
		ca_buf_reset(&why);
		ca_buf_put(&why, name.p, name.len);
		ca_buf_str(&why, P_(" belongs behind a question mark "
				    "(pkcs11:token=LABEL?"));
		ca_buf_put(&why, name.p, name.len);
		ca_buf_str(&why, "=...)");
	}
	ca_log_err(log,
	    "the PKCS#11 URI (RFC 7512) cannot be used: %-s. To see the URIs "
	    "of what is here, run: certauth tokens",
	    ca_buf_text(&why) != NULL ? ca_buf_text(&why) : "?");
	ca_buf_free(&why);
	return CA_ERR_USAGE;
}

enum ca_err
ca_p11_uri(const char *text, const struct ca_log *log, P11KitUri **out)
{
	static const char scheme[] = "pkcs11:";
	P11KitUri *uri = p11_kit_uri_new();
	char *plain = strdup(text);
	int rc = P11_KIT_URI_BAD_SCHEME;

	if (uri == NULL || plain == NULL) {
		p11_kit_uri_free(uri);
		free(plain);
		return CA_ERR_MEMORY;
	}
	if (ca_text_pkcs11(text))
		memcpy(plain, scheme, sizeof scheme - 1);
	rc = p11_kit_uri_parse(plain, P11_KIT_URI_FOR_ANY, uri);
	free(plain);
	/* p11-kit takes a PIN in the path, which is shown to people */
	if (rc != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(uri) ||
	    find_wrong(text).len > 0) {
		p11_kit_uri_free(uri);
		return refuse_uri(text, rc, log);
	}
	if (strpbrk(text, " \t") != NULL)
		ca_log_warning(log,
		    "the blanks in the PKCS#11 URI are left out: write %%20 for a "
		    "blank (RFC 7512)");
	*out = uri;
	return CA_OK;
}
