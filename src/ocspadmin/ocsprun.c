#include "ocspadmin/ocsprun.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tool/cli.h"
#include "verify/revocation.h"

#define LOCK_NAME ".certauth-ocsp.lock"

/* Create ocsp_dir, and the directory above it, which is that of all state. */
static void
make_dir(const char *path)
{
	struct ca_buf above = CA_BUF_INIT(8192);
	const char *slash = strrchr(path, '/');

	if (slash != NULL && slash > path)
		ca_buf_put(&above, path, (size_t)(slash - path));
	if (above.len > 0 && ca_buf_text(&above) != NULL)
		(void)mkdir(ca_buf_text(&above), 0755);
	/* if it fails, opening it says why */
	(void)mkdir(path, 0755);
	ca_buf_free(&above);
}

static enum ca_err
lock(struct ca_crladmin_run *r)
{
	r->lock = openat(
	    r->dir, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->lock < 0)
		return CA_ERR_IO;
	if (flock(r->lock, LOCK_EX | LOCK_NB) == 0)
		return CA_OK;
	if (errno == EWOULDBLOCK && !r->quiet)
		(void)fputs(
		    "certauth: waiting until another `certauth ocsp' has "
		    "finished\n",
		    stderr);
	while (flock(r->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return CA_ERR_IO;
	return CA_OK;
}

int
ca_ocspadmin_open(struct ca_ocspadmin_run *run, bool make)
{
	struct ca_crladmin_run *r = &run->base;
	const char *path = r->cfg->ocsp_dir;
	int status = ca_crladmin_open_cas(r);
	enum ca_err rc;

	if (status != CA_EXIT_OK)
		return status;
	run->now = time(NULL);
	if (make)
		make_dir(path);
	rc = ca_file_opendir(AT_FDCWD, path, &r->dir, NULL);
	/* to list what is missing, no directory is needed */
	if (rc == CA_ERR_NOT_FOUND && !make)
		return CA_EXIT_OK;
	if (rc == CA_OK && make)
		rc = lock(r);
	return rc == CA_OK ? CA_EXIT_OK : ca_crladmin_said(path, rc);
}

void
ca_ocspadmin_close(struct ca_ocspadmin_run *run)
{
	ca_revocation_free(run->rev);
	ca_crladmin_close(&run->base);
}

enum ca_err
ca_ocspadmin_stored(struct ca_ocspadmin_run *run, const char *file, X509 *cert,
    X509 *issuer, struct ca_ocsp_answer *answer)
{
	struct ca_buf der = CA_BUF_INIT(CA_OCSP_MAX);
	const struct ca_ocsp_question q = {.cert = cert,
	    .issuer = issuer,
	    .now = run->now,
	    .max_age = run->base.cfg->ocsp_max_age};
	enum ca_err rc = run->base.dir < 0 ? CA_ERR_NOT_FOUND
					   : ca_file_read(run->base.dir, file,
						 CA_OCSP_MAX, &der);

	*answer = (struct ca_ocsp_answer){.revoked_for = -1};
	if (rc == CA_OK) {
		const struct ca_bytes response = {der.p, der.len};
		rc = ca_ocsp_judge(run->base.crypto, &response, &q, answer);
		if (rc == CA_OK)
			rc = ca_ocspadmin_weigh(run, cert, issuer, answer);
	} else if (rc != CA_ERR_MEMORY) {
		(void)snprintf(answer->why, sizeof answer->why, "%s",
		    rc == CA_ERR_NOT_FOUND ? "is not there"
		    : rc == CA_ERR_IO      ? strerror(errno)
					   : ca_err_text(rc));
		rc = CA_OK;
	}
	ca_buf_free(&der);
	return rc;
}

static void
put_time(time_t t, struct ca_buf *out)
{
	char text[32] = "?";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm);
	ca_buf_str(out, text);
}

void
ca_ocspadmin_describe(const struct ca_ocsp_answer *answer, struct ca_buf *out)
{
	switch (answer->status) {
	case CA_OCSP_GOOD:
		ca_buf_str(out, "good until ");
		put_time(answer->until, out);
		break;
	case CA_OCSP_REVOKED:
		ca_buf_str(out, "revoked since ");
		put_time(answer->revoked_at, out);
		if (answer->revoked_for >= 0)
			ca_buf_fmt(out, " (%s)",
			    ca_ocsp_reason_text(answer->revoked_for));
		break;
	case CA_OCSP_NO_ANSWER:
		ca_buf_fmt(out, "the response %s", answer->why);
		break;
	}
}
