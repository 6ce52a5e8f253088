#include "cli/pkiint.h"
#include "cli/commands.h"
#include "base/file.h"
#include "base/tr.h"
#include "crypto/sigalg.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: certauth pki init|issue|revoke|crl DIR [NAME] [OPTIONS]\n"
    "\n"
    "Manage a small CA in the folder DIR, for tests and small sites.  The CA's key\n"
    "is stored without a passphrase (mode 0600): do not keep DIR on a host that\n"
    "trusts the CA.\n"
    "\n"
    "  init DIR          create the CA: ca.pem, ca.key and an empty ca.crl\n"
    "  issue DIR NAME    create NAME.pem and NAME.key, for logins\n"
    "  revoke DIR NAME   add NAME.pem to ca.crl\n"
    "  crl DIR           replace ca.crl before it expires\n"
    "\n"
    "  --cn TEXT         common name; default: NAME, or `Home CA' and a number\n"
    "  --email A --upn U issue: add these names to the certificate\n"
    "  --server HOST     issue: for a host's proof instead of for logins\n"
    "  --days N          validity: init 3650, issue 365; crl, and ca.crl: 30\n"
    "  --key TYPE        init, issue: type of the key, by its scheme's name, such as\n"
    "                    mldsa65 (OpenSSL 3.5); default: P-256, or that of the CA\n"
    "\n"
    "Exit status: 0 done, 1 not done, 2 wrong use.\n"
    "\n"
    "Example:\n"
    "  certauth pki init ~/ca\n"
    "  certauth pki issue ~/ca alice --email alice@corp.example\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_pki = {
    "pki", N_("manage a small CA, for tests and small sites"), help, run};

enum { OPT_CN = 256, OPT_EMAIL, OPT_UPN, OPT_SERVER, OPT_DAYS, OPT_KEY };

static const struct option options[] = {
    {"cn", required_argument, NULL, OPT_CN},
    {"email", required_argument, NULL, OPT_EMAIL},
    {"upn", required_argument, NULL, OPT_UPN},
    {"server", required_argument, NULL, OPT_SERVER},
    {"days", required_argument, NULL, OPT_DAYS},
    {"key", required_argument, NULL, OPT_KEY},
    {NULL, 0, NULL, 0},
};

#define CRL_DAYS 30

#define P256 "ecdsa_secp256r1_sha256"

/* ---- the type of the key ---- */

/* False: libcrypto has no such keys; the error was printed. */
static bool
has_key_type(const struct ca_pki *p)
{
	const struct ca_scheme *s = p->want.scheme;
	struct ca_buf text = CA_BUF_INIT(256);

	if (ca_crypto_has_scheme(p->crypto, s))
		return true;
	ca_sigalg_put_newer(s->key_name, &text);
	(void)ca_cli_fail("--key %s is for %s", s->name,
	    ca_buf_text(&text) != NULL ? ca_buf_text(&text) : s->key_name);
	ca_buf_free(&text);
	return false;
}

/* A name of a scheme is also that of a type of key, but for RSA. */
static bool
has_name(const struct ca_scheme *s)
{
	return s->key != CA_KEY_RSA && s->key != CA_KEY_RSA_PSS;
}

/* The type of the CA's key; P-256 if that is RSA or another one. */
static const struct ca_scheme *
type_like(const EVP_PKEY *key)
{
	const struct ca_scheme *s = ca_pki_scheme(key);

	return s != NULL && has_name(s) ? s : ca_scheme_by_name(P256);
}

static int
bad_key_type(const char *name)
{
	struct ca_buf list = CA_BUF_INIT(1024);
	const struct ca_scheme *s;

	for (size_t i = 0; (s = ca_scheme_at(i)) != NULL; i++)
		if (has_name(s))
			ca_buf_fmt(
			    &list, "%s%s", list.len > 0 ? ", " : "", s->name);
	(void)ca_cli_usage(&ca_cmd_pki, "--key %s: must be one of %s", name,
	    ca_buf_text(&list) != NULL ? ca_buf_text(&list) : P256);
	ca_buf_free(&list);
	return CA_EXIT_USAGE;
}

/* ---- the commands ---- */

