/*
 * certauth-ldap: the program that talks to directories for `certauth users update`.
 * ldapmsg.h says what it reads and writes.
 */
#include "confine/confine.h"
#include "ldap/ldappull.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEMORY ((rlim_t)512 << 20) /* bytes of address space */

static const char *
no_writing(void)
{
	static const char *const everything[] = {"/"};
	static const struct ca_confine_files files = {
	    .paths = everything, .n = 1, .network = true, .local = true};
	const char *step = "";
	enum ca_err rc = ca_confine_files(&files, &step);

	/* without Landlock, the limits and the user nobody must do */
	return rc == CA_OK || rc == CA_ERR_UNSUPPORTED ? NULL : step;
}

/* Returns NULL, or the step that failed, with errno. */
static const char *
confine(void)
{
	const struct rlimit none = {0, 0};

	/* RLIMIT_FSIZE does not apply to the pipe */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_FSIZE, &none) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return "setting limits";
#ifndef __SANITIZE_ADDRESS__ /* it reserves terabytes */
	const struct rlimit memory = {MEMORY, MEMORY};

	if (setrlimit(RLIMIT_AS, &memory) != 0)
		return "setting limits";
#endif
	/* standard error may be a file: writing to it must fail, not kill */
	(void)signal(SIGXFSZ, SIG_IGN);
	return no_writing();
}

/* ---- the order ---- */

/* The libraries take secrets from files only: they get one in memory, which nothing
 * else can open.  The path is the caller's to free. */
static char *
in_memory(const struct ca_reader *content)
{
	int fd = memfd_create("certauth-ldap", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 ||
	    write(fd, content->p, content->left) != (ssize_t)content->left)
		return NULL;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return strdup(path);
}

static char *
as_text(const struct ca_reader *content)
{
	return memchr(content->p, '\0', content->left) == NULL
		   ? strndup((const char *)content->p, content->left)
		   : NULL;
}

/* What an order has, to be freed by the end of the process alone. */
static enum ca_err
set_keytab(struct ca_ldap_order *order, const struct ca_reader *content)
{
	char *path = in_memory(content), name[80];
	enum ca_err rc = CA_ERR_IO;

	if (path != NULL &&
	    snprintf(name, sizeof name, "FILE:%s", path) < (int)sizeof name &&
	    setenv("KRB5_CLIENT_KTNAME", name, 1) == 0 &&
	    setenv("KRB5CCNAME", "MEMORY:", 1) == 0) {
		order->keytab = true;
		rc = CA_OK;
	}
	free(path);
	return rc;
}

static enum ca_err
one_frame(struct ca_ldap_order *order, char type, const struct ca_reader *r)
{
	const struct {
		char type;
		bool file;
		const char **to;
	} places[] = {
	    {CA_LDAP_URI, false, &order->uri},
	    {CA_LDAP_BASE, false, &order->base},
	    {CA_LDAP_FILTER, false, &order->filter},
	    {CA_LDAP_LOGIN, false, &order->login},
	    {CA_LDAP_DN, false, &order->dn},
	    {CA_LDAP_PASSWORD, false, &order->password},
	    {CA_LDAP_CA, true, &order->ca},
	    {CA_LDAP_CLIENT, true, &order->client},
	    {CA_LDAP_KEY_PEM, true, &order->key},
	};

	if (type == CA_LDAP_WEAK) {
		order->weak = true;
		return CA_OK;
	}
	if (type == CA_LDAP_KEYTAB)
		return set_keytab(order, r);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (places[i].type != type || *places[i].to != NULL)
			continue;
		*places[i].to = places[i].file ? in_memory(r) : as_text(r);
		return *places[i].to != NULL ? CA_OK : CA_ERR_FORMAT;
	}
	return CA_ERR_FORMAT;
}

static enum ca_err
read_all(struct ca_buf *b)
{
	uint8_t block[16384];
	ssize_t n;

	while ((n = read(STDIN_FILENO, block, sizeof block)) != 0) {
		if (n < 0 && errno != EINTR)
			return CA_ERR_IO;
		if (n > 0)
			ca_buf_put(b, block, (size_t)n);
	}
	return ca_buf_err(b);
}

/* A bind with a name and no password succeeds, and proves nothing (RFC 4513 section
 * 5.1.2): it is never sent. */
static bool
is_complete(const struct ca_ldap_order *o)
{
	return o->uri != NULL && o->base != NULL && o->filter != NULL &&
	       o->login != NULL && (o->client == NULL) == (o->key == NULL) &&
	       (o->dn == NULL) == (o->password == NULL) &&
	       (o->dn == NULL || (*o->dn != '\0' && *o->password != '\0'));
}

static enum ca_err
read_order(struct ca_ldap_order *order)
{
	struct ca_buf b = CA_BUF_INIT(CA_LDAP_ORDERS_MAX);
	struct ca_reader r, payload;
	enum ca_err rc = read_all(&b);
	char type = '\0';

	r = ca_reader_of(b.p, b.len);
	while (rc == CA_OK && type != CA_LDAP_END) {
		rc = ca_ldap_frame_read(&r, CA_LDAP_ORDER_MAX, &type, &payload);
		if (rc == CA_OK && type != CA_LDAP_END)
			rc = one_frame(order, type, &payload);
	}
	if (rc == CA_OK)
		rc = ca_read_end(&r);
	if (rc == CA_OK && !is_complete(order))
		rc = CA_ERR_FORMAT;
	ca_buf_free(&b);
	return rc;
}

int
main(int argc, char **argv)
{
	/* lives as long as the process */
	static struct ca_ldap_order order = {.uri = NULL};
	struct ca_crypto *crypto = NULL;
	const char *step;
	enum ca_err rc;

	(void)argv;
	if (argc != 1 || isatty(STDIN_FILENO)) {
		(void)fputs("certauth-ldap cannot be run by hand; run: "
			    "certauth users update\n",
		    stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	/* files in memory are written before files cannot grow any more */
	rc = read_order(&order);
	if (rc == CA_OK && (step = confine()) != NULL) {
		(void)fprintf(stderr,
		    "certauth-ldap: cannot give up its rights: %s: %s\n", step,
		    strerror(errno));
		return 1;
	}
	if (rc == CA_OK)
		rc = ca_crypto_new(&crypto);
	if (rc == CA_OK)
		rc = ca_ldap_pull(crypto, &order, STDOUT_FILENO);
	ca_crypto_free(crypto);
	if (rc == CA_OK)
		return 0;
	(void)fprintf(stderr, "certauth-ldap: %s\n", ca_err_text(rc));
	return 1;
}
