/*
 * Translate the mappers of pam_pkcs11 to lines of the users file.
 */
#include "import/import_mapper.h"

#include <string.h>

static const char own_string[] =
    "the text in the certificate became the login, so the holder of a certificate chose the login; write a line for each user, or a pattern with issuer= (certauth-users(5))";
/* Names that a mapper's block may hold; each as "name " in a list. */
static const struct mapper {
	const char *name, *settings;
	const char *selector; /* with a map file; NULL: see import_one */
	const char *why;      /* if it has no counterpart */
} mappers[] = {
    {"subject", "mapfile ignorecase ", "subject", NULL},
    {"cn", "mapfile ignorecase ", "cn", NULL},
    {"uid", "mapfile ignorecase ", "uid", NULL},
    {"mail", "mapfile ignorecase ignoredomain ", "email", NULL},
    {"krb", "mapfile ignorecase ", "krb", NULL},
    {"digest", "algorithm mapfile ", "digest", NULL},
    {"generic", "cert_item mapfile ignorecase use_getpwent ", NULL, NULL},
    {"ms", "ignorecase ignoredomain domainname domainnickname ", NULL, NULL},
    {"pwent", "ignorecase ", NULL,
	"it takes the name in the certificate for a login or a person's name "
	"in passwd; write a cn: line for each user, with issuer="},
    {"openssh", "keyfile ", NULL,
	"authorized_keys is not used; register the "
	"certificate in /etc/certauth/users.d/LOGIN, or write a key: line"},
    {"opensc", "", NULL,
	"a user's ~/.eid/authorized_certificates: `certauth import pam_p11 "
	"FILE LOGIN' translates it, or user_certificates = yes takes "
	"~/.certauth/*.pem"},
    {"null", "default_match default_user ", NULL, NULL},
    {"ldap",
	"ldaphost ldapport uri URI scope binddn passwd base attribute "
	"uid_attribute attribute_map filter ignorecase searchtimeout ssl "
	"tls_randfile tls_cacertfile tls_cacertdir tls_checkpeer tls_ciphers "
	"tls_cert tls_key ",
	NULL, NULL},
};
#define NMAPPERS (sizeof mappers / sizeof *mappers)

static bool
in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; *p != '\0'; p += strcspn(p, " ") + 1)
		if (strcspn(p, " ") == len && memcmp(p, name, len) == 0)
			return true;
	return false;
}

/* Report unknown settings, and all settings of a mapper without a counterpart. */
static void
check_names(struct ca_import *im, const struct ca_scconf *conf, size_t at,
    const struct mapper *m)
{
	for (size_t i = 0; i < conf->n; i++) {
		const struct ca_scconf_item *item = &conf->item[i];
		const char *v = ca_scconf_value(item);

		if (item->parent != at)
			continue;
		if (strcmp(item->name, "debug") == 0) {
			if (ca_scconf_true(item))
				ca_import_note(im, item->line,
				    "debug: `certauth users test' shows each "
				    "rule that was tried");
		} else if (strcmp(item->name, "module") == 0) {
			if (strcmp(v, "internal") != 0 &&
			    strstr(v, "pam_pkcs11/") == NULL)
				ca_import_gap(im, item->line, "module", v,
				    "mappers are not loaded: the users file replaces them");
		} else if (item->block || !in_list(m->settings, item->name)) {
			ca_import_gap(im, item->line, item->name, v,
			    "this mapper has no such setting");
		} else if (m->why != NULL) {
			ca_import_gap(im, item->line, item->name,
			    strcmp(item->name, "passwd") == 0 ? NULL : v,
			    m->why);
		}
	}
}

static bool
is_file(const char *mapfile)
{
	return mapfile[0] != '\0' && strcmp(mapfile, "none") != 0;
}

static const char *
generic_selector(const char *item)
{
	static const char *const pair[][2] = {{"cn", "cn"},
	    {"subject", "subject"}, {"kpn", "krb"}, {"email", "email"},
	    {"upn", "upn"}, {"uid", "uid"}};

	for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
		if (strcmp(pair[i][0], item) == 0)
			return pair[i][1];
	return NULL;
}

static void
by_mapfile(struct ca_import *im, const struct ca_scconf *conf, size_t at,
    const char *name, const char *selector)
{
	const struct ca_scconf_item *file =
	    ca_scconf_find(conf, at, "mapfile", NULL);
	const struct ca_scconf_item *alg =
	    ca_scconf_find(conf, at, "algorithm", NULL);
	const char *digest = NULL;

	if (strcmp(name, "digest") == 0)
		digest = alg != NULL ? ca_scconf_value(alg) : "sha1";
	if (!is_file(ca_scconf_value(file))) {
		ca_import_gap(
		    im, conf->item[at].line, "mapper", name, own_string);
		return;
	}
	ca_import_user_note(im, file->line,
	    "mapper %s, from %s; a user without a line in that file logged in with the certificate's own text, and is denied here",
	    name, ca_scconf_value(file));
	ca_import_mapfile(im, file->line, ca_scconf_value(file), selector,
	    digest,
	    ca_scconf_true(ca_scconf_find(conf, at, "ignorecase", NULL)));
}

