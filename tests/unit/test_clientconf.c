/* The client's configuration: which section counts, and what is a mistake. */
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

#include "client/clientconf.h"

static char path[] = "/tmp/certauth-clientconf.XXXXXX";
static char logged[4096];

static void
note(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	size_t used = strlen(logged);
	(void)snprintf(logged + used, sizeof logged - used, "%s\n", line);
}

static const struct ca_log sink = {note, NULL, false};

static void
write_file(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	logged[0] = '\0';
}

static struct ca_client_conf *
parse(const char *text, const char *host)
{
	struct ca_client_conf *conf = ca_client_conf_new();

	assert_non_null(conf);
	write_file(text, strlen(text));
	enum ca_err rc = ca_client_conf_read(conf, path, &host, 1, &sink);
	if (rc != CA_OK)
		fail_msg("%s", logged);
	return conf;
}

static void
test_sections(void **state)
{
	static const char text[] = "# a comment\n"
				   "[default]\n"
				   "cert = /c/default\n"
				   "key = /k/default\n"
				   "; another\n"
				   "\n"
				   "[web*.example.com, *.db.example.com]\n"
				   "key = agent\n"
				   "require_host_proof = yes\n"
				   "trusted_hosts = a.example, *.b.example c\n"
				   "[web1.example.com]\n"
				   "key = pkcs11:token=x;object=y\n"
				   "require_host_proof = no\n";
	struct ca_client_conf *conf;

	(void)state;
	conf = parse(text, "elsewhere");
	assert_string_equal(conf->cert, "/c/default");
	assert_string_equal(conf->key, "/k/default");
	assert_false(conf->require_host_proof);
	assert_int_equal(conf->trusted_hosts.n, 0);
	ca_client_conf_free(conf);

	conf = parse(text, "WEB2.example.com.");
	assert_string_equal(conf->cert, "/c/default");
	assert_string_equal(conf->key, "agent");
	assert_true(conf->require_host_proof);
	assert_int_equal(conf->trusted_hosts.n, 3);
	assert_string_equal(conf->trusted_hosts.v[1], "*.b.example");
	assert_null(conf->trusted_hosts.v[3]);
	ca_client_conf_free(conf);

	conf = parse(text, "x.db.example.com");
	assert_string_equal(conf->key, "agent");
	ca_client_conf_free(conf);

	/* the later section replaces the earlier one */
	conf = parse(text, "web1.example.com");
	assert_string_equal(conf->key, "pkcs11:token=x;object=y");
	assert_false(conf->require_host_proof);
	ca_client_conf_free(conf);
}

static void
test_any_of_the_names(void **state)
{
	static const char *const names[] = {"web1", "web1.example.com"};
	struct ca_client_conf *conf = ca_client_conf_new();
	static const char text[] = "[web1.example.com]\nconfirm = yes\n";

	(void)state;
	write_file(text, strlen(text));
	assert_int_equal(
	    ca_client_conf_read(conf, path, names, 2, &sink), CA_OK);
	assert_true(conf->confirm);
	ca_client_conf_free(conf);
}

static void
test_values(void **state)
{
	struct ca_client_conf *conf;

	(void)state;
	assert_int_equal(setenv("HOME", "/home/alice", 1), 0);
	conf = parse("[default]\ncert = ~/c.pem\nkey = ~/k.pem\nuser = bob\n"
		     "askpass = /usr/bin/ask\ntoken_uri = pkcs11:token=a\n"
		     "pkcs11 = yes\nssh_agent = yes\nregistered = yes\n"
		     "host_ca = ~/ca\nhost_crl = /crl\n",
	    "x");
	assert_string_equal(conf->cert, "/home/alice/c.pem");
	assert_string_equal(conf->key, "/home/alice/k.pem");
	assert_string_equal(conf->user, "bob");
	assert_string_equal(conf->askpass, "/usr/bin/ask");
	assert_string_equal(conf->token_uri, "pkcs11:token=a");
	assert_string_equal(conf->host_ca, "/home/alice/ca");
	assert_string_equal(conf->host_crl, "/crl");
	assert_true(conf->pkcs11 && conf->ssh_agent && conf->registered);
	ca_client_conf_free(conf);

	/* the later of two ways to name a key counts */
	conf = parse("[default]\ncert = /c\nkey = /k\n[x]\np12 = /p\n", "x");
	assert_null(conf->cert);
	assert_null(conf->key);
	assert_string_equal(conf->p12, "/p");
	ca_client_conf_free(conf);
	conf = parse("[default]\np12 = /p\n[x]\ncert = /c\nkey = /k\n", "x");
	assert_null(conf->p12);
	ca_client_conf_free(conf);
}

