/*
 * keytool: the key sources of src/key/ from the command line, for tests.
 *
 *	keytool p11 URI|- [SCHEME ...]
 *	keytool p12 FILE [SCHEME ...]
 *	keytool agent SOCKET CERT [SCHEME ...]
 *
 * Prints each identity and the schemes that it can, and signs by each SCHEME
 * named ("all": by every one), verifying the signature.  Answers to questions
 * are the lines of standard input; a line "!COMMAND" runs COMMAND when its
 * turn comes, and the next line is the answer.  Exit status 0: all was done.
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key/key.h"

static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx;
	printf("log %d: %s\n", (int)level, line);
}

static const struct ca_log to_stdout = {emit, NULL, true};

/* The next answer, without its line end, or NULL. */
static char *
answer(void)
{
	static char line[4096];

	for (;;) {
		if (fgets(line, sizeof line, stdin) == NULL)
			return NULL;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '!')
			return line;
		fflush(stdout);
		if (system(line + 1) != 0)
			printf("failed: %s\n", line + 1);
	}
}

static enum ca_err
ask(void *ctx, const char *prompt, struct ca_secret **out)
{
	(void)ctx;
	printf("ask: %s\n", prompt);
	const char *a = answer();
	if (a == NULL)
		return CA_ERR_CANCELLED;
	*out = ca_secret_new(a, strlen(a));
	return *out != NULL ? CA_OK : CA_ERR_MEMORY;
}

static enum ca_err
confirm(void *ctx, const char *question)
{
	(void)ctx;
	printf("confirm: %s\n", question);
	const char *a = answer();
	return a != NULL && strcmp(a, "y") == 0 ? CA_OK : CA_ERR_CANCELLED;
}

static enum ca_err
choose(void *ctx, const char *title, const char *const *line, size_t n,
    size_t *index)
{
	(void)ctx;
	printf("choose: %s\n", title);
	for (size_t i = 0; i < n; i++)
		printf("choice %zu: %s\n", i + 1, line[i]);
	const char *a = answer();
	if (a == NULL || atoi(a) < 1 || (size_t)atoi(a) > n)
		return CA_ERR_CANCELLED;
	*index = (size_t)atoi(a) - 1;
	return CA_OK;
}

static void
info(void *ctx, const char *text)
{
	(void)ctx;
	printf("info: %s\n", text);
}

static const struct ca_key_ui ui = {ask, confirm, choose, info, NULL};

/* 0, or 1 after a failure. */
static int
sign(struct ca_crypto *crypto, struct ca_key *key, X509 *cert,
    const struct ca_scheme *scheme)
{
	char tbs[113];
	struct ca_buf sig = CA_BUF_INIT(65536);

	memset(tbs, 0x20, sizeof tbs);
	enum ca_err rc = ca_key_sign(key, scheme, tbs, sizeof tbs, &ui, &sig);
	if (rc == CA_OK)
		rc = ca_crypto_verify(crypto, scheme, X509_get0_pubkey(cert),
		    &(struct ca_signed){tbs, sizeof tbs, sig.p, sig.len});
	if (rc == CA_OK)
		printf("signed by %s\n", scheme->name);
	else
		printf("not signed by %s: %s\n", scheme->name, ca_err_text(rc));
	ca_buf_free(&sig);
	return rc == CA_OK ? 0 : 1;
}

static int
use(struct ca_crypto *crypto, struct ca_key *key, X509 *cert, const char *label,
    int nchain, char **scheme)
{
	const struct ca_scheme *s;
	int failed = 0;

	printf("identity: %s, %d more certificates, can", label, nchain);
	for (size_t i = 0; (s = ca_scheme_at(i)) != NULL; i++)
		if (ca_key_can(key, s))
			printf(" %s", s->name);
	printf("\n");
	for (; *scheme != NULL; scheme++) {
		if (strcmp(*scheme, "all") != 0) {
			s = ca_scheme_by_name(*scheme);
			failed |= s == NULL || sign(crypto, key, cert, s);
			continue;
		}
		for (size_t i = 0; (s = ca_scheme_at(i)) != NULL; i++)
			if (ca_key_can(key, s))
				failed |= sign(crypto, key, cert, s);
	}
	return failed;
}

static int
use_identity(struct ca_crypto *crypto, struct ca_identity *id, char **scheme)
{
	return use(crypto, id->key, id->leaf, id->label,
	    id->chain != NULL ? sk_X509_num(id->chain) : 0, scheme);
}

static int
done(enum ca_err rc, int failed)
{
	if (rc != CA_OK)
		printf("failed: %s\n", ca_err_text(rc));
	return rc != CA_OK || failed;
}

static int
p11(struct ca_crypto *crypto, char **argv)
{
	struct ca_identities ids = {NULL, 0};
	const char *uri = strcmp(argv[2], "-") == 0 ? NULL : argv[2];
	enum ca_err rc = ca_key_p11(crypto, uri,
	    getenv("REQUIRE_PIN") != NULL ? CA_KEY_PIN_REQUIRED
					  : CA_KEY_PIN_WANTED,
	    &to_stdout, &ids);
	int failed = 0;

	for (size_t i = 0; rc == CA_OK && i < ids.n; i++)
		failed |= use_identity(crypto, ids.v[i], argv + 3);
	ca_identities_free(&ids);
	return done(rc, failed);
}

static int
p12(struct ca_crypto *crypto, char **argv)
{
	struct ca_identity *id = NULL;
	enum ca_err rc = ca_key_p12(crypto, argv[2], &ui, &to_stdout, &id);
	int failed = 0;

	if (rc == CA_OK)
		failed = use_identity(crypto, id, argv + 3);
	ca_identity_free(id);
	return done(rc, failed);
}

static int
agent(struct ca_crypto *crypto, char **argv)
{
	struct ca_key *key = NULL;
	FILE *f = fopen(argv[3], "r");
	X509 *cert = X509_new_ex(ca_crypto_get0_libctx(crypto), NULL);
	int failed = 0;

	if (f == NULL || PEM_read_X509(f, &cert, NULL, NULL) == NULL) {
		fprintf(stderr, "no certificate in %s\n", argv[3]);
		exit(2);
	}
	fclose(f);
	enum ca_err rc = ca_key_agent(crypto, argv[2], cert, &to_stdout, &key);
	if (rc == CA_OK)
		failed = use(crypto, key, cert, "agent", 0, argv + 4);
	ca_key_free(key);
	X509_free(cert);
	return done(rc, failed);
}

int
main(int argc, char **argv)
{
	struct ca_crypto *crypto = NULL;
	int status = 2;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (ca_crypto_new(&crypto) != CA_OK)
		return 2;
	if (argc >= 3 && strcmp(argv[1], "p11") == 0)
		status = p11(crypto, argv);
	else if (argc >= 3 && strcmp(argv[1], "p12") == 0)
		status = p12(crypto, argv);
	else if (argc >= 4 && strcmp(argv[1], "agent") == 0)
		status = agent(crypto, argv);
	else
		fprintf(stderr, "usage: keytool p11|p12|agent ...\n");
	ca_crypto_free(crypto);
	return status;
}
