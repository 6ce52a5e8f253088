/* The configuration: the table of keys, the file, the module arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

static char logged[65536];
static char dir[64];
static char path[128];

static void
catch_log(void *ctx, enum ca_log_level level, const char *line)
{
	size_t n = strlen(logged);

	(void)ctx;
	(void)level;
	(void)snprintf(logged + n, sizeof logged - n, "%s\n", line);
}

static const struct ca_log sink = {catch_log, NULL, false};

#define PRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PRINT_UPPER                                                            \
	"01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:"                     \
	"01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF"

/* A good value other than the default, and two bad ones. */
static const struct {
	const char *key, *good, *shown, *bad, *worse;
} values[] = {
    {"debug", "yes", "yes", "2", ""},
    {"mode", "audit", "audit", "log", ""},
    {"audit", "json", "json", "JSON", ""},
    {"silent", "ignore", "ignore", "yes", ""},
    {"first_answer", "ignore", "ignore", "yes", ""},
    {"ca_dir", "/a/b", "/a/b", "a/b", ""},
    {"intermediates_dir", "/a", "/a", "./a", "\x1b"},
    {"profile", "basic", "basic", "lax", ""},
    {"purpose", "any, 1.3.6.1.4.1.311.20.2.2", "any 1.3.6.1.4.1.311.20.2.2",
	"client", ""},
    {"policy", "1.2.3 2.5.29.32.0", "1.2.3 2.5.29.32.0", "1.40", "3.1"},
    {"explicit_policy", "on", "yes", "maybe", ""},
    {"inhibit_any", "true", "yes", "y", ""},
    {"inhibit_map", "1", "yes", "YES", ""},
    {"max_depth", "0", "0", "256", "-1"},
    {"revocation", "any", "any", "both", ""},
    {"ocsp_dir", "/a", "/a", "a", ""},
    {"ocsp_max_age", "1d", "86400s", "59s", "2y"},
    {"crl_dir", "/a", "/a", "a", ""},
    {"crl", "prefer", "prefer", "no", ""},
    {"crl_check", "leaf", "leaf", "all", ""},
    {"crl_engine", "stream", "stream", "index", ""},
    {"crl_grace", "2d", "172800s", "-1", "1y"},
    {"crl_no_next_update", "7d", "604800s", "-1", "1y"},
    {"crl_short_lived", "25h", "90000s", "-1", "32d"},
    {"crl_exempt", PRINT_UPPER ", " PRINT, PRINT " " PRINT, "sha256", "abcd"},
    {"crl_url", "http://x/y, file:///z", "http://x/y file:///z", "ftp://x",
	"http://"},
    {"users", "/a", "/a", "a", ""},
    {"users_dir", "/a", "/a", "a", ""},
    {"user_certificates", "yes", "yes", "root", ""},
    {"directory", "sss", "sss", "nis", ""},
    {"min_uid", "500", "500", "0", "99999999999"},
    {"max_uid", "60000", "60000", "0", "4294967296"},
    {"directory_uri", "ldaps://a.b:636, ldapi://%2Frun%2Fx",
	"ldaps://a.b:636 ldapi://%2Frun%2Fx", "http://a", "ldaps://a/dc=b"},
    {"directory_base", "dc=a,dc=b", "dc=a,dc=b", "\x01", "\xff"},
    {"directory_filter", "(a=b)", "(a=b)", "\x01", "\xff"},
    {"directory_login", "sAMAccountName", "sAMAccountName", "1.2.3", "a;b"},
    {"directory_ca", "/a", "/a", "a", "./a"},
    {"directory_bind_dn", "cn=a", "cn=a", "\x01", "\xff"},
    {"directory_password_file", "/a", "/a", "a", "./a"},
    {"directory_cert", "/a", "/a", "a", "./a"},
    {"directory_key", "/a", "/a", "a", "./a"},
    {"directory_keytab", "/a", "/a", "a", "./a"},
    {"directory_weak", "yes", "yes", "maybe", ""},
    {"directory_issuer", "CN=a,O=b; CN=c", "CN=a,O=b; CN=c", "\x01", "\xff"},
    {"directory_index", "/a", "/a", "a", ""},
    {"directory_max_age", "1h", "3600s", "59m", "2y"},
    {"rsa_pkcs1", "no", "no", "never", ""},
    {"lifetime", "5m", "300s", "9", "61m"},
    {"max_answer", "64", "64", "63", "32769"},
    {"host_names", "a.b c", "a.b c", "a/b", "\xc3\xa4"},
    {"host_cert", "/a", "/a", "a", "~/a"},
    {"host_key", "pkcs11:token=x", "pkcs11:token=x", "a", "file:/x"},
    {"host_proof", "require", "require", "yes", ""},
    {"proof", "command conversation", "command conversation", "command command",
	"agent"},
    {"helper", "/a", "/a", "certauth", ""},
    {"helper_timeout", "1h", "3600s", "0", "s"},
    {"helper_write", "/a, /b", "/a /b", "a", "/a b"},
    {"helper_env", "TPM2_PKCS11_TCTI=swtpm:host=a,port=1  SOFTHSM2_CONF",
	"TPM2_PKCS11_TCTI=swtpm:host=a,port=1 SOFTHSM2_CONF", "LD_PRELOAD",
	"SOFTHSM2_CONF="},
    {"confine", "require", "require", "yes", ""},
    {"helper_confine", "network", "network", "network no", ""},
    {"pkcs11", "yes", "yes", "maybe", ""},
    {"token_uri", "pkcs11:token=a%20b;serial=1", "pkcs11:token=a%20b;serial=1",
	"token=a", "PKCS1:x"},
    {"require_pin", "no", "no", "maybe", ""},
    {"wait_for_token", "10s", "10s", "10 s", "2h"},
    {"key_file", "%h/.certauth/%u.p12", "%h/.certauth/%u.p12", "x.p12",
	"/x/%d"},
    {"ssh_agent", "yes", "yes", "maybe", ""},
    {"password_names", "a.b, c", "a.b c", "localhost", "LOCALHOST.localdomain"},
    {"password_lifetime", "10s", "10s", "9s", "61m"},
    {"password_skew", "0s", "0s", "301s", ""},
    {"password_use", "window", "window", "twice", ""},
    {"password_window", "1s", "1s", "0s", "61m"},
    {"require_account", "yes", "yes", "maybe", ""},
    {"warn_expiry", "2w", "1209600s", "two", "99999999999999999999d"},
    {"language", "de_DE.UTF-8", "de_DE.UTF-8", "C", "is not the name"},
    {"sessions", "yes", "yes", "maybe", ""},
    {"on_revoked", "end", "end", "kill", ""},
    {"on_expired", "lock", "lock", "kill", ""},
    {"on_unmapped", "log", "log", "kill", ""},
    {"end_services", "sshd, xrdp-sesman", "sshd xrdp-sesman", "a/b", "a\001"},
    {"end_max", "0", "0", "-1", "1000001"},
};

