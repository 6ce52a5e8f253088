/*
 * The text that ssh gives to its askpass: `(user@host) ', lines of other PAM
 * modules, the prompt.  The server writes all but the beginning, and the login
 * and the host may come from an address that an attacker wrote.
 */
#include "client/rules.h"

#include <stdlib.h>
#include <string.h>

enum ca_err
ca_rules_prefix(const char *text, char **user, char **host)
{
	const char *end = strstr(text, ") ");

	/* a login may hold an @ (user@realm), a host name may not */
	if (text[0] != '(' || end == NULL)
		return CA_ERR_NOT_FOUND;
	const char *at = memrchr(text, '@', (size_t)(end - text));
	if (at == NULL || at == text + 1 || at + 1 == end)
		return CA_ERR_NOT_FOUND;
	for (const char *s = text + 1; s < end; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '(' ||
		    *s == ')')
			return CA_ERR_NOT_FOUND;
	char *u = strndup(text + 1, (size_t)(at - text - 1));
	char *h = strndup(at + 1, (size_t)(end - at - 1));
	if (u == NULL || h == NULL) {
		free(u);
		free(h);
		return CA_ERR_MEMORY;
	}
	*user = u;
	*host = h;
	return CA_OK;
}

/* There are only whole lines between `from' and `to', and none of them could
 * end a longer prefix: ssh itself may have written all of
 * `(alice@web1) x@evil) '. */
static bool
whole_lines(const char *from, const char *to)
{
	while (from < to) {
		size_t left = (size_t)(to - from);
		const char *end = memchr(from, '\n', left);
		const char *at = memchr(from, '@', left);

		if (end == NULL)
			return false;
		if (at != NULL && at < end &&
		    memmem(at, (size_t)(end - at), ") ", 2) != NULL)
			return false;
		from = end + 1;
	}
	return true;
}

bool
ca_rules_prompt_ends(const char *text, size_t end)
{
	return text[end + strspn(text + end, " \t\r\n")] == '\0';
}

enum ca_err
ca_rules_ssh_text(
    const char *text, size_t start, size_t end, char **user, char **host)
{
	enum ca_err rc = ca_rules_prefix(text, user, host);

	if (rc != CA_OK)
		return rc;
	/* the parentheses, the @, the blank */
	size_t len = strlen(*user) + strlen(*host) + 4;
	return start >= len && whole_lines(text + len, text + start) &&
		       ca_rules_prompt_ends(text, end)
		   ? CA_OK
		   : CA_DENIED;
}
