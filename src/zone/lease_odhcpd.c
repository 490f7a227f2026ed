/*
 * lease_odhcpd.c - the state file of odhcpd:
 *
 *	# br-lan 0001000128... 1a2b3c host 1700000000 10 128 fd00::10/128
 *	# br-lan 020000000001 ipv4 host 1700000000 c0a8010a 32 192.168.1.10/32
 *	fd00::10	host.lan	host                         (for dnsmasq: passed over)
 *
 * Interface, DUID or hardware address, identity, name ("-": none; "broken\x20" before one that
 * odhcpd does not like), end (-1: never, 0: over), number, length, addresses. What is shorter than
 * an address is a delegated prefix.
 */
#include "zone/lease_private.h"

#include <string.h>

static bool take_end(struct lease_text t, struct lease *l)
{
	if (lease_text_is(t, "-1")) {
		l->until_s = LEASE_FOR_EVER;
		return true;
	}
	if (!lease_take_number(t, &l->until_s))
		return false;
	l->ended = l->until_s == 0;
	return true;
}

static bool take_client(struct lease_list *list, struct lease_text client, bool ipv4,
			struct lease *l)
{
	if (ipv4) {
		lease_take_mac(client, l);
		return true;
	}
	return lease_take_id(list, client, l);
}

static bool add_addresses(struct lease_list *list, struct lease_text line, unsigned number,
			  struct lease *l)
{
	struct lease_text word;

	while (lease_word(&line, &word)) {
		const char *slash = memchr(word.at, '/', lease_text_len(word));

		if (slash)
			word.end = slash;
		if (!lease_take_address(word, l))
			lease_list_blame(list, number, "expected an address");
		else if (!lease_list_add(list, l))
			return false;
	}
	return true;
}

/* @line behind its "#" */
static bool read_line(struct lease_list *list, struct lease_text line, unsigned number)
{
	static const char broken[] = "broken\\x20";
	struct lease_text words[7], *host = &words[3];
	struct lease l = {.address_len = 0};
	int64_t length;

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (!lease_word(&line, &words[i])) {
			lease_list_blame(list, number, "expected seven words and addresses");
			return true;
		}
	}
	bool ipv4 = lease_text_is(words[2], "ipv4");

	if (!take_end(words[4], &l) || !lease_take_number(words[6], &length)) {
		lease_list_blame(list, number, "expected an end and a length");
		return true;
	}
	if (length != (ipv4 ? 32 : 128))
		return true;
	if (lease_text_len(*host) >= sizeof broken - 1 &&
	    memcmp(host->at, broken, sizeof broken - 1) == 0)
		host->at += sizeof broken - 1;
	if (!lease_text_is(*host, "-") &&
	    !lease_set_hostname(list, host->at, lease_text_len(*host), &l))
		return false;
	return take_client(list, words[1], ipv4, &l) && add_addresses(list, line, number, &l);
}

bool lease_read_odhcpd(struct lease_list *list, struct lease_text t, const struct lease_clock *now)
{
	struct lease_text line;
	unsigned number = 0;

	(void)now;
	while (lease_line(&t, &line)) {
		number++;
		if (line.at == line.end || *line.at != '#')
			continue;
		line.at++;
		if (!read_line(list, line, number))
			return false;
	}
	return true;
}