#define N (sizeof values / sizeof values[0])

static char *
value_of(const struct ca_config *cfg, const char *key)
{
	for (size_t i = 0; ca_config_key_name(i) != NULL; i++)
		if (strcmp(ca_config_key_name(i), key) == 0)
			return ca_config_key_value(cfg, i);
	return NULL;
}

static void
is(const struct ca_config *cfg, const char *key, const char *want)
{
	char *got = value_of(cfg, key);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void
every_key_is_here(void **state)
{
	(void)state;
	size_t n = 0;

	for (; ca_config_key_name(n) != NULL; n++) {
		size_t i = 0;

		while (i < N && strcmp(values[i].key, ca_config_key_name(n)))
			i++;
		if (i == N)
			fail_msg(
			    "no test values for %s", ca_config_key_name(n));
		assert_non_null(ca_config_key_default(n));
	}
	assert_int_equal(n, N);
	assert_null(ca_config_key_default(n));
}

static void
good_and_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct ca_config *cfg = ca_config_new();
		const char *bad[] = {values[i].bad, values[i].worse};

		assert_non_null(cfg);
		assert_int_equal(ca_config_set(cfg, values[i].key,
				     values[i].good, "here", &sink),
		    CA_OK);
		is(cfg, values[i].key, values[i].shown);
		for (int b = 0; b < 2; b++) {
			logged[0] = '\0';
			if (ca_config_set(cfg, values[i].key, bad[b], "here",
				&sink) != CA_ERR_CONFIG)
				fail_msg(
				    "%s = %s taken", values[i].key, bad[b]);
			assert_int_equal(strncmp(logged, "here: ", 6), 0);
			assert_non_null(strstr(logged, values[i].key));
			/* a mistake leaves what was there */
			is(cfg, values[i].key, values[i].shown);
		}
		ca_config_free(cfg);
	}
	ca_config_free(NULL);
}

