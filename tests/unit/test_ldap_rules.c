/* The directory: what an index may say, and for how long. */
#include "ldapworld.h"

/* An index of a name and, of another account, of a SID. */
static void
name_and_sid(
    struct world *w, const char *named, const char *sid_of, const char *sid)
{
	struct ca_ldap_maker *m = begin(w);
	struct ca_ldap_facts facts;

	account(m, named);
	assert_int_equal(
	    value(w, m, CA_LDAP_UPN, "alice@corp.example", 18), CA_OK);
	account(m, sid_of);
	assert_int_equal(value(w, m, CA_LDAP_SID, sid, strlen(sid)), CA_OK);
	assert_int_equal(finish(m, true, &facts), CA_OK);
}

/* A SID in the certificate says whose it is: its names say nothing then. */
static void
sid_decides(void **state)
{
	struct world *w = *state;
	struct made without = person;
	X509 *x = make_cert(&person), *plain;

	without.sid_ext = NULL;
	without.sid_len = 0;
	plain = make_cert(&without);
	weak(w, "yes");
	name_and_sid(w, "daemon", "mallory", "S-1-5-21-1-2-3-500");
	assert_int_equal(decide(w, x, NULL), CA_R_UNMAPPED);
	assert_int_equal(decide(w, plain, NULL), CA_R_OK);
	name_and_sid(w, "daemon", "bin", "S-1-5-21-1-2-3-1001");
	assert_int_equal(decide(w, x, NULL), CA_R_OTHER_USER);
	w->user = "bin";
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	X509_free(plain);
	X509_free(x);
}

/* The issuers of whose certificates the directory may speak. */
static void
issuers(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	struct ca_ldap_maker *m = begin(w);
	struct ca_ldap_facts facts;
	static const struct {
		const char *names;
		enum ca_reason reason;
	} t[] = {{"", CA_R_OK}, {"CN=CA,DC=corp,DC=com", CA_R_OK},
	    {"CN=CB,DC=corp,DC=com", CA_R_UNMAPPED},
	    {"CN=CA, DC=corp, DC=com ; CN=CB", CA_R_OK},
	    {"CN=a\\;b;CN=CA,DC=corp,DC=com", CA_R_OK},
	    {"CN=x\\;CN=CA,DC=corp,DC=com", CA_R_UNMAPPED},
	    {"DC=com,DC=corp,CN=CA", CA_R_UNMAPPED},
	    {"CN=CA,DC=corp", CA_R_UNMAPPED},
	    {"CN=CA,DC=corp,DC=com;", CA_R_DIRECTORY},
	    {"CN=CA,DC=corp,DC=com;nonsense", CA_R_DIRECTORY},
	    {"nonsense", CA_R_DIRECTORY}};

	account(m, "daemon");
	assert_int_equal(
	    value(w, m, CA_LDAP_SID, "S-1-5-21-1-2-3-1001", 19), CA_OK);
	assert_int_equal(finish(m, true, &facts), CA_OK);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		assert_int_equal(ca_config_set(w->cfg, "directory_issuer",
				     t[i].names, "t", NULL),
		    CA_OK);
		if (decide(w, x, NULL) != t[i].reason)
			fail_msg("%s: %s", t[i].names, w->detail);
		if (t[i].reason != CA_R_OK)
			assert_non_null(strstr(w->detail, "directory_issuer"));
		/* lines of this host are no concern of the directory */
		assert_int_equal(decide(w, x, "daemon cn:Alice\n"), CA_R_OK);
		put_file(w, "users", "# none\n");
	}
	X509_free(x);
}

static void
too_old(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	struct ca_ldap_maker *m = begin(w);
	struct ca_ldap_facts facts;
	static const struct {
		long later;
		bool old;
	} t[] = {{0, false}, {3600, false}, {3601, true}, {-86400, false},
	    {-86401, true}};

	put_ski(w, m, "daemon", "0102ab");
	assert_int_equal(finish(m, false, &facts), CA_OK);
	assert_int_equal(
	    ca_config_set(w->cfg, "directory_max_age", "1h", "t", NULL), CA_OK);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		w->now = facts.made + t[i].later;
		assert_int_equal(
		    decide(w, x, NULL), t[i].old ? CA_R_DIRECTORY : CA_R_OK);
		if (!t[i].old)
			continue;
		assert_int_equal(w->err, CA_ERR_EXPIRED);
		assert_non_null(strstr(w->detail,
		    "older than directory_max_age; run: certauth users "
		    "update"));
	}
	X509_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(sid_decides), T(issuers), T(too_old)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
