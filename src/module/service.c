/*
 * What a worker of the verifier may have from this process: files that its
 * configuration names, accounts, and the host's signature by a token.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/home.h"
#include "base/passwd.h"
#include "base/sys.h"
#include "channel/channel.h"
#include "module/verifier.h"

/* How often a worker may ask in one operation, and for how long together.  A directory
 * has at most so many files; a login looks at the homes of PAM_USER in both spellings. */
#define OPEN_MAX_CALLS 20000
#define ACCOUNT_MAX 64
#define HOME_MAX 4
#define SIGN_MAX 1
#define SERVE_MS 60000

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
	for (size_t i = 0; i < v->said.grant.n; i++) {
		if (below(path, v->said.grant.v[i]))
			return true;
	}
	return false;
}

/* Is it host_key, by whatever path or link?  Only an operation whose worker sees no
 * response may have it; there it is granted. */
static bool
is_host_key(const struct ca_verifier *v, int fd)
{
	const char *key = v->said.host_key;
	struct stat st, own;

	return v->op != CA_OP_REQUEST && key != NULL && key[0] == '/' &&
	       stat(key, &own) == 0 && fstat(fd, &st) == 0 &&
	       st.st_dev == own.st_dev && st.st_ino == own.st_ino;
}

/* The name of a certificate in the home that is open, "." for the home, or NULL. */
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
	if (path[len] != '/')
		return NULL;
	path += len + 1;
	len = strlen(path);
	if (strchr(path, '/') != NULL || path[0] == '.' || len < 5 ||
	    strcmp(path + len - 4, ".pem") != 0)
		return NULL;
	return path;
}

/* A link of the user must not show a file of root's. */
static int
open_in_home(const struct ca_verifier *v, const char *name)
{
	bool directory = strcmp(name, ".") == 0;
	struct stat st;
	int fd = openat(v->home.fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		(directory ? O_DIRECTORY : 0));

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && ca_home_theirs(&st, v->home.uid) &&
	    (directory || (S_ISREG(st.st_mode) && st.st_uid == v->home.uid)))
		return fd;
	(void)close(fd);
	errno = EPERM;
	return -1;
}

static enum ca_err
serve_open(struct ca_verifier *v, const struct ca_op_call *call,
    struct ca_op_reply *reply, char target[PATH_MAX], int *fd)
{
	const char *name = in_home(v, call->path);
	bool directory = call->directory != 0;
	struct stat st;
	enum ca_err rc;

	if (name != NULL) {
		*fd = open_in_home(v, name);
		reply->sys = *fd >= 0 ? 0 : (uint64_t)errno;
		reply->err = *fd >= 0         ? CA_OK
			     : errno == EPERM ? CA_ERR_UNTRUSTED
					      : CA_ERR_IO;
		return CA_OK;
	}
	if (!may_open(v, call->path)) {
		ca_log_err(v->log,
		    "certauth-verifier asked for %s, which its configuration "
		    "does not name; the login is denied",
		    call->path != NULL ? call->path : "");
		return CA_ERR_UNTRUSTED;
	}
	/* a worker that may not search the directory asks for this, too */
	if (ca_sys_link(AT_FDCWD, call->path, target))
		reply->path = target;
	rc = directory ? ca_file_opendir(AT_FDCWD, call->path, fd, &st)
		       : ca_file_open(AT_FDCWD, call->path, fd, &st);
	if (rc == CA_OK && is_host_key(v, *fd)) {
		(void)close(*fd);
		*fd = -1;
		errno = EACCES;
		rc = CA_ERR_IO;
	}
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
	struct ca_op_reply reply = {0};
	struct ca_passwd account = {0};
	enum ca_err rc;

	if (call->name == NULL)
		return CA_ERR_FORMAT;
	rc = ca_passwd_find(call->name, 0, &account);
	reply.err = (uint64_t)rc;
	if (rc == CA_OK) {
		reply.uid = account.pw.pw_uid;
		reply.name = account.pw.pw_name;
		reply.home = account.pw.pw_dir;
	} else
		reply.sys = (uint64_t)errno;
	rc = send_reply(v, &reply, -1);
	free(account.text);
	return rc;
}

void
ca_verifier_home_close(struct ca_verifier_home *home)
{
	if (home->fd >= 0)
		(void)close(home->fd);
	free(home->path);
	*home = (struct ca_verifier_home){-1, 0, NULL};
}

