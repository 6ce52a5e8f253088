/*
 * A small PKI and a set of CRLs for it, described in plain structures: what
 * crlsets_make.h writes as files, what crlsets_oracle.h judges, and what a
 * person reads when the two do not agree.
 *
 *   Root (anchor)                    Root2 (another anchor)
 *   |- Sub, key sub                  |- Sub, key wrong: the same name
 *   |- Sub, key sub2: a rollover     `- Foreign: an issuer of indirect CRLs
 *   |- Keeper: an issuer of indirect CRLs
 *   `- the leaf, or it is below one of the two Subs
 */
#ifndef CA_TESTS_CRLSETS_MODEL_H
#define CA_TESTS_CRLSETS_MODEL_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CS_MINUTE 60L
#define CS_HOUR 3600L
#define CS_DAY 86400L
/* The default of crl_no_next_update. */
#define CS_NO_NEXT (30 * CS_DAY)

/* Names of issuers. */
enum cs_who { CS_ROOT, CS_SUB, CS_KEEPER, CS_FOREIGN, CS_WHO };
static const char *const cs_who[] = {"Root", "Sub", "Keeper", "Foreign"};

/* Keys, and who has certified each. */
enum cs_key {
	CS_K_ROOT,
	CS_K_SUB,
	CS_K_SUB2,
	CS_K_KEEPER,
	CS_K_FOREIGN,
	CS_K_WRONG,
	CS_K_STRANGER, /* nobody */
	CS_K_ROOT2,
	CS_KEYS
};
static const char *const cs_key[] = {
    "root", "sub", "sub2", "keeper", "foreign", "wrong", "stranger", "root2"};

#define CS_SERIAL_ROOT 101
#define CS_SERIAL_KEEPER 104
#define CS_SERIAL_LEAF 300
#define CS_SERIAL_OTHER 7

/* The serial number of a CA's or a CRL issuer's certificate, by its key. */
static inline long
cs_serial(enum cs_key key)
{
	return CS_SERIAL_ROOT + (long)key;
}

/* Names of distribution points, as bits: three URIs, each issuer's own name,
 * and one RDN below each issuer's name. */
#define CS_URIS 3
#define CS_URI(n) (1u << (n))
#define CS_DN(who) (1u << (CS_URIS + (who)))
#define CS_BELOW(who) (1u << (CS_URIS + CS_WHO + (who)))
#define CS_NAMES (CS_URIS + 2 * CS_WHO)

/* ReasonFlags, a bit for each: keyCompromise (1) to aACompromise (8). */
#define CS_ALL_REASONS 0x1feu
#define CS_HOLD 6
#define CS_REMOVE 8

struct cs_dp {
	unsigned names;   /* 0: no distributionPoint */
	bool relative;    /* written as nameRelativeToCRLIssuer */
	unsigned reasons; /* 0: none given */
	unsigned issuers; /* bits of enum cs_who; 0: no cRLIssuer */
};

struct cs_cert {
	enum cs_who issuer;
	long serial;
	bool ca;
	struct cs_dp dp[3];
	int ndp;
	bool freshest; /* has freshestCRL */
};

struct cs_entry {
	long serial;
	int reason;    /* CRLReason; -1: none given */
	int issuer;    /* enum cs_who; -1: no certificateIssuer */
	bool critical, /* an extension that nobody knows */
	    late;      /* revocationDate is in the future */
};

struct cs_crl {
	enum cs_who issuer;
	enum cs_key key;
	bool broken;   /* the signature is of nobody */
	bool bare;     /* no authorityKeyIdentifier */
	long from, to; /* seconds from now */
	bool forever;  /* no nextUpdate */
	int number;    /* -1: none */
	int base;      /* BaseCRLNumber; -1: a complete CRL */
	/* scope */
	unsigned names, reasons;
	bool user, ca, attribute, indirect;
	bool critical; /* an extension that nobody knows */
	bool freshest;
	struct cs_entry entry[3];
	int n;
};

#define CS_CRLS 8

enum cs_keeper { CS_KEEPER_CA, CS_KEEPER_USER, CS_KEEPER_MUTE, CS_KEEPER_OLD };

/* Certificates in crl_exempt, as bits: Root's, that of the leaf's own Sub, and
 * that of the other Sub below Root, with the same name. */
#define CS_EXEMPT_ROOT 1u
#define CS_EXEMPT_SUB 2u
#define CS_EXEMPT_OTHER 4u

struct cs_set {
	struct cs_crl crl[CS_CRLS];
	int n;
	bool direct;     /* the leaf is below Root, else below a Sub ... */
	enum cs_key sub; /* ... whose key is this one ... */
	bool mute;       /* ... and whose certificate has no cRLSign */
	struct cs_cert leaf, inter;
	enum cs_keeper keeper; /* a CA, no CA, without cRLSign, expired */
	/* how CS_BELOW of a CRL's own issuer, alone, is written in CRLs */
	bool relative;
	bool large; /* CRL numbers beyond 64 bits */
	bool prefer, leaf_only;
	long grace;
	long lifetime;    /* of the leaf, in seconds; 0: long */
	long short_lived; /* crl_short_lived; 0: off */
	unsigned exempt;  /* crl_exempt: bits CS_EXEMPT_ */
};

/* ---- in words ---- */

