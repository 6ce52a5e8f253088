/*
 * For unit tests of directory = ldap: a world with an index, and a certificate.
 */
#ifndef LDAPWORLD_H
#define LDAPWORLD_H

#include "mapcert.h"

#include "map/ldap_make.h"

#define SID_DER                                                                \
	"\x30\x25\xa0\x23\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x19\x02\x01"     \
	"\xa0\x15\x04\x13S-1-5-21-1-2-3-1001"

static const struct made person = {
    .subject = {UTF8("C", "DE"), UTF8("O", "Corp"), UTF8("CN", "Alice"), {0}},
    .issuer = {UTF8("DC", "com"), UTF8("DC", "corp"), UTF8("CN", "CA"), {0}},
    .serial = "1200000000ac11",
    .ski = "\x01\x02\xab",
    .san = {{GEN_EMAIL, NULL, 0, "alice@Corp.Example", -1},
	{0, "1.3.6.1.4.1.311.20.2.3", V_ASN1_UTF8STRING, "Alice@CORP.example",
	    -1}},
    .sid_ext = SID_DER,
    .sid_len = sizeof SID_DER - 1,
};

static inline int
set_up(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	struct world *w = *state;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/users.cdb", w->dir);
	assert_int_equal(
	    ca_config_set(w->cfg, "directory_index", path, "t", NULL), CA_OK);
	assert_int_equal(
	    ca_config_set(w->cfg, "directory", "ldap", "t", NULL), CA_OK);
	assert_int_equal(
	    ca_config_set(w->cfg, "min_uid", "1", "t", NULL), CA_OK);
	w->user = "daemon";
	put_file(w, "users", "# none\n");
	return 0;
}

/* ---- making an index ---- */

static inline struct ca_ldap_maker *
begin(struct world *w)
{
	struct ca_ldap_maker *m = NULL;

	assert_int_equal(
	    ca_ldap_maker_new(w->crypto, w->cfg, &w->log, &m), CA_OK);
	return m;
}

static inline void
account(struct ca_ldap_maker *m, const char *login)
{
	assert_int_equal(ca_ldap_maker_account(m, login, strlen(login)), CA_OK);
}

static inline enum ca_err
value(struct world *w, struct ca_ldap_maker *m, enum ca_ldap_kind kind,
    const void *p, size_t len)
{
	uint8_t key[CA_LDAP_KEY];

	assert_int_equal(ca_ldap_key(w->crypto, kind, p, len, key), CA_OK);
	return ca_ldap_maker_value(m, (uint8_t)kind, key);
}

static inline enum ca_err
finish(struct ca_ldap_maker *m, bool force, struct ca_ldap_facts *facts)
{
	uint64_t before;
	enum ca_err rc = ca_ldap_maker_finish(m, force, facts, &before);

	ca_ldap_maker_free(m);
	return rc;
}

static inline void
weak(struct world *w, const char *yes)
{
	assert_int_equal(
	    ca_config_set(w->cfg, "directory_weak", yes, "t", NULL), CA_OK);
}

static inline void
put_ski(struct world *w, struct ca_ldap_maker *m, const char *login,
    const char *ski)
{
	account(m, login);
	assert_int_equal(value(w, m, CA_LDAP_SKI, ski, strlen(ski)), CA_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, world_teardown)

#endif