/* Write the key first: a certificate without its key is useless. */
static bool
store_pair(const struct ca_pki *p, const char *name, EVP_PKEY *key, X509 *cert)
{
	BIO *k = BIO_new(BIO_s_secmem()), *c = BIO_new(BIO_s_mem());
	bool ok = k != NULL && c != NULL &&
		  PEM_write_bio_PKCS8PrivateKey(
		      k, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		  PEM_write_bio_X509(c, cert) == 1 &&
		  ca_pki_store(p, name, ".key", k, 0600) &&
		  ca_pki_store(p, name, ".pem", c, 0644);

	BIO_free(k);
	BIO_free(c);
	return ok;
}

static int
pki_init(struct ca_pki *p)
{
	char cn[64];
	uint8_t number[4];
	const char *why;
	struct stat st;
	enum ca_err rc;

	if (p->name != NULL || p->want.email != NULL || p->want.upn != NULL ||
	    p->want.dns != NULL)
		return ca_cli_usage(
		    &ca_cmd_pki, "init takes DIR, --cn, --days, --key");
	if (p->want.scheme == NULL)
		p->want.scheme = ca_scheme_by_name(P256);
	if (!has_key_type(p))
		return CA_EXIT_NO;
	if ((mkdir(p->dir, 0700) != 0 && errno != EEXIST) ||
	    stat(p->dir, &st) != 0)
		return ca_cli_fail("%s: %s", p->dir, strerror(errno));
	/* a user who can write there can replace the CRL or the key */
	if ((why = ca_file_distrust(&st)) != NULL)
		return ca_cli_fail("%s %s", p->dir, why);
	if (ca_pki_exists(p, "ca", ".key") || ca_pki_exists(p, "ca", ".pem"))
		return ca_cli_fail(
		    "%s already has a CA; to issue a certificate, run: certauth pki issue %s NAME",
		    p->dir, p->dir);
	/* two CAs of one name are confused by a host that trusts both */
	if (ca_crypto_random(p->crypto, number, sizeof number) != CA_OK)
		return ca_cli_fail("libcrypto cannot generate random numbers");
	(void)snprintf(cn, sizeof cn, "Home CA %02x%02x%02x%02x", number[0],
	    number[1], number[2], number[3]);
	if (p->want.cn == NULL)
		p->want.cn = cn;
	p->want.ca = true;
	if (p->want.days == 0)
		p->want.days = 3650;
	rc = ca_pki_make(p->crypto, &p->want, NULL, NULL, &p->key, &p->ca);
	if (rc != CA_OK)
		return ca_cli_fail("cannot create the CA: %s", ca_err_text(rc));
	if (!store_pair(p, "ca", p->key, p->ca) ||
	    ca_pki_renew_crl(p, NULL, NULL, CRL_DAYS) != CA_EXIT_OK)
		return CA_EXIT_NO;
	printf(
	    "%s/ca.pem: this CA is for tests and small sites; everyone who can read %s/ca.key can log in as any user.\nNext: certauth pki issue %s NAME, and on each host: certauth setup --ca ca.pem --crl ca.crl\n",
	    p->dir, p->dir, p->dir);
	return CA_EXIT_OK;
}

static int
pki_issue(struct ca_pki *p)
{
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	enum ca_err rc;
	int status = CA_EXIT_NO;

	if (p->name == NULL)
		return ca_cli_usage(&ca_cmd_pki, "issue needs DIR and NAME");
	if (ca_pki_exists(p, p->name, ".pem") ||
	    ca_pki_exists(p, p->name, ".key"))
		return ca_cli_fail(
		    "%s/%s.pem or .key exists already; use another name, or move the file away",
		    p->dir, p->name);
	if ((p->want.scheme != NULL && !has_key_type(p)) || !ca_pki_open(p))
		return CA_EXIT_NO;
	if (p->want.scheme == NULL)
		p->want.scheme = type_like(p->key);
	if (p->want.cn == NULL)
		p->want.cn = p->want.dns != NULL ? p->want.dns : p->name;
	if (p->want.days == 0)
		p->want.days = 365;
	rc = ca_pki_make(p->crypto, &p->want, p->ca, p->key, &key, &cert);
	if (rc != CA_OK)
		(void)ca_cli_fail(
		    "cannot create the certificate: %s", ca_err_text(rc));
	else if (store_pair(p, p->name, key, cert))
		status = CA_EXIT_OK;
	if (status == CA_EXIT_OK && p->want.dns == NULL)
		printf("%s/%s.pem and .key\nNext, on the host: certauth users "
		       "add LOGIN --cert %s.pem\n",
		    p->dir, p->name, p->name);
	else if (status == CA_EXIT_OK)
		printf("%s/%s.pem and .key: for host_cert and host_key of "
		       "certauth.conf(5)\n",
		    p->dir, p->name);
	EVP_PKEY_free(key);
	X509_free(cert);
	return status;
}

static int
pki_revoke(struct ca_pki *p)
{
	X509_CRL *old = NULL;
	X509_REVOKED *entry;
	X509 *cert = NULL;
	int status = CA_EXIT_NO;

	if (p->name == NULL)
		return ca_cli_usage(&ca_cmd_pki, "revoke needs DIR and NAME");
	if (!ca_pki_open(p) || (cert = ca_pki_read_cert(p, p->name)) == NULL ||
	    (old = ca_pki_read_crl(p)) == NULL)
		goto out;
	if (X509_check_issued(p->ca, cert) != X509_V_OK)
		(void)ca_cli_fail(
		    "%s/%s.pem was issued by another CA", p->dir, p->name);
	else if (X509_CRL_get0_by_serial(
		     old, &entry, X509_get_serialNumber(cert)) != 0)
		(void)ca_cli_fail("%s is already revoked", p->name);
	else
		status = ca_pki_renew_crl(
		    p, old, cert, p->want.days > 0 ? p->want.days : CRL_DAYS);
out:
	X509_CRL_free(old);
	X509_free(cert);
	return status;
}

static int
pki_crl(struct ca_pki *p)
{
	X509_CRL *old;
	int status = CA_EXIT_NO;

	if (p->name != NULL)
		return ca_cli_usage(&ca_cmd_pki, "crl takes DIR only");
	if (ca_pki_open(p) && (old = ca_pki_read_crl(p)) != NULL) {
		status = ca_pki_renew_crl(
		    p, old, NULL, p->want.days > 0 ? p->want.days : CRL_DAYS);
		X509_CRL_free(old);
	}
	return status;
}

static const struct {
	const char *name;
	int (*run)(struct ca_pki *p);
} commands[] = {
    {"init", pki_init},
    {"issue", pki_issue},
    {"revoke", pki_revoke},
    {"crl", pki_crl},
};

/* A name becomes a file name, and must not be that of the CA's files. */
static bool
good_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 64 && name[0] != '.' && name[0] != '-' &&
	       strcmp(name, "ca") != 0 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") == len;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static int
one_option(struct ca_pki *p, int c)
{
	char *end;

	switch (c) {
	case OPT_CN:
		p->want.cn = optarg;
		return CA_EXIT_OK;
	case OPT_UPN:
		p->want.upn = optarg;
		return CA_EXIT_OK;
	case OPT_EMAIL:
	case OPT_SERVER:
		if (*optarg == '\0' || !is_ascii(optarg))
			return ca_cli_usage(&ca_cmd_pki,
			    "%s: must be ASCII without blanks", optarg);
		*(c == OPT_EMAIL ? &p->want.email : &p->want.dns) = optarg;
		return CA_EXIT_OK;
	case OPT_DAYS:
		p->want.days = strtol(optarg, &end, 10);
		if (*end != '\0' || p->want.days < 1 || p->want.days > 36500)
			return ca_cli_usage(&ca_cmd_pki,
			    "--days must be a number from 1 to 36500");
		return CA_EXIT_OK;
	case OPT_KEY:
		p->want.scheme = ca_scheme_by_name(optarg);
		return p->want.scheme != NULL && has_name(p->want.scheme)
			   ? CA_EXIT_OK
			   : bad_key_type(optarg);
	default:
		return ca_cli_bad_option(&ca_cmd_pki, p->argv);
	}
}

static int
dispatch(struct ca_pki *p, int argc, char **argv)
{
	int status;

	if (argc < 2 || argc > 3)
		return ca_cli_usage(&ca_cmd_pki,
		    "one of init, issue, revoke and crl, and DIR, are needed");
	p->dir = argv[1];
	p->name = argc > 2 ? argv[2] : NULL;
	if (p->name != NULL && !good_name(p->name))
		return ca_cli_usage(&ca_cmd_pki,
		    "%s cannot be used as NAME: use letters, digits and . _ - @, at most 64, not beginning with . or -; the name ca is reserved",
		    p->name);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(commands[i].name, argv[0]) != 0)
			continue;
		if (ca_crypto_new(&p->crypto) != CA_OK)
			return ca_cli_fail("cannot initialise libcrypto");
		status = commands[i].run(p);
		EVP_PKEY_free(p->key);
		X509_free(p->ca);
		ca_crypto_free(p->crypto);
		if (p->lock >= 0)
			(void)close(p->lock);
		return status;
	}
	return ca_cli_usage(&ca_cmd_pki, "unknown command: %s", argv[0]);
}

static int
run(int argc, char **argv)
{
	struct ca_pki p = {.lock = -1, .argv = argv};
	int c, status;

	ca_cli_keep_memory();
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if ((status = one_option(&p, c)) != CA_EXIT_OK)
			return status;
	return dispatch(&p, argc - optind, argv + optind);
}
