#include "ldap/ldapreach.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 5000 /* of each address */

/* Wait for the end of a connect; returns 0, or an errno. */
static int
wait_connected(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0, n;
	socklen_t len = sizeof error;

	do
		n = poll(&p, 1, CONNECT_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return ETIMEDOUT;
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return errno;
	return error;
}

/* Returns 0, or an errno. */
static int
connect_to(const struct addrinfo *a, int *out)
{
	int fd = socket(a->ai_family,
	    a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	int flags, error = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0)
		error = errno == EINPROGRESS ? wait_connected(fd) : errno;
	/* libldap waits in read and write */
	if (error == 0 && ((flags = fcntl(fd, F_GETFL)) < 0 ||
			      fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0))
		error = errno;
	if (error != 0)
		(void)close(fd);
	else
		*out = fd;
	return error;
}

static enum ca_err
connect_host(const LDAPURLDesc *url, int *fd, struct ca_ldap_why *why)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	const char *host = url->lud_host != NULL && *url->lud_host != '\0'
			       ? url->lud_host
			       : "localhost";
	struct addrinfo *all = NULL;
	char port[16];
	int rc, error = EADDRNOTAVAIL;

	(void)snprintf(port, sizeof port, "%d", url->lud_port);
	if ((rc = getaddrinfo(host, port, &hints, &all)) != 0) {
		ca_ldap_why_set(why, CA_LDAP_CAUSE_NAME, "%s",
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
		return CA_ERR_IO;
	}
	for (struct addrinfo *a = all; a != NULL && error != 0; a = a->ai_next)
		error = connect_to(a, fd);
	freeaddrinfo(all);
	if (error == 0)
		return CA_OK;
	ca_ldap_why_set(why, CA_LDAP_CAUSE_CONNECT, "%s", strerror(error));
	return CA_ERR_IO;
}

enum ca_err
ca_ldap_reach(const char *uri, int *fd, struct ca_ldap_why *why)
{
	LDAPURLDesc *url = NULL;
	enum ca_err rc;

	if (ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS) {
		ca_ldap_why_set(
		    why, CA_LDAP_CAUSE_OTHER, "the address is malformed");
		return CA_ERR_UNSUPPORTED;
	}
	rc = connect_host(url, fd, why);
	ldap_free_urldesc(url);
	return rc;
}
