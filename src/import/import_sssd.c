/*
 * sssd.conf: certificate_verification and related settings, and the rules of
 * [certmap/...].  Other settings of SSSD do not concern certificates.
 */
#include "import/import.h"
#include "tool/sssdconf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- certificate_verification ---- */

/* What certificate_verification asks for. */
struct wanted {
	bool crl, soft_crl; /* crl_file, soft_crl */
	bool no_ocsp, soft_ocsp;
};

static const struct {
	const char *name, *note, *gap;
} words[] = {
    {"no_ocsp", "OCSP responses are not asked for, as revocation = crl has it",
	NULL},
    {"soft_ocsp",
	"soft_ocsp: crl = prefer; a certificate without a response is "
	"accepted, and what a response revokes is refused",
	NULL},
    {"ocsp_dgst",
	"ocsp_dgst: a response may name the certificate by SHA-1 or SHA-256",
	NULL},
    {"ocsp_default_responder", NULL,
	"the responder is the one that the certificate names "
	"(authorityInfoAccess)"},
    {"ocsp_default_responder_signing_cert", NULL,
	"a response is signed by the CA that issued the certificate, or by a "
	"responder to which that CA issued a certificate with OCSPSigning (RFC "
	"6960 section 4.2.2.2)"},
    {"no_verification", NULL, "a certificate is always verified"},
    {"partial_chain", "every certificate in ca_dir is an anchor here", NULL},
};

static void
one_word(struct ca_import *im, const struct ca_sssdconf_entry *e,
    const char *word, struct wanted *want)
{
	char name[64];
	size_t len = strcspn(word, "=");
	const char *value = word[len] == '=' ? word + len + 1 : "";

	(void)snprintf(
	    name, sizeof name, "%.*s", len < 63 ? (int)len : 63, word);
	want->no_ocsp = want->no_ocsp || strcmp(name, "no_ocsp") == 0;
	want->soft_ocsp = want->soft_ocsp || strcmp(name, "soft_ocsp") == 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i].name, name) != 0)
			continue;
		if (words[i].gap != NULL)
			ca_import_gap(im, e->line, name, value, words[i].gap);
		else
			ca_import_note(
			    im, e->line, "%s: %s", name, words[i].note);
		return;
	}
	if (strcmp(name, "crl_file") == 0) {
		want->crl = true;
		ca_import_note(im, e->line,
		    "crl_file: install -m 644 %s /etc/certauth/crl/", value);
	} else if (strcmp(name, "soft_crl") == 0) {
		want->soft_crl = true;
		ca_import_note(im, e->line,
		    "soft_crl: crl = prefer; an expired CRL is waived, and "
		    "what it revokes stays revoked");
	} else {
		ca_import_gap(im, e->line, name, value,
		    "SSSD has no such option of certificate_verification");
	}
}

/*
 * SSSD asks the responder that a certificate names, unless it is told not to; with a
 * CRL as well, both must be good.  Here CRLs alone are required then: revocation =
 * any would be content with one of the two.
 */
static void
revocation(struct ca_import *im, const struct wanted *want)
{
	static const char name[] = "certificate_verification";
	bool ocsp = !want->crl && !want->no_ocsp;
	bool require = want->crl ? !want->soft_crl : ocsp && !want->soft_ocsp;

	if (want->crl && !want->no_ocsp)
		ca_import_note(im, 0,
		    "SSSD also asked the responder that a certificate names: "
		    "revocation = any accepts a response in place of a CRL");
	if (ocsp) {
		ca_import_note(im, 0,
		    "SSSD asked the responder at each login; here the client "
		    "sends a response, or certauth-ocsp-update.timer fetches one");
		ca_import_set(im, 0, name, "revocation", "any");
	} else if (!want->crl) {
		ca_import_note(im, 0,
		    "SSSD did not read CRLs: with crl = prefer, a login without a CRL is accepted and logged; set crl = require to deny it");
	}
	ca_import_set(im, 0, name, "crl", require ? "require" : "prefer");
}

