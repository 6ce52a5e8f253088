#include "fetch/fetchcurl.h"
#include "fetch/fetchguard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_TIMEOUT 15L /* seconds */
#define PARALLEL 64L        /* connections */
#define REDIRECT_BODY 65536 /* bytes of the text of a redirect response */

struct transfer {
	struct ca_fetch *f;
	size_t no;
	int to; /* the frames are written to it */
	CURL *easy;
	struct curl_slist *headers;
	struct ca_fetch_guard guard;
	int64_t deadline; /* milliseconds of now_ms() */
	uint64_t max, skipped;
	bool broken; /* frames cannot be written */
	char error[CURL_ERROR_SIZE];
};

static void
send_frame(struct transfer *t, char type, const char *p, size_t len)
{
	struct ca_buf b = CA_BUF_INIT(CA_FETCH_HEAD + CA_FETCH_PAYLOAD_MAX);
	const uint8_t *at;
	size_t left;

	ca_fetch_head_put(&b, type, t->no, len);
	ca_buf_put(&b, p, len);
	if (ca_buf_err(&b) != CA_OK)
		t->broken = true;
	for (at = b.p, left = b.len; !t->broken && left > 0;) {
		ssize_t w = write(t->to, at, left);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			t->broken = true;
			break;
		}
		at += w;
		left -= (size_t)w;
	}
	ca_buf_free(&b);
}

static void
send_text(struct transfer *t, char type, const char *text)
{
	size_t len = strlen(text);

	if (len > 0)
		send_frame(t, type, text, len);
}

/* Milliseconds of the monotonic clock.  False: there is no clock (errno). */
static bool
now_ms(int64_t *out)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		return false;
	*out = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	return true;
}

/* 304 Not Modified is not a redirect. */
static bool
is_redirect(CURL *easy)
{
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 300 && status < 400 && status != 304;
}

static size_t
on_data(char *p, size_t one, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t left = one * n;

	if (is_redirect(t->easy)) {
		t->skipped += left;
		if (t->skipped <= REDIRECT_BODY)
			return left;
		(void)snprintf(t->f->error, sizeof t->f->error,
		    "the server's redirect has more than %d bytes of text",
		    REDIRECT_BODY);
		return 0;
	}
	if (left > t->max - t->f->bytes) {
		(void)snprintf(t->f->error, sizeof t->f->error,
		    "the content is larger than %llu MiB",
		    (unsigned long long)(t->max >> 20));
		return 0;
	}
	t->f->bytes += left;
	while (left > 0 && !t->broken) {
		size_t some =
		    left < CA_FETCH_PAYLOAD_MAX ? left : CA_FETCH_PAYLOAD_MAX;

		send_frame(t, CA_FETCH_DATA, p, some);
		p += some;
		left -= some;
	}
	return t->broken ? 0 : one * n;
}

/* Copy the value of the header line p to out if the line has that name.  A
 * value that is too long or not one line of text becomes "". */
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
	/* the value is sent back to the server, and stored in a line of the
	 * state file */
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

	/* a new response: drop the headers of the redirect before it */
	if (len > 5 && strncasecmp(p, "HTTP/", 5) == 0)
		t->f->new_etag[0] = t->f->new_last_modified[0] = '\0';
	take(p, len, "ETag:", t->f->new_etag, sizeof t->f->new_etag);
	take(p, len, "Last-Modified:", t->f->new_last_modified,
	    sizeof t->f->new_last_modified);
	return len;
}

static bool
is_file(const char *url)
{
	return strncasecmp(url, "file:", 5) == 0;
}

/* A file has no headers. */
static bool
add_header(struct transfer *t, const char *name, const char *value)
{
	char line[512];
	struct curl_slist *more;

	if (value == NULL || *value == '\0' || is_file(t->f->url))
		return true;
	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	if ((more = curl_slist_append(t->headers, line)) == NULL)
		return false;
	t->headers = more;
	return true;
}