/* How helper_env = TEXT, or PREFIX with a value of len times c, ends. */
static enum ca_err
set_env(const char *text, size_t len, int c)
{
	struct ca_config *cfg = ca_config_new();
	char value[2048];

	assert_non_null(cfg);
	(void)snprintf(value, sizeof value, "%s", text);
	memset(value + strlen(text), c, len);
	value[strlen(text) + len] = '\0';
	logged[0] = '\0';
	enum ca_err rc = ca_config_set(cfg, "helper_env", value, "F:1", &sink);
	ca_config_free(cfg);
	return rc;
}

static void
variables_of_the_helper(void **state)
{
	static const char *const table[] = {"OPENSC_CONF",
	    "P11_KIT_SERVER_ADDRESS", "PCSCLITE_CSOCK_NAME", "SOFTHSM2_CONF",
	    "TPM2_PKCS11_STORE", "TPM2_PKCS11_TCTI"};
	static const char *const bad[] = {"LD_PRELOAD", "LD_LIBRARY_PATH=/x",
	    "OPENSSL_CONF", "GCONV_PATH", "HOME=/x", "PATH", "softhsm2_conf",
	    "SOFTHSM2_CON", "SOFTHSM2_CONFX", "=", "=x", "*",
	    "SOFTHSM2_CONF,OPENSC_CONF", "SOFTHSM2_CONF LD_PRELOAD",
	    "OPENSC_CONF=/a LD_AUDIT=/b"};
	static const char *const twice[] = {"OPENSC_CONF OPENSC_CONF",
	    "OPENSC_CONF SOFTHSM2_CONF OPENSC_CONF=/a",
	    "OPENSC_CONF=/a OPENSC_CONF=/b"};
	char all[512] = "";

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char item[64];

		assert_int_equal(set_env(table[i], 0, 0), CA_OK);
		(void)snprintf(item, sizeof item, "%s=", table[i]);
		assert_int_equal(set_env(item, 0, 0), CA_ERR_CONFIG);
		assert_int_equal(set_env(item, 1, 'v'), CA_OK);
		assert_int_equal(set_env(item, 1024, 'v'), CA_OK);
		assert_int_equal(set_env(item, 1025, 'v'), CA_ERR_CONFIG);
		assert_int_equal(set_env(item, 1, 0x7f), CA_ERR_CONFIG);
		(void)snprintf(item, sizeof item, "%s=\xc3\xa4", table[i]);
		assert_int_equal(set_env(item, 0, 0), CA_ERR_CONFIG);
		(void)snprintf(all + strlen(all), sizeof all - strlen(all),
		    " %s", table[i]);
		if (i > 0)
			assert_true(strcmp(table[i - 1], table[i]) < 0);
	}
	assert_int_equal(set_env(all, 0, 0), CA_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (set_env(bad[i], 0, 0) != CA_ERR_CONFIG)
			fail_msg("%s taken", bad[i]);
		/* the message has the place, and the whole table in its order */
		assert_int_equal(strncmp(logged, "F:1: helper_env = ", 18), 0);
		assert_non_null(strstr(logged, all));
	}
	for (size_t i = 0; i < sizeof twice / sizeof *twice; i++) {
		assert_int_equal(set_env(twice[i], 0, 0), CA_ERR_CONFIG);
		assert_non_null(strstr(logged, "twice"));
	}
}