static void
verification(struct ca_import *im, const struct ca_sssdconf *conf)
{
	static const char *const where[][2] = {
	    {"sssd", "certificate_verification"},
	    {"pam", "pam_cert_verification"}};
	struct wanted want = {0};

	for (size_t i = 0; i < 2; i++) {
		const struct ca_sssdconf_entry *e =
		    ca_sssdconf_find(conf, where[i][0], where[i][1]);
		char *copy = e != NULL ? strdup(e->value) : NULL, *save = NULL;

		for (char *w = copy != NULL ? strtok_r(copy, ", ", &save)
					    : NULL;
		     w != NULL; w = strtok_r(NULL, ", ", &save))
			one_word(im, e, w, &want);
		free(copy);
	}
	revocation(im, &want);
}

/* ---- [pam] and pam_sss ---- */

static void
seconds(
    struct ca_import *im, const struct ca_sssdconf_entry *e, const char *key)
{
	char text[40];

	(void)snprintf(text, sizeof text, "%.30ss", e->value);
	ca_import_set(im, e->line, e->key, key, text);
}

static void
pam_section(struct ca_import *im, const struct ca_sssdconf *conf)
{
	const struct ca_sssdconf_entry *e;

	ca_import_set(im, 0, "pam_cert_auth", "proof", "command, conversation");
	ca_import_set(im, 0, "pam_cert_auth", "pkcs11", "yes");
	if ((e = ca_sssdconf_find(conf, "pam", "pam_cert_auth")) != NULL)
		ca_import_note(im, e->line,
		    "pam_cert_auth = %s: here the line in pam.d decides",
		    e->value);
	e = ca_sssdconf_find(conf, "pam", "pam_cert_db_path");
	ca_import_note(im, e != NULL ? e->line : 0,
	    "the CAs: install -D -m 644 %s /etc/certauth/ca/sssd.pem",
	    e != NULL ? e->value : "/etc/sssd/pki/sssd_auth_ca_db.pem");
	ca_import_set(im, 0, "pam_cert_db_path", "ca_dir", CA_SYSCONFDIR "/ca");
	if ((e = ca_sssdconf_find(conf, "pam", "p11_child_timeout")) != NULL)
		seconds(im, e, "helper_timeout");
	if ((e = ca_sssdconf_find(conf, "pam", "p11_wait_for_card_timeout")) !=
	    NULL)
		seconds(im, e, "wait_for_token");
	if ((e = ca_sssdconf_find(conf, "pam", "p11_uri")) != NULL)
		ca_import_set(im, e->line, "p11_uri", "token_uri", e->value);
	if ((e = ca_sssdconf_find(conf, "pam", "pam_p11_allowed_services")) !=
	    NULL)
		ca_import_gap(im, e->line, e->key, e->value,
		    "the services are those whose file in pam.d names "
		    "pam_certauth; a section of certauth.conf or service= in "
		    "the users file narrows them");
}

static void
arguments(struct ca_import *im, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];

		if (strcmp(a, "allow_missing_name") == 0)
			ca_import_note(im, 0,
			    "argument %s: a login that is "
			    "not given comes from the "
			    "certificate",
			    a);
		else if (strcmp(a, "try_cert_auth") == 0 ||
			 strcmp(a, "require_cert_auth") == 0)
			ca_import_gap(im, 0, a, NULL,
			    "the control field in pam.d decides this: `sufficient' or `required'");
		else if (strcmp(a, "prompt_always") == 0)
			ca_import_gap(im, 0, a, NULL,
			    "a PIN is asked if the token requires it");
		else
			ca_import_gap(
			    im, 0, a, NULL, "it does not concern certificates");
	}
}

/* ---- [certmap/DOMAIN/RULE] ---- */

static bool
users_in_files(const struct ca_sssdconf *conf, const char *domain)
{
	struct ca_buf section = CA_BUF_INIT(1024);
	const struct ca_sssdconf_entry *e = NULL;

	if (strcmp(domain, "implicit_files") == 0)
		return true;
	ca_buf_fmt(&section, "domain/%s", domain);
	if (ca_buf_text(&section) != NULL)
		e = ca_sssdconf_find(
		    conf, ca_buf_text(&section), "id_provider");
	ca_buf_free(&section);
	return e != NULL && (strcasecmp(e->value, "files") == 0 ||
				strcasecmp(e->value, "proxy") == 0);
}

