/*
 * model_test.c - random operations on the cache against a plain table, with a
 * clock that the test moves.
 *
 * The table has a place for each (name, what is known of it); names form a
 * small tree so that flushing a zone hits some. Time starts close to the end of
 * 32 bits, because it is only ever subtracted.
 */
#include "base/readers.h"
#include "helpers.h"

#define STALE_S 1000
#define STEPS   300000

static const char *const name_texts[] = {
	".",           "test.",    "a.test.",  "b.test.",    "a.a.test.",  "b.a.test.",
	"c.b.a.test.", "aa.test.", "example.", "a.example.", "*.example.", "a.b.c.d.e.example.",
};

#define NAMES ARRAY_LEN(name_texts)

enum place {
	PLACE_A,
	PLACE_MX,
	PLACE_NAME, /* NXDOMAIN */
	PLACE_FAILURE,
	PLACE_DELEGATION,
	PLACE_ANSWER,
	PLACE_ANSWER_DO,
	PLACES,
};

struct known {
	bool present;
	bool nodata;
	enum cache_rank rank;
	enum cache_security security;
	uint64_t stored_s;
	uint32_t ttl_s;
	uint32_t value;
};

static uint8_t names[NAMES][TERN_NAME_MAX];
static struct known table[NAMES][PLACES];
static struct cache *cache;
static uint64_t now_s; /* the cache sees its lower 32 bits */
static uint64_t seed;
static uint32_t next_value;

static uint32_t now32(void)
{
	return (uint32_t)now_s;
}

static uint16_t type_of(enum place p)
{
	return p == PLACE_MX ? TERN_TYPE_MX : TERN_TYPE_A;
}

static bool is_fresh(const struct known *k)
{
	return k->present && now_s < k->stored_s + k->ttl_s;
}

static bool is_usable(const struct known *k, bool allow_stale)
{
	return is_fresh(k) ||
	       (allow_stale && k->present && now_s < k->stored_s + k->ttl_s + STALE_S);
}

/* The name in random case: what is stored and found must not depend on it. */
static const uint8_t *any_case(const uint8_t *name)
{
	static uint8_t out[TERN_NAME_MAX];
	size_t len = tern_name_copy(out, name);

	for (size_t i = 0; i < len; i++) {
		if (out[i] >= 'a' && out[i] <= 'z' && random_under(&seed, 2))
			out[i] = (uint8_t)(out[i] - 'a' + 'A');
	}
	return out;
}

static uint32_t random_ttl(void)
{
	static const uint32_t ttls[] = {0, 1, 5, 60, 300, 3600};

	return ttls[random_under(&seed, ARRAY_LEN(ttls))];
}

/* --- storing -------------------------------------------------------------------- */

/* Fresh data gives way to its equal or better. */
static void store(struct known *k, uint32_t ttl_s, const struct known *fresh)
{
	bool better = k->rank > fresh->rank ||
		      (k->security == CACHE_SECURE && fresh->security != CACHE_SECURE);

	if (ttl_s == 0 || (is_fresh(k) && better))
		return;
	*k = *fresh;
	k->present = true;
	k->stored_s = now_s;
	k->ttl_s = ttl_s;
	k->value = next_value;
}

/* What can't be kept ends what has expired all the same. */
static void end_stale(unsigned n, enum place p, uint32_t ttl_s)
{
	if (ttl_s > 0)
		return;
	if (!is_fresh(&table[n][p]))
		table[n][p].present = false;
	if (!is_fresh(&table[n][PLACE_NAME]))
		table[n][PLACE_NAME].present = false;
}

static enum cache_security random_security(void)
{
	return random_under(&seed, 2) ? CACHE_SECURE : CACHE_INSECURE;
}

static void put_positive(unsigned n, enum place p)
{
	struct known fresh = {.rank = 1 + random_under(&seed, 2), .security = random_security()};
	uint32_t ttl_s = random_ttl();
	struct one_set s;

	make_set(&s, any_case(names[n]), type_of(p), ttl_s, next_value,
		 (uint16_t)(4 + random_under(&seed, 200)));
	cache_put(cache, &s.set, fresh.rank, fresh.security, now32());
	end_stale(n, p, ttl_s);
	store(&table[n][p], ttl_s, &fresh);
}

