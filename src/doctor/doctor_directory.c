/*
 * doctor: directory = sss: SSSD and its configuration.
 */
#include "doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "map/match.h"
#include "map/sss.h"
#include "tool/sssdconf.h"

#define NSSWITCH "/etc/nsswitch.conf"
#define SSSD_CONF "/etc/sssd/sssd.conf"
#define SNIPPETS "/etc/sssd/conf.d/[!.]*.conf" /* SSSD reads these after it */
#define CONF_MAX ((size_t)1 << 20)

/* The rule of SSSD where none is configured compares the whole certificate, for which
 * OpenLDAP has no equality of its own; this one it can compare, and index. */
#define OPENLDAP_RULE                                                          \
	"LDAPU1:(userCertificate:certificateExactMatch:={{ serialNumber "      \
	"{serial_number!dec}, issuer "                                         \
	"rdnSequence:\"{issuer_dn!nss}\" }})"

/* ---- does SSSD answer? ---- */

static bool
check_answers(struct ca_doctor *d)
{
	static struct ca_sss_answer a;

	(void)ca_sss_load();
	ca_sss_probe(&a);
	if (a.state == CA_SSS_ABSENT) {
		ca_doctor_find(d, CA_F_DIRECTORY, CA_LEVEL_ERROR,
		    "directory = sss is set, but libsss_nss_idmap.so.0 is not "
		    "installed");
		ca_doctor_mend(d, "apt-get install libsss-nss-idmap0, or on "
				  "Fedora: dnf install libsss_nss_idmap");
		return false;
	}
	if (a.state != CA_SSS_ANSWERED) {
		ca_doctor_find(d, CA_F_DIRECTORY, CA_LEVEL_ERROR,
		    "directory = sss is set, but SSSD does not answer: %s",
		    strerror((int)a.error));
		ca_doctor_mend(d, "systemctl enable --now sssd");
	}
	return true;
}

/* Is there the word sss in a line `passwd: ...' of text? */
static bool
names_sss(const char *text)
{
	const char *p = text, *word;

	while (strncmp(p, "passwd:", 7) != 0) {
		if ((p = strchr(p, '\n')) == NULL)
			return false;
		p++;
	}
	for (word = p + 7;; word += strcspn(word, " \t\n")) {
		word += strspn(word, " \t");
		if (*word == '\n' || *word == '\0' || *word == '#')
			return false;
		if (strcspn(word, " \t\n") == 3 && memcmp(word, "sss", 3) == 0)
			return true;
	}
}

static void
check_names(struct ca_doctor *d)
{
	struct ca_buf text = CA_BUF_INIT(CONF_MAX + 1);
	const char *t = NULL;

	if (ca_file_read(AT_FDCWD, NSSWITCH, CONF_MAX, &text) == CA_OK &&
	    (t = ca_buf_text(&text)) != NULL && !names_sss(t)) {
		ca_doctor_find(d, CA_F_DIRECTORY, CA_LEVEL_ERROR,
		    NSSWITCH " does not name sss for passwd, so the accounts "
			     "of SSSD are no accounts of this host");
		ca_doctor_mend(
		    d, "add the word sss to the line passwd: of " NSSWITCH);
	}
	ca_buf_free(&text);
}

/* ---- its rules ---- */

