/*
 * What OCSP says of a certificate of the path: the response in ocsp_dir, which the
 * host fetched, and the first one of the client's that is about the certificate.
 * src/ocsp judges each; here is where they come from, and whether a delegated
 * responder is revoked itself.
 */
#include "verify/revocationint.h"
#include "verify/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum ca_err
ca_rev_ocsp_open(struct ca_revocation *rev, const struct ca_config *cfg)
{
	if (rev->sources == CA_SOURCES_CRL)
		return CA_OK;
	if ((rev->ocsp_path = strdup(cfg->ocsp_dir)) == NULL)
		return CA_ERR_MEMORY;
	rev->ocsp_rc =
	    ca_file_opendir(AT_FDCWD, cfg->ocsp_dir, &rev->ocsp_fd, NULL);
	rev->ocsp_errno = errno;
	if (rev->ocsp_rc != CA_OK)
		rev->ocsp_fd = -1;
	return CA_OK;
}

void
ca_rev_ocsp_clear(struct ca_revocation *rev)
{
	for (size_t i = 0; i < rev->nocsp; i++)
		free(rev->ocsp[i].file);
	free(rev->ocsp);
	rev->ocsp = NULL;
	rev->nocsp = 0;
}

/* ---- one response ---- */

/* A response, and the certificate that it is judged for. */
struct reply {
	struct ca_revocation *rev;
	const struct place *at;
	struct ocsp_says *says;
	const char *file; /* its path; NULL: the client sent it */
	struct ca_bytes der;
};

static const char *
source(const struct reply *r)
{
	return r->file != NULL ? r->file : CA_OCSP_SENT;
}

static void
trouble(struct reply *r, enum ca_reason reason, const char *why)
{
	struct finding now = {.reason = CA_R_OK};

	ca_rev_find(&now, reason, place_cert(r->at), "%s %s%s", source(r), why,
	    r->file != NULL && reason == CA_R_OCSP_EXPIRED
		? "; run `certauth ocsp update`"
		: "");
	ca_rev_prefer(&r->says->trouble, &now);
	r->says->firm = r->says->firm || r->file != NULL;
}

/* It may be the response that revokes. */
static void
could_not(struct ca_revocation *rev, const struct place *at, enum ca_err rc,
    struct ocsp_says *says)
{
	if (rc == CA_ERR_LIMIT)
		ca_rev_find(&says->broken, CA_R_CHAIN_LIMIT, place_cert(at),
		    "the limits of path building were reached while judging "
		    "OCSP responses");
	else
		ca_rev_find(&says->broken, CA_R_INTERNAL, place_cert(at),
		    "an OCSP response could not be judged: %s",
		    ca_err_text(rc));
	if (rev->error.reason == CA_R_OK)
		rev->error = says->broken;
}

/* Remember it for the trace and for the report. */
static enum ca_err
note(struct reply *r, const struct ca_ocsp_answer *answer)
{
	struct ca_revocation *rev = r->rev;
	struct ocsp_use *v;

	if ((v = realloc(rev->ocsp, (rev->nocsp + 1) * sizeof *v)) == NULL)
		return CA_ERR_MEMORY;
	rev->ocsp = v;
	v += rev->nocsp;
	*v = (struct ocsp_use){.depth = r->at->i, .answer = *answer};
	v->answer.responder = NULL; /* the caller's */
	if (r->file == NULL)
		v->staple = r->der;
	else if ((v->file = strdup(r->file)) == NULL)
		return CA_ERR_MEMORY;
	rev->nocsp++;
	return CA_OK;
}

/*
 * Is the delegated responder not revoked (RFC 6960 section 4.2.2.2.1)?  Its issuer
 * says that nobody needs to ask (id-pkix-ocsp-nocheck), or the issuer's CRLs say
 * so, which crl = prefer does not waive.  *known is false if they do not tell: such
 * a responder may revoke, as the signer of a CRL may, but show nothing else.
 */