static void put_denial(unsigned n, enum place p)
{
	struct one_set soa;
	struct cache_negative negative = {
		.name = any_case(names[n]),
		.type = type_of(p),
		.nxdomain = p == PLACE_NAME,
		.ttl_s = random_ttl(),
		.proof = make_set(&soa, names[0], TERN_TYPE_SOA, 60, next_value, 30),
		.proof_n = 1,
		.security = random_security(),
		.rank = 1 + random_under(&seed, 2),
	};
	struct known fresh = {
		.nodata = p != PLACE_NAME, .rank = negative.rank, .security = negative.security};

	cache_put_negative(cache, &negative, now32());
	end_stale(n, p == PLACE_NAME ? PLACE_A : p, negative.ttl_s);
	store(&table[n][p], negative.ttl_s, &fresh);
}

/* RFC 9520: 5 s, doubled while the trouble goes on, at most 300. */
static void put_failure(unsigned n)
{
	struct known *k = &table[n][PLACE_FAILURE];
	char text[16];

	snprintf(text, sizeof text, "%u", next_value);
	struct cache_failure failed = {.ede = TERN_EDE_NETWORK_ERROR,
				       .text = text,
				       .text_len = strlen(text),
				       .ttl_s = CACHE_FAILURE_MAX_S};

	cache_put_failure(cache, any_case(names[n]), TERN_TYPE_A, &failed, now32());
	if (is_fresh(k))
		return;
	bool goes_on = k->present && now_s <= k->stored_s + 3ull * k->ttl_s;
	uint32_t ttl_s = goes_on ? MIN(2 * k->ttl_s, 300u) : 5;

	k->present = false;
	store(k, ttl_s, &(struct known){.rank = 0});
}

static void put_delegation(unsigned n)
{
	uint8_t body[4];
	struct cache_delegation d = {
		.zone = any_case(names[n]), .body = body, .body_len = 4, .ttl_s = random_ttl()};

	put_u32(body, next_value);
	cache_put_delegation(cache, &d, now32());
	store(&table[n][PLACE_DELEGATION], d.ttl_s, &(struct known){.rank = 0});
}

static struct answer_key answer_key(unsigned n, enum place p)
{
	return (struct answer_key){.name = names[n],
				   .name_len = (uint16_t)tern_name_len(names[n]),
				   .type = TERN_TYPE_A,
				   .variant = p == PLACE_ANSWER_DO ? ANSWER_DO : 0};
}

/* A "message": the value, then two TTLs, one of them longer. */
static void put_answer(unsigned n, enum place p)
{
	static const uint16_t ttl_at[] = {4, 8};
	uint8_t message[12];
	uint32_t ttl_s = random_ttl();
	struct answer a = {.key = answer_key(n, p),
			   .message = message,
			   .message_len = 12,
			   .ttl_at = ttl_at,
			   .ttl_n = 2,
			   .ttl_s = ttl_s,
			   .life_s = ttl_s + 100};

	put_u32(message, next_value);
	put_u32(message + 4, ttl_s);
	put_u32(message + 8, ttl_s + 1000);
	cache_put_answer(cache, &a, now32());
	store(&table[n][p], ttl_s, &(struct known){.rank = 0});
}

static void put_something(unsigned n, enum place p)
{
	next_value++;
	switch (p) {
	case PLACE_A:
	case PLACE_MX:
		if (random_under(&seed, 3))
			put_positive(n, p);
		else
			put_denial(n, p);
		break;
	case PLACE_NAME: put_denial(n, p); break;
	case PLACE_FAILURE: put_failure(n); break;
	case PLACE_DELEGATION: put_delegation(n); break;
	case PLACE_ANSWER:
	case PLACE_ANSWER_DO: put_answer(n, p); break;
	case PLACES: break;
	}
}

/* --- finding -------------------------------------------------------------------- */

static const struct known *expect(unsigned n, enum place p, bool allow_stale,
				  enum cache_found *found)
{
	const struct known *type = &table[n][p], *name = &table[n][PLACE_NAME];

	*found = type->nodata ? CACHE_NODATA : CACHE_POSITIVE;
	if (is_fresh(type))
		return type;
	bool newer = !type->present || name->stored_s >= type->stored_s;

	if (is_fresh(name) || (newer && is_usable(name, allow_stale))) {
		*found = CACHE_NXDOMAIN;
		return name;
	}
	if (is_usable(type, allow_stale))
		return type;
	*found = CACHE_MISS;
	return NULL;
}

static void check_proof(const struct cache_hit *hit, uint32_t value)
{
	const uint8_t *at = hit->proof, *end = hit->proof + hit->proof_len;
	struct tern_rrset set;

	assert_true(cache_proof_next(&at, end, 77, &set));
	assert_int_equal(set.type, TERN_TYPE_SOA);
	assert_int_equal(set.ttl_s, 77);
	assert_int_equal(value_of(&set), value);
	assert_true(tern_name_equal(set.owner, names[0]));
	assert_false(cache_proof_next(&at, end, 77, &set));
}

