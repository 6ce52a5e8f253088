/*
 * What a worker of the verifier may have from this process: files that its
 * configuration names, accounts, and the host's signature by a token.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/home.h"
#include "channel/channel.h"
#include "module/passwd.h"
#include "module/verifier.h"

#define CALLS_MAX 20000 /* of one operation: a directory with that many files */

/* ---- files ---- */

/* Is path the granted one, or below it by at most two names? */
static bool
below(const char *path, const char *granted)
{
	size_t len = strlen(granted);
	unsigned names = 0;

	while (len > 1 && granted[len - 1] == '/')
		len--;
	if (strncmp(path, granted, len) != 0)
		return false;
	for (path += len; *path != '\0'; names++) {
		if (*path++ != '/' || names == 2)
			return false;
		size_t n = strcspn(path, "/");
		if (n == 0 || (n == 1 && path[0] == '.') ||
		    (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += n;
	}
	return true;
}

/* Before READY the worker has seen nothing of a client, and names what the
 * administrator's configuration names. */
static bool
may_open(const struct ca_verifier *v, const char *path)
{
	if (path == NULL || path[0] != '/')
		return false;
	if (!v->ready)
		return true;
	for (size_t at = 0; at < v->grant.len;
	     at += strlen((const char *)v->grant.p + at) + 1) {
		if (below(path, (const char *)v->grant.p + at))
			return true;
	}
	return false;
}

/* The name of a file in the home that is open, or NULL. */
static const char *
in_home(const struct ca_verifier *v, const char *path)
{
	size_t len;

	if (v->home.fd < 0 || path == NULL)
		return NULL;
	len = strlen(v->home.path);
	if (strncmp(path, v->home.path, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return ".";
	if (path[len] != '/' || strchr(path + len + 1, '/') != NULL ||
	    path[len + 1] == '.' || path[len + 1] == '\0')
		return NULL;
	return path + len + 1;
}

/* A link of the user must not show a file of root's. */
static int
open_in_home(const struct ca_verifier *v, const char *name, bool directory)
{
	struct stat st;
	int fd = openat(v->home.fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		(directory ? O_DIRECTORY : 0));

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && ca_home_theirs(&st, v->home.uid) &&
	    (directory || S_ISREG(st.st_mode)))
		return fd;
	(void)close(fd);
	errno = EPERM;
	return -1;
}

static enum ca_err
serve_open(struct ca_verifier *v, const struct ca_op_call *call,
    struct ca_op_reply *reply, int *fd)
{
	const char *name = in_home(v, call->path);
	bool directory = call->directory != 0;
	struct stat st;
	enum ca_err rc;

	if (name != NULL) {
		*fd = open_in_home(v, name, directory);
		reply->err = *fd >= 0 ? CA_OK : CA_ERR_IO;
		reply->sys = *fd >= 0 ? 0 : (uint64_t)errno;
		return CA_OK;
	}
	if (!may_open(v, call->path)) {
		ca_log_err(v->log,
		    "certauth-verifier asked for %s, which its configuration "
		    "does not name; the login is denied",
		    call->path != NULL ? call->path : "");
		return CA_ERR_UNTRUSTED;
	}
	rc = directory ? ca_file_opendir(AT_FDCWD, call->path, fd, &st)
		       : ca_file_open(AT_FDCWD, call->path, fd, &st);
	reply->err = (uint64_t)rc;
	reply->sys = rc == CA_OK ? 0 : (uint64_t)errno;
	return CA_OK;
}

/* ---- accounts ---- */

static enum ca_err
send_reply(struct ca_verifier *v, const struct ca_op_reply *reply, int fd)
{
	struct ca_op_msg msg = {.type = CA_OP_REPLY};

	msg.u.reply = *reply;
	return ca_op_send(&v->link, &msg, fd);
}

static enum ca_err
serve_account(struct ca_verifier *v, const struct ca_op_call *call)
{
	struct ca_op_reply reply = {.err = CA_ERR_NOT_FOUND};
	struct passwd pw, *entry = NULL;
	char *text = NULL;
	enum ca_err rc;
	int e;

	if (call->name == NULL)
		return CA_ERR_FORMAT;
	e = ca_account_entry(call->name, &pw, &text, &entry);
	if (entry != NULL) {
		reply.err = CA_OK;
		reply.uid = entry->pw_uid;
		reply.name = entry->pw_name;
		reply.home = entry->pw_dir;
	} else if (e != 0) {
		reply.err = CA_ERR_IO;
		reply.sys = (uint64_t)e;
	}
	rc = send_reply(v, &reply, -1);
	free(text);
	return rc;
}

static void
close_home(struct ca_verifier_home *home)
{
	if (home->fd >= 0)
		(void)close(home->fd);
	free(home->path);
	*home = (struct ca_verifier_home){-1, 0, NULL};
}

static enum ca_err
serve_home(struct ca_verifier *v, const struct ca_op_call *call)
{
	struct ca_op_reply reply = {.err = CA_ERR_NOT_FOUND};
	struct passwd pw, *entry = NULL;
	char *text = NULL, path[PATH_MAX] = "";
	enum ca_err rc;
	int fd = -1;

	if (call->name == NULL)
		return CA_ERR_FORMAT;
	close_home(&v->home);
	(void)ca_account_entry(call->name, &pw, &text, &entry);
	if (entry != NULL) {
		rc = ca_home_open(entry->pw_dir, entry->pw_uid, path, &fd);
		reply.err = (uint64_t)rc;
		reply.sys = rc == CA_OK ? 0 : (uint64_t)errno;
		reply.path = path;
	}
	if (fd >= 0)
		v->home =
		    (struct ca_verifier_home){fd, entry->pw_uid, strdup(path)};
	rc = fd >= 0 && v->home.path == NULL ? CA_ERR_MEMORY
					     : send_reply(v, &reply, fd);
	free(text);
	return rc;
}

/* ---- the host's signature ---- */

static enum ca_err
serve_sign(struct ca_verifier *v, const struct ca_op_call *call)
{
	const struct ca_channel_settings set = {.helper = call->helper,
	    .helper_timeout = (unsigned)call->timeout,
	    .helper_write = call->helper_write.v,
	    .nhelper_write = call->helper_write.n,
	    .helper_network = call->helper_network != 0,
	    .helper_free = call->helper_free != 0};
	struct ca_op_reply reply = {.err = CA_ERR_UNSET};
	struct ca_buf verify = CA_BUF_INIT(16384);
	enum ca_err rc;

	if (call->helper == NULL || call->uri == NULL ||
	    call->timeout > UINT16_MAX)
		return CA_ERR_FORMAT;
	/* which program it is was said before anything of a client was seen */
	if (!may_open(v, call->helper))
		return CA_ERR_UNTRUSTED;
	rc = ca_channel_host_sign(
	    &set, v->log, call->uri, &call->leaf, &call->transcript, &verify);
	reply.err = (uint64_t)rc;
	if (rc == CA_OK)
		reply.verify = (struct ca_bytes){verify.p, verify.len};
	rc = send_reply(v, &reply, -1);
	ca_buf_free(&verify);
	return rc;
}

/* ---- all ---- */

static enum ca_err
serve(struct ca_verifier *v, const struct ca_op_msg *msg)
{
	const struct ca_op_call *call = &msg->u.call;
	struct ca_op_reply reply = {0};
	enum ca_err rc;
	int fd = -1;

	if (msg->type == CA_OP_OPEN) {
		rc = serve_open(v, call, &reply, &fd);
		if (rc == CA_OK)
			rc = send_reply(v, &reply, fd);
		if (fd >= 0)
			(void)close(fd);
		return rc;
	}
	if (!v->ready)
		return CA_ERR_FORMAT;
	if (msg->type == CA_OP_ACCOUNT)
		return serve_account(v, call);
	if (msg->type == CA_OP_HOME)
		return serve_home(v, call);
	/* only a worker that reads no answer of a client signs as the host */
	if (msg->type == CA_OP_SIGN && v->op == CA_OP_REQUEST)
		return serve_sign(v, call);
	return CA_ERR_FORMAT;
}

enum ca_err
ca_verifier_serve(struct ca_verifier *v, const struct ca_op_msg *msg)
{
	long long began = ca_op_clock();
	enum ca_err rc;

	if (++v->calls > CALLS_MAX)
		return CA_ERR_LIMIT;
	rc = serve(v, msg);
	/* a name service or a token that is slow is not the worker's time */
	if (v->link.deadline != 0)
		v->link.deadline += ca_op_clock() - began;
	return rc;
}
