#include "helpers.h"
#include <stdlib.h>

#include "../tsan.h"
#include "net/stream.h"
#include "net/udp.h"
#include "worker/fill.h"

struct worker_shared shared;
struct rules rules;
struct root_hints hints;
struct worker *workers[TEST_WORKERS_MAX];

static struct log logger;
static struct prefix everybody;
static char empty[] = "";

void shared_open(uint64_t cache_size, unsigned workers_n)
{
	struct cache_options options = {.size = cache_size, .stale_s = 3600};
	struct hash_key key = {1, 2};

	assert_true(workers_n <= TEST_WORKERS_MAX);
	assert_true(prefix_from_text("127.0.0.0/8", &everybody));
	log_init(&logger, LOG_LEVEL_ERROR);
	rules = (struct rules){
		.answers = 1,
		.access = {.allow = &everybody, .allow_n = 1},
		.serve = {.prefetch = true,
			  .identity = empty,
			  .version = empty,
			  .tcp_idle_ms = 10000},
		.cache = cache_create(&options, &key),
		.hints = &hints,
	};
	shared = (struct worker_shared){
		.log = &logger,
		.rules = {&rules},
		.infra = infra_create(&key),
		.inflight = inflight_create(),
		.fill = calloc(1, sizeof *shared.fill),
		.hash_key = key,
		.cookie_secret = {3, 4},
		.workers = workers,
		.workers_n = workers_n,
	};
	root_hints_builtin(&hints);
	assert_true(rules.cache && shared.infra && shared.inflight && shared.fill);
}

void shared_close(void)
{
	inflight_destroy(shared.inflight);
	free(shared.fill);
	infra_destroy(shared.infra);
	cache_destroy(rules.cache);
}

struct listener_fds listen_somewhere(void)
{
	struct address at = address("127.0.0.1@0");
	struct listener_fds fds = {.udp = -1, .tcp = -1};

	fds.udp = udp_listen(&at, &fds.wildcard);
	fds.tcp = stream_listen(&at);
	assert_true(fds.udp >= 0 && fds.tcp >= 0);
	fds.at.address = local_address(fds.udp);
	return fds;
}

int client_of(int udp)
{
	struct address at = local_address(udp);

	return connected(SOCK_DGRAM, &at);
}

void workers_end(void)
{
	for (unsigned i = 0; i < TEST_WORKERS_MAX; i++) {
		if (!workers[i])
			continue;
		worker_stop(workers[i]);
		worker_join(workers[i]);
	}
	for (unsigned i = 0; i < TEST_WORKERS_MAX; i++) {
		if (workers[i])
			worker_destroy(workers[i]);
		workers[i] = NULL;
	}
}

void put_answer(unsigned i)
{
	uint8_t rdata[4] = {192, 0, 2, (uint8_t)i}, message[512];
	uint16_t ttl_at[ANSWER_TTLS_MAX];
	struct tern_builder b;
	struct moment now;
	char text[32];

	clock_read(&now);
	snprintf(text, sizeof text, "name%u.example.", i);
	const uint8_t *name = NAME(text);

	tern_builder_init(&b, message, sizeof message, sizeof message);
	tern_builder_record_ttls(&b, ttl_at, ANSWER_TTLS_MAX);
	tern_builder_header(&b, 0, TERN_FLAG_QR | TERN_FLAG_RA, 0);
	assert_int_equal(tern_builder_question(&b, name, TERN_TYPE_A, TERN_CLASS_IN), TERN_OK);
	assert_int_equal(
		tern_builder_rr(&b, TERN_ANSWER, name, TERN_TYPE_A, TERN_CLASS_IN, 36000, rdata, 4),
		TERN_OK);
	struct answer a = {.key = {.name = name,
				   .name_len = (uint16_t)tern_name_len(name),
				   .type = TERN_TYPE_A,
				   .rules = rules.answers},
			   .message = message,
			   .message_len = (uint16_t)tern_builder_finish(&b),
			   .ttl_at = ttl_at,
			   .ttl_n = 1,
			   .ttl_s = 36000,
			   .life_s = 36000};

	for (uint8_t variant = 0; variant < 2; variant++) {
		a.key.variant = variant ? ANSWER_DO : 0;
		cache_put_answer(rules.cache, &a, now.boot_s);
	}
}

struct tern_builder begin_query(uint8_t *to, uint16_t id, const char *name)
{
	struct tern_builder b;

	tern_builder_init(&b, to, QUERY_MAX, QUERY_MAX);
	tern_builder_header(&b, id, TERN_FLAG_RD, 0);
	assert_int_equal(tern_builder_question(&b, NAME(name), TERN_TYPE_A, TERN_CLASS_IN),
			 TERN_OK);
	return b;
}