static void
defaults(void **state)
{
	(void)state;
	struct ca_config *cfg = ca_config_new();

	assert_string_equal(cfg->ca_dir, CA_SYSCONFDIR "/ca");
	assert_string_equal(cfg->crl_dir, CA_SYSCONFDIR "/crl");
	assert_string_equal(cfg->users, CA_SYSCONFDIR "/users");
	assert_int_equal(cfg->crl, CA_CRL_REQUIRE);
	assert_int_equal(cfg->crl_check, CA_CRL_CHAIN);
	assert_int_equal(cfg->crl_grace, 0);
	assert_int_equal(cfg->crl_no_next_update, 30 * 86400);
	assert_int_equal(cfg->mode, CA_MODE_ENFORCE);
	assert_int_equal(cfg->purpose.n, 1);
	assert_string_equal(cfg->purpose.v[0], "sslclient");
	assert_null(cfg->purpose.v[1]);
	assert_int_equal(cfg->min_uid, 1000);
	assert_int_equal(cfg->max_uid, 4294967295);
	assert_false(cfg->user_certificates);
	assert_int_equal(cfg->lifetime, 120);
	assert_int_equal(cfg->max_answer, 500);
	assert_int_equal(cfg->first_answer, CA_FIRST_USE);
	assert_int_equal(cfg->proof[0], CA_PROOF_CONVERSATION);
	assert_int_equal((int)cfg->proof[1], 0);
	assert_null(cfg->host_cert);
	assert_null(cfg->key_file);
	ca_config_free(cfg);
}

