/*
 * doctor: the host's proof, sshd, the clock, libcrypto.
 */
#include "doctor/doctor.h"

#include <errno.h>
#include <glob.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/timex.h>

#include "host/host.h"
#include "wire/scheme.h"

#define INCLUDES_MAX 16

void
ca_doctor_host(struct ca_doctor *d)
{
	const struct ca_context ctx = {d->crypto, d->cfg, &d->log, d->now};
	enum ca_err rc = ca_host_check(&ctx);
	bool required = d->cfg->host_proof == CA_HOST_PROOF_REQUIRE;

	/* with a host_cert, a file that is missing has that code too */
	if (rc == CA_ERR_NOT_FOUND && d->cfg->host_cert == NULL)
		return;
	if (rc != CA_OK)
		ca_doctor_heard(d, CA_F_HOST_CERT,
		    required ? CA_LEVEL_ERROR : CA_LEVEL_WARNING,
		    "the host's proof cannot be signed",
		    "correct host_cert and host_key: see certauth.conf(5)");
	else if (d->heard.len > 0)
		ca_doctor_heard(d, CA_F_HOST_CERT_DOUBTFUL, CA_LEVEL_WARNING,
		    "",
		    "get a new host certificate with the purpose serverAuth "
		    "and with this host's names in subjectAltName");
}

/* ---- sshd ---- */

/* The settings of sshd_config(5) for every connection: the first value of a
 * keyword is used. */
struct sshd {
	char pam[8], kbd[8], methods[512];
	bool unreadable, match;
};

static void
set(char *to, size_t size, const char *value)
{
	if (to[0] == '\0')
		(void)snprintf(to, size, "%s", value);
}

static void read_sshd(const char *path, struct sshd *s, unsigned depth);