static void
generic(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	const struct ca_scconf_item *item =
	    ca_scconf_find(conf, at, "cert_item", NULL);
	const struct ca_scconf_item *pwent =
	    ca_scconf_find(conf, at, "use_getpwent", NULL);
	const char *what = item != NULL ? ca_scconf_value(item) : "cn";
	const char *selector = generic_selector(what);

	if (ca_scconf_true(pwent))
		ca_import_gap(im, pwent->line, "use_getpwent", "true",
		    "the full name in passwd is not a login");
	if (selector == NULL)
		ca_import_gap(im, conf->item[at].line, "cert_item", what,
		    "a serial number names a certificate only with its "
		    "issuer: write issuer-serial: lines");
	else
		by_mapfile(im, conf, at, "generic", selector);
}

/* login@DOMAIN is a pattern if the domain is given. */
static void
ms(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	const struct ca_scconf_item *any =
	    ca_scconf_find(conf, at, "ignoredomain", NULL);
	const struct ca_scconf_item *domain =
	    ca_scconf_find(conf, at, "domainname", NULL);
	const struct ca_scconf_item *nick =
	    ca_scconf_find(conf, at, "domainnickname", NULL);
	struct ca_buf value = CA_BUF_INIT(1024);

	if (nick != NULL && ca_scconf_value(nick)[0] != '\0')
		ca_import_gap(im, nick->line, "domainnickname",
		    ca_scconf_value(nick),
		    "the login is the part before the @");
	if (ca_scconf_true(any) || ca_scconf_value(domain)[0] == '\0') {
		ca_import_gap(im, conf->item[at].line, "mapper", "ms",
		    "without a domain every UPN would match: write `* upn:*@DOMAIN'");
		return;
	}
	ca_buf_fmt(&value, "*@%s", ca_scconf_value(domain));
	if (strpbrk(ca_scconf_value(domain), "*\\\"@ ") == NULL &&
	    ca_buf_text(&value) != NULL) {
		ca_import_user_note(im, domain->line,
		    "mapper ms; bind it to the CA that issues these: "
		    "issuer=\"...\"");
		ca_import_user(im, domain->line,
		    &(struct ca_import_line){"*", "upn", ca_buf_text(&value),
			true,
			ca_scconf_true(
			    ca_scconf_find(conf, at, "ignorecase", NULL))
			    ? "ignorecase"
			    : ""});
	} else {
		ca_import_gap(im, domain->line, "domainname",
		    ca_scconf_value(domain), "it is not a domain name");
	}
	ca_buf_free(&value);
}

static void
null_mapper(struct ca_import *im, const struct ca_scconf *conf, size_t at)
{
	const struct ca_scconf_item *match =
	    ca_scconf_find(conf, at, "default_match", NULL);
	const struct ca_scconf_item *user =
	    ca_scconf_find(conf, at, "default_user", NULL);

	if (!ca_scconf_true(match)) {
		ca_import_user_note(im, conf->item[at].line,
		    "mapper null: a certificate that matches no rule is denied here too");
		return;
	}
	ca_import_gap(im, match->line, "default_match", "true",
	    "it accepts every certificate");
	if (user != NULL)
		ca_import_gap(im, user->line, "default_user",
		    ca_scconf_value(user), "it accepts every certificate");
}

static void
import_one(struct ca_import *im, const struct ca_scconf *conf,
    const struct ca_scconf_item *use, const char *name)
{
	const struct ca_scconf_item *block =
	    ca_scconf_find(conf, 0, "mapper", name);
	const struct mapper *m = NULL;

	for (size_t i = 0; i < NMAPPERS; i++)
		if (strcmp(mappers[i].name, name) == 0)
			m = &mappers[i];
	if (m == NULL) {
		ca_import_gap(im, use->line, "mapper", name,
		    "pam_pkcs11 ships no such mapper");
		return;
	}
	if (m->why != NULL)
		ca_import_gap(im, use->line, "mapper", name, m->why);
	if (block == NULL) {
		if (m->why == NULL && strcmp(name, "null") != 0)
			ca_import_gap(
			    im, use->line, "mapper", name, own_string);
		return;
	}
	size_t at = (size_t)(block - conf->item);
	check_names(im, conf, at, m);
	if (m->selector != NULL)
		by_mapfile(im, conf, at, name, m->selector);
	else if (strcmp(name, "generic") == 0)
		generic(im, conf, at);
	else if (strcmp(name, "ms") == 0)
		ms(im, conf, at);
	else if (strcmp(name, "null") == 0)
		null_mapper(im, conf, at);
	else if (strcmp(name, "ldap") == 0)
		ca_import_ldap(im, conf, at);
}

void
ca_import_mappers(struct ca_import *im, const struct ca_scconf *conf)
{
	const struct ca_scconf_item *use =
	    ca_scconf_find(conf, 0, "use_mappers", NULL);

	for (size_t i = 0; use != NULL && i < use->nvalues; i++)
		import_one(im, conf, use, use->value[i]);
	for (size_t i = 0; i < conf->n; i++) {
		const struct ca_scconf_item *b = &conf->item[i];
		bool used = false;

		if (b->parent != 0 || !b->block ||
		    strcmp(b->name, "mapper") != 0)
			continue;
		for (size_t k = 0; use != NULL && k < use->nvalues; k++)
			used =
			    used || (b->label != NULL &&
					strcmp(use->value[k], b->label) == 0);
		if (!used)
			ca_import_user_note(im, b->line,
			    "mapper %s is not in use",
			    b->label != NULL ? b->label : "without a name");
	}
}