static void
put(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static enum ca_err
load(const char *service, const char *a, const char *b, struct ca_config **cfg)
{
	char config[200];
	const char *argv[3] = {config, a, b};

	logged[0] = '\0';
	snprintf(config, sizeof config, "config=%s", path);
	return ca_config_load(
	    1 + (a != NULL) + (b != NULL), argv, service, &sink, cfg);
}

static void
precedence(void **state)
{
	(void)state;
	struct ca_config *cfg;
	/* [default] behind the service: the order in the file is free */
	static const char text[] =
	    "[sshd]\nlifetime = 20\nmax_depth=3\n"
	    "[default]\nlifetime = 30\nmax_answer = 100\nmax_depth = 4\n"
	    "purpose = any\n[su]\nlifetime = 40\n";

	put(text, sizeof text - 1);
	assert_int_equal(load("sshd", "max_depth=5", NULL, &cfg), CA_OK);
	assert_int_equal(cfg->lifetime, 20);
	assert_int_equal(cfg->max_depth, 5);
	assert_int_equal(cfg->max_answer, 100);
	assert_string_equal(cfg->purpose.v[0], "any");
	assert_int_equal(cfg->purpose.n, 1);
	ca_config_free(cfg);
	assert_int_equal(load("login", "debug", NULL, &cfg), CA_OK);
	assert_int_equal(cfg->lifetime, 30);
	assert_int_equal(cfg->max_depth, 4);
	assert_true(cfg->debug);
	ca_config_free(cfg);
	assert_int_equal(load(NULL, NULL, NULL, &cfg), CA_OK);
	assert_int_equal(cfg->lifetime, 30);
	ca_config_free(cfg);
	assert_int_equal(load("default", NULL, NULL, &cfg), CA_OK);
	assert_int_equal(cfg->lifetime, 30);
	ca_config_free(cfg);
}

static void
forms_of_a_file(void **state)
{
	(void)state;
	struct ca_config *cfg;
	static const char text[] =
	    "; comment\n  # indented comment\n\n"
	    "[default]  # behind a section\n"
	    "ca_dir=/x ; behind a value\n"
	    "crl_url =\n\thttp://a/1\n   http://a/2,\n# between\n"
	    "   http://a/3 ; last\n"
	    "host_names = a\n  b\n"
	    "users = /y";

	put(text, sizeof text - 1);
	assert_int_equal(load("sshd", NULL, NULL, &cfg), CA_OK);
	is(cfg, "ca_dir", "/x");
	is(cfg, "crl_url", "http://a/1 http://a/2 http://a/3");
	is(cfg, "host_names", "a b");
	is(cfg, "users", "/y");
	ca_config_free(cfg);
	put("", 0);
	assert_int_equal(load("sshd", NULL, NULL, &cfg), CA_OK);
	ca_config_free(cfg);
}

/* Each is refused, with its line, whatever section it stands in. */
static void
mistakes_in_a_file(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned line;
	} bad[] = {
	    {"debug = yes\n", 1},
	    {"[default]\ndebug\n", 2},
	    {"[default]\ndebug:yes\n", 2},
	    {"[default]\ndebug : a=yes\n", 2},
	    {"[default]\ndebug = yes\ndebug = yes\n", 3},
	    {"[default]\n[other]\nlifetime = 1\n", 3},
	    {"[other]\nno_such_key = 1\n", 2},
	    {"[other]\nDebug = yes\n", 2},
	    {"[a]\n[b]\n[a]\n", 3},
	    {"[default\ndebug = yes\n", 1},
	    {"[default] debug = yes\n", 1},
	    {"[]\n", 1},
	    {"[SSHD]\n", 1},
	    {"[a b]\n", 1},
	    {" [default]\n", 1},
	    {"[default]\n  debug = yes\n", 2},
	    {"[default]\ncrl = off\n  crl_dir = /x\n", 3},
	    {"[default]\nca_dir = /x # comment\n", 2},
	    {"[default]\nca_dir = #x\n", 2},
	    {"[default]\r\n", 1},
	    {"\xef\xbb\xbf[default]\n", 1},
	    {"[default]\nca_dir = /x\x01\n", 2},
	    {"[default]\nca_dir = /x\xff\n", 2},
	    {"[default]\n= /x\n", 2},
	    {"[default]\nca_dir = x\n", 2},
	    {"[default]\npurpose =\n", 2},
	    {"[default]\npurpose =\n  sslclient\n  foo\n", 2},
	    {"[xx234567890123456789012345678901234567890123456789]\n", 1},
	};
	struct ca_config *cfg;
	char want[200];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put(bad[i].text, strlen(bad[i].text));
		if (load("sshd", NULL, NULL, &cfg) != CA_ERR_CONFIG)
			fail_msg("taken: %s", bad[i].text);
		assert_null(cfg);
		snprintf(want, sizeof want, "%s:%u: ", path, bad[i].line);
		if (strncmp(logged, want, strlen(want)) != 0)
			fail_msg("%s: %s", bad[i].text, logged);
	}
	put("[default]\nca_dir = /x\0y\n", 24);
	assert_int_equal(load("sshd", NULL, NULL, &cfg), CA_ERR_CONFIG);
}

/* A line of 4,096 bytes is read whole, one of 4,097 is refused. */
static void
long_lines(void **state)
{
	(void)state;
	static const char key[] = "host_cert = /", begin[] = "[default]\n",
			  end[] = "\nhost_key = /k\n";
	struct ca_config *cfg;
	char text[8192];
	size_t head = sizeof begin + sizeof key - 2;

	for (size_t len = 150; len <= 4200; len++) {
		if (len == 300) /* neither old nor new bound is near */
			len = 4000;
		size_t n = head + len - (sizeof key - 1);

		memcpy(text, begin, sizeof begin - 1);
		memcpy(text + sizeof begin - 1, key, sizeof key - 1);
		memset(text + head, 'a', n - head);
		if (len > 200) /* so that no path is too long */
			memcpy(text + head + 20, " ;", 2);
		memcpy(text + n, end, sizeof end);
		put(text, n + sizeof end - 1);
		enum ca_err rc = load("sshd", NULL, NULL, &cfg);
		assert_int_equal(rc, len <= 4096 ? CA_OK : CA_ERR_CONFIG);
		if (rc == CA_OK)
			assert_int_equal(strlen(cfg->host_cert),
			    len > 200 ? 21 : len - (sizeof key - 2));
		else
			assert_non_null(strstr(logged, ":2: the line is longer "
						       "than 4096 bytes"));
		ca_config_free(cfg);
	}
}

