/* lease_list.c - see lease_list.h and lease_private.h. */
#include "zone/lease_list.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "zone/lease_private.h"

void lease_list_init(struct lease_list *l)
{
	struct random random;

	memset(l, 0, sizeof *l);
	arena_init(&l->arena, SIZE_MAX);
	random_init(&random);
	random_bytes(&random, &l->key, sizeof l->key);
}

void lease_list_free(struct lease_list *l)
{
	arena_reset(&l->arena);
	free(l->leases);
	free(l->slots);
	memset(l, 0, sizeof *l);
}

bool lease_list_read(struct lease_list *l, enum lease_format format, const char *text, size_t len,
		     const struct lease_clock *now)
{
	const struct lease_text t = {text, text + len};

	switch (format) {
	case LEASE_DNSMASQ: return lease_read_dnsmasq(l, t, now);
	case LEASE_ISC: return lease_read_isc(l, t, now);
	case LEASE_KEA: return lease_read_kea(l, t, now);
	case LEASE_ODHCPD: return lease_read_odhcpd(l, t, now);
	case LEASE_NETWORKD: return lease_read_networkd(l, t, now);
	}
	return true;
}

void lease_list_blame(struct lease_list *list, unsigned line, const char *why)
{
	if (list->bad_n < LEASE_TOLD_MAX) {
		list->bad[list->bad_n].line = line;
		list->bad[list->bad_n].why = why;
	}
	list->bad_n++;
}

/* --- entries ---------------------------------------------------------------------- */

/* The place of the address, or the free one where it belongs. */
static uint32_t *find_slot(const struct lease_list *list, const struct lease *lease)
{
	unsigned mask = list->slots_n - 1;
	unsigned at = (unsigned)hash_bytes(&list->key, lease->address_len, lease->address,
					   lease->address_len) &
		      mask;

	while (list->slots[at] != 0) {
		const struct lease *other = &list->leases[list->slots[at] - 1];

		if (other->address_len == lease->address_len &&
		    memcmp(other->address, lease->address, lease->address_len) == 0)
			break;
		at = (at + 1) & mask;
	}
	return &list->slots[at];
}

/* Never more than half of the slots are taken. */
static bool grow(struct lease_list *list)
{
	unsigned n = list->slots_n > 0 ? 2 * list->slots_n : 64;
	struct lease *more;
	uint32_t *slots;

	if (2 * (list->n + 1) <= list->slots_n)
		return true;
	if (list->slots_n > UINT32_MAX / 4)
		return false;
	more = reallocarray(list->leases, n / 2, sizeof *more);
	if (!more)
		return false;
	list->leases = more;
	slots = calloc(n, sizeof *slots);
	if (!slots)
		return false;
	free(list->slots);
	list->slots = slots;
	list->slots_n = n;
	for (unsigned i = 0; i < list->n; i++)
		*find_slot(list, &list->leases[i]) = i + 1;
	return true;
}

bool lease_list_add(struct lease_list *list, const struct lease *lease)
{
	if (!grow(list))
		return false;
	uint32_t *slot = find_slot(list, lease);

	if (*slot == 0)
		*slot = ++list->n;
	list->leases[*slot - 1] = *lease;
	return true;
}

bool lease_set_id(struct lease_list *list, const uint8_t *octets, size_t len, struct lease *l)
{
	if (len == 0 || len > LEASE_ID_MAX)
		return true;
	l->id = arena_copy(&list->arena, octets, len);
	l->id_len = (uint8_t)len;
	return l->id != NULL;
}

/* Of one that is too long enough is kept to see that it is. */
bool lease_set_hostname(struct lease_list *list, const void *octets, size_t len, struct lease *l)
{
	l->hostname_len = 0;
	if (len == 0)
		return true;
	l->hostname_len = (uint8_t)MIN(len, (size_t)LEASE_HOSTNAME_MAX);
	l->hostname = arena_copy(&list->arena, octets, l->hostname_len);
	return l->hostname != NULL;
}

/* --- text ------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool lease_word(struct lease_text *t, struct lease_text *word)
{
	while (t->at < t->end && is_blank(*t->at))
		t->at++;
	word->at = t->at;
	while (t->at < t->end && !is_blank(*t->at))
		t->at++;
	word->end = t->at;
	return word->at < word->end;
}

bool lease_line(struct lease_text *t, struct lease_text *line)
{
	if (t->at >= t->end)
		return false;
	const char *newline = memchr(t->at, '\n', lease_text_len(*t));

	*line = (struct lease_text){t->at, newline ? newline : t->end};
	t->at = newline ? newline + 1 : t->end;
	if (line->at < line->end && line->end[-1] == '\r')
		line->end--;
	return true;
}

bool lease_text_is(struct lease_text t, const char *what)
{
	size_t len = strlen(what);

	return lease_text_len(t) == len && memcmp(t.at, what, len) == 0;
}

bool lease_take_address(struct lease_text t, struct lease *l)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = lease_text_len(t);

	if (len >= sizeof text || memchr(t.at, '\0', len))
		return false;
	memcpy(text, t.at, len);
	text[len] = '\0';
	memset(l->address, 0, sizeof l->address);
	l->address_len = inet_pton(AF_INET, text, l->address) == 1    ? 4
			 : inet_pton(AF_INET6, text, l->address) == 1 ? 16
								      : 0;
	return l->address_len > 0;
}

bool lease_take_number(struct lease_text t, int64_t *out)
{
	int64_t n = 0;

	if (t.at == t.end)
		return false;
	for (; t.at < t.end; t.at++) {
		if (*t.at < '0' || *t.at > '9' || n > (INT64_MAX - 9) / 10)
			return false;
		n = 10 * n + (*t.at - '0');
	}
	*out = n;
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool lease_take_octets(struct lease_text t, uint8_t *out, size_t max, size_t *len)
{
	*len = 0;
	while (t.at < t.end) {
		int high = digit(*t.at++), low = t.at < t.end ? digit(*t.at) : -1;

		if (high < 0)
			return false;
		/* Some servers write a single digit between colons. */
		if (low < 0 && (t.at == t.end || *t.at == ':')) {
			low = high;
			high = 0;
		} else {
			t.at++;
		}
		if (low < 0 || *len == max)
			return false;
		out[(*len)++] = (uint8_t)(high << 4 | low);
		if (t.at < t.end && *t.at == ':' && ++t.at == t.end)
			return false;
	}
	return *len > 0;
}

void lease_take_mac(struct lease_text t, struct lease *l)
{
	size_t len;

	l->mac_len = lease_take_octets(t, l->mac, sizeof l->mac, &len) ? (uint8_t)len : 0;
}

bool lease_take_id(struct lease_list *list, struct lease_text t, struct lease *l)
{
	uint8_t octets[LEASE_ID_MAX];
	size_t len;

	return !lease_take_octets(t, octets, sizeof octets, &len) ||
	       lease_set_id(list, octets, len, l);
}
