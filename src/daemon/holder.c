/* holder.c - see holder.h. */
#include "daemon/holder.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>

#include "base/log.h"

#define LINE_MAX_OCTETS 512
#define TCP_LISTENS     0x0a /* the kernel's TCP_LISTEN */
#define UDP_UNCONNECTED 0x07 /* the kernel's TCP_CLOSE, of a UDP socket without a peer */
#define WORDS           (sizeof(struct in6_addr) / sizeof(uint32_t))

static bool is_wildcard(const struct address *a)
{
	static const uint8_t zeros[sizeof a->octets];

	return memcmp(a->octets, zeros, sizeof zeros) == 0;
}

/* A wildcard of IPv6 can have IPv4 with it. */
static bool collide(const struct address *a, const struct address *wanted)
{
	if (a->port != wanted->port)
		return false;
	if (a->family != wanted->family)
		return a->family == 6 && is_wildcard(a);
	return is_wildcard(a) || is_wildcard(wanted) ||
	       memcmp(a->octets, wanted->octets, sizeof a->octets) == 0;
}

/* Each 8 digits are a word of the address, in the order of the machine. */
static bool read_octets(const char *hex, uint8_t family, uint8_t octets[16])
{
	uint32_t words[WORDS] = {0};
	size_t n = family == 4 ? 1 : WORDS;

	if (strlen(hex) != 8 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (sscanf(hex + 8 * i, "%8" SCNx32, &words[i]) != 1)
			return false;
	}
	memcpy(octets, words, sizeof words);
	return true;
}

/* "  sl: LOCAL:PORT REMOTE:PORT STATE TX:RX TIMER:WHEN RETRANSMITS UID ..." */
static bool read_socket(const char *line, uint8_t family, struct holder *out)
{
	char hex[8 * WORDS + 1];
	unsigned port, state, uid;

	if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %u", hex, &port, &state,
		   &uid) != 4 ||
	    port > UINT16_MAX || (state != TCP_LISTENS && state != UDP_UNCONNECTED))
		return false;
	*out = (struct holder){.at = {.family = family, .port = (uint16_t)port}, .uid = uid};
	return read_octets(hex, family, out->at.octets);
}

bool holder_find(FILE *table, uint8_t family, const struct address *wanted, struct holder *out)
{
	char line[LINE_MAX_OCTETS];
	struct holder found;

	while (fgets(line, sizeof line, table)) {
		if (read_socket(line, family, &found) && collide(&found.at, wanted)) {
			*out = found;
			return true;
		}
	}
	return false;
}

static bool find_now(const struct address *wanted, struct holder *out)
{
	static const struct {
		const char *path;
		uint8_t family;
	} tables[] = {
		{"/proc/self/net/udp", 4},
		{"/proc/self/net/tcp", 4},
		{"/proc/self/net/udp6", 6},
		{"/proc/self/net/tcp6", 6},
	};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		FILE *table = fopen(tables[i].path, "re");
		bool found = table && holder_find(table, tables[i].family, wanted, out);

		if (table)
			fclose(table);
		if (found)
			return true;
	}
	return false;
}

void holder_tell(struct log *log, const struct endpoint *listen, unsigned n)
{
	char wanted[ADDRESS_TEXT_MAX], has[ADDRESS_TEXT_MAX];
	struct holder holder;

	for (unsigned i = 0; i < n; i++) {
		if (!find_now(&listen[i].address, &holder))
			continue;
		const struct passwd *user = getpwuid(holder.uid);

		log_error(log,
			  "server.listen: %s: a program of the user \"%s\" (uid %u) has %s; it "
			  "gives way, or "
			  "tern listens on other addresses: see port-53.md in /usr/share/doc/tern",
			  address_to_text(&listen[i].address, wanted), user ? user->pw_name : "",
			  (unsigned)holder.uid, address_to_text(&holder.at, has));
	}
}
