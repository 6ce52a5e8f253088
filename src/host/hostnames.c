/*
 * The names of this host.
 */
#include "host/host.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"

#define HOSTS_FILE "/etc/hosts"
#define HOSTS_MAX ((size_t)1 << 20)
#define NAME_BYTES 256

/* The next word of *p, up to the end of the line or a comment. */
static size_t
next_word(const char **p, const char **word)
{
	const char *s = *p + strspn(*p, " \t\r");
	size_t n = strcspn(s, " \t\r\n#");

	*word = s;
	*p = s + n;
	return n;
}

bool
ca_host_fqdn(const char *hosts, const char *node, char *out, size_t size)
{
	size_t node_len = strlen(node);

	for (const char *p = hosts; *p != '\0'; p += *p == '\n') {
		const char *word;

		(void)next_word(&p, &word); /* the address */
		size_t n = next_word(&p, &word);
		p += strcspn(p, "\n");
		if (node_len == 0 || n <= node_len + 1 || n >= size ||
		    strncasecmp(word, node, node_len) != 0 ||
		    word[node_len] != '.')
			continue;
		memcpy(out, word, n);
		out[n] = '\0';
		return true;
	}
	return false;
}

static enum ca_err
add(char **name, size_t max, size_t *n, const char *text)
{
	size_t len = strlen(text);

	if (*n == max || len == 0 || len >= NAME_BYTES ||
	    !ca_utf8_text(text, len))
		return CA_ERR_FORMAT;
	for (size_t i = 0; i < *n; i++) {
		if (strcasecmp(name[i], text) == 0)
			return CA_OK;
	}
	name[*n] = strdup(text);
	if (name[*n] == NULL)
		return CA_ERR_MEMORY;
	(*n)++;
	return CA_OK;
}

/*
 * getaddrinfo would tell the full name, too, but may ask a DNS server for it,
 * and no login waits for the network.
 */
static enum ca_err
own_names(char **name, size_t max, size_t *n)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf hosts = CA_BUF_INIT(HOSTS_MAX);
	char node[NAME_BYTES], full[NAME_BYTES];

	if (gethostname(node, sizeof node) != 0) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	node[sizeof node - 1] = '\0';
	if (strchr(node, '.') == NULL) {
		const char *text = NULL;

		rc = ca_file_read(AT_FDCWD, HOSTS_FILE, HOSTS_MAX, &hosts);
		if (rc == CA_OK)
			text = ca_buf_text(&hosts);
		if (text != NULL &&
		    ca_host_fqdn(text, node, full, sizeof full) &&
		    (rc = add(name, max, n, full)) == CA_ERR_MEMORY) {
			ret = rc;
			goto out;
		}
	}
	if ((rc = add(name, max, n, node)) != CA_OK) {
		ret = rc;
		goto out;
	}
	node[strcspn(node, ".")] = '\0';
	if (node[0] != '\0' && (rc = add(name, max, n, node)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&hosts);
	return ret;
}

enum ca_err
ca_host_names(const struct ca_config *cfg, char **name, size_t max, size_t *n)
{
	enum ca_err rc;

	*n = 0;
	if (cfg->host_names.n == 0)
		return own_names(name, max, n);
	for (size_t i = 0; i < cfg->host_names.n; i++) {
		if ((rc = add(name, max, n, cfg->host_names.v[i])) != CA_OK)
			return rc;
	}
	return CA_OK;
}