static void
test_askpass_services(void **state)
{
	struct ca_client_conf *conf = parse("[default]\n", "x");

	(void)state;
	assert_int_equal(conf->askpass_services.n, 2);
	assert_string_equal(conf->askpass_services.v[0], "sudo");
	assert_string_equal(conf->askpass_services.v[1], "sudo-i");
	ca_client_conf_free(conf);
	conf = parse("[default]\naskpass_services = site, sudo\n", "x");
	assert_int_equal(conf->askpass_services.n, 2);
	assert_string_equal(conf->askpass_services.v[0], "site");
	ca_client_conf_free(conf);
	/* for none */
	conf = parse("[default]\naskpass_services =\n", "x");
	assert_int_equal(conf->askpass_services.n, 0);
	ca_client_conf_free(conf);
}

static void
test_options(void **state)
{
	struct ca_client_conf *conf =
	    parse("[default]\ncert = /c\nkey = /k\n", "x");

	(void)state;
	assert_int_equal(
	    ca_client_conf_options(conf, NULL, "agent", NULL, false), CA_OK);
	assert_string_equal(conf->cert, "/c");
	assert_string_equal(conf->key, "agent");
	assert_int_equal(
	    ca_client_conf_options(conf, "d", NULL, NULL, true), CA_OK);
	assert_string_equal(conf->cert, "d");
	assert_null(conf->key);
	assert_true(conf->registered);
	assert_int_equal(
	    ca_client_conf_options(conf, NULL, NULL, "p", false), CA_OK);
	assert_string_equal(conf->p12, "p");
	assert_null(conf->cert);
	assert_true(conf->registered);
	ca_client_conf_free(conf);
}

static void
mistake(const char *text, size_t len, const char *line, const char *what)
{
	struct ca_client_conf *conf = ca_client_conf_new();
	const char *host = "web1";
	char where[128];

	write_file(text, len);
	assert_int_equal(
	    ca_client_conf_read(conf, path, &host, 1, &sink), CA_ERR_CONFIG);
	(void)snprintf(where, sizeof where, "%s:%s: ", path, line);
	if (strstr(logged, where) == NULL || strstr(logged, what) == NULL)
		fail_msg("expected %s%s, logged: %s", where, what, logged);
	ca_client_conf_free(conf);
}

#define MISTAKE(text, line, what) mistake(text, sizeof(text) - 1, line, what)

static void
test_mistakes(void **state)
{
	char longer[5000];

	(void)state;
	MISTAKE("[default]\nceert = /c\n", "2", "no key `ceert'");
	/* in a section that does not match, too */
	MISTAKE("[default]\n[other]\n\nkey = k\n", "4", "neither a path");
	MISTAKE("[default]\nkey = relative\n", "2", "neither a path");
	MISTAKE("[default]\ncert = ~bob/c\n", "2", "no path");
	MISTAKE("[default]\nconfirm = true\n", "2", "neither `yes' nor `no'");
	MISTAKE("[default]\nconfirm =\n", "2", "no value");
	MISTAKE("[default]\nuser =\n", "2", "no value");
	MISTAKE("[default]\nuser = a\x07\n", "2", "not printable");
	MISTAKE("[default]\ntoken_uri = x\n", "2", "PKCS#11 URI");
	MISTAKE("[default]\nkey\n", "2", "neither KEY = VALUE");
	MISTAKE("key = /k\n", "1", "before the first section");
	MISTAKE("[web1]\nkey = /k\n[default]\n", "3", "must be the first");
	MISTAKE("[default\nkey = /k\n", "1", "no ]");
	MISTAKE("[ ]\nkey = /k\n", "1", "a section needs a host");
	MISTAKE("[default]\nkey = /k\n  /l\n", "3", "white space");
	MISTAKE("[default]\nkey = /k\nkey = /l\n", "3", "twice");
	MISTAKE("[default]\nkey = /k\0\n", "2", "NUL");
	MISTAKE("[default]\nkey = /k\n\0", "3", "NUL");
	MISTAKE("[a23456789b123456789c123456789d123456789e123456789f]\n", "1",
	    "49 characters");
	MISTAKE("[default]\nkey = /k # c\n", "2", "a comment that begins");
	MISTAKE("\xef\xbb\xbf[default]\n", "1", "byte order mark");
	memset(longer, 'a', sizeof longer);
	memcpy(longer, "[default]\nkey = /", 17);
	longer[10 + 4097] = '\n';
	mistake(longer, 10 + 4098, "2", "longer than 4096 bytes");
}