static bool
namesakes(const struct ca_doctor *d, size_t *one, size_t *two)
{
	for (size_t i = 0; i < d->ncas; i++)
		for (size_t k = 0; k < i; k++) {
			X509 *a = d->ca[i].cert, *b = d->ca[k].cert;

			if (X509_NAME_cmp(X509_get_subject_name(a),
				X509_get_subject_name(b)) != 0 ||
			    EVP_PKEY_eq(
				X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1)
				continue;
			*one = k;
			*two = i;
			return true;
		}
	return false;
}

static void
check_rule(
    struct ca_doctor *d, const struct ca_sssdconf *conf, const char *section)
{
	const struct ca_sssdconf_entry *match =
	    ca_sssdconf_find(conf, section, "matchrule");
	const struct ca_sssdconf_entry *map =
	    ca_sssdconf_find(conf, section, "maprule");
	size_t one, two;

	if (map == NULL)
		return;
	if (ca_certmap_check(match != NULL ? match->value : NULL, map->value) ==
	    CA_ERR_FORMAT) {
		ca_doctor_find(d, CA_F_DIRECTORY_RULE, CA_LEVEL_ERROR,
		    "in SSSD's configuration, [%s] has a rule that SSSD cannot "
		    "parse; SSSD uses its default rule instead",
		    section);
		ca_doctor_mend(d, "correct it; sss-certmap(5) describes the "
				  "syntax");
	} else if (strstr(map->value, "{serial_number") != NULL &&
		   namesakes(d, &one, &two)) {
		ca_doctor_find(d, CA_F_DIRECTORY_RULE, CA_LEVEL_WARNING,
		    "in SSSD's configuration, [%s] compares issuer and serial "
		    "number, but %s and %s are CAs of one name: each can issue "
		    "a certificate with the serial number of another",
		    section, d->ca[one].file, d->ca[two].file);
		ca_doctor_mend(d,
		    "give each CA a name of its own, or use a rule with "
		    "subject_key_id or the whole certificate");
	}
}

/* A rule of the domain's own, [certmap/DOMAIN/NAME]. */
static bool
check_rules(
    struct ca_doctor *d, const struct ca_sssdconf *conf, const char *domain)
{
	char prefix[512];
	bool any = false;
	int n = snprintf(prefix, sizeof prefix, "certmap/%s/", domain);

	if (n <= 0 || n >= (int)sizeof prefix)
		return true;
	for (size_t i = 0; i < conf->n; i++) {
		if (conf->v[i].key != NULL ||
		    strncmp(conf->v[i].section, prefix, (size_t)n) != 0)
			continue;
		check_rule(d, conf, conf->v[i].section);
		any = any || ca_sssdconf_find(
				 conf, conf->v[i].section, "maprule") != NULL;
	}
	return any;
}

static void
check_domain(
    struct ca_doctor *d, const struct ca_sssdconf *conf, const char *domain)
{
	char section[512];
	int n = snprintf(section, sizeof section, "domain/%s", domain);

	if (n <= 0 || n >= (int)sizeof section || check_rules(d, conf, domain))
		return;
	const struct ca_sssdconf_entry *provider =
	    ca_sssdconf_find(conf, section, "id_provider");
	if (provider == NULL || strcmp(provider->value, "ldap") != 0)
		return;
	ca_doctor_find(d, CA_F_DIRECTORY_RULE, CA_LEVEL_WARNING,
	    "in SSSD's configuration, the domain %s has no rule for "
	    "certificates, and the default rule finds nothing in OpenLDAP",
	    domain);
	ca_doctor_mend(d,
	    "add to " SSSD_CONF ": [certmap/%s/certauth] with "
	    "matchrule = <EKU>clientAuth and maprule = " OPENLDAP_RULE,
	    domain);
}

static void
check_domains(struct ca_doctor *d, const struct ca_sssdconf *conf)
{
	const struct ca_sssdconf_entry *domains =
	    ca_sssdconf_find(conf, "sssd", "domains");
	char name[256];

	for (const char *p = domains != NULL ? domains->value : "";
	     *p != '\0';) {
		size_t len = strcspn(p, ", \t");

		if (len > 0 && len < sizeof name) {
			(void)snprintf(name, sizeof name, "%.*s", (int)len, p);
			check_domain(d, conf, name);
		}
		p += len;
		p += strspn(p, ", \t");
	}
}

/* Append a file, and a newline. */
static bool
append(const char *path, struct ca_buf *text)
{
	if (ca_file_read(AT_FDCWD, path, CONF_MAX, text) != CA_OK)
		return false;
	ca_buf_str(text, "\n");
	return ca_buf_err(text) == CA_OK;
}

static void
check_conf(struct ca_doctor *d)
{
	struct ca_buf text = CA_BUF_INIT(16 * CONF_MAX);
	struct ca_sssdconf conf = {NULL, 0, 0, 0, NULL};
	glob_t found = {0};

	if (append(SSSD_CONF, &text) && glob(SNIPPETS, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			(void)append(found.gl_pathv[i], &text);
	globfree(&found);
	/* SSSD itself says what is wrong with a file that it cannot read */
	if (text.len > 0 && ca_sssdconf_parse(&conf, &text) == CA_OK)
		check_domains(d, &conf);
	ca_sssdconf_clear(&conf);
	ca_buf_free(&text);
}

void
ca_doctor_directory(struct ca_doctor *d)
{
	if (d->cfg->directory != CA_DIRECTORY_SSS)
		return;
	if (check_answers(d))
		check_names(d);
	check_conf(d);
}
