/*
 * lease_private.h - what the readers of leases share.
 *
 *   lease_list.c   a list, and what may be in an entry: addresses, octets, numbers
 *   lease_*.c      one reader for each kind of file
 */
#pragma once

#include "zone/lease_list.h"

/** Text that is read from its begin. */
struct lease_text {
	const char *at;
	const char *end;
};

/** The next word between blanks; false at the end. */
bool lease_word(struct lease_text *t, struct lease_text *word);

/** The next line, without its end; false at the end. */
bool lease_line(struct lease_text *t, struct lease_text *line);

bool lease_text_is(struct lease_text t, const char *what);

static inline size_t lease_text_len(struct lease_text t)
{
	return (size_t)(t.end - t.at);
}

/** An address of either family into @p l; false when it is none. */
bool lease_take_address(struct lease_text t, struct lease *l);

/** A decimal number; false when it is none, or above INT64_MAX. */
bool lease_take_number(struct lease_text t, int64_t *out);

/** Octets in hexadecimal, with or without colons between; false when it is something else. */
bool lease_take_octets(struct lease_text t, uint8_t *out, size_t max, size_t *len);

/** A hardware address into @p l, or nothing when it is none or too long. */
void lease_take_mac(struct lease_text t, struct lease *l);

/** A client identifier or DUID in hexadecimal into @p l; false when memory is short. */
MUST_USE bool lease_take_id(struct lease_list *list, struct lease_text t, struct lease *l);

/** The same of octets. */
MUST_USE bool lease_set_id(struct lease_list *list, const uint8_t *octets, size_t len,
			   struct lease *l);

/** The name that the client gave itself; false when memory is short. */
MUST_USE bool lease_set_hostname(struct lease_list *list, const void *octets, size_t len,
				 struct lease *l);

/** Add a copy, in place of an entry of the same address; false when memory is short. */
MUST_USE bool lease_list_add(struct lease_list *list, const struct lease *lease);

/** Something was passed over; @p why is static. */
void lease_list_blame(struct lease_list *list, unsigned line, const char *why);

MUST_USE bool lease_read_dnsmasq(struct lease_list *l, struct lease_text t,
				 const struct lease_clock *now);
MUST_USE bool lease_read_isc(struct lease_list *l, struct lease_text t,
			     const struct lease_clock *now);
MUST_USE bool lease_read_kea(struct lease_list *l, struct lease_text t,
			     const struct lease_clock *now);
MUST_USE bool lease_read_odhcpd(struct lease_list *l, struct lease_text t,
				const struct lease_clock *now);
MUST_USE bool lease_read_networkd(struct lease_list *l, struct lease_text t,
				  const struct lease_clock *now);
