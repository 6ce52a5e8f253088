/*
 * doctor: the host's names and proof, the clock, libcrypto.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"

#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "host/host.h"
#include "wire/scheme.h"

#define DAY ((time_t)86400)

/* A name that every machine has for itself. */
static bool
is_local(const char *name)
{
	static const char *const names[] = {"localhost",
	    "localhost.localdomain", "localhost4", "localhost6",
	    "localhost4.localdomain4", "localhost6.localdomain6",
	    "ip6-localhost", "ip6-loopback", "::1"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "127.", 4) == 0;
}

/* Rule 1 of the client: the request names the host that the user means. */
static void
check_names(struct ca_doctor *d)
{
	char *name[CA_HOST_NAMES_MAX] = {NULL};
	size_t n = 0, local = 0;
	enum ca_err rc = ca_host_names(d->cfg, name, CA_HOST_NAMES_MAX, &n);

	for (size_t i = 0; i < n; i++)
		local += is_local(name[i]);
	if (rc != CA_OK && rc != CA_ERR_MEMORY)
		ca_doctor_find(d, CA_F_HOST_NAME, CA_LEVEL_ERROR,
		    "this host has no usable name");
	else if (n > 0 && local == n)
		ca_doctor_find(d, CA_F_HOST_NAME, CA_LEVEL_WARNING,
		    "the only name of this host is %s, which no remote client "
		    "means",
		    name[0]);
	else if (local > 0)
		ca_doctor_find(d, CA_F_HOST_NAME, CA_LEVEL_WARNING,
		    "localhost is one of the names of this host, and of every "
		    "other host");
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	if (rc == CA_OK && local == 0)
		return;
	if (d->cfg->host_names.n > 0)
		ca_doctor_mend(d,
		    "set host_names in %s to the names that users give to ssh",
		    ca_doctor_origin(d, "host_names"));
	else
		ca_doctor_mend(d,
		    "hostnamectl set-hostname NAME, or set host_names in %s to "
		    "the names that users give to ssh",
		    d->view->file);
}

/* How to correct host_cert and host_key. */
static void
mend_host(struct ca_doctor *d, char *out, size_t size)
{
	const char *key = d->cfg->host_key;
	struct stat st;

	if (key != NULL && stat(key, &st) == 0 &&
	    ((st.st_mode & 077) != 0 ||
		(st.st_uid != 0 && st.st_uid != geteuid())))
		(void)snprintf(
		    out, size, "chown root %s; chmod 600 %s", key, key);
	else
		(void)snprintf(out, size,
		    "set host_cert and host_key in %s to a certificate for "
		    "this host that is valid now, and to its key",
		    ca_doctor_origin(d, "host_cert host_key"));
}

void
ca_doctor_host(struct ca_doctor *d)
{
	const struct ca_context ctx = {d->crypto, d->cfg, &d->log, d->now};
	bool required = d->cfg->host_proof == CA_HOST_PROOF_REQUIRE;
	char mend[8400];

	check_names(d);
	enum ca_err rc = ca_host_check(&ctx);
	/* with a host_cert, a file that is missing has that code too */
	if (rc == CA_ERR_NOT_FOUND && d->cfg->host_cert == NULL)
		return;
	mend_host(d, mend, sizeof mend);
	if (rc != CA_OK)
		ca_doctor_heard(d, CA_F_HOST_CERT,
		    required ? CA_LEVEL_ERROR : CA_LEVEL_WARNING,
		    "the host's proof cannot be signed", mend);
	else if (d->heard.len > 0)
		ca_doctor_heard(d, CA_F_HOST_CERT_DOUBTFUL, CA_LEVEL_WARNING,
		    "",
		    "get a new host certificate with the purpose serverAuth "
		    "and with this host's names in subjectAltName");
}

/* ---- the machine ---- */

/* Files that were written in the future: the clock was set back. */
static void
check_past(struct ca_doctor *d)
{
	struct stat st;

	for (size_t i = 0; i < d->nviews; i++) {
		const struct ca_config *cfg = d->views[i]->cfg;
		const char *const path[] = {
		    d->views[i]->file, cfg->users, cfg->ca_dir, cfg->crl_dir};

		for (size_t k = 0; k < sizeof path / sizeof *path; k++) {
			char when[48];

			if (stat(path[k], &st) != 0 ||
			    st.st_mtime <= d->now + DAY)
				continue;
			ca_doctor_when(st.st_mtime, d->now, when);
			ca_doctor_find(d, CA_F_CLOCK, CA_LEVEL_WARNING,
			    "the clock is wrong, or the time of %s is, which "
			    "was written %s",
			    path[k], when);
			ca_doctor_mend(d,
			    "check the clock with `timedatectl'; if the clock "
			    "is right, run `touch %s'",
			    path[k]);
		}
	}
}

void
ca_doctor_clock(struct ca_doctor *d)
{
	struct timex tx = {0};
	int state = adjtimex(&tx);

	check_past(d);
	if (state < 0 || (state != TIME_ERROR && (tx.status & STA_UNSYNC) == 0))
		return;
	ca_doctor_find(d, CA_F_CLOCK, CA_LEVEL_WARNING,
	    "the kernel reports that the clock is not synchronised");
	ca_doctor_mend(
	    d, "timedatectl set-ntp true, or install and start chrony");
	for (size_t i = 0; i < d->nviews; i++) {
		const struct ca_config *cfg = d->views[i]->cfg;

		if (cfg->proof[0] != CA_PROOF_PASSWORD)
			continue;
		ca_doctor_find(d, CA_F_PASSWORD_CLOCK, CA_LEVEL_WARNING,
		    "signed passwords are judged by a clock that is not "
		    "synchronised");
		ca_doctor_mend(d,
		    "timedatectl set-ntp true, or install and start chrony; "
		    "then check the clocks of the clients");
		return;
	}
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
