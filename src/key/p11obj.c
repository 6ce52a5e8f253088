/*
 * Objects of a token: each length that the token gives has a limit.
 */
#include "key/p11.h"
#include "base/tr.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Few IDs, labels and certificates are longer. */
#define TOGETHER_ROOM ((size_t)4096)

/* One try with room for len bytes; CA_ERR_LIMIT: the attribute is longer. */
static enum ca_err
read_value(const struct ca_p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, CK_ULONG len, struct ca_buf *out)
{
	CK_ATTRIBUTE attr = {type, NULL, len};
	void *value = malloc(len > 0 ? len : 1);
	CK_RV rv;

	if (value == NULL)
		return CA_ERR_MEMORY;
	attr.pValue = value;
	rv = CA_P11_CALL(CA_P11_SECONDS,
	    s->token.f->C_GetAttributeValue(s->handle, object, &attr, 1));
	if (rv == CKR_OK && attr.ulValueLen <= len)
		ca_buf_put(out, value, attr.ulValueLen);
	free(value);
	if (rv == CKR_BUFFER_TOO_SMALL)
		return CA_ERR_LIMIT;
	if (rv != CKR_OK || attr.ulValueLen > len)
		return CA_ERR_NOT_FOUND;
	return ca_buf_err(out);
}

enum ca_err
ca_p11_attribute(const struct ca_p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, struct ca_buf *out)
{
	enum ca_err rc = CA_ERR_LIMIT;

	/* a second try, for an object that grew between the two calls */
	for (int i = 0; i < 2 && rc == CA_ERR_LIMIT; i++) {
		CK_ATTRIBUTE attr = {type, NULL, 0};
		CK_RV rv = CA_P11_CALL(
		    CA_P11_SECONDS, s->token.f->C_GetAttributeValue(
					s->handle, object, &attr, 1));

		if (rv != CKR_OK ||
		    attr.ulValueLen == CK_UNAVAILABLE_INFORMATION)
			return CA_ERR_NOT_FOUND;
		if (attr.ulValueLen > CA_P11_ATTRIBUTE_MAX)
			return CA_ERR_LIMIT;
		rc = read_value(s, object, type, attr.ulValueLen, out);
	}
	return rc;
}

/* Read all at once, with room that is mostly enough.  CA_ERR_NOT_FOUND: one of
 * them is missing or longer (some modules then leave the others unset);
 * CA_ERR_LIMIT: one is longer. */
