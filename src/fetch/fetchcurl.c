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
#define REDIRECT_BODY 65536 /* bytes of text that goes with a redirect */

struct transfer {
	struct ca_fetch *f;
	size_t no;
	int to; /* where frames go */
	CURL *easy;
	struct curl_slist *headers;
	struct ca_fetch_guard guard;
	int64_t deadline; /* milliseconds */
	uint64_t max, passed_over;
	bool broken; /* nobody reads frames any more */
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

static int64_t
now_ms(void)
{
	struct timespec t = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 304 is an answer, not a redirect. */
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
		t->passed_over += left;
		return t->passed_over > REDIRECT_BODY ? 0 : left;
	}
	if (left > t->max - t->f->bytes) {
		(void)snprintf(t->f->error, sizeof t->f->error,
		    "is larger than %llu MiB",
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

/* A FIFO or a device would keep libcurl, and all other transfers, waiting: it
 * has no time limit for opening a file. */
static bool
is_other_than_file(const char *url)
{
	char *path = curl_easy_unescape(NULL, url + strlen("file://"), 0, NULL);
	struct stat st;
	bool other =
	    path != NULL && stat(path, &st) == 0 && !S_ISREG(st.st_mode);

	curl_free(path);
	return other;
}

static bool
set_up(struct transfer *t)
{
	CURL *e = t->easy = t->guard.easy = curl_easy_init();
	bool file = strncasecmp(t->f->url, "file:", 5) == 0;

	if (e == NULL)
		return false;
	if (!file &&
	    (!add_header(t, "If-None-Match", t->f->etag) ||
		!add_header(t, "If-Modified-Since", t->f->last_modified)))
		return false;
	return ca_fetch_guard_watch(&t->guard) &&
	       curl_easy_setopt(e, CURLOPT_URL, t->f->url) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PRIVATE, t) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
		   file ? "file" : "http,https") == CURLE_OK &&
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

/* Let it run for what is left of its time. */
static bool
begin(CURLM *multi, struct transfer *t)
{
	int64_t left = t->deadline - now_ms();

	/* 0 would be for ever to libcurl */
	return curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS,
		   (long)(left > 0 ? left : 1)) == CURLE_OK &&
	       curl_multi_add_handle(multi, t->easy) == CURLM_OK;
}

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

/* Take the finished ones out; those that are redirected go in again. */
static bool
collect(CURLM *multi, size_t *running)
{
	CURLMsg *msg;
	int left;
	bool broken = false;

	while ((msg = curl_multi_info_read(multi, &left)) != NULL) {
		struct transfer *t = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		CURL *easy = msg->easy_handle;
		CURLcode rc = msg->data.result;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		(void)curl_multi_remove_handle(multi, easy);
		if (rc == CURLE_OK && is_redirect(easy) &&
		    ca_fetch_guard_follow(&t->guard)) {
			broken = broken || !begin(multi, t);
			continue;
		}
		finish(t, rc);
		broken = broken || t->broken;
		(*running)--;
	}
	return !broken;
}

static enum ca_err
run(CURLM *multi, size_t running)
{
	int active;

	while (running > 0) {
		if (curl_multi_perform(multi, &active) != CURLM_OK ||
		    !collect(multi, &running))
			return CA_ERR_IO;
		if (running > 0 &&
		    curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK)
			return CA_ERR_IO;
	}
	return CA_OK;
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

enum ca_err
ca_fetch_curl(
    struct ca_fetch *f, size_t n, unsigned timeout, uint64_t max_bytes, int to)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct transfer *t = calloc(n + 1, sizeof *t);
	size_t running = 0;
	CURLM *multi = NULL;

	if (t == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (multi = curl_multi_init()) == NULL ||
	    curl_multi_setopt(
		multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, PARALLEL) != CURLM_OK) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		t[i].f = &f[i];
		t[i].no = i;
		t[i].to = to;
		t[i].max = max_bytes;
		t[i].deadline = now_ms() + (int64_t)timeout * 1000;
		if (strncasecmp(f[i].url, "file:", 5) == 0 &&
		    is_other_than_file(f[i].url)) {
			f[i].ended = true;
			send_text(&t[i], CA_FETCH_ERROR, "is not a file");
			continue;
		}
		if (!set_up(&t[i]) || !begin(multi, &t[i])) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		running++;
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
