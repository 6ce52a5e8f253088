#include "map/sss.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stream.h"

#define SONAME "libsss_nss_idmap.so.0"
#define PROBE_MS 1000
/* SSSD says "not found" also after a time-out: what took that long is one */
#define SLOW_MS (CA_SSS_LIST_MS - 50)
#define BROKER_MS (CA_SSS_MS + 500) /* it may have to load the library */
#define NAME_UID 1 /* SSS_ID_TYPE_UID, SSS_ID_TYPE_BOTH: a user */
#define NAME_BOTH 3
#define TEXT_MAX (4 * ((CA_SSS_CERT_MAX + 2) / 3) + 1) /* base64 */

/* The functions of version 0.4 of the interface that are used here.  The header declares
 * them for another program only. */
static struct sss {
	void *lib; /* stays loaded */
	int (*list)(
	    const char *cert, unsigned timeout, char ***names, int **types);
	int (*account)(const char *name, struct passwd *pw, char *buffer,
	    size_t size, struct passwd **found, uint32_t flags,
	    unsigned timeout);
} sss;

/* -1: there is none, although this process may not ask itself */
static bool by_broker;
static int broker = -1;

/* In POSIX, dlsym returns functions as data pointers. */
static bool
symbol(void *lib, const char *name, void *out)
{
	void *p = dlsym(lib, name);

	*(void **)out = p;
	return p != NULL;
}

bool
ca_sss_load(void)
{
	if (sss.lib == NULL)
		sss.lib = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
	return sss.lib != NULL &&
	       symbol(sss.lib, "sss_nss_getlistbycert_timeout", &sss.list) &&
	       symbol(sss.lib, "sss_nss_getpwnam_timeout", &sss.account);
}

/* What is left until the deadline, at most max milliseconds and at least 1: 0 is no
 * limit there. */
static unsigned
left(long long deadline, unsigned max)
{
	long long ms = deadline - ca_stream_clock();

	if (ms < 1)
		return 1;
	return ms < max ? (unsigned)ms : max;
}

/* 0 and the uid, ENOENT, or why SSSD did not answer. */
static int
find(const char *name, long long deadline, uint32_t *uid)
{
	struct passwd pw, *found = NULL;
	char buffer[16384];
	int rc = sss.account(name, &pw, buffer, sizeof buffer, &found, 0,
	    left(deadline, PROBE_MS));

	if (rc == 0 && found == NULL)
		return ENOENT;
	/* an entry that is too long is one */
	if (rc == 0)
		*uid = (uint32_t)found->pw_uid;
	return rc == ERANGE ? ENOENT : rc;
}

const char *
ca_sss_error(uint32_t error)
{
	if (error == ETIME || error == ETIMEDOUT || error == EFAULT)
		return "no answer came in time";
	if (error == 0)
		return "its answer cannot be read";
	return strerror((int)error);
}

/* SSSD answers about every name if it answers at all; root it answers itself. */
static void
probe(const char *login, long long deadline, struct ca_sss_answer *a)
{
	uint32_t uid;
	int rc = find(login[0] != '\0' ? login : "root", deadline, &uid);

	/* without a socket that is what SSSD's library says, too */
	if (rc == ENOENT && access(CA_SSS_PIPE, F_OK) != 0)
		rc = ECONNREFUSED;
	a->state = rc == 0 || rc == ENOENT ? CA_SSS_ANSWERED : CA_SSS_SILENT;
	a->error = rc == ENOENT ? 0 : (uint32_t)rc;
}

static void
take(char *const *names, const int *types, long long deadline,
    struct ca_sss_answer *a)
{
	a->state = CA_SSS_ANSWERED;
	for (size_t i = 0; names[i] != NULL; i++) {
		struct ca_sss_account *to = &a->account[a->n];
		size_t len = strlen(names[i]);
		int rc;

		if (types[i] != NAME_UID && types[i] != NAME_BOTH)
			continue;
		if (a->n == CA_SSS_ACCOUNTS || len > CA_SSS_NAME_MAX) {
			a->more = 1;
			return;
		}
		if ((rc = find(names[i], deadline, &to->uid)) == ENOENT)
			continue; /* removed meanwhile */
		if (rc != 0) {
			a->state = CA_SSS_SILENT;
			a->error = (uint32_t)rc;
			return;
		}
		memcpy(to->name, names[i], len + 1);
		a->n++;
	}
}

void
ca_sss_ask(const struct ca_sss_question *q, struct ca_sss_answer *a)
{
	const long long start = ca_stream_clock(), end = start + CA_SSS_MS;
	unsigned char text[TEXT_MAX];
	char **names = NULL;
	int *types = NULL;

	*a = (struct ca_sss_answer){.state = CA_SSS_ABSENT};
	if (sss.list == NULL || sss.account == NULL)
		return;
	(void)EVP_EncodeBlock(text, q->der, (int)q->len);
	int rc = sss.list((const char *)text, CA_SSS_LIST_MS, &names, &types);
	a->state = CA_SSS_SILENT;
	a->error = (uint32_t)rc;
	if (rc == 0 && names != NULL && types != NULL)
		take(names, types, end, a);
	else if (rc == ENOENT && ca_stream_clock() - start >= SLOW_MS)
		a->error = ETIME;
	else if (rc == ENOENT)
		probe(q->login, end, a);
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
	free(types);
}

void
ca_sss_probe(struct ca_sss_answer *a)
{
	*a = (struct ca_sss_answer){.state = CA_SSS_ABSENT};
	if (sss.account != NULL)
		probe("", ca_stream_clock() + CA_SSS_MS, a);
}

/* ---- by the broker ---- */

void
ca_sss_use(int fd)
{
	by_broker = true;
	broker = fd;
}

/* Whatever the broker sent, the answer can be used. */
static bool
is_whole(const struct ca_sss_answer *a)
{
	if (a->state >= CA_SSS_STATES || a->n > CA_SSS_ACCOUNTS || a->more > 1)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (memchr(a->account[i].name, '\0',
			sizeof a->account[i].name) == NULL)
			return false;
	return true;
}

static enum ca_err
ask_broker(const struct ca_sss_question *q, struct ca_sss_answer *a)
{
	const long long deadline = ca_stream_clock() + BROKER_MS;

	if (broker < 0)
		return CA_ERR_IO;
	enum ca_err rc = ca_stream_send(broker, q, sizeof *q, -1, deadline);

	if (rc == CA_OK)
		rc = ca_stream_recv(broker, a, sizeof *a, NULL, deadline);
	return rc == CA_OK && is_whole(a) ? CA_OK : CA_ERR_IO;
}

enum ca_err
ca_sss_look(const uint8_t *der, size_t len, const char *login,
    struct ca_sss_answer *answer)
{
	struct ca_sss_question *q;
	enum ca_err rc = CA_OK;

	*answer = (struct ca_sss_answer){.state = CA_SSS_SILENT};
	if (len > CA_SSS_CERT_MAX)
		return CA_ERR_LIMIT;
	if ((q = calloc(1, sizeof *q)) == NULL)
		return CA_ERR_MEMORY;
	memcpy(q->der, der, len);
	q->len = (uint32_t)len;
	/* a longer one is no account of SSSD */
	if (login != NULL && strlen(login) <= CA_SSS_NAME_MAX)
		memcpy(q->login, login, strlen(login));
	if (by_broker) {
		rc = ask_broker(q, answer);
	} else {
		(void)ca_sss_load();
		ca_sss_ask(q, answer);
	}
	free(q);
	return rc;
}
