#include "fetch/fetchcurl.h"
#include "fetch/fetchtransfer.h"

#include <stdlib.h>

#include "base/stream.h"

#define PARALLEL 64L /* connections */

/* Run the transfer, at most until its deadline. */
static enum ca_err
begin(CURLM *multi, struct ca_fetch_transfer *t)
{
	int64_t now, left;

	if ((now = ca_stream_clock()) < 0)
		return CA_ERR_IO;
	left = t->deadline - now;
	/* 0 would mean no limit */
	if (curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS,
		(long)(left > 0 ? left : 1)) != CURLE_OK)
		return CA_ERR_UNSUPPORTED;
	return curl_multi_add_handle(multi, t->easy) == CURLM_OK
		   ? CA_OK
		   : CA_ERR_MEMORY;
}

/* Follow the redirect of an ended transfer, or finish it.  *running counts the
 * transfers that are not finished. */
static enum ca_err
end_or_follow(
    CURLM *multi, struct ca_fetch_transfer *t, CURLcode result, size_t *running)
{
	if (result == CURLE_OK && ca_fetch_transfer_redirected(t) &&
	    ca_fetch_guard_follow(&t->guard))
		return begin(multi, t);
	ca_fetch_transfer_finish(t, result);
	(*running)--;
	return t->broken ? CA_ERR_IO : CA_OK;
}

/* Take the ended transfers out of multi. */
static enum ca_err
collect(CURLM *multi, size_t *running)
{
	enum ca_err rc = CA_OK;
	CURLMsg *msg;
	int left;

	while (
	    rc == CA_OK && (msg = curl_multi_info_read(multi, &left)) != NULL) {
		struct ca_fetch_transfer *t = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		/* msg is gone when the handle is removed */
		CURL *easy = msg->easy_handle;
		CURLcode result = msg->data.result;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		(void)curl_multi_remove_handle(multi, easy);
		rc = end_or_follow(multi, t, result, running);
	}
	return rc;
}

static enum ca_err
run(CURLM *multi, size_t running)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	int active;

	while (running > 0) {
		if (curl_multi_perform(multi, &active) != CURLM_OK) {
			ret = CA_ERR_IO;
			goto out;
		}
		if ((rc = collect(multi, &running)) != CA_OK) {
			ret = rc;
			goto out;
		}
		if (running > 0 &&
		    curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK) {
			ret = CA_ERR_IO;
			goto out;
		}
	}
	ret = CA_OK;
out:
	return ret;
}

static void
clean_up(CURLM *multi, struct ca_fetch_transfer *t, size_t n)
{
	for (size_t i = 0; t != NULL && i < n; i++) {
		if (t[i].easy == NULL)
			continue;
		if (!t[i].f->ended)
			(void)curl_multi_remove_handle(multi, t[i].easy);
		ca_fetch_transfer_close(&t[i]);
	}
	if (multi != NULL)
		(void)curl_multi_cleanup(multi);
	free(t);
}

/* Add a transfer to multi, or finish it if its address cannot be read. */
static enum ca_err
start(CURLM *multi, struct ca_fetch_transfer *t, size_t *running)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	if (ca_fetch_transfer_blocks(t)) {
		ca_fetch_transfer_refuse(t, "the path is not a regular file");
		ret = t->broken ? CA_ERR_IO : CA_OK;
		goto out;
	}
	if ((rc = ca_fetch_transfer_open(t)) != CA_OK ||
	    (rc = begin(multi, t)) != CA_OK) {
		ret = rc;
		goto out;
	}
	(*running)++;
	ret = CA_OK;
out:
	return ret;
}

enum ca_err
ca_fetch_curl(
    struct ca_fetch *f, size_t n, unsigned timeout, uint64_t max_bytes, int to)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_fetch_transfer *t = calloc(n + 1, sizeof *t);
	size_t running = 0;
	CURLM *multi = NULL;
	int64_t now;

	if (t == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (multi = curl_multi_init()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (curl_multi_setopt(
		multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, PARALLEL) != CURLM_OK) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((now = ca_stream_clock()) < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		t[i] = (struct ca_fetch_transfer){.f = &f[i],
		    .no = i,
		    .to = to,
		    .max = max_bytes,
		    .deadline = now + (int64_t)timeout * 1000};
		if ((rc = start(multi, &t[i], &running)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	if ((rc = run(multi, running)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	clean_up(multi, t, n);
	return ret;
}
