/*
 * A map file of pam_pkcs11: lines `key -> login'.
 */
#include "import/import.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "map/ascii.h"

/* X509_NAME_oneline's names for attributes that RFC 4514 texts know here. */
static const char *const types[] = {"CN", "OU", "O", "L", "ST", "C", "DC",
    "UID", "STREET", "SN", "GN", "serialNumber", "emailAddress", "title",
    "name", "initials", "generationQualifier", "dnQualifier", "pseudonym"};

/* At "/TYPE=": the length of TYPE, else 0. */
static size_t
type_at(const char *p, const char *end)
{
	if (p == end || *p != '/')
		return 0;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t len = strlen(types[i]);

		if ((size_t)(end - p) > len + 1 &&
		    memcmp(p + 1, types[i], len) == 0 && p[1 + len] == '=')
			return len;
	}
	return 0;
}

static void
put_rdn(struct ca_buf *out, const char *p, size_t len, bool first)
{
	if (!first)
		ca_buf_str(out, ",");
	for (size_t i = 0; i < len; i++) {
		/* \xHH of oneline is a byte */
		if (p[i] == '\\' && i + 3 < len && p[i + 1] == 'x' &&
		    ca_ascii_hex(p[i + 2]) >= 0 &&
		    ca_ascii_hex(p[i + 3]) >= 0) {
			ca_buf_fmt(out, "\\%c%c", p[i + 2], p[i + 3]);
			i += 3;
			continue;
		}
		/* inside the double quotes of the users file, too */
		if (strchr("\"+,;<>\\*", p[i]) != NULL ||
		    (p[i] == '#' && i > 0 && p[i - 1] == '='))
			ca_buf_u8(out, '\\');
		ca_buf_u8(out, (uint8_t)p[i]);
	}
}

/*
 * "/C=ES/O=FNMT/CN=Ann" into "CN=Ann,O=FNMT,C=ES".  A value with "/CN=" in it
 * cannot be told from two; then the line names another subject, and nobody
 * has that.  Parts are cut from the end, which is where RFC 4514 begins.
 */
static bool
oneline_to_rfc4514(const char *key, size_t len, struct ca_buf *out)
{
	const char *end = key + len, *stop = end;
	bool first = true;

	if (type_at(key, end) == 0)
		return false;
	for (const char *p = end; p-- > key;) {
		if (type_at(p, end) == 0)
			continue;
		put_rdn(out, p + 1, (size_t)(stop - p - 1), first);
		first = false;
		stop = p;
	}
	return true;
}

/* ^literal$, with \. and the like: what it stands for; false: more than that */
static bool
literal_of(const char *p, size_t len, struct ca_buf *out)
{
	for (size_t i = 1; i + 1 < len; i++) {
		if (p[i] == '\\' && i + 2 < len &&
		    strchr(".@-+/\\$^*()[]", p[i + 1]) != NULL)
			i++;
		else if (strchr(".[]()*+?{}|\\^$", p[i]) != NULL)
			return false;
		ca_buf_u8(out, (uint8_t)p[i]);
	}
	return out->len > 0;
}

struct map {
	struct ca_import *im;
	const char *selector, *digest, *options;
};

static void
add_digest(
    const struct map *m, unsigned line, const char *key, const char *login)
{
	char hex[65];
	size_t n = 0;

	for (const char *p = key; *p != '\0'; p++)
		if (ca_ascii_hex(*p) >= 0 && n < 64)
			hex[n++] = *p;
		else if (*p != ':')
			n = 0;
	hex[n] = '\0';
	if (strcasecmp(m->digest, "sha256") != 0)
		ca_import_gap(m->im, line, key, login,
		    "a digest other than SHA-256 names no certificate "
		    "here; with the certificate at hand, `certauth users add "
		    "LOGIN --cert CERT.pem'");
	else
		ca_import_user(m->im, line,
		    &(struct ca_import_line){
			login, "sha256", hex, false, m->options});
}