/* A long value of one line, as of a token with its module. */
static void
a_long_uri(void **state)
{
	(void)state;
	static const char uri[] =
	    "pkcs11:model=PKCS%2315%20emulated;manufacturer=www.CardContact.de;"
	    "serial=DECM0102330;token=SmartCard-HSM%20%28UserPIN%29%20of%20"
	    "Alice%20Example;object=Authentication%20key?"
	    "module-path=/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so";
	struct ca_config *cfg;
	char text[600];

	assert_true(sizeof uri - 1 > 223);
	put(text, (size_t)snprintf(
		      text, sizeof text, "[default]\ntoken_uri = %s\n", uri));
	assert_int_equal(load("sshd", NULL, NULL, &cfg), CA_OK);
	assert_string_equal(cfg->token_uri, uri);
	ca_config_free(cfg);
}

/* A continuation with a mistake is never dropped without a message. */
static void
mistakes_in_a_list(void **state)
{
	(void)state;
	static const struct {
		const char *text, *said;
	} bad[] = {
	    {"[default]\ncrl_url = http://a/1\n  http://b/2\x01\n  http://c/3\n",
		":3: the line contains a control byte"},
	    {"[default]\ncrl_url =\n  http://a/1 # x\n", ":3: a comment"},
	    {"[default]\ncrl_url =\n  http://a/1\r\n", ":3: the line contains"},
	    {"[default]\nlifetime = 20\n  30\n", ":3: the line is indented"},
	    {"[a ;b]\n", ":1: the section's name has no ]"},
	    {"[default]\ndebug ;= yes\n", ":2: the line is neither"},
	    {"[default]\npassword_names = a b c d e f g h i j k l m n o p q\n",
		":2: password_names"},
	    {"[default]\npassword_names = a b c d e f g h i j k l m n o p q\n",
		"at most 16 are allowed"},
	};
	struct ca_config *cfg;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put(bad[i].text, strlen(bad[i].text));
		if (load("sshd", NULL, NULL, &cfg) != CA_ERR_CONFIG)
			fail_msg("taken: %s", bad[i].text);
		if (strstr(logged, bad[i].said) == NULL)
			fail_msg("%s: %s", bad[i].text, logged);
	}
}

static void
all_mistakes_are_told(void **state)
{
	(void)state;
	struct ca_config *cfg;
	static const char text[] = "[default]\ncrl = x\nca_dir = y\nfoo = z\n";

	put(text, sizeof text - 1);
	assert_int_equal(load("sshd", NULL, NULL, &cfg), CA_ERR_CONFIG);
	assert_non_null(strstr(logged, ":2: crl"));
	assert_non_null(strstr(logged, ":3: ca_dir"));
	assert_non_null(strstr(logged, ":4: no such key: foo"));
}

static void
the_file_itself(void **state)
{
	(void)state;
	struct ca_config *cfg;

	unlink(path);
	assert_int_equal(load("sshd", NULL, NULL, &cfg), CA_ERR_NOT_FOUND);
	assert_non_null(strstr(logged, "does not exist"));
	put("[default]\n", 10);
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(load("sshd", NULL, NULL, &cfg), CA_ERR_UNTRUSTED);
	assert_non_null(strstr(logged, "is writable by its group"));
	assert_null(cfg);
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(load("sshd", NULL, NULL, &cfg), CA_ERR_UNTRUSTED);
	assert_int_equal(rmdir(path), 0);
}

