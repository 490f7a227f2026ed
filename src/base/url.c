/* url.c - see url.h. */
#include "base/url.h"

#include <string.h>
#include <strings.h>

#include "base/quantity.h"

static bool is_host_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

static bool take_host(const char *at, size_t len, struct url *out)
{
	if (len == 0 || len >= sizeof out->host)
		return false;
	memcpy(out->host, at, len);
	out->host[len] = '\0';
	return true;
}

/* "[2001:db8::1]", up to its bracket; NULL when that is none. */
static const char *read_bracketed(const char *at, struct url *out)
{
	const char *end = strchr(at, ']');

	if (!end || !take_host(at + 1, (size_t)(end - at) - 1, out) ||
	    strspn(out->host, "0123456789abcdefABCDEF:.") != strlen(out->host) ||
	    !address_from_text(out->host, out->port, &out->address) || out->address.family != 6)
		return NULL;
	return end + 1;
}

static const char *read_host(const char *at, struct url *out)
{
	const char *end = at;

	if (*at == '[')
		return read_bracketed(at, out);
	while (is_host_octet(*end))
		end++;
	if (*at == '.' || !take_host(at, (size_t)(end - at), out))
		return NULL;
	if (!address_from_text(out->host, out->port, &out->address))
		out->address.family = 0;
	return end;
}

/* Behind a colon, or nothing; NULL when that is no port. */
static const char *read_port(const char *at, struct url *out)
{
	uint64_t port;
	char text[8];

	if (*at != ':')
		return at;
	size_t len = strspn(at + 1, "0123456789");

	if (len == 0 || len >= sizeof text)
		return NULL;
	memcpy(text, at + 1, len);
	text[len] = '\0';
	if (!quantity_number(text, &port) || port == 0 || port > 65535)
		return NULL;
	out->port = (uint16_t)port;
	return at + 1 + len;
}

static bool is_printable(const char *text)
{
	for (; *text; text++) {
		if (*text <= 0x20 || *text >= 0x7f || *text == '\\')
			return false;
	}
	return true;
}

bool url_read(const char *text, struct url *out, const char **why)
{
	const char *at = text;

	memset(out, 0, sizeof *out);
	*why = "expected https:// or http://";
	if (strncasecmp(text, "https://", 8) == 0) {
		out->tls = true;
		out->port = 443;
		at += 8;
	} else if (strncasecmp(text, "http://", 7) == 0) {
		out->port = 80;
		at += 7;
	} else {
		return false;
	}
	*why = "expected a URL of at most 2047 printable octets of ASCII";
	if (strlen(text) > URL_MAX || !is_printable(text))
		return false;
	*why = "expected no user in the URL";
	if (memchr(at, '@', strcspn(at, "/?#")))
		return false;
	*why = "expected the name of a host or an address";
	at = read_host(at, out);
	if (!at)
		return false;
	*why = "expected a port from 1 to 65535, or / behind the host";
	at = read_port(at, out);
	if (!at || (*at && *at != '/' && *at != '?' && *at != '#'))
		return false;
	out->address.port = out->address.family ? out->port : 0;
	return true;
}
