/*
 * The mechanisms that can sign by a scheme, and those that a token has.
 */
#include "key/p11.h"

#include <stdlib.h>

/* In order of preference: first the mechanisms for which this program computes
 * the digest, because more tokens have them and less data goes to the card. */
static const struct ca_p11_way all_ways[] = {
    {CKM_RSA_PKCS, 0, 0, 0, CA_P11_DIGESTINFO, 0x0401},
    {CKM_SHA256_RSA_PKCS, 0, 0, 0, CA_P11_MESSAGE, 0x0401},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_BLOCK, 0x0401},
    {CKM_RSA_PKCS, 0, 0, 0, CA_P11_DIGESTINFO, 0x0501},
    {CKM_SHA384_RSA_PKCS, 0, 0, 0, CA_P11_MESSAGE, 0x0501},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_BLOCK, 0x0501},
    {CKM_RSA_PKCS, 0, 0, 0, CA_P11_DIGESTINFO, 0x0601},
    {CKM_SHA512_RSA_PKCS, 0, 0, 0, CA_P11_MESSAGE, 0x0601},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_BLOCK, 0x0601},
    {CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32, CA_P11_DIGEST, 0x0804},
    {CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32, CA_P11_MESSAGE,
	0x0804},
    {CKM_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48, CA_P11_DIGEST, 0x0805},
    {CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48, CA_P11_MESSAGE,
	0x0805},
    {CKM_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64, CA_P11_DIGEST, 0x0806},
    {CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64, CA_P11_MESSAGE,
	0x0806},
    {CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32, CA_P11_DIGEST, 0x0809},
    {CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32, CA_P11_MESSAGE,
	0x0809},
    {CKM_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48, CA_P11_DIGEST, 0x080a},
    {CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48, CA_P11_MESSAGE,
	0x080a},
    {CKM_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64, CA_P11_DIGEST, 0x080b},
    {CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64, CA_P11_MESSAGE,
	0x080b},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_PSSBLOCK, 0x0804},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_PSSBLOCK, 0x0805},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_PSSBLOCK, 0x0806},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_PSSBLOCK, 0x0809},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_PSSBLOCK, 0x080a},
    {CKM_RSA_X_509, 0, 0, 0, CA_P11_PSSBLOCK, 0x080b},
    {CKM_ECDSA, 0, 0, 0, CA_P11_DIGEST, 0x0403},
    {CKM_ECDSA_SHA256, 0, 0, 0, CA_P11_MESSAGE, 0x0403},
    {CKM_ECDSA, 0, 0, 0, CA_P11_DIGEST, 0x0503},
    {CKM_ECDSA_SHA384, 0, 0, 0, CA_P11_MESSAGE, 0x0503},
    {CKM_ECDSA, 0, 0, 0, CA_P11_DIGEST, 0x0603},
    {CKM_ECDSA_SHA512, 0, 0, 0, CA_P11_MESSAGE, 0x0603},
    {CKM_EDDSA, 0, 0, 0, CA_P11_MESSAGE, 0x0807},
    {CKM_EDDSA, 0, 0, 0, CA_P11_MESSAGE, 0x0808},
};
#define NWAYS (sizeof all_ways / sizeof *all_ways)
_Static_assert(NWAYS <= 64, "a bit of a uint64_t for each way");

/* The list has the mechanism, and its information says that it signs. */
static bool
signs(const struct ca_p11_token *t, CK_MECHANISM_TYPE mechanism,
    const CK_MECHANISM_TYPE *list, CK_ULONG n)
{
	CK_MECHANISM_INFO info = {0, 0, 0};

	for (CK_ULONG i = 0; i < n; i++)
		if (list[i] == mechanism)
			return CA_P11_CALL(CA_P11_SECONDS,
				   t->f->C_GetMechanismInfo(
				       t->slot, mechanism, &info)) == CKR_OK &&
			       (info.flags & CKF_SIGN) != 0;
	return false;
}

