#include "base/file.h"
#include "cli/usersedit.h"
#include "crypto/crypto.h"
#include "map/map.h"
#include "map/rule.h"
#include "map/users_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_NAME "/.certauth-users.lock"

struct edit {
	char path[PATH_MAX]; /* links resolved: the file to replace */
	const struct ca_log *log;
	int lock; /* LOCK_NAME, locked */
	struct ca_buf old, new;
	mode_t mode;
	bool absent;
};

static enum ca_err
edit_end(struct edit *e, enum ca_err rc)
{
	if (e->lock >= 0)
		(void)close(e->lock);
	ca_buf_free(&e->old);
	ca_buf_free(&e->new);
	return rc;
}

/* Lock a separate file: the users file is replaced, and its lock with it; a lock
 * on the directory could be held by every user who can read the directory. */
static enum ca_err
lock(struct edit *e)
{
	struct ca_buf path = CA_BUF_INIT((size_t)2 * PATH_MAX);

	ca_buf_put(&path, e->path, (size_t)(strrchr(e->path, '/') - e->path));
	ca_buf_str(&path, LOCK_NAME);
	const char *name = ca_buf_text(&path);
	if (name != NULL)
		e->lock =
		    open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	ca_buf_free(&path);
	if (e->lock < 0)
		return CA_ERR_IO;
	while (flock(e->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return CA_ERR_IO;
	return CA_OK;
}

static enum ca_err
edit_begin(struct edit *e, const char *path, const struct ca_log *log)
{
	struct stat st;
	enum ca_err rc;
	int fd;

	e->log = log;
	e->lock = -1;
	e->old = CA_BUF_INIT(CA_USERS_MAX);
	e->new = CA_BUF_INIT(CA_USERS_MAX);
	e->mode = 0644;
	e->absent = false;
	/* realpath fails if the file does not exist yet */
	if (realpath(path, e->path) == NULL) {
		if (errno != ENOENT || strlen(path) >= sizeof e->path ||
		    path[0] != '/') {
			ca_log_err(log, "%s: %m", path);
			return CA_ERR_IO;
		}
		memcpy(e->path, path, strlen(path) + 1);
	}
	if ((rc = lock(e)) != CA_OK) {
		ca_log_err(log, "cannot lock the directory of %s: %m", path);
		return rc;
	}
	rc = ca_file_open(AT_FDCWD, e->path, &fd, &st);
	if (rc == CA_ERR_NOT_FOUND) {
		e->absent = true;
		return CA_OK;
	}
	if (rc == CA_OK) {
		e->mode = st.st_mode & 0777;
		rc = ca_file_read_fd(fd, CA_USERS_MAX, &e->old);
		(void)close(fd);
	}
	if (rc != CA_OK)
		ca_file_log(log, e->path, rc);
	return rc;
}

/* Replace the file, and its index if it has one. */
static enum ca_err
edit_commit(struct edit *e)
{
	struct ca_buf index = CA_BUF_INIT((size_t)2 * PATH_MAX);
	struct ca_crypto *crypto = NULL;
	enum ca_err rc;

	if ((rc = ca_buf_err(&e->new)) != CA_OK) {
		ca_file_log(e->log, e->path, rc);
		return rc;
	}
	rc = ca_file_replace(e->path,
	    e->new.p != NULL ? (void *)e->new.p : (void *)"", e->new.len,
	    e->mode);
	if (rc != CA_OK) {
		ca_log_err(e->log, "cannot write %s: %m", e->path);
		return rc;
	}
	ca_buf_fmt(&index, "%s.cdb", e->path);
	const char *name = ca_buf_text(&index);
	if (name != NULL && access(name, F_OK) == 0) {
		rc = ca_crypto_new(&crypto);
		if (rc == CA_OK)
			rc = ca_map_compile(crypto, e->path, e->log, NULL);
		ca_crypto_free(crypto);
	}
	ca_buf_free(&index);
	return rc;
}

/* The length of the line at an offset; *whole includes its newline. */
static size_t
line_at(const struct ca_buf *b, size_t at, size_t *whole)
{
	const uint8_t *nl = memchr(b->p + at, '\n', b->len - at);
	size_t len = nl != NULL ? (size_t)(nl - b->p) - at : b->len - at;

	*whole = len + (nl != NULL);
	return len;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The rules are equal, apart from blanks and quotes.  A rule without the other's
 * restrictions is not: it permits more logins. */
static bool
same_rule(const struct ca_rule *a, const struct ca_rule *b)
{
	return strcmp(a->login, b->login) == 0 && a->sel == b->sel &&
	       a->ignorecase == b->ignorecase &&
	       a->keep_domain == b->keep_domain && a->len == b->len &&
	       a->star == b->star && memcmp(a->value, b->value, a->len) == 0 &&
	       (a->issuer == NULL) == (b->issuer == NULL) &&
	       a->issuer_len == b->issuer_len &&
	       (a->issuer == NULL ||
		   memcmp(a->issuer, b->issuer, a->issuer_len) == 0) &&
	       same_text(a->from, b->from) &&
	       same_text(a->service, b->service) &&
	       a->has_until == b->has_until &&
	       (!a->has_until || a->until == b->until);
}

static enum ca_err
add_line(struct edit *e, struct ca_rule *want, struct ca_rule *have,
    const char *line, size_t *n)
{
	size_t whole;

	*n = 0;
	for (size_t at = 0; at < e->old.len; at += whole) {
		size_t len = line_at(&e->old, at, &whole);

		if (ca_rule_parse(have, (char *)e->old.p + at, len) == CA_OK &&
		    same_rule(have, want))
			return CA_OK;
	}
	ca_buf_put(&e->new, e->old.p, e->old.len);
	if (e->old.len > 0 && e->old.p[e->old.len - 1] != '\n')
		ca_buf_str(&e->new, "\n");
	ca_buf_str(&e->new, line);
	ca_buf_str(&e->new, "\n");
	*n = 1;
	return edit_commit(e);
}

enum ca_err
ca_users_add(
    const char *path, const char *line, const struct ca_log *log, size_t *n)
{
	struct ca_rule want, have;
	struct edit e = {.lock = -1};
	enum ca_err rc;

	*n = 0;
	ca_rule_init(&want);
	ca_rule_init(&have);
	rc = ca_rule_parse(&want, line, strlen(line));
	if (rc != CA_OK) {
		ca_log_err(log, "%-s",
		    rc == CA_ERR_FORMAT || rc == CA_ERR_UNSUPPORTED ? want.why
		    : rc == CA_ERR_NOT_FOUND
			? "the line to add is empty or a comment"
			: ca_err_text(rc));
		rc = CA_ERR_CONFIG;
	}
	if (rc == CA_OK && (rc = edit_begin(&e, path, log)) == CA_OK)
		rc = add_line(&e, &want, &have, line, n);
	ca_rule_free(&want);
	ca_rule_free(&have);
	return edit_end(&e, rc);
}

enum ca_err
ca_users_remove(const char *path, const char *login, const char *selector,
    const struct ca_log *log, size_t *n)
{
	struct ca_rule have;
	struct edit e = {.lock = -1};
	size_t whole;
	enum ca_err rc;

	*n = 0;
	if ((rc = edit_begin(&e, path, log)) != CA_OK)
		return edit_end(&e, rc);
	if (e.absent) {
		ca_file_log(log, path, CA_ERR_NOT_FOUND);
		return edit_end(&e, CA_ERR_NOT_FOUND);
	}
	ca_rule_init(&have);
	for (size_t at = 0; at < e.old.len; at += whole) {
		const char *p = (const char *)e.old.p + at;
		size_t len = line_at(&e.old, at, &whole);

		if (ca_rule_parse(&have, p, len) == CA_OK &&
		    strcmp(have.login, login) == 0 &&
		    (selector == NULL || strcmp(have.selector, selector) == 0))
			(*n)++;
		else
			ca_buf_put(&e.new, p, whole);
	}
	ca_rule_free(&have);
	return edit_end(&e, *n > 0 ? edit_commit(&e) : CA_OK);
}