/* Does a domain of SSSD's know its accounts from a server, which may know their
 * certificates too? */
static bool
has_server(const struct ca_sssdconf *conf)
{
	static const char *const provider[] = {"ldap", "ipa", "ad"};

	for (size_t i = 0; i < conf->n; i++) {
		const struct ca_sssdconf_entry *e = &conf->v[i];

		if (e->key == NULL || strcmp(e->key, "id_provider") != 0)
			continue;
		for (size_t k = 0; k < sizeof provider / sizeof *provider; k++)
			if (strcasecmp(e->value, provider[k]) == 0)
				return true;
	}
	return false;
}

/* True: SSSD has to apply the rule. */
static bool
certmap(struct ca_import *im, const struct ca_sssdconf *conf,
    const struct ca_sssdconf_entry *head)
{
	const char *section = head->section;
	const char *slash = strrchr(section, '/');
	const char *begin = section + strlen("certmap/");
	char domain[256];
	const struct ca_sssdconf_entry *match =
	    ca_sssdconf_find(conf, section, "matchrule");
	const struct ca_sssdconf_entry *map =
	    ca_sssdconf_find(conf, section, "maprule");
	const struct ca_sssdconf_entry *e;

	if (slash < begin) {
		ca_import_gap(im, head->line, section, NULL,
		    "a rule's section is [certmap/DOMAIN/RULE]");
		return false;
	}
	(void)snprintf(
	    domain, sizeof domain, "%.*s", (int)(slash - begin), begin);
	const struct ca_certmap_rule rule = {section, slash + 1, head->line,
	    match != NULL ? match->value : NULL,
	    map != NULL ? map->value : NULL, users_in_files(conf, domain)};
	if (ca_import_certmap(im, &rule))
		return true;
	if ((e = ca_sssdconf_find(conf, section, "domains")) != NULL)
		ca_import_gap(im, e->line, e->key, e->value,
		    "there are no domains: accounts are looked up with getpwnam(3)");
	if ((e = ca_sssdconf_find(conf, section, "priority")) != NULL)
		ca_import_gap(im, e->line, e->key, e->value,
		    "there are no priorities: all matching rules must give the same login");
	return false;
}

static void
certmaps(struct ca_import *im, const struct ca_sssdconf *conf)
{
	bool sssd = has_server(conf);

	for (size_t i = 0; i < conf->n; i++) {
		const struct ca_sssdconf_entry *e = &conf->v[i];
		bool rule = strncmp(e->section, "certmap/", 8) == 0;

		if (rule && e->key == NULL)
			sssd = certmap(im, conf, e) || sssd;
		else if (rule && strcmp(e->key, "matchrule") != 0 &&
			 strcmp(e->key, "maprule") != 0 &&
			 strcmp(e->key, "domains") != 0 &&
			 strcmp(e->key, "priority") != 0)
			ca_import_gap(im, e->line, e->key, e->value,
			    "SSSD's rules have no such setting");
		else if (e->key != NULL &&
			 strcmp(e->key, "local_auth_policy") == 0)
			ca_import_gap(im, e->line, e->key, e->value,
			    "pam.d decides which ways of logging in are allowed");
	}
	if (!sssd)
		return;
	ca_import_note(im, 0,
	    "SSSD stays, without its line pam_sss.so for certificates: it knows the accounts and their certificates");
	ca_import_set(im, 0, "id_provider", "directory", "sss");
}

enum ca_err
ca_import_sssd(
    struct ca_import *im, const struct ca_buf *text, int argc, char **argv)
{
	struct ca_sssdconf conf = {NULL, 0, 0, 0, NULL};
	enum ca_err rc = ca_sssdconf_parse(&conf, text);

	if (rc == CA_OK) {
		arguments(im, argc, argv);
		pam_section(im, &conf);
		verification(im, &conf);
		certmaps(im, &conf);
	} else if (rc == CA_ERR_FORMAT) {
		(void)ca_cli_fail("%s:%u: %s", im->file, conf.line, conf.why);
	}
	ca_sssdconf_clear(&conf);
	return rc;
}