static void
include(const char *from, const char *pattern, struct sshd *s, unsigned depth)
{
	char full[4200];
	glob_t g;
	const char *slash = strrchr(from, '/');

	/* relative paths are in /etc/ssh: here, in the file's directory */
	(void)snprintf(full, sizeof full, "%.*s%s",
	    pattern[0] == '/' ? 0
	    : slash != NULL   ? (int)(slash - from) + 1
			      : 0,
	    from, pattern);
	if (depth >= INCLUDES_MAX || glob(full, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		read_sshd(g.gl_pathv[i], s, depth + 1);
	globfree(&g);
}

static void
sshd_line(const char *path, char *line, struct sshd *s, unsigned depth)
{
	char *value, *word, *rest;

	line += strspn(line, " \t");
	line[strcspn(line, "#\r\n")] = '\0';
	value = line + strcspn(line, " \t=");
	if (*value == '\0')
		return;
	*value++ = '\0';
	value += strspn(value, " \t=");
	for (size_t n = strlen(value);
	     n > 0 && strchr(" \t", value[n - 1]) != NULL; n--)
		value[n - 1] = '\0';
	if (strcasecmp(line, "Match") == 0)
		s->match = true;
	if (s->match)
		return;
	if (strcasecmp(line, "UsePAM") == 0)
		set(s->pam, sizeof s->pam, value);
	else if (strcasecmp(line, "KbdInteractiveAuthentication") == 0 ||
		 strcasecmp(line, "ChallengeResponseAuthentication") == 0)
		set(s->kbd, sizeof s->kbd, value);
	else if (strcasecmp(line, "AuthenticationMethods") == 0)
		set(s->methods, sizeof s->methods, value);
	else if (strcasecmp(line, "Include") == 0)
		for (rest = value; (word = strsep(&rest, " \t")) != NULL;)
			if (*word != '\0')
				include(path, word, s, depth);
}

static void
read_sshd(const char *path, struct sshd *s, unsigned depth)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool outer = s->match;

	if (f == NULL) {
		s->unreadable = s->unreadable || depth == 0;
		return;
	}
	while (getline(&line, &size, f) >= 0)
		sshd_line(path, line, s, depth);
	/* a Match block of an included file ends with the file */
	s->match = outer;
	free(line);
	(void)fclose(f);
}

void
ca_doctor_sshd(struct ca_doctor *d)
{
	struct sshd s = {0};

	if (!d->ssh)
		return;
	read_sshd(d->sshd_config, &s, 0);
	if (s.unreadable) {
		ca_doctor_find(d, CA_F_SSHD_CONFIG, CA_LEVEL_WARNING,
		    "%s cannot be read: %s", d->sshd_config, strerror(errno));
		ca_doctor_mend(d, "run `certauth doctor' as root, or name the "
				  "file with --sshd-config FILE");
		return;
	}
	if (strcasecmp(s.pam, "yes") != 0) {
		ca_doctor_find(d, CA_F_SSHD_USEPAM, CA_LEVEL_ERROR,
		    "in %s UsePAM is %s", d->sshd_config,
		    s.pam[0] != '\0' ? s.pam
				     : "not set, and the default is no");
		ca_doctor_mend(d,
		    "set `UsePAM yes' in %s, then run `systemctl reload ssh'",
		    d->sshd_config);
	}
	if (s.kbd[0] != '\0' && strcasecmp(s.kbd, "yes") != 0) {
		ca_doctor_find(d, CA_F_SSHD_KBD, CA_LEVEL_ERROR,
		    "in %s KbdInteractiveAuthentication is %s", d->sshd_config,
		    s.kbd);
		ca_doctor_mend(d,
		    "set `KbdInteractiveAuthentication yes' in %s, then run "
		    "`systemctl reload ssh'",
		    d->sshd_config);
	}
	if (s.methods[0] != '\0' && strcasecmp(s.methods, "any") != 0 &&
	    strstr(s.methods, "keyboard-interactive") == NULL) {
		ca_doctor_find(d, CA_F_SSHD_METHODS, CA_LEVEL_ERROR,
		    "in %s AuthenticationMethods has no "
		    "keyboard-interactive: %s",
		    d->sshd_config, s.methods);
		ca_doctor_mend(d,
		    "add keyboard-interactive to AuthenticationMethods in %s, "
		    "then run `systemctl reload ssh'",
		    d->sshd_config);
	}
}

/* ---- the machine ---- */

void
ca_doctor_clock(struct ca_doctor *d)
{
	struct timex tx = {0};
	int state = adjtimex(&tx);

	if (state < 0 || (state != TIME_ERROR && (tx.status & STA_UNSYNC) == 0))
		return;
	ca_doctor_find(d, CA_F_CLOCK, CA_LEVEL_WARNING,
	    "the kernel reports that the clock is not synchronised");
	ca_doctor_mend(
	    d, "timedatectl set-ntp true, or install and start chrony");
}

void
ca_doctor_libcrypto(struct ca_doctor *d)
{
	static const uint16_t wanted[] = {
	    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806};
	unsigned major = OPENSSL_version_major();

	if (major != OPENSSL_VERSION_MAJOR) {
		ca_doctor_find(d, CA_F_LIBCRYPTO, CA_LEVEL_ERROR,
		    "certauth was built with " OPENSSL_VERSION_TEXT
		    ", but %s is loaded",
		    OpenSSL_version(OPENSSL_VERSION));
		ca_doctor_mend(d, "install the package for this system, or "
				  "build certauth again");
	}
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct ca_scheme *s = ca_scheme_by_code(wanted[i]);

		if (s != NULL && ca_crypto_has_scheme(d->crypto, s))
			continue;
		ca_doctor_find(d, CA_F_LIBCRYPTO, CA_LEVEL_WARNING,
		    "%s cannot verify signatures of the scheme %s",
		    OpenSSL_version(OPENSSL_VERSION),
		    s != NULL ? s->name : "?");
		ca_doctor_mend(
		    d, "install the OpenSSL package of the distribution");
	}
	ca_doctor_find(d, CA_F_LIBCRYPTO, CA_LEVEL_NOTE, "%s (%s)",
	    OpenSSL_version(OPENSSL_VERSION),
	    OpenSSL_version(OPENSSL_PLATFORM));
	d->v[d->n - 1].why = "This library verifies the signatures.";
}
