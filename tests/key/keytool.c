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
ask(void *ctx, const char *prompt, bool echo, struct ca_secret **out)
{
	(void)ctx;
	printf("%s: %s\n", echo ? "askecho" : "ask", prompt);
	const char *a = answer();
	if (a == NULL)
		return CA_ERR_CANCELLED;
	*out = ca_secret_new(a, strlen(a));
	return *out != NULL ? CA_OK : CA_ERR_MEMORY;
}

static void
info(void *ctx, const char *text)
{
	(void)ctx;
	printf("info: %s\n", text);
}

static void
note(void *ctx, const char *text)
{
	(void)ctx;
	printf("note: %s\n", text);
}

static void
error(void *ctx, const char *text, const char *english)
{
	(void)ctx, (void)english;
	printf("error: %s\n", text);
}

static const struct ca_key_ui ui = {ask, info, note, error, NULL};

static enum ca_err
sign_once(struct ca_crypto *crypto, struct ca_key *key, X509 *cert,
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
	return rc;
}

/* 0, or 1 after a failure. */
static int
sign(struct ca_crypto *crypto, struct ca_key *key, X509 *cert,
    const struct ca_scheme *scheme)
{
	enum ca_err rc;

	do
		rc = sign_once(crypto, key, cert, scheme);
	while (ca_key_end(key, rc));
	return rc == CA_OK ? 0 : 1;
}

/* The first scheme that the key signs by, as for a request; 0, or 1. */
static int
sign_any(struct ca_crypto *crypto, struct ca_key *key, X509 *cert)
{
	const struct ca_scheme *s;
	enum ca_err rc;

	do {
		rc = CA_ERR_UNSUPPORTED;
		for (size_t i = 0;
		     rc == CA_ERR_UNSUPPORTED && (s = ca_scheme_at(i)) != NULL;
		     i++)
			if (ca_key_can(key, s))
				rc = sign_once(crypto, key, cert, s);
	} while (ca_key_end(key, rc));
	return rc != CA_OK;
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
		if (strcmp(*scheme, "any") == 0) {
			failed |= sign_any(crypto, key, cert);
			continue;
		}
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
	struct ca_key_search search = {.uri = uri,
	    .pin = getenv("REQUIRE_PIN") != NULL ? CA_KEY_PIN_REQUIRED
						 : CA_KEY_PIN_WANTED,
	    .ui = &ui,
	    .log = &to_stdout,
	    .final = true};
	enum ca_err rc = ca_key_p11(crypto, &search, &ids);
	int failed = 0;

	if (search.why[0] != '\0')
		printf("why: %s\n", search.why);

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