static enum ca_err
check_responder(struct reply *r, const struct ca_ocsp_answer *answer,
    bool *known, struct finding *f)
{
	enum ca_err ret = CA_ERR_UNSET;
	const STACK_OF(X509) *path = r->at->chain;
	STACK_OF(X509) *chain = NULL;

	*known = true;
	if (answer->responder == NULL || answer->nocheck)
		return CA_OK;
	if ((chain = sk_X509_new_null()) == NULL ||
	    sk_X509_push(chain, answer->responder) <= 0) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (int i = r->at->i + 1; i < sk_X509_num(path); i++)
		if (sk_X509_push(chain, sk_X509_value(path, i)) <= 0) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
	const struct place place = {chain, 0, r->at->level + 1, true};
	*known = r->rev->status(r->rev, &place, f);
	ret = CA_OK;
out:
	sk_X509_free(chain); /* the certificates are borrowed */
	return ret;
}

static void
tell_revoked(struct reply *r, const struct ca_ocsp_answer *answer)
{
	char date[32];

	if (r->says->revoked.reason == CA_R_OK)
		ca_rev_find(&r->says->revoked, CA_R_REVOKED, place_cert(r->at),
		    "revoked by %s since %s, %s", source(r),
		    ca_rev_time(answer->revoked_at, date),
		    ca_ocsp_reason_text(answer->revoked_for));
}

/* Is there still an answer if the responder's own status counts? */
static enum ca_err
weigh(struct reply *r, struct ca_ocsp_answer *answer)
{
	struct finding f = {.reason = CA_R_OK};
	struct ca_buf why = CA_BUF_INIT(DETAIL_MAX + 256);
	bool known = true;
	enum ca_err rc = check_responder(r, answer, &known, &f);

	if (rc != CA_OK || known)
		return rc;
	if (answer->status == CA_OCSP_REVOKED && f.reason != CA_R_REVOKED)
		return CA_OK;
	answer->status = CA_OCSP_NO_ANSWER;
	answer->reason = CA_R_OCSP_RESPONDER;
	ca_buf_fmt(&why, "is signed by a responder %s: %s",
	    f.reason == CA_R_REVOKED
		? "that is revoked"
		: "whose own status is not known (it has no "
		  "id-pkix-ocsp-nocheck)",
	    f.detail);
	(void)snprintf(answer->why, sizeof answer->why, "%s",
	    ca_buf_text(&why) != NULL ? ca_buf_text(&why) : "is refused");
	trouble(r, answer->reason,
	    ca_buf_text(&why) != NULL ? ca_buf_text(&why) : answer->why);
	ca_buf_free(&why);
	return CA_OK;
}

enum ca_err
ca_rev_weigh(struct ca_revocation *rev, const struct place *at,
    struct ca_ocsp_answer *answer)
{
	struct ocsp_says says = {.trouble.reason = CA_R_OK};
	struct reply r = {.rev = rev, .at = at, .says = &says};

	return weigh(&r, answer);
}

