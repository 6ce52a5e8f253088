#include "key/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MSG_REQUEST_IDENTITIES 11

/* ---- the socket ---- */

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Another user's agent could sign for them in our name, or learn what we ask:
 * its owner is asked of the kernel, not of the path. */
static enum ca_err
check_owner(int fd, const char *path, const struct ca_log *log)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    len != sizeof peer) {
		ca_log_err(
		    log, "ssh-agent at %s: cannot tell whose it is: %m", path);
		return CA_ERR_IO;
	}
	if (peer.uid != geteuid() && peer.uid != 0) {
		ca_log_err(log,
		    "ssh-agent at %s belongs to another user "
		    "(uid %lu), so it is not used",
		    path, (unsigned long)peer.uid);
		return CA_ERR_UNTRUSTED;
	}
	return CA_OK;
}

enum ca_err
ca_agent_connect(const char *path, const struct ca_log *log, int *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	/* this bounds connect() too, which waits while the backlog is full */
	struct timeval limit = {.tv_sec = CA_AGENT_LIST_MS / 1000};
	int fd = -1;

	if (strlen(path) >= sizeof addr.sun_path) {
		ca_log_err(log,
		    "ssh-agent at %s: the path is too long for a "
		    "socket",
		    path);
		ret = CA_ERR_USAGE;
		goto out;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
			  sizeof limit) != 0) {
		ca_log_err(log, "ssh-agent: no socket: %m");
		ret = CA_ERR_IO;
		goto out;
	}
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0) {
		if (errno == EAGAIN)
			ret = CA_ERR_TIMEOUT;
		else
			ret = errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
		ca_log_err(log, "no ssh-agent answers at %s: %m", path);
		goto out;
	}
	if ((rc = check_owner(fd, path, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	*out = fd;
	fd = -1; /* transferred */
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

static enum ca_err
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = deadline - now_ms();
		int n;

		if (left <= 0)
			return CA_ERR_TIMEOUT;
		n = poll(&p, 1, (int)left);
		if (n > 0)
			return CA_OK;
		if (n < 0 && errno != EINTR)
			return CA_ERR_IO;
	}
}

static bool
again(void)
{
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

static enum ca_err
send_all(int fd, const uint8_t *p, size_t len, int64_t deadline)
{
	while (len > 0) {
		enum ca_err rc = wait_for(fd, POLLOUT, deadline);
		ssize_t n;

		if (rc != CA_OK)
			return rc;
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && again())
			continue;
		if (n <= 0)
			return CA_ERR_IO;
		p += n;
		len -= (size_t)n;
	}
	return CA_OK;
}

static enum ca_err
recv_all(int fd, size_t len, int64_t deadline, struct ca_buf *out)
{
	uint8_t block[4096];

	while (len > 0) {
		enum ca_err rc = wait_for(fd, POLLIN, deadline);
		ssize_t n;

		if (rc != CA_OK)
			return rc;
		n = recv(fd, block, len < sizeof block ? len : sizeof block, 0);
		if (n < 0 && again())
			continue;
		if (n <= 0)
			return CA_ERR_IO;
		ca_buf_put(out, block, (size_t)n);
		len -= (size_t)n;
	}
	return ca_buf_err(out);
}

enum ca_err
ca_agent_exchange(
    int fd, const struct ca_buf *msg, int ms, struct ca_buf *reply)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	int64_t deadline = now_ms() + ms;
	struct ca_buf head = CA_BUF_INIT(8);
	struct ca_reader r;
	uint32_t len;

	if (msg->err != CA_OK || msg->len == 0 ||
	    msg->len > CA_AGENT_REPLY_MAX) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	ca_buf_u16(&head, (uint16_t)(msg->len >> 16));
	ca_buf_u16(&head, (uint16_t)msg->len);
	if ((rc = ca_buf_err(&head)) != CA_OK ||
	    (rc = send_all(fd, head.p, head.len, deadline)) != CA_OK ||
	    (rc = send_all(fd, msg->p, msg->len, deadline)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_reset(&head);
	if ((rc = recv_all(fd, 4, deadline, &head)) != CA_OK) {
		ret = rc;
		goto out;
	}
	r = ca_reader_of(head.p, head.len);
	if (ca_read_u32(&r, &len) != CA_OK || len == 0) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	if (len > CA_AGENT_REPLY_MAX) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if ((rc = recv_all(fd, len, deadline, reply)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&head);
	return ret;
}

/* ---- the key ---- */

struct agent_key {
	struct ca_crypto *crypto; /* borrowed */
	struct ca_log log;
	char *path;
	EVP_PKEY *pub;
	struct ca_buf blob;
};

static void
agent_free(void *impl)
{
	struct agent_key *k = impl;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->pub);
	ca_buf_free(&k->blob);
	free(k->path);
	free(k);
}

static bool
agent_can(const void *impl, const struct ca_scheme *scheme)
{
	const struct agent_key *k = impl;

	return ca_agent_scheme(scheme) && ca_crypto_scheme_fits(scheme, k->pub);
}

static void
tell(const struct ca_key_ui *ui, const struct ca_log *log, const char *text)
{
	if (ui != NULL && ui->info != NULL)
		ui->info(ui->ctx, text);
	else
		ca_log_err(log, "%-s", text);
}

static void
tell_failure(
    const struct ca_key_ui *ui, const struct ca_log *log, enum ca_err err)
{
	if (err == CA_DENIED)
		tell(ui, log,
		    "The ssh-agent refused to sign: it is locked, "
		    "the key is gone, or the use was not confirmed.");
	else if (err == CA_ERR_TIMEOUT)
		tell(ui, log, "The ssh-agent gave no signature in time.");
	else if (err == CA_ERR_FORMAT || err == CA_ERR_LIMIT)
		tell(ui, log,
		    "The ssh-agent answered with something that is "
		    "no signature by the algorithm asked for; an old agent "
		    "knows no RSA with SHA-2.");
	else
		tell(ui, log,
		    "The ssh-agent closed the connection before it "
		    "signed.");
}

static enum ca_err
agent_sign(void *impl, const struct ca_scheme *scheme, const void *tbs,
    size_t len, const struct ca_key_ui *ui, struct ca_buf *sig)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct agent_key *k = impl;
	struct ca_buf msg = CA_BUF_INIT(CA_AGENT_REPLY_MAX);
	struct ca_buf reply = CA_BUF_INIT(CA_AGENT_REPLY_MAX);
	size_t begin = sig->len;
	int fd = -1;

	if ((rc = ca_agent_connect(k->path, &k->log, &fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_agent_sign_request(&k->blob, scheme, tbs, len, &msg);
	if ((rc = ca_agent_exchange(fd, &msg, CA_AGENT_SIGN_MS, &reply)) !=
		CA_OK ||
	    (rc = ca_agent_signature(&reply, scheme,
		 (size_t)EVP_PKEY_get_size(k->pub), sig)) != CA_OK) {
		tell_failure(ui, &k->log, rc);
		ret = rc;
		goto out;
	}
	if (ca_crypto_verify(k->crypto, scheme, k->pub,
		&(struct ca_signed){
		    tbs, len, sig->p + begin, sig->len - begin}) != CA_OK) {
		tell(ui, &k->log,
		    "The ssh-agent gave a signature that the "
		    "certificate's key does not verify.");
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK && sig->err == CA_OK)
		sig->len = begin;
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&msg);
	ca_buf_free(&reply);
	return ret;
}

static const struct ca_key_ops agent_ops = {agent_can, agent_sign, agent_free};

/* ---- finding it ---- */

static enum ca_err
list(const char *path, const struct ca_log *log, struct ca_buf *reply)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf msg = CA_BUF_INIT(1);
	int fd = -1;

	if ((rc = ca_agent_connect(path, log, &fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_u8(&msg, MSG_REQUEST_IDENTITIES);
	rc = ca_agent_exchange(fd, &msg, CA_AGENT_LIST_MS, reply);
	if (rc != CA_OK) {
		ca_log_err(log, "ssh-agent at %s gave no list of its keys: %-s",
		    path, ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&msg);
	return ret;
}

/* Judge what was found; the reason goes to log. */
static enum ca_err
judge(enum ca_err found, const struct ca_agent_match *match, const char *path,
    const struct ca_log *log)
{
	if (found == CA_DENIED) {
		ca_log_err(log,
		    "ssh-agent at %s refuses to list its keys; if "
		    "it is locked, `ssh-add -X` unlocks it",
		    path);
		return CA_DENIED;
	}
	if (found != CA_OK) {
		ca_log_err(log,
		    "ssh-agent at %s sent a malformed list of "
		    "keys",
		    path);
		return found;
	}
	if (match->found && match->security_key) {
		ca_log_err(log,
		    "the certificate's key is a FIDO security key "
		    "(sk-): it signs only messages in a form of its own, so "
		    "it cannot serve here");
		return CA_ERR_UNSUPPORTED;
	}
	if (match->found)
		return CA_OK;
	if (match->listed == 0)
		ca_log_err(log,
		    "ssh-agent at %s shows no keys: it is empty "
		    "(`ssh-add` adds one) or locked (`ssh-add -X` unlocks it)",
		    path);
	else
		ca_log_err(log,
		    "none of the %zu keys in the ssh-agent at %s "
		    "belongs to the certificate",
		    match->listed, path);
	return CA_ERR_NOT_FOUND;
}

static enum ca_err
key_new(struct ca_crypto *crypto, const char *path, EVP_PKEY *pub,
    struct ca_buf *blob, const struct ca_log *log, struct ca_key **out)
{
	struct agent_key *k = calloc(1, sizeof *k);

	if (k == NULL)
		return CA_ERR_MEMORY;
	k->crypto = crypto;
	if (log != NULL)
		k->log = *log;
	k->blob = *blob;
	*blob = CA_BUF_INIT(0); /* transferred */
	if (EVP_PKEY_up_ref(pub) == 1)
		k->pub = pub;
	k->path = strdup(path);
	if (k->pub == NULL || k->path == NULL ||
	    (*out = ca_key_new(&agent_ops, k)) == NULL) {
		agent_free(k);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

enum ca_err
ca_key_agent(struct ca_crypto *crypto, const char *socket_path, X509 *cert,
    const struct ca_log *log, struct ca_key **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	EVP_PKEY *pub = X509_get0_pubkey(cert);
	struct ca_buf reply = CA_BUF_INIT(CA_AGENT_REPLY_MAX);
	struct ca_agent_match match = {.blob = CA_BUF_INIT(0)};

	if (pub == NULL) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((rc = list(socket_path, log, &reply)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_agent_find(&reply, pub, &match);
	if ((rc = judge(rc, &match, socket_path, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = key_new(crypto, socket_path, pub, &match.blob, log, out);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&match.blob);
	ca_buf_free(&reply);
	return ret;
}
