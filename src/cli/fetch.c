#include "cli/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CONNECT_TIMEOUT 15L /* seconds */
#define PARALLEL 64L        /* connections */
#define REDIRECTS 5L

struct transfer {
	struct ca_fetch *f;
	CURL *easy;
	struct curl_slist *headers;
	uint64_t max;
	bool ended;
	char error[CURL_ERROR_SIZE];
};

bool
ca_fetch_can(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 ||
	    strncasecmp(url, "https://", 8) == 0 ||
	    strncasecmp(url, "file:///", 8) == 0;
}

static size_t
on_data(char *p, size_t one, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t left = one * n;

	if (left > t->max - t->f->bytes) {
		(void)snprintf(t->f->error, sizeof t->f->error,
		    "is larger than %llu MiB",
		    (unsigned long long)(t->max >> 20));
		return 0;
	}
	t->f->bytes += left;
	while (left > 0) {
		ssize_t w = write(t->f->fd, p, left);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			(void)snprintf(t->f->error, sizeof t->f->error,
			    "cannot be stored: %s", strerror(errno));
			return 0;
		}
		p += w;
		left -= (size_t)w;
	}
	return one * n;
}

/* A header's value, if it is that header and fits. */
static void
take(const char *p, size_t len, const char *name, char *out, size_t max)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(p, name, n) != 0)
		return;
	p += n;
	len -= n;
	while (len > 0 && (*p == ' ' || *p == '\t'))
		p++, len--;
	while (len > 0 && (unsigned char)p[len - 1] <= ' ')
		len--;
	out[0] = '\0';
	if (len >= max)
		return;
	/* it goes back to the server, and into a line of the state file */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return;
	memcpy(out, p, len);
	out[len] = '\0';
}

static size_t
on_header(char *p, size_t one, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = one * n;

	/* each response of a redirection begins anew */
	if (len > 5 && strncasecmp(p, "HTTP/", 5) == 0)
		t->f->new_etag[0] = t->f->new_last_modified[0] = '\0';
	take(p, len, "ETag:", t->f->new_etag, sizeof t->f->new_etag);
	take(p, len, "Last-Modified:", t->f->new_last_modified,
	    sizeof t->f->new_last_modified);
	return len;
}

static bool
add_header(struct transfer *t, const char *name, const char *value)
{
	char line[512];
	struct curl_slist *more;

	if (value == NULL || *value == '\0')
		return true;
	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	if ((more = curl_slist_append(t->headers, line)) == NULL)
		return false;
	t->headers = more;
	return true;
}

static bool
set_up(struct transfer *t, unsigned timeout)
{
	CURL *e = t->easy = curl_easy_init();
	bool file = strncasecmp(t->f->url, "file:", 5) == 0;

	if (e == NULL)
		return false;
	if (!file && (!add_header(t, "If-None-Match", t->f->etag) ||
	    !add_header(t, "If-Modified-Since", t->f->last_modified)))
		return false;
	/* a redirection must not lead from the network into our files */
	return curl_easy_setopt(e, CURLOPT_URL, t->f->url) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PRIVATE, t) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
		file ? "file" : "http,https") == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") ==
		CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)timeout) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT) ==
		CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE,
		(curl_off_t)t->max) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_USERAGENT, "certauth/" CA_VERSION) ==
		CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) ==
		CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_HEADERDATA, t) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK;
}

static void
finish(struct transfer *t, CURLcode rc)
{
	long status = 0;

	t->ended = true;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (rc == CURLE_OK && status == 304)
		t->f->not_modified = true;
	else if (rc == CURLE_OK)
		t->f->done = true;
	else if (t->f->error[0] == '\0')
		(void)snprintf(t->f->error, sizeof t->f->error, "%s",
		    t->error[0] != '\0' ? t->error : curl_easy_strerror(rc));
}

/* Take the finished ones out; how many. */
static size_t
collect(CURLM *multi)
{
	size_t n = 0;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(multi, &left)) != NULL) {
		struct transfer *t = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		CURL *easy = msg->easy_handle;
		CURLcode rc = msg->data.result;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		finish(t, rc);
		(void)curl_multi_remove_handle(multi, easy);
		n++;
	}
	return n;
}

static enum ca_err
run(CURLM *multi, struct ca_fetch *f, size_t n,
    void (*progress)(void *, size_t, uint64_t), void *ctx)
{
	int running = 1;
	size_t finished = 0;

	while (running > 0) {
		uint64_t bytes = 0;

		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return CA_ERR_IO;
		finished += collect(multi);
		for (size_t i = 0; i < n; i++)
			bytes += f[i].bytes;
		if (progress != NULL)
			progress(ctx, finished, bytes);
		if (running > 0 && curl_multi_poll(multi, NULL, 0, 250, NULL)
		    != CURLM_OK)
			return CA_ERR_IO;
	}
	return CA_OK;
}

enum ca_err
ca_fetch_all(struct ca_fetch *f, size_t n, unsigned timeout,
    uint64_t max_bytes, void (*progress)(void *, size_t, uint64_t), void *ctx)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct transfer *t = calloc(n + 1, sizeof *t);
	CURLM *multi = NULL;

	if (t == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (multi = curl_multi_init()) == NULL ||
	    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
		PARALLEL) != CURLM_OK) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		t[i].f = &f[i];
		t[i].max = max_bytes;
		if (!set_up(&t[i], timeout) ||
		    curl_multi_add_handle(multi, t[i].easy) != CURLM_OK) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
	}
	if ((rc = run(multi, f, n, progress, ctx)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	for (size_t i = 0; t != NULL && i < n; i++) {
		if (t[i].easy == NULL)
			continue;
		if (!t[i].ended)
			(void)curl_multi_remove_handle(multi, t[i].easy);
		curl_easy_cleanup(t[i].easy);
		curl_slist_free_all(t[i].headers);
	}
	if (multi != NULL)
		(void)curl_multi_cleanup(multi);
	free(t);
	return ret;
}