static void check_type(unsigned n, enum place p)
{
	bool allow_stale = random_under(&seed, 2);
	enum cache_found expected;
	const struct known *k = expect(n, p, allow_stale, &expected);
	struct cache_hit hit;

	assert_int_equal(cache_get(cache, names[n], type_of(p), now32(), allow_stale, &hit),
			 expected);
	if (!k)
		return;
	uint64_t age_s = now_s - k->stored_s;
	uint64_t left_s = age_s < k->ttl_s ? k->ttl_s - age_s : 0;

	assert_int_equal(hit.ttl_s, left_s);
	assert_int_equal(hit.age_s, age_s);
	assert_int_equal(hit.stale, left_s == 0);
	assert_int_equal(hit.old, left_s > 0 && left_s <= k->ttl_s / 10);
	assert_int_equal(hit.rank, k->rank);
	assert_int_equal(hit.security, k->security);
	if (expected != CACHE_POSITIVE) {
		check_proof(&hit, k->value);
		return;
	}
	assert_int_equal(value_of(&hit.set), k->value);
	assert_int_equal(hit.set.ttl_s, left_s);
	assert_int_equal(hit.set.type, type_of(p));
	assert_true(tern_name_equal(hit.set.owner, names[n]));
}

static void check_failure(unsigned n)
{
	const struct known *k = &table[n][PLACE_FAILURE];
	struct cache_failure failure;
	char text[16];

	assert_int_equal(cache_get_failure(cache, names[n], TERN_TYPE_A, now32(), &failure),
			 is_fresh(k));
	assert_false(cache_get_failure(cache, names[n], TERN_TYPE_MX, now32(), &failure));
	if (!is_fresh(k))
		return;
	snprintf(text, sizeof text, "%u", k->value);
	assert_int_equal(failure.ede, TERN_EDE_NETWORK_ERROR);
	assert_int_equal(failure.ttl_s, k->stored_s + k->ttl_s - now_s);
	assert_int_equal(failure.text_len, strlen(text));
	assert_memory_equal(failure.text, text, failure.text_len);
}

static void check_delegation(unsigned n)
{
	const struct known *k = &table[n][PLACE_DELEGATION];
	struct cache_delegation d;

	assert_int_equal(cache_get_delegation(cache, names[n], now32(), &d), is_fresh(k));
	if (!is_fresh(k))
		return;
	assert_int_equal(d.ttl_s, k->stored_s + k->ttl_s - now_s);
	assert_int_equal(d.body_len, 4);
	assert_int_equal(get_u32(d.body), k->value);
	assert_true(tern_name_equal(d.zone, names[n]));
}

static void check_answer(unsigned n, enum place p)
{
	const struct known *k = &table[n][p];
	struct answer_key key = answer_key(n, p);
	uint64_t hash = answer_hash(cache, &key);
	struct answer_hit hit;
	uint8_t out[12];

	answer_prefetch(cache, hash);
	assert_int_equal(cache_get_answer(cache, &key, hash, 0, now32(), out, sizeof out, &hit),
			 is_fresh(k));
	assert_false(cache_get_answer(cache, &key, hash, 0, now32(), out, sizeof out - 1, &hit));
	if (!is_fresh(k))
		return;
	uint64_t age_s = now_s - k->stored_s;

	assert_int_equal(hit.len, 12);
	assert_int_equal(hit.old, k->ttl_s - age_s <= (k->ttl_s + 100) / 10);
	assert_int_equal(get_u32(out), k->value);
	assert_int_equal(get_u32(out + 4), k->ttl_s - age_s);
	assert_int_equal(get_u32(out + 8), k->ttl_s + 1000 - age_s);
}

static void check_place(unsigned n, enum place p)
{
	switch (p) {
	case PLACE_A:
	case PLACE_MX: check_type(n, p); break;
	case PLACE_NAME: break; /* seen through the types */
	case PLACE_FAILURE: check_failure(n); break;
	case PLACE_DELEGATION: check_delegation(n); break;
	case PLACE_ANSWER:
	case PLACE_ANSWER_DO: check_answer(n, p); break;
	case PLACES: break;
	}
}

/* --- flushing and walking --------------------------------------------------------- */