/* Is name PAM_USER, or the name that its account has itself? */
static bool
is_user(const struct ca_verifier *v, const char *name)
{
	struct ca_passwd account = {0};

	if (v->user == NULL || v->user[0] == '\0' || name == NULL)
		return false;
	if (strcmp(name, v->user) == 0)
		return true;
	bool is = ca_passwd_find(v->user, 0, &account) == CA_OK &&
		  strcmp(account.pw.pw_name, name) == 0;
	if (is) {
		/* that name may be of another account too */
		uid_t uid = account.pw.pw_uid;

		is = ca_passwd_find(name, 0, &account) == CA_OK &&
		     account.pw.pw_uid == uid;
	}
	free(account.text);
	return is;
}

static enum ca_err
serve_home(struct ca_verifier *v, const struct ca_op_call *call)
{
	struct ca_op_reply reply = {.err = CA_ERR_NOT_FOUND};
	struct ca_passwd account = {0};
	char path[PATH_MAX] = "";
	enum ca_err rc;
	int fd = -1;

	if ((v->op != CA_OP_REQUEST && v->op != CA_OP_JUDGE &&
		v->op != CA_OP_SESSION) ||
	    v->said.user_certificates == 0 || !is_user(v, call->name)) {
		ca_log_err(v->log,
		    "certauth-verifier asked for the home of %s, which this "
		    "login does not need; the login is denied",
		    call->name != NULL ? call->name : "");
		return CA_ERR_UNTRUSTED;
	}
	ca_verifier_home_close(&v->home);
	if (ca_passwd_find(call->name, 0, &account) == CA_OK) {
		rc = ca_home_open(
		    account.pw.pw_dir, account.pw.pw_uid, path, &fd);
		reply.err = (uint64_t)rc;
		reply.sys = rc == CA_OK ? 0 : (uint64_t)errno;
		reply.path = path;
	}
	if (fd >= 0)
		v->home = (struct ca_verifier_home){
		    fd, account.pw.pw_uid, strdup(path)};
	rc = fd >= 0 && v->home.path == NULL ? CA_ERR_MEMORY
					     : send_reply(v, &reply, fd);
	free(account.text);
	return rc;
}

/* ---- the host's signature ---- */

static enum ca_err
serve_sign(struct ca_verifier *v, const struct ca_op_call *call)
{
	/* what the worker said before it saw anything of a client */
	const struct ca_op_ready *said = &v->said;
	const struct ca_channel_settings set = {.helper = said->helper,
	    .helper_timeout = (unsigned)said->helper_timeout,
	    .helper_write = said->helper_write.v,
	    .nhelper_write = said->helper_write.n,
	    .helper_network = said->helper_network != 0,
	    .helper_free = said->helper_free != 0,
	    .helper_env = said->helper_env.v,
	    .nhelper_env = said->helper_env.n};
	struct ca_op_reply reply = {.err = CA_ERR_UNSET};
	struct ca_buf verify = CA_BUF_INIT(16384);
	enum ca_err rc;

	if (said->helper == NULL || said->helper_timeout > UINT16_MAX ||
	    said->host_key == NULL || said->host_key[0] == '/')
		return CA_ERR_FORMAT;
	rc = ca_channel_host_sign(&set, v->log, said->host_key, &call->leaf,
	    &call->transcript, &verify);
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
	char target[PATH_MAX];
	int fd = -1;

	if (msg->type == CA_OP_OPEN) {
		rc = serve_open(v, call, &reply, target, &fd);
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
	static const unsigned most[CA_OP_TYPES] = {
	    [CA_OP_OPEN] = OPEN_MAX_CALLS,
	    [CA_OP_ACCOUNT] = ACCOUNT_MAX,
	    [CA_OP_HOME] = HOME_MAX,
	    [CA_OP_SIGN] = SIGN_MAX,
	};
	long long began = ca_stream_clock(), took;
	enum ca_err rc;

	if (++v->calls[msg->type] > most[msg->type])
		return CA_ERR_LIMIT;
	rc = serve(v, msg);
	/* a name service or a token that is slow is not the worker's time, but a
	 * worker that calls again and again must not hold the login */
	took = ca_stream_clock() - began;
	v->spent += took;
	v->link.deadline += took;
	if (rc == CA_OK &&
	    v->spent > (long long)SERVE_MS * ca_verifier_patience)
		return CA_ERR_TIMEOUT;
	return rc;
}