static inline void
cs_say_names(FILE *f, unsigned names)
{
	for (int i = 0; i < CS_NAMES; i++) {
		if ((names & 1u << i) == 0)
			continue;
		if (i < CS_URIS)
			fprintf(f, " URI-%c", 'A' + i);
		else if (i < CS_URIS + CS_WHO)
			fprintf(f, " DN-of-%s", cs_who[i - CS_URIS]);
		else
			fprintf(
			    f, " DN-below-%s", cs_who[i - CS_URIS - CS_WHO]);
	}
}

static inline void
cs_say_reasons(FILE *f, unsigned reasons)
{
	fprintf(f, " reasons");
	for (int i = 1; i <= 8; i++)
		if ((reasons & 1u << i) != 0)
			fprintf(f, "%c%d",
			    reasons & ((1u << i) - 1) ? ',' : ' ', i);
}

static inline void
cs_say_cert(FILE *f, const char *name, const struct cs_cert *c)
{
	fprintf(f, "  %s: serial %ld by %s%s%s\n", name, c->serial,
	    cs_who[c->issuer], c->ca ? ", CA" : "",
	    c->freshest ? ", freshestCRL" : "");
	for (int i = 0; i < c->ndp; i++) {
		const struct cs_dp *d = &c->dp[i];

		fprintf(f, "    distribution point:");
		cs_say_names(f, d->names);
		if (d->relative)
			fprintf(f, " (relative)");
		if (d->reasons != 0)
			cs_say_reasons(f, d->reasons);
		if (d->issuers != 0)
			fprintf(f, " cRLIssuer");
		for (int who = 0; who < CS_WHO; who++)
			if ((d->issuers & 1u << who) != 0)
				fprintf(f, " %s", cs_who[who]);
		fputc('\n', f);
	}
}

static inline void
cs_say_entry(FILE *f, const struct cs_entry *e)
{
	fprintf(f, "    lists %ld", e->serial);
	if (e->reason == CS_HOLD)
		fprintf(f, " certificateHold");
	else if (e->reason == CS_REMOVE)
		fprintf(f, " removeFromCRL");
	else if (e->reason >= 0)
		fprintf(f, " reason %d", e->reason);
	if (e->issuer >= 0)
		fprintf(f, " certificateIssuer %s", cs_who[e->issuer]);
	fprintf(f, "%s%s\n", e->critical ? ", unknown critical extension" : "",
	    e->late ? ", revocationDate in the future" : "");
}

static inline void
cs_say_time(FILE *f, const char *what, long t)
{
	fprintf(f, ", %s %+ldd%+ldm", what, t / CS_DAY, t % CS_DAY / CS_MINUTE);
}

static inline void
cs_say_crl(FILE *f, int i, const struct cs_crl *x)
{
	fprintf(f, "  CRL %d of %s, key %s%s%s", i, cs_who[x->issuer],
	    cs_key[x->key], x->broken ? ", wrong signature" : "",
	    x->bare ? ", no key identifier" : "");
	cs_say_time(f, "thisUpdate", x->from);
	if (x->forever)
		fprintf(f, ", no nextUpdate");
	else
		cs_say_time(f, "nextUpdate", x->to);
	if (x->number >= 0)
		fprintf(f, ", number %d", x->number);
	if (x->base >= 0)
		fprintf(f, ", delta to %d", x->base);
	if (x->names != 0) {
		fprintf(f, ", for");
		cs_say_names(f, x->names);
	}
	if (x->reasons != 0) {
		fputc(',', f);
		cs_say_reasons(f, x->reasons);
	}
	fprintf(f, "%s%s%s%s%s\n", x->user ? ", user certificates" : "",
	    x->ca ? ", CA certificates" : "",
	    x->attribute ? ", attribute certificates" : "",
	    x->indirect ? ", indirect" : "",
	    x->critical ? ", unknown critical extension" : "");
	for (int k = 0; k < x->n; k++)
		cs_say_entry(f, &x->entry[k]);
}

static inline void
cs_say(FILE *f, const struct cs_set *s)
{
	static const char *const keeper[] = {
	    "a CA", "no CA", "without cRLSign", "expired"};

	fprintf(f, "  crl = %s, crl_check = %s, crl_grace = %ldm; ",
	    s->prefer ? "prefer" : "require", s->leaf_only ? "leaf" : "chain",
	    s->grace / CS_MINUTE);
	if (s->short_lived > 0 || s->lifetime > 0)
		fprintf(f,
		    "crl_short_lived = %lds, the leaf is valid for %lds; ",
		    s->short_lived, s->lifetime);
	if (s->exempt != 0)
		fprintf(f, "crl_exempt =%s%s%s; ",
		    (s->exempt & CS_EXEMPT_ROOT) != 0 ? " Root" : "",
		    (s->exempt & CS_EXEMPT_SUB) != 0 ? " Sub" : "",
		    (s->exempt & CS_EXEMPT_OTHER) != 0 ? " the-other-Sub" : "");
	fprintf(f, "Keeper is %s%s%s\n", keeper[s->keeper],
	    s->relative ? ", relative names in CRLs" : "",
	    s->large ? ", large numbers" : "");
	cs_say_cert(f, "leaf", &s->leaf);
	if (!s->direct) {
		fprintf(f, "  its issuer's key: %s%s\n", cs_key[s->sub],
		    s->mute ? ", without cRLSign" : "");
		cs_say_cert(f, "Sub", &s->inter);
	}
	for (int i = 0; i < s->n; i++)
		cs_say_crl(f, i, &s->crl[i]);
}

#endif
