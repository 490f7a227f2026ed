/*
 * lease_kea.c - the memfile of Kea, of IPv4 and of IPv6: rows of values with commas between, and a
 * first row that names them. Rows are only appended, so the last one of an address counts.
 *
 * A comma in a value is written as &#x2c, an ampersand as &#x26. A row whose valid_lifetime is 0
 * takes the lease away.
 */
#include "zone/lease_private.h"

#include <string.h>

#define COLUMNS_MAX 32
#define FOR_EVER    UINT32_MAX /* seconds that mean no end */

enum column { ADDRESS, MAC, CLIENT_ID, DUID, LIFETIME, EXPIRE, HOSTNAME, STATE, KIND, COLUMNS };

static const char *const names[COLUMNS] = {
	[ADDRESS] = "address",         [MAC] = "hwaddr",
	[CLIENT_ID] = "client_id",     [DUID] = "duid",
	[LIFETIME] = "valid_lifetime", [EXPIRE] = "expire",
	[HOSTNAME] = "hostname",       [STATE] = "state",
	[KIND] = "lease_type",
};

struct table {
	unsigned at[COLUMNS]; /* 1 + where the column is, 0 for nowhere */
	unsigned n;           /* columns of a row; 0: no header yet */
};

/* More values than there is room for make a row that fits no header. */
static unsigned split(struct lease_text line, struct lease_text out[COLUMNS_MAX])
{
	unsigned n = 0;

	for (;;) {
		const char *comma = memchr(line.at, ',', lease_text_len(line));

		if (n < COLUMNS_MAX)
			out[n] = (struct lease_text){line.at, comma ? comma : line.end};
		n++;
		if (!comma)
			return n;
		line.at = comma + 1;
	}
}

static bool read_header(struct table *t, const struct lease_text *values, unsigned n)
{
	memset(t, 0, sizeof *t);
	for (unsigned i = 0; i < MIN(n, (unsigned)COLUMNS_MAX); i++) {
		for (unsigned c = 0; c < COLUMNS; c++) {
			if (lease_text_is(values[i], names[c]))
				t->at[c] = i + 1;
		}
	}
	t->n = n;
	return n <= COLUMNS_MAX && t->at[ADDRESS] && t->at[EXPIRE] && t->at[LIFETIME];
}

static bool is_header(struct lease_text first)
{
	return lease_text_is(first, names[ADDRESS]);
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) & 15 : -1;
}

/* The hostname with its escapes undone; what is longer than a name can be is cut. */
static bool take_hostname(struct lease_list *list, struct lease_text t, struct lease *l)
{
	char name[LEASE_HOSTNAME_MAX];
	size_t len = 0;

	while (t.at < t.end && len < sizeof name) {
		if (t.end - t.at >= 5 && memcmp(t.at, "&#x", 3) == 0 && digit(t.at[3]) >= 0 &&
		    digit(t.at[4]) >= 0) {
			name[len++] = (char)(digit(t.at[3]) << 4 | digit(t.at[4]));
			t.at += 5;
			continue;
		}
		name[len++] = *t.at++;
	}
	return lease_set_hostname(list, name, len, l);
}

static const struct lease_text *value_of(const struct table *t, enum column c,
					 const struct lease_text *values)
{
	static const struct lease_text none = {"", ""};

	return t->at[c] > 0 ? &values[t->at[c] - 1] : &none;
}

/* False when the row has no such numbers. */
static bool take_times(const struct table *t, const struct lease_text *values, struct lease *l)
{
	int64_t lifetime, state = 0;
	const struct lease_text *written = value_of(t, STATE, values);

	if (!lease_take_number(*value_of(t, EXPIRE, values), &l->until_s) ||
	    !lease_take_number(*value_of(t, LIFETIME, values), &lifetime) ||
	    (written->at < written->end && !lease_take_number(*written, &state)))
		return false;
	l->since_s = lifetime < l->until_s ? l->until_s - lifetime : 0;
	if (lifetime == FOR_EVER)
		l->until_s = LEASE_FOR_EVER;
	/* 0: in use; declined, expired and released ones are not. */
	l->ended = lifetime == 0 || state != 0;
	return true;
}

static bool read_row(struct lease_list *list, const struct table *t,
		     const struct lease_text *values, unsigned number)
{
	const struct lease_text *kind = value_of(t, KIND, values);
	struct lease l = {.address_len = 0};

	/* 2 is a delegated prefix. */
	if (kind->at < kind->end && lease_text_is(*kind, "2"))
		return true;
	if (!lease_take_address(*value_of(t, ADDRESS, values), &l)) {
		lease_list_blame(list, number, "expected an address");
		return true;
	}
	if (!take_times(t, values, &l)) {
		lease_list_blame(list, number, "expected numbers for times and state");
		return true;
	}
	lease_take_mac(*value_of(t, MAC, values), &l);
	return lease_take_id(list, *value_of(t, t->at[DUID] ? DUID : CLIENT_ID, values), &l) &&
	       take_hostname(list, *value_of(t, HOSTNAME, values), &l) && lease_list_add(list, &l);
}

bool lease_read_kea(struct lease_list *list, struct lease_text t, const struct lease_clock *now)
{
	struct lease_text line, values[COLUMNS_MAX];
	struct table table = {.n = 0};
	unsigned number = 0;
	bool good = false;

	(void)now;
	while (lease_line(&t, &line)) {
		unsigned n = split(line, values);

		number++;
		if (line.at == line.end)
			continue;
		if (table.n == 0 || is_header(values[0])) {
			good = read_header(&table, values, n);
			if (!good)
				lease_list_blame(list, number, "expected the names of columns");
		} else if (good && n != table.n) {
			lease_list_blame(list, number, "the row does not have all columns");
		} else if (good && !read_row(list, &table, values, number)) {
			return false;
		}
	}
	return true;
}