static uint64_t
match_ways(
    const struct ca_p11_token *t, const CK_MECHANISM_TYPE *list, CK_ULONG n)
{
	uint64_t ways = 0;

	for (size_t i = 0; i < NWAYS; i++) {
		bool ok = false;
		size_t same = 0;

		/* ask once for each mechanism */
		while (all_ways[same].mechanism != all_ways[i].mechanism)
			same++;
		if (same < i)
			ok = (ways >> same & 1) != 0;
		else
			ok = signs(t, all_ways[i].mechanism, list, n);
		if (ok)
			ways |= (uint64_t)1 << i;
	}
	return ways;
}

enum ca_err
ca_p11_ways(struct ca_p11_token *t)
{
	CK_ULONG n = 0, got;
	CK_MECHANISM_TYPE *list;
	CK_RV rv;

	if (CA_P11_CALL(CA_P11_SECONDS,
		t->f->C_GetMechanismList(t->slot, NULL, &n)) != CKR_OK)
		return CA_ERR_IO;
	if (n > CA_P11_MECHANISMS_MAX)
		return CA_ERR_LIMIT;
	list = calloc(n > 0 ? n : 1, sizeof *list);
	if (list == NULL)
		return CA_ERR_MEMORY;
	got = n;
	rv = CA_P11_CALL(
	    CA_P11_SECONDS, t->f->C_GetMechanismList(t->slot, list, &got));
	if (rv == CKR_OK && got <= n)
		t->ways = match_ways(t, list, got);
	free(list);
	return rv == CKR_OK && got <= n ? CA_OK : CA_ERR_IO;
}

static const struct {
	CK_MECHANISM_TYPE mechanism;
	const char *name;
} names[] = {
    {CKM_RSA_PKCS, "RSA-PKCS"},
    {CKM_RSA_X_509, "RSA-X-509"},
    {CKM_RSA_PKCS_PSS, "RSA-PKCS-PSS"},
    {CKM_SHA256_RSA_PKCS, "SHA256-RSA-PKCS"},
    {CKM_SHA384_RSA_PKCS, "SHA384-RSA-PKCS"},
    {CKM_SHA512_RSA_PKCS, "SHA512-RSA-PKCS"},
    {CKM_SHA256_RSA_PKCS_PSS, "SHA256-RSA-PKCS-PSS"},
    {CKM_SHA384_RSA_PKCS_PSS, "SHA384-RSA-PKCS-PSS"},
    {CKM_SHA512_RSA_PKCS_PSS, "SHA512-RSA-PKCS-PSS"},
    {CKM_ECDSA, "ECDSA"},
    {CKM_ECDSA_SHA256, "ECDSA-SHA256"},
    {CKM_ECDSA_SHA384, "ECDSA-SHA384"},
    {CKM_ECDSA_SHA512, "ECDSA-SHA512"},
    {CKM_EDDSA, "EDDSA"},
};

char *
ca_p11_ways_text(uint64_t ways)
{
	struct ca_buf b = CA_BUF_INIT(1024);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (ca_p11_ways_of(ways, &names[i].mechanism, 1) != 0)
			ca_buf_fmt(
			    &b, "%s%s", b.len > 0 ? " " : "", names[i].name);
	char *text = ca_buf_take(&b, NULL);
	ca_buf_free(&b);
	return text;
}

uint64_t
ca_p11_ways_of(uint64_t ways, const CK_MECHANISM_TYPE *mechanism, size_t n)
{
	uint64_t of = 0;

	for (size_t i = 0; i < NWAYS; i++)
		for (size_t k = 0; k < n; k++)
			if (all_ways[i].mechanism == mechanism[k])
				of |= ways & (uint64_t)1 << i;
	return of;
}

const struct ca_p11_way *
ca_p11_way(uint64_t *ways, const struct ca_scheme *scheme)
{
	for (size_t i = 0; i < NWAYS; i++) {
		const uint64_t bit = (uint64_t)1 << i;

		if ((*ways & bit) != 0 && all_ways[i].scheme == scheme->code) {
			*ways &= ~bit;
			return &all_ways[i];
		}
	}
	return NULL;
}