/* Long lines, lists on several lines, and lines as Windows ends them. */
static void
test_lines(void **state)
{
	static const char begin[] =
	    "[default]\r\nkey = pkcs11:token=x?module-path=/";
	struct ca_client_conf *conf;
	char text[5000];
	size_t n = 11 + 4096;

	(void)state;
	memset(text, 'm', n);
	memcpy(text, begin, sizeof begin - 1);
	memcpy(text + n, "\r\n", 3);
	conf = parse(text, "web1");
	assert_int_equal(strlen(conf->key), 4096 - strlen("key = "));
	ca_client_conf_free(conf);
	conf = parse(
	    "[default]\ntrusted_hosts = a\n# between\n  b ; c\n\td", "web1");
	assert_int_equal(conf->trusted_hosts.n, 3);
	assert_string_equal(conf->trusted_hosts.v[1], "b");
	assert_string_equal(conf->trusted_hosts.v[2], "d");
	ca_client_conf_free(conf);
}

static void
test_files(void **state)
{
	struct ca_client_conf *conf = ca_client_conf_new();
	const char *host = "web1";
	char link[64];

	(void)state;
	logged[0] = '\0';
	assert_int_equal(
	    ca_client_conf_read(conf, "/nonexistent/config", &host, 1, &sink),
	    CA_OK);
	assert_string_equal(logged, "");
	assert_int_equal(ca_client_conf_read(conf, "/tmp", &host, 1, &sink),
	    CA_ERR_UNTRUSTED);
	write_file("[default]\n", 10);
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(
	    ca_client_conf_read(conf, path, &host, 1, &sink), CA_ERR_UNTRUSTED);
	assert_non_null(strstr(logged, "writable by its group"));
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(
	    ca_client_conf_read(conf, path, &host, 1, &sink), CA_ERR_UNTRUSTED);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(
	    ca_client_conf_read(conf, path, &host, 1, &sink), CA_OK);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(
		    ca_client_conf_read(conf, path, &host, 1, &sink),
		    CA_ERR_UNTRUSTED);
		assert_int_equal(chown(path, 0, 0), 0);
	}
	/* a loop of links is unreadable, not absent */
	(void)snprintf(link, sizeof link, "%s.l", path);
	assert_int_equal(symlink(link, link), 0);
	assert_int_equal(
	    ca_client_conf_read(conf, link, &host, 1, &sink), CA_ERR_IO);
	(void)unlink(link);
	ca_client_conf_free(conf);
}

static void
test_host_names(void **state)
{
	(void)state;
	assert_true(ca_host_equal("a.b", "A.B."));
	assert_false(ca_host_equal("a.b", "a.bc"));
	assert_false(ca_host_equal("", ""));
	assert_false(ca_host_equal("a", ""));
	assert_true(ca_host_match("*.b", "a.b"));
	assert_true(ca_host_match("web?", "WEB1."));
	assert_false(ca_host_match("web?", "web12"));
	assert_false(ca_host_match("*", ""));
}

static int
setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd >= 0 ? close(fd) : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sections),
	    cmocka_unit_test(test_any_of_the_names),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_askpass_services),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_mistakes),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_host_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
