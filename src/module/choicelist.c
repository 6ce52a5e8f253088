#include "module/choicelist.h"

#include <endian.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/pam.h"

#define EXTENSION "org.gnome.DisplayManager.UserVerifier.ChoiceList"
#define SERVICES "gdm-"

bool
ca_choicelist_type(
    const char *service, const char *variable, unsigned char *type)
{
	const char *p = variable;

	if (service == NULL || variable == NULL ||
	    strncmp(service, SERVICES, strlen(SERVICES)) != 0)
		return false;
	for (unsigned i = 0; i <= UINT8_MAX; i++) {
		p += strspn(p, " ");
		size_t len = strcspn(p, " ");
		if (len == strlen(EXTENSION) &&
		    memcmp(p, EXTENSION, len) == 0) {
			*type = (unsigned char)i;
			return true;
		}
		p += len;
	}
	return false;
}

bool
ca_choicelist_shown(struct ca_choicelist *list)
{
	const char *service;

	return ca_pam_item(list->pamh, PAM_SERVICE, &service) &&
	       ca_choicelist_type(service,
		   secure_getenv("GDM_SUPPORTED_PAM_EXTENSIONS"), &list->type);
}

/*
 * Read an answer of size bytes.  An application that does not have the list after
 * all may have answered with a text, of which nothing but its bytes is looked at.
 */
static enum ca_err
read_answer(const char *p, size_t size,
    const struct ca_choicelist_request *asked, struct ca_secret **answer)
{
	struct ca_choicelist_response r;
	enum ca_err rc = CA_ERR_CONV;

	if (size < sizeof r)
		return CA_ERR_CONV;
	memcpy(&r, p, sizeof r);
	if (be32toh(r.header.length) != sizeof r ||
	    r.header.type != asked->header.type)
		return CA_ERR_CONV;
	if (r.key == NULL)
		return CA_OK;
	for (size_t i = 0; i < asked->n && rc == CA_ERR_CONV; i++) {
		const char *key = asked->item[i].key;

		if (strcmp(r.key, key) == 0) {
			*answer = ca_secret_new(key, strlen(key));
			rc = *answer != NULL ? CA_OK : CA_ERR_MEMORY;
		}
	}
	free(r.key);
	return rc;
}

enum ca_err
ca_choicelist_ask(void *ctx, const char *title, const struct ca_buf *items,
    struct ca_secret **answer)
{
	const struct ca_choicelist *list = ctx;
	struct ca_choicelist_request m = {{0, list->type}, title, 0, {{0}}};
	char key[CA_HELPER_ITEMS_MAX][4], *got;

	*answer = NULL;
	for (size_t at = 0; at < items->len; m.n++) {
		const char *text = (const char *)items->p + at;

		if (m.n == CA_HELPER_ITEMS_MAX)
			return CA_ERR_LIMIT;
		/* GNOME Shell orders keys that are numbers */
		(void)snprintf(key[m.n], sizeof key[m.n], "%zu", m.n + 1);
		m.item[m.n] = (struct ca_choicelist_item){key[m.n], text};
		at += strlen(text) + 1;
	}
	m.header.length =
	    htobe32((uint32_t)(offsetof(struct ca_choicelist_request, item) +
			       m.n * sizeof m.item[0]));
	enum ca_err rc = ca_pam_converse(
	    list->pamh, PAM_BINARY_PROMPT, (const char *)&m, &got);
	if (rc != CA_OK || got == NULL)
		return rc;
	size_t size = malloc_usable_size(got);
	rc = read_answer(got, size, &m, answer);
	explicit_bzero(got, size); /* it may be a text that a person typed */
	free(got);
	return rc;
}