static enum ca_err
take(struct reply *r)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_ocsp_question q = {.cert = place_cert(r->at),
	    .issuer = sk_X509_value(r->at->chain, r->at->i + 1),
	    .now = r->rev->now,
	    .max_age = r->rev->ocsp_max_age,
	    .spend = r->rev->paths.spend,
	    .ctx = r->rev->paths.ctx};
	struct ca_ocsp_answer answer;

	rc = ca_ocsp_judge(r->rev->crypto, &r->der, &q, &answer);
	if (rc == CA_OK && answer.status == CA_OCSP_NO_ANSWER)
		trouble(r, answer.reason, answer.why);
	else if (rc == CA_OK)
		rc = weigh(r, &answer);
	if (rc != CA_OK || (rc = note(r, &answer)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (answer.status == CA_OCSP_REVOKED)
		tell_revoked(r, &answer);
	else if (answer.status == CA_OCSP_GOOD)
		r->says->good = true;
	ca_log_debug(r->rev->log, "%s: %-s", source(r),
	    answer.status == CA_OCSP_REVOKED ? "revokes the certificate"
	    : answer.status == CA_OCSP_GOOD  ? "does not revoke the certificate"
					     : "gives no answer");
	ret = CA_OK;
out:
	ca_ocsp_answer_clear(&answer);
	return ret;
}

/* ---- where responses come from ---- */

static void
tell_unread(struct ca_revocation *rev, const struct place *at, const char *path,
    const char *why, struct ocsp_says *says)
{
	ca_rev_find(&says->broken, CA_R_OCSP_DIR, place_cert(at),
	    "%s cannot be used: %s", path, why);
	if (rev->error.reason == CA_R_OK)
		rev->error = says->broken;
}

/* A file that is cut short while it is read must not look like one that is bad: it
 * may revoke.  CA_ERR_STALE: it was. */
static enum ca_err
read_whole(int dirfd, const char *name, struct ca_buf *out)
{
	struct stat st;
	int fd;
	enum ca_err rc = ca_file_open(dirfd, name, &fd, &st);

	if (rc != CA_OK)
		return rc;
	rc = ca_file_read_fd(fd, CA_OCSP_MAX, out);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc == CA_OK && (off_t)out->len != st.st_size ? CA_ERR_STALE : rc;
}

/* The file of the certificate, if there is one. */
static enum ca_err
ask_file(
    struct ca_revocation *rev, const struct place *at, struct ocsp_says *says)
{
	char name[CA_OCSP_FILE_LEN];
	struct ca_buf path = CA_BUF_INIT(8192), der = CA_BUF_INIT(CA_OCSP_MAX);
	enum ca_err rc = ca_ocsp_file(rev->crypto, place_cert(at), name);
	struct reply r = {.rev = rev, .at = at, .says = says};

	if (rc == CA_OK) {
		ca_buf_fmt(&path, "%s/%s", rev->ocsp_path, name);
		r.file = ca_buf_text(&path);
		rc = r.file == NULL ? ca_buf_err(&path)
				    : read_whole(rev->ocsp_fd, name, &der);
	}
	if (rc == CA_ERR_NOT_FOUND) {
		rc = CA_OK;
	} else if (rc == CA_ERR_IO || rc == CA_ERR_UNTRUSTED ||
		   rc == CA_ERR_STALE) {
		tell_unread(rev, at, r.file,
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc), says);
		rc = CA_OK;
	} else if (rc == CA_ERR_LIMIT) {
		trouble(&r, CA_R_OCSP_MALFORMED, "has too many bytes");
		rc = CA_OK;
	} else if (rc == CA_OK) {
		r.der = (struct ca_bytes){der.p, der.len};
		rc = take(&r);
	}
	ca_buf_free(&der);
	ca_buf_free(&path);
	return rc;
}

/* The first response of the client that is about the certificate: one more would
 * cost without need. */
static enum ca_err
ask_client(
    struct ca_revocation *rev, const struct place *at, struct ocsp_says *says)
{
	X509 *issuer = sk_X509_value(at->chain, at->i + 1);
	bool is = false;
	enum ca_err rc;

	for (size_t i = 0; i < rev->nstaples; i++) {
		struct reply r = {rev, at, says, NULL, rev->staple[i]};

		rc = ca_ocsp_is_about(
		    rev->crypto, &r.der, place_cert(at), issuer, &is);
		if (rc != CA_OK)
			return rc;
		if (is)
			return take(&r);
	}
	return CA_OK;
}

void
ca_rev_ask_ocsp(
    struct ca_revocation *rev, const struct place *at, struct ocsp_says *says)
{
	enum ca_err rc = CA_OK;

	if (!place_is_on_path(rev, at) || place_is_anchor(at))
		return;
	if (rev->ocsp_fd >= 0)
		rc = ask_file(rev, at, says);
	else if (rev->ocsp_rc != CA_ERR_NOT_FOUND)
		tell_unread(rev, at, rev->ocsp_path,
		    rev->ocsp_rc == CA_ERR_IO ? strerror(rev->ocsp_errno)
					      : ca_err_text(rev->ocsp_rc),
		    says);
	if (rc == CA_OK)
		rc = ask_client(rev, at, says);
	if (rc != CA_OK)
		could_not(rev, at, rc, says);
}
