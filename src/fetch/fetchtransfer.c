#include "fetch/fetchtransfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECT_TIMEOUT 15L /* seconds */
#define REDIRECT_BODY 65536 /* bytes of the text of redirect responses */

static void
send_frame(struct ca_fetch_transfer *t, char type, const char *p, size_t len)
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
send_text(struct ca_fetch_transfer *t, char type, const char *text)
{
	size_t len = strlen(text);

	if (len > 0)
		send_frame(t, type, text, len);
}

bool
ca_fetch_transfer_redirected(const struct ca_fetch_transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	/* 304 Not Modified is not a redirect */
	return status >= 300 && status < 400 && status != 304;
}

static size_t
on_data(char *p, size_t one, size_t n, void *ctx)
{
	struct ca_fetch_transfer *t = ctx;
	size_t left = one * n;

	if (ca_fetch_transfer_redirected(t)) {
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
		    "the content is larger than %llu KiB",
		    (unsigned long long)(t->max >> 10));
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
	struct ca_fetch_transfer *t = ctx;
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

static bool
add_line(struct ca_fetch_transfer *t, const char *line)
{
	struct curl_slist *more = curl_slist_append(t->headers, line);

	if (more != NULL)
		t->headers = more;
	return more != NULL;
}

/* A file has no headers. */
static bool
add_header(struct ca_fetch_transfer *t, const char *name, const char *value)
{
	char line[512];

	if (value == NULL || *value == '\0' || is_file(t->f->url))
		return true;
	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	return add_line(t, line);
}

/* An empty Expect keeps libcurl from waiting for a 100 Continue. */
static bool
add_ocsp_headers(struct ca_fetch_transfer *t)
{
	return t->f->ocsp == NULL ||
	       (add_line(t, "Content-Type: application/ocsp-request") &&
		   add_line(t, "Accept: application/ocsp-response") &&
		   add_line(t, "Expect:"));
}

bool
ca_fetch_transfer_blocks(const struct ca_fetch_transfer *t)
{
	char *path = NULL;
	struct stat st;
	bool blocks = false;

	if (!is_file(t->f->url))
		return false;
	path = curl_easy_unescape(NULL, t->f->url + strlen("file://"), 0, NULL);
	blocks = path != NULL && stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	curl_free(path);
	return blocks;
}

/* A redirect keeps the method and the body: they are of the handle. */
static bool
set_post(struct ca_fetch_transfer *t)
{
	return t->f->ocsp == NULL ||
	       (curl_easy_setopt(t->easy, CURLOPT_POST, 1L) == CURLE_OK &&
		   curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE,
		       (long)t->f->ocsplen) == CURLE_OK &&
		   curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->f->ocsp) ==
		       CURLE_OK);
}

static bool
set_options(struct ca_fetch_transfer *t)
{
	CURL *e = t->easy;

	return set_post(t) && ca_fetch_guard_watch(&t->guard) &&
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

enum ca_err
ca_fetch_transfer_open(struct ca_fetch_transfer *t)
{
	enum ca_err ret = CA_ERR_UNSET;

	if ((t->easy = t->guard.easy = curl_easy_init()) == NULL ||
	    !add_header(t, "If-None-Match", t->f->etag) ||
	    !add_header(t, "If-Modified-Since", t->f->last_modified) ||
	    !add_ocsp_headers(t)) {
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

void
ca_fetch_transfer_finish(struct ca_fetch_transfer *t, CURLcode result)
{
	struct ca_fetch *f = t->f;
	long status = 0;

	f->ended = true;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (result == CURLE_OK && !ca_fetch_transfer_redirected(t)) {
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
				    : curl_easy_strerror(result));
}

void
ca_fetch_transfer_refuse(struct ca_fetch_transfer *t, const char *why)
{
	t->f->ended = true;
	send_text(t, CA_FETCH_ERROR, why);
}

void
ca_fetch_transfer_close(struct ca_fetch_transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	t->easy = NULL;
	t->headers = NULL;
}