static void
arguments(void **state)
{
	(void)state;
	struct ca_config *cfg;
	static const char *const bad[][2] = {{"foo", NULL}, {"foo=1", NULL},
	    {"lifetime=1", NULL}, {"lifetime", NULL},
	    {"lifetime=30", "lifetime=30"}, {"debug", "debug=no"},
	    {"config=/x", NULL}, {"=", NULL}, {"", NULL},
	    {"host_cert=/x", NULL}, {"host_key=/x", NULL},
	    {"host_proof=require", NULL}, {"ca_dir=x", NULL},
	    {"min_uid=2000", "max_uid=1999"}, {"crl=off", "revocation=ocsp"},
	    {"crl=off", "revocation=any"}};

	put("[default]\n", 10);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (load("sshd", bad[i][0], bad[i][1], &cfg) != CA_ERR_CONFIG)
			fail_msg("taken: %s", bad[i][0]);
		assert_null(cfg);
		assert_true(logged[0] != '\0');
	}
	assert_int_equal(
	    load("sshd", "host_cert=/x", "host_key=/y", &cfg), CA_OK);
	ca_config_free(cfg);
	const char *relative[] = {"config=x"};
	assert_int_equal(
	    ca_config_load(1, relative, "sshd", &sink, &cfg), CA_ERR_CONFIG);
}

static void
options_of_the_tool(void **state)
{
	(void)state;
	struct ca_config *cfg = ca_config_new();

	assert_int_equal(
	    ca_config_set_option(cfg, "ca_dir", "x/y", "--ca-dir", &sink),
	    CA_OK);
	is(cfg, "ca_dir", "x/y");
	assert_int_equal(
	    ca_config_set_option(cfg, "ca_dir", "", "--ca-dir", &sink),
	    CA_ERR_CONFIG);
	ca_config_free(cfg);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/certauth-config.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/certauth.conf", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

/* Each form of a fingerprint, and what is not quite one. */
static void
fingerprints(void **state)
{
	static const char *const good[] = {PRINT, PRINT_UPPER, "sha256:" PRINT,
	    "SHA256:" PRINT_UPPER, "Fingerprint=" PRINT_UPPER,
	    "sha256 Fingerprint=" PRINT_UPPER,
	    "SHA256 Fingerprint=" PRINT_UPPER, ", " PRINT " ,"};
	static const char *const bad[] = {PRINT "0", PRINT ":", ":" PRINT,
	    PRINT_UPPER ":", "0123", "sha256", "sha256 " PRINT,
	    "sha1 Fingerprint=" PRINT_UPPER,
	    "sha256:", "Fingerprint=", "Fingerprint=sha256:", PRINT " x",
	    "g" PRINT, "0x" PRINT,
	    "01-23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:"
	    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF",
	    /* a colon at another place; SHA-1; a digit that is none */
	    "012:3:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:"
	    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF",
	    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67",
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct ca_config *cfg = ca_config_new();

		*logged = '\0';
		if (ca_config_set(cfg, "crl_exempt", good[i], "F:1", &sink) !=
		    CA_OK)
			fail_msg("%s: %s", good[i], logged);
		assert_int_equal(cfg->crl_exempt.n, 1);
		assert_string_equal(cfg->crl_exempt.v[0], PRINT);
		ca_config_free(cfg);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ca_config *cfg = ca_config_new();

		*logged = '\0';
		if (ca_config_set(cfg, "crl_exempt", bad[i], "F:1", &sink) !=
		    CA_ERR_CONFIG)
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(strstr(logged, "F:1: crl_exempt = "));
		assert_non_null(strstr(logged, "openssl x509 -noout"));
		assert_int_equal(cfg->crl_exempt.n, 0);
		ca_config_free(cfg);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fingerprints),
	    cmocka_unit_test(every_key_is_here),
	    cmocka_unit_test(good_and_bad_values),
	    cmocka_unit_test(variables_of_the_helper),
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(precedence),
	    cmocka_unit_test(forms_of_a_file),
	    cmocka_unit_test(mistakes_in_a_file),
	    cmocka_unit_test(long_lines),
	    cmocka_unit_test(a_long_uri),
	    cmocka_unit_test(mistakes_in_a_list),
	    cmocka_unit_test(all_mistakes_are_told),
	    cmocka_unit_test(the_file_itself),
	    cmocka_unit_test(arguments),
	    cmocka_unit_test(options_of_the_tool),
	};

	return cmocka_run_group_tests_name("config", tests, setup, teardown);
}