static size_t forget(unsigned at, bool zone)
{
	size_t n = 0;

	for (unsigned i = 0; i < NAMES; i++) {
		bool below = zone ? tern_name_is_below_or_equal(names[i], names[at]) : i == at;

		/* The name may have been made of the wildcard's sets. */
		bool source = !zone && names[i][1] == '*' &&
			      tern_name_is_below(names[at], tern_name_parent(names[i]));

		for (unsigned p = 0; p < PLACES; p++) {
			bool goes = below || p >= PLACE_ANSWER ||
				    (source && (p == PLACE_A || p == PLACE_MX));

			if (!table[i][p].present || !goes)
				continue;
			table[i][p].present = false;
			n++;
		}
	}
	return n;
}

static size_t count_present(void)
{
	size_t n = 0;

	for (unsigned i = 0; i < NAMES; i++) {
		for (unsigned p = 0; p < PLACES; p++)
			n += table[i][p].present;
	}
	return n;
}

static void visit(void *context, const struct cache_item *item)
{
	size_t *n = context;
	unsigned at = 0;
	enum place p = PLACE_ANSWER;

	++*n;
	while (!tern_name_equal(names[at], item->name))
		assert_true(++at < NAMES);
	switch (item->kind) {
	case CACHE_ITEM_RRSET:
	case CACHE_ITEM_NODATA: p = item->type == TERN_TYPE_MX ? PLACE_MX : PLACE_A; break;
	case CACHE_ITEM_NXDOMAIN: p = PLACE_NAME; break;
	case CACHE_ITEM_FAILURE: p = PLACE_FAILURE; break;
	case CACHE_ITEM_DELEGATION: p = PLACE_DELEGATION; break;
	case CACHE_ITEM_ANSWER: return; /* its variant is not told */
	}
	const struct known *k = &table[at][p];

	assert_true(k->present);
	assert_int_equal(item->stale, !is_fresh(k));
	assert_int_equal(item->ttl_s, is_fresh(k) ? k->stored_s + k->ttl_s - now_s : 0);
	if (item->kind == CACHE_ITEM_RRSET)
		assert_int_equal(value_of(&item->set), k->value);
	assert_int_equal(item->kind == CACHE_ITEM_NODATA, k->nodata && p != PLACE_NAME);
}

static void walk_all(void)
{
	struct cache_counts counts;
	size_t position = 0, n = 0;

	while (cache_walk(cache, &position, 1 + random_under(&seed, 100000), now32(), visit, &n))
		;
	assert_int_equal(n, count_present());
	cache_count(cache, &counts);
	assert_int_equal(counts.entries, n);
	assert_int_equal(counts.evicted, 0);
	assert_true(counts.octets <= counts.limit);
}

static size_t flush_list(unsigned n)
{
	const uint8_t *zones[] = {any_case(names[n]), NAME("nothing.elsewhere."), names[n]};

	return cache_flush_zones(cache, zones, ARRAY_LEN(zones));
}

static void do_something(void)
{
	unsigned n = random_under(&seed, NAMES), dice = random_under(&seed, 10000);

	if (dice < 10)
		assert_int_equal(cache_flush_name(cache, any_case(names[n])), forget(n, false));
	else if (dice < 15)
		assert_int_equal(cache_flush_zone(cache, any_case(names[n])), forget(n, true));
	else if (dice < 20)
		walk_all();
	else if (dice < 25)
		assert_int_equal(flush_list(n), forget(n, true));
	else if (dice < 100) {
		cache_drop_delegation(cache, any_case(names[n]));
		table[n][PLACE_DELEGATION].present = false;
	} else if (dice < 200) {
		cache_drop(cache, any_case(names[n]), TERN_TYPE_MX);
		table[n][PLACE_MX].present = table[n][PLACE_NAME].present = false;
	} else if (dice < 4000)
		put_something(n, random_under(&seed, PLACES));
	else
		check_place(n, random_under(&seed, PLACES));
}

static void random_operations(void **state)
{
	static const uint32_t steps_s[] = {0, 0, 0, 0, 0, 0, 1, 2, 5, 30, 500, 2000};

	(void)state;
	seed = 5;
	now_s = UINT32_MAX - 20000;
	for (unsigned i = 0; i < NAMES; i++)
		wire_name(names[i], name_texts[i]);
	cache = new_cache(4 << 20, STALE_S);
	for (unsigned i = 0; i < STEPS; i++) {
		do_something();
		now_s += random_under(&seed, 20) ? 0
						 : steps_s[random_under(&seed, ARRAY_LEN(steps_s))];
		if (i % 64 == 0)
			readers_rest();
		/* With too much waiting for its grace period, puts would be refused. */
		if (i % 4096 == 0)
			wait_for_reclaim();
	}
	walk_all();
	assert_true(now_s > (uint64_t)UINT32_MAX + 20000); /* it did wrap around */
	end_cache(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