static enum ca_err
read_together(const struct ca_p11_session *s, CK_OBJECT_HANDLE object,
    const CK_ATTRIBUTE_TYPE *type, size_t n, struct ca_buf *const *out)
{
	CK_ATTRIBUTE attr[CA_P11_TOGETHER_MAX];
	enum ca_err ret = CA_ERR_UNSET, rc;
	uint8_t *room = calloc(n, TOGETHER_ROOM);

	if (room == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		attr[i] = (CK_ATTRIBUTE){
		    type[i], room + i * TOGETHER_ROOM, TOGETHER_ROOM};
	if (CA_P11_CALL(CA_P11_SECONDS,
		s->token.f->C_GetAttributeValue(s->handle, object, attr, n)) !=
	    CKR_OK) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		if (attr[i].ulValueLen > TOGETHER_ROOM) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		ca_buf_put(
		    out[i], room + i * TOGETHER_ROOM, attr[i].ulValueLen);
		if ((rc = ca_buf_err(out[i])) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	free(room);
	return ret;
}

enum ca_err
ca_p11_attributes(const struct ca_p11_session *s, CK_OBJECT_HANDLE object,
    const CK_ATTRIBUTE_TYPE *type, size_t n, struct ca_buf *const *out)
{
	enum ca_err rc = CA_ERR_USAGE;

	if (n > 0 && n <= CA_P11_TOGETHER_MAX)
		rc = read_together(s, object, type, n, out);
	if (rc != CA_ERR_NOT_FOUND && rc != CA_ERR_LIMIT)
		return rc;
	for (size_t i = 0; i < n; i++) {
		ca_buf_reset(out[i]);
		rc = ca_p11_attribute(s, object, type[i], out[i]);
		if (rc == CA_ERR_MEMORY)
			return rc;
		if (rc != CA_OK)
			ca_buf_reset(out[i]);
	}
	return CA_OK;
}

bool
ca_p11_flag(const struct ca_p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE attr = {type, &value, sizeof value};

	return CA_P11_CALL(CA_P11_SECONDS, s->token.f->C_GetAttributeValue(
					       s->handle, object, &attr, 1)) ==
		   CKR_OK &&
	       attr.ulValueLen == sizeof value && value != CK_FALSE;
}

enum ca_err
ca_p11_find(const struct ca_p11_session *s, CK_ATTRIBUTE *attrs, size_t n,
    CK_OBJECT_HANDLE *found, size_t max, size_t *count)
{
	enum ca_err ret = CA_ERR_UNSET;

	*count = 0;
	if (CA_P11_CALL(CA_P11_SECONDS,
		s->token.f->C_FindObjectsInit(s->handle, attrs, n)) != CKR_OK)
		return CA_ERR_IO;
	CK_ULONG got = 1;
	while (*count < max && got > 0) {
		CK_ULONG room = max - *count;
		CK_RV rv = CA_P11_CALL(
		    CA_P11_SECONDS, s->token.f->C_FindObjects(
					s->handle, found + *count, room, &got));

		if (rv != CKR_OK || got > room) {
			ret = CA_ERR_IO;
			goto out;
		}
		*count += got;
	}
	ret = CA_OK;
out:
	(void)CA_P11_CALL(
	    CA_P11_SECONDS, s->token.f->C_FindObjectsFinal(s->handle));
	return ret;
}

/* A field of PKCS#11, padded with blanks, as text for messages. */
static void
put_field(const unsigned char *field, size_t len, char *out, size_t room)
{
	struct ca_buf b = CA_BUF_INIT(room - 1);

	ca_buf_printable(&b, field, p11_kit_space_strlen(field, len));
	const char *text = ca_buf_text(&b);
	(void)snprintf(out, room, "%s", text != NULL ? text : "");
	ca_buf_free(&b);
}

enum ca_err
ca_p11_token_read(
    CK_FUNCTION_LIST *f, CK_SLOT_ID slot, struct ca_p11_token *t, CK_RV *rv)
{
	CK_SLOT_INFO reader;

	*t = (struct ca_p11_token){0};
	t->f = f;
	t->slot = slot;
	*rv = CA_P11_CALL(CA_P11_SECONDS, f->C_GetTokenInfo(slot, &t->info));
	if (*rv != CKR_OK)
		return CA_ERR_IO;
	put_field(t->info.label, sizeof t->info.label, t->name, sizeof t->name);
	put_field(t->info.serialNumber, sizeof t->info.serialNumber, t->serial,
	    sizeof t->serial);
	if (t->name[0] == '\0')
		(void)snprintf(
		    t->name, sizeof t->name, _("token without a label"));
	if (CA_P11_CALL(CA_P11_SECONDS, f->C_GetSlotInfo(slot, &reader)) ==
	    CKR_OK) {
		put_field(reader.slotDescription, sizeof reader.slotDescription,
		    t->reader, sizeof t->reader);
		t->removable = (reader.flags & CKF_REMOVABLE_DEVICE) != 0;
		if ((reader.flags & CKF_TOKEN_PRESENT) == 0)
			*rv = CKR_TOKEN_NOT_PRESENT;
	}
	return *rv == CKR_OK ? CA_OK : CA_ERR_IO;
}

bool
ca_p11_pin_will_do(const struct ca_p11 *p11, const CK_TOKEN_INFO *info)
{
	return p11->pin == CA_KEY_PIN_WANTED ||
	       (info->flags & CKF_LOGIN_REQUIRED) != 0;
}

/* CKA_EC_POINT is a DER OCTET STRING; some tokens give only its content. */
static bool
same_point(const struct ca_buf *attr, EVP_PKEY *pub)
{
	unsigned char *point = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(pub, &point);
	bool same = len > 0 && attr->len >= len && attr->len <= len + 3 &&
		    memcmp(attr->p + attr->len - len, point, len) == 0;

	OPENSSL_free(point);
	return same;
}

static bool
same_modulus(const struct ca_buf *attr, EVP_PKEY *pub)
{
	BIGNUM *n = NULL, *got = BN_bin2bn(attr->p, (int)attr->len, NULL);
	bool same =
	    got != NULL &&
	    EVP_PKEY_get_bn_param(pub, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	    BN_cmp(n, got) == 0;

	BN_free(n);
	BN_free(got);
	return same;
}

bool
ca_p11_key_is(
    const struct ca_p11_session *s, CK_OBJECT_HANDLE object, EVP_PKEY *pub)
{
	struct ca_buf attr = CA_BUF_INIT(CA_P11_ATTRIBUTE_MAX);
	/* both are RSA keys to a token */
	bool rsa = EVP_PKEY_is_a(pub, "RSA") == 1 ||
		   EVP_PKEY_is_a(pub, "RSA-PSS") == 1;
	bool same = false;

	if (ca_p11_attribute(
		s, object, rsa ? CKA_MODULUS : CKA_EC_POINT, &attr) == CA_OK &&
	    attr.len > 0)
		same = rsa ? same_modulus(&attr, pub) : same_point(&attr, pub);
	ca_buf_free(&attr);
	ERR_clear_error();
	return same;
}
