/*
 * doctor: directory = sss: SSSD and its configuration.
 */
#include "doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Is word one of the words of a list of SSSD's? */
static bool
lists(const char *list, const char *word)
{
	size_t n, len = strlen(word);

	for (; *list != '\0'; list += n + strspn(list + n, ", \t")) {
		n = strcspn(list, ", \t");
		if (n == len && memcmp(list, word, len) == 0)
			return true;
	}
	return false;
}

/* The responders that SSSD starts itself, or NULL: systemd starts them. */
static const char *
services(const struct ca_sssdconf *conf)
{
	const struct ca_sssdconf_entry *e =
	    ca_sssdconf_find(conf, "sssd", "services");

	return e != NULL && e->value[0] != '\0' ? e->value : NULL;
}

/* What was asked, what came, and the command that mends it. */
static void
say_silent(struct ca_doctor *d, const struct ca_sssdconf *conf, uint32_t error)
{
	static const char begin[] = "directory = sss is set, but SSSD does not "
				    "answer: ";
	const char *list = services(conf);
	bool refused = error == ECONNREFUSED;

	if (refused && list != NULL && !lists(list, "nss")) {
		ca_doctor_find(d, CA_F_DIRECTORY, CA_LEVEL_ERROR,
		    "%sservices = %s in [sssd] of its configuration lacks nss, "
		    "the responder that says whose certificate it is",
		    begin, list);
		ca_doctor_mend(d, "add nss to services = in " SSSD_CONF
				  ", then run: systemctl restart sssd");
	} else if (refused && access(CA_SSS_PIPE, F_OK) != 0) {
		ca_doctor_find(d, CA_F_DIRECTORY, CA_LEVEL_ERROR,
		    "%sits socket " CA_SSS_PIPE " does not exist", begin);
		ca_doctor_mend(d, "systemctl enable --now sssd");
	} else {
		ca_doctor_find(d, CA_F_DIRECTORY, CA_LEVEL_ERROR,
		    "%sit was asked for the account root by " CA_SSS_PIPE
		    ", and %s",
		    begin,
		    refused ? "nobody listens there" : ca_sss_error(error));
		ca_doctor_mend(d, "systemctl restart sssd; journalctl -u sssd "
				  "says why it was necessary");
	}
	d->names_hang = !refused;
}

static bool
check_answers(struct ca_doctor *d, const struct ca_sssdconf *conf)
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
	} else if (a.state != CA_SSS_ANSWERED) {
		say_silent(d, conf, a.error);
	}
	return a.state == CA_SSS_ANSWERED;
}

/* SSSD reads its configuration when it starts, and makes its socket then; one that
 * systemd has made says nothing about that. */
static void
check_read(struct ca_doctor *d, const char *path)
{
	struct stat conf, pipe;

	if (stat(path, &conf) != 0 || stat(CA_SSS_PIPE, &pipe) != 0 ||
	    conf.st_mtime <= pipe.st_mtime)
		return;
	ca_doctor_find(d, CA_F_DIRECTORY_STALE, CA_LEVEL_WARNING,
	    "%s was changed after SSSD had started", path);
	ca_doctor_mend(d, "systemctl restart sssd");
}

/* Does a line `passwd: ...' of text name sss?  As the C library reads it: actions stand
 * between brackets, and a # later than at the beginning of the line is a word. */
static bool
names_sss(const char *text)
{
	const char *p = text;
	size_t n;

	while (strncmp(p += strspn(p, " \t"), "passwd:", 7) != 0) {
		if ((p = strchr(p, '\n')) == NULL)
			return false;
		p++;
	}
	for (p += 7; *p != '\n' && *p != '\0'; p += n) {
		if ((n = strspn(p, " \t")) > 0)
			continue;
		if (*p == '[') {
			n = strcspn(p, "]\n");
			n += p[n] == ']';
			continue;
		}
		n = strcspn(p, " \t[\n");
		if (n == 3 && memcmp(p, "sss", 3) == 0)
			return true;
	}
	return false;
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
read_conf(const glob_t *snippets, struct ca_sssdconf *conf)
{
	struct ca_buf text = CA_BUF_INIT(16 * CONF_MAX);

	if (append(SSSD_CONF, &text))
		for (size_t i = 0; i < snippets->gl_pathc; i++)
			(void)append(snippets->gl_pathv[i], &text);
	/* SSSD itself says what is wrong with a file that it cannot read */
	if (text.len > 0 && ca_sssdconf_parse(conf, &text) != CA_OK) {
		ca_sssdconf_clear(conf);
		*conf = (struct ca_sssdconf){0};
	}
	ca_buf_free(&text);
}

void
ca_doctor_directory(struct ca_doctor *d)
{
	struct ca_sssdconf conf = {0};
	glob_t found = {0};

	if (d->cfg->directory != CA_DIRECTORY_SSS)
		return;
	if (glob(SNIPPETS, 0, NULL, &found) != 0)
		found.gl_pathc = 0;
	read_conf(&found, &conf);
	if (check_answers(d, &conf) && services(&conf) != NULL) {
		check_read(d, SSSD_CONF);
		for (size_t i = 0; i < found.gl_pathc; i++)
			check_read(d, found.gl_pathv[i]);
	}
	check_names(d);
	check_domains(d, &conf);
	globfree(&found);
	ca_sssdconf_clear(&conf);
}
