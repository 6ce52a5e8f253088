/*
 * Translate a rule of SSSD (sss-certmap(5)): matchrule selects certificates, and
 * maprule their user.
 *
 * matchrule alone becomes a match: line if the login is known.  maprule is a
 * search in a directory.  It is translated if it names the login itself, or makes the
 * login by a template from a name whose domain the matchrule fixes, which becomes a
 * pattern.  Every other rule of a domain is left to SSSD, which applies it with
 * directory = sss.  No condition is ever dropped.
 */
#include "import/import.h"

#include <stdlib.h>
#include <string.h>

static const char default_match[] = "<KU>digitalSignature<EKU>clientAuth";
static const char directory[] =
    "it is a search in a directory: register the certificates "
    "(/etc/certauth/users.d/LOGIN/*.pem), or write a line for each user";

static const char malformed[] = "the matchrule is malformed";

/* What a matchrule may name. */
static const char *const components[] = {"SUBJECT", "ISSUER", "KU", "EKU",
    "SAN", "SAN:Principal", "SAN:ntPrincipalName", "SAN:pkinit",
    "SAN:otherName", "SAN:rfc822Name", "SAN:dNSName", "SAN:x400Address",
    "SAN:directoryName", "SAN:ediPartyName", "SAN:uniformResourceIdentifier",
    "SAN:iPAddress", "SAN:registeredID"};

/* What a maprule may name; selector: of its .short_name, which stands before
 * the @ or the first dot. */
static const struct template
{
	const char *name, *san, *selector;
	char before;
}
templates[] = {
    {"subject_principal", "SAN:Principal", "upn", '@'},
    {"subject_nt_principal", "SAN:ntPrincipalName", "upn", '@'},
    {"subject_pkinit_principal", "SAN:pkinit", "krb", '@'},
    {"subject_rfc822_name", "SAN:rfc822Name", "email", '@'},
    {"subject_dns_name", "SAN:dNSName", "dns", '.'},
    {"issuer_dn", NULL, NULL, 0},
    {"subject_dn", NULL, NULL, 0},
    {"cert", NULL, NULL, 0},
    {"subject_uri", NULL, NULL, 0},
    {"subject_ip_address", NULL, NULL, 0},
    {"subject_x400_address", NULL, NULL, 0},
    {"subject_directory_name", NULL, NULL, 0},
    {"subject_ediparty_name", NULL, NULL, 0},
    {"subject_registered_id", NULL, NULL, 0},
    {"serial_number", NULL, NULL, 0},
    {"subject_key_id", NULL, NULL, 0},
    {"subject_dn_component", NULL, NULL, 0},
    {"issuer_dn_component", NULL, NULL, 0},
    {"sid", NULL, NULL, 0},
};

static const char *
after_prefix(const char *rule, const char *const *prefix)
{
	for (; *prefix != NULL; prefix++)
		if (strncmp(rule, *prefix, strlen(*prefix)) == 0)
			return rule + strlen(*prefix);
	return rule;
}

/* ---- the matchrule ---- */

/* One <NAME>VALUE of it. */
struct part {
	char name[48];
	const char *value;
	size_t len;
};

static bool
is_oid(const char *s)
{
	return s[0] != '\0' && strspn(s, "0123456789.") == strlen(s);
}

static bool
known_component(const char *name)
{
	for (size_t i = 0; i < sizeof components / sizeof *components; i++)
		if (strcmp(components[i], name) == 0)
			return true;
	return strncmp(name, "SAN:", 4) == 0 && is_oid(name + 4);
}

/* The next part from *at on; false: none, or it is malformed (*bad). */
static bool
next_part(const char **at, struct part *part, bool *bad)
{
	const char *close = **at == '<' ? strchr(*at, '>') : NULL;
	size_t len = close != NULL ? (size_t)(close - *at - 1) : 0;

	*bad = false;
	if (**at == '\0')
		return false;
	if (close == NULL || len == 0 || len >= sizeof part->name) {
		*bad = true;
		return false;
	}
	memcpy(part->name, *at + 1, len);
	part->name[len] = '\0';
	part->value = close + 1;
	part->len = strcspn(part->value, "<");
	*at = part->value + part->len;
	*bad = !known_component(part->name);
	return !*bad;
}

