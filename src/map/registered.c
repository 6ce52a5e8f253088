#include "map/registered.h"
#include "base/file.h"
#include "map/account.h"
#include "map/rule.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct walk {
	const struct ca_config *cfg;
	const struct ca_log *log;
	ca_registered_visit *visit;
	void *ctx;
	const char *login;
	const struct ca_account *owner; /* of a home; NULL in users_dir */
	size_t left;                    /* bytes that may be read of a home */
};

/* ---- names in a directory ---- */

struct names {
	char **v;
	size_t n, max;
};

static void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && strcmp(name + n - s, suffix) == 0;
}

/* The names ending in suffix, none beginning with a dot, sorted. */
static enum ca_err
list(int fd, const char *suffix, struct names *names)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct dirent *e;
	DIR *dir = NULL;
	size_t seen = 0;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (copy < 0 || (dir = fdopendir(copy)) == NULL) {
		ret = CA_ERR_IO;
		goto out;
	}
	while (errno = 0, (e = readdir(dir)) != NULL) {
		if (suffix[0] != '\0' && ++seen > CA_REGISTERED_ENTRIES) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		if (e->d_name[0] == '.' || !ends_in(e->d_name, suffix))
			continue;
		if (names->n == names->max) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		char **v = realloc(names->v, (names->n + 1) * sizeof *v);
		if (v != NULL)
			names->v = v;
		if (v == NULL || (v[names->n] = strdup(e->d_name)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		names->n++;
	}
	if (errno != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	if (names->n > 0)
		qsort(names->v, names->n, sizeof *names->v, compare);
	ret = CA_OK;
out:
	if (dir != NULL)
		(void)closedir(dir);
	else if (copy >= 0)
		(void)close(copy);
	return ret;
}

/* ---- a file ---- */

/* Every CERTIFICATE of PEM text; none at all is CA_ERR_FORMAT. */
static enum ca_err
visit_pem(const struct walk *w, const char *path, const struct ca_buf *text)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_ERR_FORMAT;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	bool first = true;
	long len;
	BIO *bio = BIO_new_mem_buf(text->p, (int)text->len);

	if (bio == NULL)
		return CA_ERR_MEMORY;
	ERR_set_mark();
	while (PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		if (strcmp(name, PEM_STRING_X509) == 0 ||
		    strcmp(name, PEM_STRING_X509_OLD) == 0) {
			rc = w->visit(
			    w->ctx, w->login, path, first, der, (size_t)len);
			first = false;
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
		if (rc != CA_OK && rc != CA_ERR_FORMAT) {
			ret = rc;
			goto out;
		}
	}
	if (rc != CA_OK) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	/* the end of the file is an error to PEM_read_bio; leave no trace */
	ERR_pop_to_mark();
	BIO_free(bio);
	return ret;
}

/* Owned by the user alone: root's files are not his to show. */
static enum ca_err
open_owned(int dirfd, const char *name, const struct ca_account *owner, int *fd)
{
	struct stat st;
	int f = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (f < 0)
		return errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	if (fstat(f, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != owner->uid ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		(void)close(f);
		return CA_ERR_UNTRUSTED;
	}
	*fd = f;
	return CA_OK;
}

static enum ca_err
visit_file(struct walk *w, int dirfd, const char *name, const char *path)
{
	struct ca_buf text = CA_BUF_INIT(CA_REGISTERED_BYTES + 1);
	int fd = -1;
	enum ca_err rc = w->owner != NULL
			     ? open_owned(dirfd, name, w->owner, &fd)
			     : ca_file_open(dirfd, name, &fd, NULL);

	if (rc == CA_OK)
		rc = ca_file_read_fd(fd, CA_REGISTERED_BYTES, &text);
	if (rc == CA_OK && w->owner != NULL) {
		if (text.len > w->left)
			rc = CA_ERR_LIMIT;
		w->left -= text.len < w->left ? text.len : w->left;
	}
	if (rc == CA_OK)
		rc = text.len > 0 ? visit_pem(w, path, &text) : CA_ERR_FORMAT;
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&text);
	return rc;
}

/* Of a home: say it, and go on. */
static void
warn(const struct walk *w, const char *path, enum ca_err rc)
{
	ca_log_warning(w->log, "%s is not used: %-s", path,
	    rc == CA_ERR_UNTRUSTED ? "it must be a file or directory of the "
				     "user's own, and not writable by others"
				   : ca_err_text(rc));
}

static enum ca_err
visit_dir(struct walk *w, int fd, const char *dir)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct names names = {NULL, 0, CA_REGISTERED_FILES};

	if ((rc = list(fd, ".pem", &names)) != CA_OK) {
		ca_file_log(w->log, dir, rc);
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < names.n; i++) {
		struct ca_buf path = CA_BUF_INIT((size_t)2 * PATH_MAX);

		if (w->owner != NULL && w->left == 0) {
			ca_log_warning(w->log,
			    "%s/%s is not used, nor are those behind it: of "
			    "one home %zu bytes are read",
			    dir, names.v[i], CA_REGISTERED_HOME_BYTES);
			break;
		}
		ca_buf_fmt(&path, "%s/%s", dir, names.v[i]);
		const char *text = ca_buf_text(&path);
		rc = text == NULL ? CA_ERR_MEMORY
				  : visit_file(w, fd, names.v[i], text);
		if (rc != CA_OK && w->owner != NULL && rc != CA_ERR_CANCELLED) {
			warn(w, text != NULL ? text : dir, rc);
			rc = CA_OK;
		} else if (rc != CA_OK && rc != CA_ERR_CANCELLED) {
			ca_file_log(w->log, text != NULL ? text : dir, rc);
		}
		ca_buf_free(&path);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	names_free(&names);
	return ret;
}

/* ---- users_dir ---- */

static enum ca_err
walk_login(struct walk *w, int parent, const char *login)
{
	struct ca_buf path = CA_BUF_INIT((size_t)2 * PATH_MAX);
	int fd = -1;
	enum ca_err rc;

	ca_buf_fmt(&path, "%s/%s", w->cfg->users_dir, login);
	const char *text = ca_buf_text(&path);
	w->login = login;
	w->owner = NULL;
	rc = text == NULL ? CA_ERR_MEMORY
			  : ca_file_opendir(parent, login, &fd, NULL);
	if (rc == CA_OK)
		rc = visit_dir(w, fd, text);
	else if (rc != CA_ERR_NOT_FOUND)
		ca_file_log(w->log, text != NULL ? text : login, rc);
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&path);
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

static void
tell_no_login(const struct walk *w, const char *name)
{
	struct ca_buf path = CA_BUF_INIT((size_t)2 * PATH_MAX);

	ca_buf_fmt(&path, "%s/%s", w->cfg->users_dir, name);
	const char *text = ca_buf_text(&path);
	ca_log_err(w->log, "%s is not named after a login",
	    text != NULL ? text : name);
	ca_buf_free(&path);
}

static enum ca_err
walk_all(struct walk *w, int fd)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct names names = {NULL, 0, CA_REGISTERED_LOGINS};

	if ((rc = list(fd, "", &names)) != CA_OK) {
		ca_file_log(w->log, w->cfg->users_dir, rc);
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < names.n; i++) {
		if (!ca_login_valid(names.v[i], strlen(names.v[i]))) {
			tell_no_login(w, names.v[i]);
			ret = CA_ERR_FORMAT;
			goto out;
		}
		if ((rc = walk_login(w, fd, names.v[i])) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	names_free(&names);
	return ret;
}

static enum ca_err
walk_users_dir(struct walk *w, const char *user)
{
	int fd;
	enum ca_err rc =
	    ca_file_opendir(AT_FDCWD, w->cfg->users_dir, &fd, NULL);

	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK;
	if (rc != CA_OK) {
		ca_file_log(w->log, w->cfg->users_dir, rc);
		return rc;
	}
	rc = user != NULL ? walk_login(w, fd, user) : walk_all(w, fd);
	(void)close(fd);
	return rc;
}

/* ---- a home ---- */

/* Of root or the user, and nobody else can put anything in its place.  In a
 * sticky directory of root's others can make entries, but not replace those of
 * root or the user, and what is in it is judged next. */
static bool
only_theirs(const struct stat *st, const struct ca_account *owner)
{
	if (st->st_uid == 0 && (st->st_mode & S_ISVTX) != 0)
		return true;
	return (st->st_uid == 0 || st->st_uid == owner->uid) &&
	       (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/*
 * Open path/.certauth with what the user may do, though the process is root:
 * from / down, no symbolic link, every directory owned by root or the user and
 * writable by nobody else, so that nobody else put it there.  The process's
 * own user is never changed: its other threads would change too.
 */
static enum ca_err
open_home(const char *path, const struct ca_account *owner, int *out)
{
	enum ca_err ret = CA_ERR_UNSET;
	char *copy = NULL, *save = NULL;
	struct stat st;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (copy = strdup(path)) == NULL) {
		ret = CA_ERR_IO;
		goto out;
	}
	for (char *part = strtok_r(copy, "/", &save); part != NULL;
	     part = strtok_r(NULL, "/", &save)) {
		int next = openat(
		    fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0) {
			ret = errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
			goto out;
		}
		(void)close(fd);
		fd = next;
		if (fstat(fd, &st) != 0 || !only_theirs(&st, owner)) {
			ret = CA_ERR_UNTRUSTED;
			goto out;
		}
	}
	*out = fd;
	fd = -1; /* transferred */
	ret = CA_OK;
out:
	free(copy);
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

static enum ca_err
walk_home(struct walk *w, const char *user, const struct ca_account *account)
{
	struct ca_buf path = CA_BUF_INIT((size_t)2 * PATH_MAX);
	char real[PATH_MAX];
	enum ca_err rc;
	int fd = -1;

	/* links in the path to a home are common; what they lead to is walked
	 * and judged part by part, so a race wins nothing */
	if (account->home[0] != '/' || realpath(account->home, real) == NULL)
		return CA_OK;
	ca_buf_fmt(&path, "%s/.certauth", real);
	const char *text = ca_buf_text(&path);
	rc = text == NULL ? CA_ERR_MEMORY : open_home(text, account, &fd);
	if (rc == CA_OK) {
		w->login = user;
		w->owner = account;
		rc = visit_dir(w, fd, text);
		(void)close(fd);
	} else if (rc != CA_ERR_NOT_FOUND && text != NULL) {
		warn(w, text, rc);
		rc = CA_OK;
	}
	ca_buf_free(&path);
	/* too many files, or unreadable: told already */
	return rc == CA_ERR_CANCELLED || rc == CA_ERR_MEMORY ? rc : CA_OK;
}

enum ca_err
ca_registered_walk(const struct ca_config *cfg, const struct ca_log *log,
    const char *user, ca_registered_visit *visit, void *ctx)
{
	struct walk w = {
	    cfg, log, visit, ctx, user, NULL, CA_REGISTERED_HOME_BYTES};
	struct ca_account account;
	enum ca_err rc;

	if (user != NULL && !ca_login_valid(user, strlen(user)))
		return CA_OK; /* such a login has no directory */
	if ((rc = walk_users_dir(&w, user)) != CA_OK)
		return rc;
	if (user == NULL || !cfg->user_certificates)
		return CA_OK;
	rc = ca_account_find(user, &account);
	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK;
	if (rc != CA_OK) {
		ca_log_err(log, "cannot look up the account: %m");
		return rc;
	}
	rc = walk_home(&w, user, &account);
	ca_account_free(&account);
	return rc;
}