/* Return whether url names something that exists and is not a regular file.  A
 * FIFO or a device would block libcurl, and with it all other transfers:
 * libcurl has no time limit for opening a file. */
static bool
is_special_file(const char *url)
{
	char *path = curl_easy_unescape(NULL, url + strlen("file://"), 0, NULL);
	struct stat st;
	bool special =
	    path != NULL && stat(path, &st) == 0 && !S_ISREG(st.st_mode);

	curl_free(path);
	return special;
}

static bool
set_options(struct transfer *t)
{
	CURL *e = t->easy;

	return ca_fetch_guard_watch(&t->guard) &&
	       curl_easy_setopt(e, CURLOPT_URL, t->f->url) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PRIVATE, t) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
		   is_file(t->f->url) ? "file" : "http,https") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT) ==
		   CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE,
		   (curl_off_t)t->max) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_USERAGENT, "certauth/" CA_VERSION) ==
		   CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers) ==
		   CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data) ==
		   CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) ==
		   CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERDATA, t) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK;
}

static enum ca_err
set_up(struct transfer *t)
{
	enum ca_err ret = CA_ERR_UNSET;

	if ((t->easy = t->guard.easy = curl_easy_init()) == NULL ||
	    !add_header(t, "If-None-Match", t->f->etag) ||
	    !add_header(t, "If-Modified-Since", t->f->last_modified)) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (!set_options(t)) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

/* Run the transfer, at most until its deadline. */
static enum ca_err
begin(CURLM *multi, struct transfer *t)
{
	int64_t now, left;

	if (!now_ms(&now))
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

/* Write the last frames of a transfer. */
static void
finish(struct transfer *t, CURLcode rc)
{
	struct ca_fetch *f = t->f;
	long status = 0;

	f->ended = true;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (rc == CURLE_OK && !is_redirect(t->easy)) {
		send_text(t, CA_FETCH_ETAG, f->new_etag);
		send_text(t, CA_FETCH_MODIFIED, f->new_last_modified);
		send_frame(
		    t, status == 304 ? CA_FETCH_SAME : CA_FETCH_DONE, "", 0);
		return;
	}
	send_text(t, CA_FETCH_ERROR,
	    t->guard.why[0] != '\0' ? t->guard.why
	    : f->error[0] != '\0'   ? f->error
	    : t->error[0] != '\0'   ? t->error
				    : curl_easy_strerror(rc));
}

/* Follow the redirect of an ended transfer, or finish it.  *running counts the
 * transfers that are not finished. */
static enum ca_err
end_or_follow(
    CURLM *multi, struct transfer *t, CURLcode result, size_t *running)
{
	if (result == CURLE_OK && is_redirect(t->easy) &&
	    ca_fetch_guard_follow(&t->guard))
		return begin(multi, t);
	finish(t, result);
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
		struct transfer *t = NULL;

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
clean_up(CURLM *multi, struct transfer *t, size_t n)
{
	for (size_t i = 0; t != NULL && i < n; i++) {
		if (t[i].easy == NULL)
			continue;
		if (!t[i].f->ended)
			(void)curl_multi_remove_handle(multi, t[i].easy);
		curl_easy_cleanup(t[i].easy);
		curl_slist_free_all(t[i].headers);
	}
	if (multi != NULL)
		(void)curl_multi_cleanup(multi);
	free(t);
}

/* Add a transfer to multi, or finish it if its address cannot be read. */
static enum ca_err
start(CURLM *multi, struct transfer *t, size_t *running)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	if (is_file(t->f->url) && is_special_file(t->f->url)) {
		t->f->ended = true;
		send_text(t, CA_FETCH_ERROR, "the path is not a regular file");
		ret = t->broken ? CA_ERR_IO : CA_OK;
		goto out;
	}
	if ((rc = set_up(t)) != CA_OK || (rc = begin(multi, t)) != CA_OK) {
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
	struct transfer *t = calloc(n + 1, sizeof *t);
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
	if (!now_ms(&now)) {
		ret = CA_ERR_IO;
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		t[i] = (struct transfer){.f = &f[i],
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