/* ^TEXT$ or TEXT$ of a regular expression, behind skip: the text that it
 * stands for. */
static bool
literal(const char *p, size_t len, const char *skip, struct ca_buf *out)
{
	size_t i = 0, n = strlen(skip);

	if (len > 0 && p[0] == '^')
		i = 1;
	else if (n == 0)
		return false; /* any text may precede it */
	if (len < i + n + 1 || memcmp(p + i, skip, n) != 0 || p[len - 1] != '$')
		return false;
	for (i += n; i + 1 < len; i++) {
		if (p[i] == '\\' && i + 2 < len)
			i++;
		else if (strchr(".[]()*+?{}|^$", p[i]) != NULL)
			return false;
		ca_buf_u8(out, (uint8_t)p[i]);
	}
	return out->len > 0;
}

static bool
is(const struct part *part, const char *name, const char *value)
{
	return strcmp(part->name, name) == 0 && strlen(value) == part->len &&
	       memcmp(part->value, value, part->len) == 0;
}

/* Does the module check it anyway (purpose = sslclient)? */
static bool
checked_anyway(const struct part *part)
{
	return is(part, "KU", "digitalSignature") ||
	       is(part, "EKU", "clientAuth") ||
	       is(part, "EKU", "1.3.6.1.5.5.7.3.2");
}

/*
 * The matchrule as a pattern's domain and issuer.  NULL, or why it cannot be
 * one.
 */
static const char *
as_pattern(const char *match, const struct template *t, struct ca_buf *domain,
    struct ca_buf *issuer)
{
	const char *at = match;
	const char *const skip = t->before == '@' ? ".*@" : ".*\\.";
	struct part part;
	bool bad;

	if (strncmp(at, "||", 2) == 0)
		return "a line cannot say `or'; write one for each";
	if (strncmp(at, "&&", 2) == 0)
		at += 2;
	while (next_part(&at, &part, &bad)) {
		bool san = strcmp(part.name, t->san) == 0 ||
			   (strcmp(part.name, "SAN") == 0 &&
			       strcmp(t->san, "SAN:Principal") == 0);

		if (checked_anyway(&part))
			continue;
		if (san && domain->len == 0 &&
		    literal(part.value, part.len, skip, domain))
			continue;
		if (strcmp(part.name, "ISSUER") == 0 && issuer->len == 0 &&
		    literal(part.value, part.len, "", issuer))
			continue;
		return "a pattern has no condition but its domain and its "
		       "issuer, and this matchrule has others; write a line "
		       "for each user";
	}
	if (bad)
		return malformed;
	if (domain->len == 0)
		return "the matchrule does not fix the domain, so a user of "
		       "any domain would match; write `* upn:*@DOMAIN issuer=...' "
		       "with the domain";
	return NULL;
}

/* ---- the maprule ---- */

/* "(ATTRIBUTE=VALUE)" or "(VALUE)": what VALUE is, if that is all there is. */
static bool
only_value(const char *map, char *out, size_t size)
{
	static const char *const attributes[] = {
	    "uid=", "sAMAccountName=", "samAccountName=", NULL};
	size_t len;

	if (map[0] != '(')
		return false;
	map = after_prefix(map + 1, attributes);
	len = strcspn(map, ")");
	if (strcmp(map + len, ")") != 0 || len == 0 || len >= size)
		return false;
	memcpy(out, map, len);
	out[len] = '\0';
	return strpbrk(out, "=(&|!") == NULL;
}

/* The first {NAME...} of a maprule; NULL: it is none that SSSD knows. */
static const struct template *
template_of(const char *map)
{
	const char *open = strchr(map, '{');
	size_t len = open != NULL ? strcspn(open + 1, "!.}[") : 0;

	for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
		if (open != NULL && strlen(templates[i].name) == len &&
		    memcmp(open + 1, templates[i].name, len) == 0)
			return &templates[i];
	return NULL;
}

static void
gap(struct ca_import *im, const struct ca_certmap_rule *r, const char *why)
{
	ca_import_gap(im, r->line, r->section, r->maprule, why);
}

/* No line can say it.  SSSD can, unless the users are in files. */
static bool
leave(struct ca_import *im, const struct ca_certmap_rule *r, const char *why)
{
	if (r->local)
		gap(im, r, why);
	else
		ca_import_note(im, r->line,
		    "%s: SSSD goes on to apply this rule", r->section);
	return !r->local;
}

