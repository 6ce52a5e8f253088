/*
 * The parent that a module starts for one login.
 */
#include "verifier/parent.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include "map/match.h"
#include "op/op.h"
#include "verifier/worker.h"

#define VERIFIER_USER "_certauth"
#define GREETING_MS 1000

/* The user of the workers of a parent that is root's.  Without such an account the
 * worker is told to become root, which it refuses. */
static void
find_user(struct ca_worker *w)
{
	const struct passwd *pw;

	w->owner = geteuid();
	w->become = w->owner == 0;
	if (!w->become || (pw = getpwnam(VERIFIER_USER)) == NULL)
		return;
	w->uid = pw->pw_uid;
	w->gid = pw->pw_gid;
}

static void
serve(struct ca_worker *w, int socket)
{
	struct ca_op_link link;
	pid_t pid = fork();

	if (pid != 0)
		return; /* without a worker the module reads an end */
	(void)close(socket);
	ca_op_link_init(&link, w->fd);
	link.deadline = ca_stream_clock() + GREETING_MS;
	if (ca_op_greet(&link, CA_OP_UNNAMED) == CA_OK)
		ca_worker_run(w);
	_exit(1);
}

enum ca_err
ca_parent_spawned(int socket)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_worker w = {.parent = getpid(), .claims = -1};

	/* nobody waits for a worker */
	if (signal(SIGCHLD, SIG_IGN) == SIG_ERR) {
		ret = CA_ERR_IO;
		goto out;
	}
	find_user(&w);
	if ((rc = ca_crypto_new(&w.crypto)) != CA_OK) {
		ret = rc;
		goto out;
	}
	while ((rc = ca_op_passed(socket, &w.fd)) == CA_OK) {
		serve(&w, socket);
		(void)close(w.fd);
		/* for the next operation: the first one seldom needs it */
		(void)ca_certmap_load();
	}
	if (rc != CA_ERR_CANCELLED) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_crypto_free(w.crypto);
	return ret;
}
