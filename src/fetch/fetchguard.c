#include "fetch/fetchguard.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool
allowed(const struct ca_fetch_guard *g, enum ca_fetch_place place)
{
	return place == CA_FETCH_ELSEWHERE || place == g->home;
}

static void
refuse(struct ca_fetch_guard *g, enum ca_fetch_place place, const char *what)
{
	(void)snprintf(g->why, sizeof g->why,
	    "the server redirects to a %s address, which is not allowed: %s",
	    place == CA_FETCH_LOOPBACK ? "loopback" : "link-local", what);
}

/* ---- the proxy ---- */

/* Return whether a and b have the same IP address and port. */
static bool
same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	struct sockaddr_in x, y;
	struct sockaddr_in6 x6, y6;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET) {
		memcpy(&x, a, sizeof x);
		memcpy(&y, b, sizeof y);
		return x.sin_port == y.sin_port &&
		       x.sin_addr.s_addr == y.sin_addr.s_addr;
	}
	if (a->sa_family != AF_INET6)
		return false;
	memcpy(&x6, a, sizeof x6);
	memcpy(&y6, b, sizeof y6);
	return x6.sin6_port == y6.sin6_port &&
	       memcmp(&x6.sin6_addr, &y6.sin6_addr, sizeof x6.sin6_addr) == 0;
}

/* Return whether host and port resolve to sa.  host is changed. */
static bool
resolves_to(char *host, const char *port, const struct sockaddr *sa)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	size_t len = strlen(host);
	bool same = false;

	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		host++;
	}
	if (getaddrinfo(host, port, &hints, &list) != 0)
		return false;
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
		same = same || same_address(a->ai_addr, sa);
	freeaddrinfo(list);
	return same;
}

/* Return whether sa is the address of the proxy that text names.  text is
 * parsed as libcurl parses it. */
static bool
is_at(const char *text, const struct sockaddr *sa)
{
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL, *scheme = NULL;
	bool same = false;

	if (u != NULL &&
	    curl_url_set(u, CURLUPART_URL, text,
		CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, CURLU_URLDECODE) ==
		CURLUE_OK) {
		(void)curl_url_get(u, CURLUPART_PORT, &port, 0);
		(void)curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
		same = resolves_to(host,
		    port != NULL                                     ? port
		    : scheme != NULL && strcmp(scheme, "https") == 0 ? "443"
								     : "1080",
		    sa);
	}
	curl_free(host);
	curl_free(port);
	curl_free(scheme);
	curl_url_cleanup(u);
	return same;
}

/*
 * A proxy that the environment names may be on this machine, and libcurl does
 * not tell whether it connects to a proxy.  Call this for a local address only,
 * because it may ask the name server.
 */
static bool
is_proxy(const struct sockaddr *sa)
{
	static const char *const names[] = {"http_proxy", "https_proxy",
	    "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *text = getenv(names[i]);

		if (text != NULL && *text != '\0' && is_at(text, sa))
			return true;
	}
	return false;
}

/* ---- URLs ---- */

/* Return the host of a URL, to be freed with curl_free(), or NULL if it has
 * none. */
static char *
host_of(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL;

	if (u == NULL || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, CURLU_URLDECODE) !=
		CURLUE_OK)
		host = NULL;
	curl_url_cleanup(u);
	return host;
}

/* A URL without a host counts as loopback. */
static enum ca_fetch_place
place_of_url(const char *url)
{
	char *host = url != NULL ? host_of(url) : NULL;
	enum ca_fetch_place place =
	    host != NULL ? ca_fetch_place_of_host(host) : CA_FETCH_LOOPBACK;

	curl_free(host);
	return place;
}

/* ---- connections ---- */

static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct ca_fetch_guard *g = ctx;
	enum ca_fetch_place place = ca_fetch_place_of(&a->addr);
	char text[NI_MAXHOST] = "?";

	(void)purpose;
	if (g->hops > 0 && !allowed(g, place) && !is_proxy(&a->addr)) {
		(void)getnameinfo(&a->addr, a->addrlen, text, sizeof text, NULL,
		    0, NI_NUMERICHOST);
		refuse(g, place, text);
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Get the peer's address from the text and port that libcurl gives. */
static bool
peer_of(const char *ip, int port, struct sockaddr_storage *out)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char number[16];
	bool ok = false;

	(void)snprintf(number, sizeof number, "%d", port);
	if (ip == NULL || getaddrinfo(ip, number, &hints, &list) != 0)
		return false;
	if (list->ai_addrlen <= sizeof *out) {
		memcpy(out, list->ai_addr, list->ai_addrlen);
		ok = true;
	}
	freeaddrinfo(list);
	return ok;
}

/* libcurl has a connection, perhaps one that another transfer opened, and has
 * not sent the request yet. */
static int
on_request(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
	struct ca_fetch_guard *g = ctx;
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	const struct sockaddr *sa = (const struct sockaddr *)&peer;
	enum ca_fetch_place place;
	char *url = NULL;

	(void)local_ip, (void)local_port;
	if (peer_of(ip, port, &peer))
		place = ca_fetch_place_of(sa);
	else /* an unknown peer: the case that allows less */
		place = g->hops == 0 ? CA_FETCH_ELSEWHERE : CA_FETCH_LOOPBACK;
	if (place != CA_FETCH_ELSEWHERE && is_proxy(sa)) {
		(void)curl_easy_getinfo(g->easy, CURLINFO_EFFECTIVE_URL, &url);
		place = place_of_url(url);
	}
	if (g->hops == 0) {
		g->home = place;
	} else if (!allowed(g, place)) {
		refuse(g, place, ip != NULL ? ip : "?");
		return CURL_PREREQFUNC_ABORT;
	}
	g->why[0] = '\0'; /* on_socket refused another address of the host */
	return CURL_PREREQFUNC_OK;
}

bool
ca_fetch_guard_watch(struct ca_fetch_guard *g)
{
	CURL *e = g->easy;

	return curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket) ==
		   CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, g) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request) ==
		   CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PREREQDATA, g) == CURLE_OK;
}

/* ---- redirects ---- */

static bool
is_http(const char *url)
{
	return curl_strnequal(url, "http://", 7) ||
	       curl_strnequal(url, "https://", 8);
}

bool
ca_fetch_guard_follow(struct ca_fetch_guard *g)
{
	enum ca_fetch_place place;
	char *url = NULL;

	(void)curl_easy_getinfo(g->easy, CURLINFO_REDIRECT_URL, &url);
	if (url == NULL) {
		(void)snprintf(g->why, sizeof g->why,
		    "the server's redirect has no usable Location header");
		return false;
	}
	if (!is_http(url)) {
		(void)snprintf(g->why, sizeof g->why,
		    "the server redirects to an address that is neither http "
		    "nor https, which is not allowed: %s",
		    url);
		return false;
	}
	place = place_of_url(url);
	if (!allowed(g, place)) {
		refuse(g, place, url);
		return false;
	}
	if (g->hops == CA_FETCH_REDIRECTS) {
		(void)snprintf(g->why, sizeof g->why,
		    "the server redirects more than %d times",
		    CA_FETCH_REDIRECTS);
		return false;
	}
	g->hops++;
	/* libcurl keeps a copy */
	if (curl_easy_setopt(g->easy, CURLOPT_URL, url) != CURLE_OK) {
		(void)snprintf(g->why, sizeof g->why, "out of memory");
		return false;
	}
	return true;
}
