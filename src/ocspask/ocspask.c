#include "ocspask/ocspask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

/* The questions that are sent. */
struct run {
	struct ca_ocspask **ask;
	struct ca_fetch *fetch;
	struct ca_buf *request;
	size_t n;
};

static void
no_answer(struct ca_ocspask *a, const char *what, const char *why)
{
	(void)snprintf(a->why, sizeof a->why, "%s%s", what, why);
}

/* Add a question.  One that cannot be asked must not keep the others from it. */
static enum ca_err
add(struct ca_crypto *crypto, struct run *r, struct ca_ocspask *a)
{
	struct ca_fetch *f = &r->fetch[r->n];
	struct ca_buf *request = &r->request[r->n];
	enum ca_err rc;

	*request = CA_BUF_INIT(CA_FETCH_OCSP_MAX);
	a->response = CA_BUF_INIT(CA_OCSP_MAX);
	a->answer = (struct ca_ocsp_answer){.revoked_for = -1};
	a->why[0] = '\0';
	rc = ca_ocspask_request(crypto, a->cert, a->issuer, request);
	if (rc == CA_ERR_MEMORY)
		return rc;
	if (rc != CA_OK) {
		no_answer(a, "no request can be made: ", ca_err_text(rc));
		ca_buf_free(request);
		return CA_OK;
	}
	r->ask[r->n] = a;
	f->url = a->url;
	f->ocsp = request->p;
	f->ocsplen = request->len;
	f->fd = memfd_create("certauth-ocsp", MFD_CLOEXEC);
	r->n++;
	return f->fd >= 0 ? CA_OK : CA_ERR_IO;
}

static enum ca_err
judge(struct ca_crypto *crypto, struct ca_ocspask *a)
{
	const struct ca_bytes der = {a->response.p, a->response.len};
	const struct ca_ocsp_question q = {.cert = a->cert,
	    .issuer = a->issuer,
	    .now = time(NULL),
	    .max_age = a->max_age};
	enum ca_err rc = ca_ocsp_judge(crypto, &der, &q, &a->answer);

	if (rc != CA_OK)
		no_answer(
		    a, "the response cannot be judged: ", ca_err_text(rc));
	else if (a->answer.status == CA_OCSP_NO_ANSWER)
		no_answer(a, "the response ", a->answer.why);
	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}

static enum ca_err
take(struct ca_crypto *crypto, struct ca_ocspask *a, const struct ca_fetch *f)
{
	enum ca_err rc;

	if (!f->done) {
		no_answer(a, "not fetched: ", f->error);
		return CA_OK;
	}
	if (lseek(f->fd, 0, SEEK_SET) != 0)
		return CA_ERR_IO;
	rc = ca_file_read_fd(f->fd, CA_OCSP_MAX, &a->response);
	if (rc != CA_OK)
		return rc;
	return judge(crypto, a);
}

static void
clean_up(struct run *r)
{
	for (size_t i = 0; i < r->n && r->fetch != NULL; i++)
		if (r->fetch[i].fd >= 0)
			(void)close(r->fetch[i].fd);
	for (size_t i = 0; i < r->n && r->request != NULL; i++)
		ca_buf_free(&r->request[i]);
	free(r->ask);
	free(r->fetch);
	free(r->request);
}

enum ca_err
ca_ocspask_all(struct ca_crypto *crypto, struct ca_ocspask *ask, size_t n,
    const struct ca_fetch_limits *limits)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_fetch_limits bounded = {
	    limits->timeout, limits->grace, CA_OCSP_MAX};
	struct run r = {.n = 0};

	if (n > CA_OCSPASK_MAX)
		return CA_ERR_LIMIT;
	/* an array of pointers is meant: NOLINTNEXTLINE(bugprone-sizeof-*) */
	r.ask = calloc(n + 1, sizeof *r.ask);
	r.fetch = calloc(n + 1, sizeof *r.fetch);
	r.request = calloc(n + 1, sizeof *r.request);
	if (r.ask == NULL || r.fetch == NULL || r.request == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		if ((rc = add(crypto, &r, &ask[i])) != CA_OK) {
			ret = rc;
			goto out;
		}
	rc = r.n > 0 ? ca_fetch_all(r.fetch, r.n, &bounded, NULL, NULL) : CA_OK;
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < r.n; i++)
		if ((rc = take(crypto, r.ask[i], &r.fetch[i])) != CA_OK) {
			ret = rc;
			goto out;
		}
	ret = CA_OK;
out:
	clean_up(&r);
	return ret;
}

void
ca_ocspask_clear(struct ca_ocspask *ask)
{
	ca_buf_free(&ask->response);
	ca_ocsp_answer_clear(&ask->answer);
}