static void
add_rule(const struct map *m, unsigned line, const char *key, size_t len,
    const char *login)
{
	struct ca_buf value = CA_BUF_INIT(CA_RULE_LINE_MAX);
	bool raw = false,
	     regex = len > 1 && key[0] == '^' && key[len - 1] == '$';
	char whole[CA_RULE_LINE_MAX];

	(void)snprintf(whole, sizeof whole, "%.*s", (int)len, key);
	if (regex && !literal_of(key, len, &value)) {
		ca_import_gap(m->im, line, whole, login,
		    "there are no regular expressions but those of match:; "
		    "write a line for each user, or a pattern");
		goto out;
	}
	if (!regex)
		ca_buf_put(&value, key, len);
	const char *text = ca_buf_text(&value);
	if (text == NULL || !ca_utf8_text(text, strlen(text))) {
		ca_import_gap(m->im, line, "key", NULL, "it is not UTF-8");
		goto out;
	}
	if (m->digest != NULL) {
		add_digest(m, line, text, login);
		goto out;
	}
	if (strcmp(m->selector, "subject") == 0) {
		struct ca_buf dn = CA_BUF_INIT(CA_RULE_LINE_MAX);

		raw = oneline_to_rfc4514(text, strlen(text), &dn);
		if (!raw)
			raw = true, ca_buf_str(&dn, text);
		ca_import_user(m->im, line,
		    &(struct ca_import_line){login, m->selector,
			ca_buf_text(&dn) != NULL ? ca_buf_text(&dn) : "", raw,
			m->options});
		ca_buf_free(&dn);
	} else {
		ca_import_user(m->im, line,
		    &(struct ca_import_line){
			login, m->selector, text, raw, m->options});
	}
out:
	ca_buf_free(&value);
}

static void
add_line(const struct map *m, unsigned n, const char *p, size_t len)
{
	const char *arrow = memmem(p, len, "->", 2), *end = p + len, *key_end;
	char login[300];

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && strchr(" \t\r", end[-1]) != NULL)
		end--;
	if (p == end || *p == '#')
		return;
	if (arrow == NULL || arrow < p || arrow + 2 > end) {
		ca_import_gap(m->im, n, "line", NULL, "the line has no `->'");
		return;
	}
	for (key_end = arrow; key_end > p && strchr(" \t", key_end[-1]);)
		key_end--;
	for (arrow += 2; arrow < end && strchr(" \t", *arrow) != NULL;)
		arrow++;
	(void)snprintf(login, sizeof login, "%.*s", (int)(end - arrow), arrow);
	if (key_end == p || !ca_login_valid(login, strlen(login)))
		ca_import_gap(m->im, n, "line", NULL,
		    "the key is empty, or the login is not a login name");
	else
		add_rule(m, n, p, (size_t)(key_end - p), login);
}

void
ca_import_mapfile(struct ca_import *im, unsigned line, const char *url,
    const char *selector, const char *digest, bool ignorecase)
{
	const struct map m = {
	    im, selector, digest, ignorecase ? "ignorecase" : ""};
	struct ca_buf text = CA_BUF_INIT(CA_IMPORT_MAPS + 1);
	const char *path = url, *conf = im->file;
	enum ca_err rc = CA_ERR_UNSUPPORTED;

	if (strncmp(url, "file://", 7) == 0)
		path = url + 7;
	if (path[0] == '/')
		rc = ca_import_read(path, CA_IMPORT_MAPS, &text);
	if (rc != CA_OK) {
		ca_import_gap(im, line, "mapfile", url,
		    rc == CA_ERR_NOT_FOUND     ? "the file does not exist"
		    : rc == CA_ERR_UNSUPPORTED ? "it is not a local file"
					       : "it cannot be read");
		ca_buf_free(&text);
		return;
	}
	im->file = path;
	const char *p = (const char *)text.p, *end = p + text.len;
	for (unsigned n = 1; p < end; n++) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf != NULL ? lf : end) - p);

		add_line(&m, n, p, len);
		p += len + (lf != NULL);
	}
	im->file = conf;
	ca_buf_free(&text);
}