static bool
by_template(struct ca_import *im, const struct ca_certmap_rule *r,
    const char *match, const char *value)
{
	const struct template *t = template_of(value);
	struct ca_buf domain = CA_BUF_INIT(1024), issuer = CA_BUF_INIT(4096);
	struct ca_buf pattern = CA_BUF_INIT(2048), opts = CA_BUF_INIT(8192);
	char want[64];
	const char *why = directory;
	bool left = false;

	if (t != NULL && t->selector != NULL) {
		(void)snprintf(want, sizeof want, "{%s.short_name}", t->name);
		if (strcmp(value, want) == 0)
			why = as_pattern(match, t, &domain, &issuer);
	} else if (t == NULL) {
		why = "SSSD has no such template";
	}
	const char *d = ca_buf_text(&domain), *i = ca_buf_text(&issuer);
	if (why == NULL && d != NULL && strpbrk(d, "\\\"*") != NULL)
		why = malformed;
	if (why == malformed || t == NULL) {
		gap(im, r, why);
		goto out;
	}
	if (why != NULL) {
		left = leave(im, r, why);
		goto out;
	}
	ca_buf_fmt(&pattern, "*%c%s", t->before, d);
	if (i != NULL && i[0] != '\0')
		ca_buf_fmt(&opts, "issuer=\"%s\"", i);
	ca_import_user_note(im, r->line, "%s%s", r->section,
	    issuer.len > 0 ? ""
			   : "; bind it to the CA that issues these: "
			     "issuer=\"...\"");
	ca_import_user(im, r->line,
	    &(struct ca_import_line){"*", t->selector,
		ca_buf_text(&pattern) != NULL ? ca_buf_text(&pattern) : "",
		true,
		opts.len > 0 && ca_buf_text(&opts) != NULL ? ca_buf_text(&opts)
							   : ""});
out:
	ca_buf_free(&domain);
	ca_buf_free(&issuer);
	ca_buf_free(&pattern);
	ca_buf_free(&opts);
	return left;
}

static void
by_login(struct ca_import *im, const struct ca_certmap_rule *r,
    const char *match, const char *login)
{
	if (strchr(match, '"') != NULL) {
		gap(im, r, "a match: line cannot hold a double quote");
		return;
	}
	if (!ca_login_valid(login, strlen(login))) {
		gap(im, r, "the login is not a login name");
		return;
	}
	ca_import_user_note(im, r->line, "%s", r->section);
	ca_import_user(im, r->line,
	    &(struct ca_import_line){login, "match", match, true, ""});
}

/* Does SSSD accept the matchrule?  It skips a rule that it cannot parse. */
static bool
parses(struct ca_import *im, const struct ca_certmap_rule *r, const char *match)
{
	struct part part;
	bool bad;

	if (strncmp(match, "&&", 2) == 0 || strncmp(match, "||", 2) == 0)
		match += 2;
	while (next_part(&match, &part, &bad))
		;
	if (bad)
		ca_import_gap(im, r->line, r->section, r->matchrule,
		    "SSSD does not accept this matchrule");
	return !bad;
}

bool
ca_import_certmap(struct ca_import *im, const struct ca_certmap_rule *r)
{
	static const char *const match_prefix[] = {"KRB5:", NULL};
	static const char *const map_prefix[] = {"LDAP:", "LDAPU1:", NULL};
	const char *match = r->matchrule != NULL
				? after_prefix(r->matchrule, match_prefix)
				: default_match;
	const char *map =
	    r->maprule != NULL ? after_prefix(r->maprule, map_prefix) : NULL;
	char value[300];

	if (!parses(im, r, match))
		return false;
	if (map == NULL && !r->local)
		return leave(im, r, directory);
	if (map == NULL) {
		/* the rule's name is the login */
		by_login(im, r, match, r->name);
		return false;
	}
	if (strchr(map, '{') != NULL && template_of(map) == NULL) {
		gap(im, r, "SSSD has no such template");
		return false;
	}
	if (!only_value(map, value, sizeof value))
		return leave(im, r, directory);
	if (strchr(value, '{') != NULL)
		return by_template(im, r, match, value);
	by_login(im, r, match, value);
	return false;
}
