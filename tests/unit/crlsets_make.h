/*
 * The certificates and CRLs of a described set, as DER and as files in dir.
 * Behind cmocka.h, pkimake.h and crlmake.h.
 */
#ifndef CA_TESTS_CRLSETS_MAKE_H
#define CA_TESTS_CRLSETS_MAKE_H

#include <sys/stat.h>
#include <time.h>

#include "crlsets_model.h"

static EVP_PKEY *cs_pkey[CS_KEYS];
static char cs_spki[CS_KEYS][6000]; /* hexadecimal */
/* What does not change: anchors, CAs and issuers of CRLs. */
static X509 *cs_root, *cs_root2, *cs_fixed[CS_KEYS];
static X509 *cs_keeper[4]; /* by enum cs_keeper */

/* ---- text that crlmake.h reads as DER ---- */

struct cs_text {
	char v[16384];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static inline void
cs_put(struct cs_text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(t->v + t->n, sizeof t->v - t->n, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < sizeof t->v - t->n);
	t->n += (size_t)n;
}

#define CS_CN(text) "30{06{550403}0c{'" text "'}}"
#define CS_NAME(text) "30{31{" CS_CN(text) "}}"

static inline void
cs_put_name(struct cs_text *t, const char *cn)
{
	cs_put(t, "30{31{30{06{550403}0c{'%s'}}}}", cn);
}

static inline void
cs_put_time(struct cs_text *t, long from_now)
{
	time_t when = (time_t)(NOW + from_now);
	struct tm tm;

	assert_non_null(gmtime_r(&when, &tm));
	cs_put(t, "17{'%02d%02d%02d%02d%02d%02dZ'}", tm.tm_year % 100,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static inline void
cs_put_integer(struct cs_text *t, long n)
{
	cs_put(t, n < 0x80 ? "02{%02lx}" : "02{%04lx}", (unsigned long)n);
	assert_true(n < 0x8000);
}

/* [tag] of a named BIT STRING. */
static inline void
cs_put_reasons(struct cs_text *t, const char *tag, unsigned reasons)
{
	unsigned first = 0, last = 0;

	for (unsigned i = 0; i < 9; i++) {
		if ((reasons & 1u << i) == 0)
			continue;
		last = i;
		if (i < 8)
			first |= 0x80u >> i;
	}
	if (last == 8)
		cs_put(t, "%s{07%02x80}", tag, first);
	else
		cs_put(t, "%s{%02x%02x}", tag, 7 - last, first);
}

/* DistributionPointName under its [0]. */
static inline void
cs_put_point(struct cs_text *t, unsigned names, bool relative)
{
	if (relative) {
		cs_put(t, "a0{a1{" CS_CN("part") "}}");
		return;
	}
	cs_put(t, "a0{a0{");
	for (int i = 0; i < CS_NAMES; i++) {
		if ((names & 1u << i) == 0)
			continue;
		if (i < CS_URIS)
			cs_put(t, "86{'http://crl.example/%c'}", 'a' + i);
		else if (i < CS_URIS + CS_WHO)
			cs_put(t, "a4{30{31{30{06{550403}0c{'%s'}}}}}",
			    cs_who[i - CS_URIS]);
		else
			cs_put(t,
			    "a4{30{31{30{06{550403}0c{'%s'}}}31{" CS_CN(
				"part") "}}}",
			    cs_who[i - CS_URIS - CS_WHO]);
	}
	cs_put(t, "}}");
}

#define CS_FRESHEST                                                            \
	"30{06{551d2e}04{30{30{a0{a0{86{'http://crl.example/delta'}}}}}}}"

/* ---- certificates ---- */

struct cs_kind {
	bool ca;
	const char *usage; /* BIT STRING content */
	long to;
	long from; /* 0: long ago */
};

static inline void
cs_put_points(struct cs_text *t, const struct cs_cert *c)
{
	cs_put(t, "30{06{551d1f}04{30{");
	for (int i = 0; i < c->ndp; i++) {
		const struct cs_dp *d = &c->dp[i];

		cs_put(t, "30{");
		if (d->names != 0)
			cs_put_point(t, d->names, d->relative);
		if (d->reasons != 0)
			cs_put_reasons(t, "81", d->reasons);
		if (d->issuers != 0)
			cs_put(t, "a2{");
		for (int who = 0; who < CS_WHO; who++) {
			if ((d->issuers & 1u << who) == 0)
				continue;
			cs_put(t, "a4{");
			cs_put_name(t, cs_who[who]);
			cs_put(t, "}");
		}
		cs_put(t, d->issuers != 0 ? "}}" : "}");
	}
	cs_put(t, "}}}");
}

/* The key's identifier is its number, twenty times. */
static inline void
cs_put_key_id(struct cs_text *t, enum cs_key key)
{
	for (int i = 0; i < 20; i++)
		cs_put(t, "%02x", 0x10 + key);
}

static inline X509 *
cs_decode(const struct cs_text *t, EVP_PKEY *signer)
{
	struct ca_buf der = CA_BUF_INIT(65536);
	X509 *out = NULL;

	der_make(t->v, signer, &der);
	assert_int_equal(ca_crypto_cert(crypto, der.p, der.len, &out), CA_OK);
	ca_buf_free(&der);
	return out;
}

static inline void
cs_put_algorithm(struct cs_text *t, enum cs_key signer)
{
	static const char *const mldsa[] = {
	    "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};

	for (int i = 0; i < 3; i++)
		if (EVP_PKEY_is_a(cs_pkey[signer], mldsa[i])) {
			cs_put(t, "30{06{6086480165030403%02x}}", 0x11 + i);
			return;
		}
	cs_put(t, "30{06{2a8648ce3d040302}}"); /* ECDSA with SHA-256 */
}

static inline X509 *
cs_certify(const char *subject, enum cs_key key, const char *issuer,
    enum cs_key signer, const struct cs_cert *c, const struct cs_kind *kind)
{
	struct cs_text t = {.n = 0};

	cs_put(&t, "30{30{a0{02{02}}");
	cs_put_integer(&t, c->serial);
	cs_put_algorithm(&t, signer);
	cs_put_name(&t, issuer);
	cs_put(&t, "30{");
	cs_put_time(&t, kind->from != 0 ? kind->from : -100 * CS_DAY);
	cs_put_time(&t, kind->to);
	cs_put(&t, "}");
	cs_put_name(&t, subject);
	cs_put(&t, "%s a3{30{30{06{551d0e}04{04{", cs_spki[key]);
	cs_put_key_id(&t, key);
	cs_put(&t, "}}}30{06{551d23}04{30{80{");
	cs_put_key_id(&t, signer);
	cs_put(
	    &t, "}}}}30{06{551d13}01{ff}04{30{%s}}}", kind->ca ? "01{ff}" : "");
	cs_put(&t, "30{06{551d0f}01{ff}04{03{%s}}}", kind->usage);
	if (c->ndp > 0)
		cs_put_points(&t, c);
	if (c->freshest)
		cs_put(&t, CS_FRESHEST);
	cs_put(&t, "}}}");
	cs_put_algorithm(&t, signer);
	cs_put(&t, "03{00$}}");
	return cs_decode(&t, cs_pkey[signer]);
}

static const struct cs_kind cs_a_ca = {true, "0106", 100 * CS_DAY};
static const struct cs_kind cs_a_mute_ca = {true, "0204", 100 * CS_DAY};
static const struct cs_kind cs_a_user = {false, "0780", 100 * CS_DAY};

static inline X509 *
cs_certify_ca(const char *subject, enum cs_key key, enum cs_key signer)
{
	const struct cs_cert c = {.serial = cs_serial(key)};

	return cs_certify(subject, key, signer == CS_K_ROOT ? "Root" : "Root2",
	    signer, &c, &cs_a_ca);
}

static inline void
cs_make_keepers(void)
{
	static const struct cs_kind kind[] = {
	    [CS_KEEPER_CA] = {true, "0106", 100 * CS_DAY},
	    /* for a short time, which matters for the leaf only */
	    [CS_KEEPER_USER] = {false, "0102", 12 * CS_HOUR,
		.from = -12 * CS_HOUR},
	    [CS_KEEPER_MUTE] = {true, "0204", 100 * CS_DAY},
	    [CS_KEEPER_OLD] = {true, "0106", -CS_DAY},
	};
	const struct cs_cert c = {.serial = CS_SERIAL_KEEPER};

	for (int i = 0; i < 4; i++)
		cs_keeper[i] = cs_certify(
		    "Keeper", CS_K_KEEPER, "Root", CS_K_ROOT, &c, &kind[i]);
}

/* Types of keys for cs_start; NULL: EC on P-256. */
static const char *const cs_p256[CS_KEYS];
static const char *const cs_mldsa[CS_KEYS] = {[CS_K_SUB] = "ML-DSA-44",
    [CS_K_SUB2] = "ML-DSA-65",
    [CS_K_KEEPER] = "ML-DSA-44",
    [CS_K_FOREIGN] = "ML-DSA-87",
    [CS_K_WRONG] = "ML-DSA-44",
    [CS_K_STRANGER] = "ML-DSA-44",
    [CS_K_ROOT2] = "ML-DSA-65"};

static inline void
cs_start(const char *const type[CS_KEYS])
{
	for (int i = 0; i < CS_KEYS; i++) {
		unsigned char *der = NULL;
		char *p = cs_spki[i];

		cs_pkey[i] = type[i] != NULL
				 ? EVP_PKEY_Q_keygen(NULL, NULL, type[i])
				 : new_key();
		assert_non_null(cs_pkey[i]);
		int len = i2d_PUBKEY(cs_pkey[i], &der);
		assert_true(len > 0 && 2 * (size_t)len < sizeof cs_spki[i]);
		for (int k = 0; k < len; k++)
			p += sprintf(p, "%02x", der[k]);
		OPENSSL_free(der);
	}
	cs_root = cs_certify_ca("Root", CS_K_ROOT, CS_K_ROOT);
	cs_root2 = cs_certify_ca("Root2", CS_K_ROOT2, CS_K_ROOT2);
	cs_fixed[CS_K_SUB] = cs_certify_ca("Sub", CS_K_SUB, CS_K_ROOT);
	cs_fixed[CS_K_SUB2] = cs_certify_ca("Sub", CS_K_SUB2, CS_K_ROOT);
	cs_fixed[CS_K_WRONG] = cs_certify_ca("Sub", CS_K_WRONG, CS_K_ROOT2);
	cs_fixed[CS_K_FOREIGN] =
	    cs_certify_ca("Foreign", CS_K_FOREIGN, CS_K_ROOT2);
	cs_make_keepers();
}

static inline void
cs_stop(void)
{
	for (int i = 0; i < CS_KEYS; i++) {
		EVP_PKEY_free(cs_pkey[i]);
		X509_free(cs_fixed[i]);
	}
	for (int i = 0; i < 4; i++)
		X509_free(cs_keeper[i]);
	X509_free(cs_root);
	X509_free(cs_root2);
}

/* ---- CRLs ---- */

static inline void
cs_put_entry(struct cs_text *t, const struct cs_entry *e)
{
	cs_put(t, "30{");
	cs_put_integer(t, e->serial);
	cs_put_time(t, e->late ? CS_DAY : -90 * CS_DAY);
	if (e->reason >= 0 || e->issuer >= 0 || e->critical)
		cs_put(t, "30{");
	if (e->reason >= 0)
		cs_put(t, "30{06{551d15}04{0a{%02x}}}", (unsigned)e->reason);
	if (e->issuer >= 0) {
		cs_put(t, "30{06{551d1d}01{ff}04{30{a4{");
		cs_put_name(t, cs_who[e->issuer]);
		cs_put(t, "}}}}");
	}
	if (e->critical)
		cs_put(t, "30{06{2a0304}01{ff}04{0500}}");
	if (e->reason >= 0 || e->issuer >= 0 || e->critical)
		cs_put(t, "}");
	cs_put(t, "}");
}

static inline void
cs_put_scope(struct cs_text *t, const struct cs_crl *x, bool relative)
{
	if (x->names == 0 && x->reasons == 0 && !x->user && !x->ca &&
	    !x->attribute && !x->indirect)
		return;
	cs_put(t, "30{06{551d1c}01{ff}04{30{");
	if (x->names != 0)
		cs_put_point(
		    t, x->names, relative && x->names == CS_BELOW(x->issuer));
	if (x->user)
		cs_put(t, "81{ff}");
	if (x->ca)
		cs_put(t, "82{ff}");
	if (x->reasons != 0)
		cs_put_reasons(t, "83", x->reasons);
	if (x->indirect)
		cs_put(t, "84{ff}");
	if (x->attribute)
		cs_put(t, "85{ff}");
	cs_put(t, "}}}");
}

static inline void
cs_put_number(struct cs_text *t, const char *before, int n, bool large)
{
	cs_put(t, "%s04{02{%s%02x}}}", before,
	    large ? "0badcafe0badcafe0badcafe" : "", (unsigned)n);
}

static inline void
cs_put_crl_exts(
    struct cs_text *t, const struct cs_set *s, const struct cs_crl *x)
{
	size_t before;

	cs_put(t, "a0{30{");
	before = t->n;
	if (!x->bare) {
		cs_put(t, "30{06{551d23}04{30{80{");
		cs_put_key_id(t, x->key);
		cs_put(t, "}}}}");
	}
	if (x->number >= 0)
		cs_put_number(t, "30{06{551d14}", x->number, s->large);
	if (x->base >= 0)
		cs_put_number(t, "30{06{551d1b}01{ff}", x->base, s->large);
	cs_put_scope(t, x, s->relative);
	if (x->critical)
		cs_put(t, "30{06{2a0304}01{ff}04{0500}}");
	if (x->freshest)
		cs_put(t, CS_FRESHEST);
	if (t->n == before)
		t->n -= strlen("a0{30{");
	else
		cs_put(t, "}}");
}

static inline void
cs_make_crl(const struct cs_set *s, const struct cs_crl *x, struct ca_buf *der)
{
	struct cs_text t = {.n = 0};

	cs_put(&t, "30{30{02{01}");
	cs_put_algorithm(&t, x->key);
	cs_put_name(&t, cs_who[x->issuer]);
	cs_put_time(&t, x->from);
	if (!x->forever)
		cs_put_time(&t, x->to);
	if (x->n > 0)
		cs_put(&t, "30{");
	for (int i = 0; i < x->n; i++)
		cs_put_entry(&t, &x->entry[i]);
	if (x->n > 0)
		cs_put(&t, "}");
	cs_put_crl_exts(&t, s, x);
	cs_put(&t, "}");
	cs_put_algorithm(&t, x->key);
	cs_put(&t, "03{00$}}");
	der_make(t.v, cs_pkey[x->key], der);
	if (x->broken)
		der->p[der->len - 3] ^= 1;
}

#endif
