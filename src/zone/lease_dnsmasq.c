/*
 * lease_dnsmasq.c - the file of leases of dnsmasq(8):
 *
 *	1700000000 02:00:00:00:00:01 192.168.1.10 host 01:02:00:00:00:00:01
 *	duid 00:01:...                                       (of the server; IPv6 behind it)
 *	1700000000 12345678 fd00::10 host 00:01:...
 *
 * The first word is the end, 0 for none. Where dnsmasq is built for machines without a clock
 * (HAVE_BROKEN_RTC) it is how long the lease was given for; dnsmasq takes the line away then.
 */
#include "zone/lease_private.h"

#include <string.h>

#define CLOCK_MIN_S 1000000000 /* nobody wrote an end before 2001 with a clock that was set */

static int64_t end_of(int64_t written, const struct lease_clock *now)
{
	if (written == 0 || (written < CLOCK_MIN_S && now->wall_s >= CLOCK_MIN_S))
		return LEASE_FOR_EVER;
	return written;
}

/* "06-00:11:..." names the kind of hardware. */
static void take_hardware(struct lease_text t, struct lease *l)
{
	const char *dash = memchr(t.at, '-', lease_text_len(t));

	if (dash)
		t.at = dash + 1;
	lease_take_mac(t, l);
}

static bool read_line(struct lease_list *list, struct lease_text line, unsigned number,
		      const struct lease_clock *now)
{
	struct lease_text end, client, address, host, id;
	struct lease l = {.address_len = 0};
	int64_t written;

	if (!lease_word(&line, &end) || lease_text_is(end, "duid"))
		return true;
	if (!lease_take_number(end, &written)) {
		lease_list_blame(list, number, "expected the end of a lease");
		return true;
	}
	if (!lease_word(&line, &client) || !lease_word(&line, &address) ||
	    !lease_take_address(address, &l)) {
		lease_list_blame(list, number, "expected an address");
		return true;
	}
	if (!lease_word(&line, &host) || !lease_word(&line, &id)) {
		lease_list_blame(list, number, "expected a name and a client");
		return true;
	}
	l.until_s = end_of(written, now);
	if (l.address_len == 4)
		take_hardware(client, &l);
	if (!lease_text_is(host, "*") &&
	    !lease_set_hostname(list, host.at, lease_text_len(host), &l))
		return false;
	return lease_take_id(list, id, &l) && lease_list_add(list, &l);
}

bool lease_read_dnsmasq(struct lease_list *list, struct lease_text t, const struct lease_clock *now)
{
	struct lease_text line;
	unsigned number = 0;

	while (lease_line(&t, &line)) {
		if (!read_line(list, line, ++number, now))
			return false;
	}
	return true;
}
