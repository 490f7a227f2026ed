/*
 * whose_test.c - who is answered by which rules: views by the client's address and by where it
 * asks, policy zones that speak of a client, and clients of different networks.
 */
#include "worker/client.c"

#include "talk.h"

#include <tern/text.h>

#include "base/rates.h"
#include "policy/rpz.h"

static struct worker *w;

/** A client's socket that asks the first worker from @p text. */
static int client_at(const char *text)
{
	struct address from = address(text), to = local_address(listeners[0].udp);
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(&from, &sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	len = address_to_sockaddr(&to, &sa);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

static int d; /* of another client */

/* --- views --------------------------------------------------------------------------------------
 */

/* The first is of 127.0.0.2, the second of whoever asks at a listener of its own. */
static struct view views[2];
static struct view_listener at_listener;
static struct view_set view_set;
static struct view_clients members;
static struct rules of_views[2];

/* What the workers' threads do at each turn. */
static void look_at_rules(void)
{
	take_rules(w);
}

static void end_cache(void *cache)
{
	cache_destroy(cache);
}

static int open_views(void **state)
{
	struct cache_options options = {.size = 1 << 20, .stale_s = 3600};
	struct hash_key key = {7, 8};
	struct client_network network = {.value = 0};

	open_one(state);
	w = workers[0];
	d = client_at("127.0.0.2@0");
	assert_true(prefix_from_text("127.0.0.2/32", &network.prefix));
	memset(&members, 0, sizeof members);
	assert_true(client_map_make(&members.map, &network, 1));
	views[0] = (struct view){.class = 1};
	views[1] = (struct view){.class = 2};
	at_listener.view = 1;
	view_set = (struct view_set){views, 2, 2, &at_listener, 1};
	for (unsigned i = 0; i < 2; i++) {
		of_views[i] = rules;
		of_views[i].view = i + 1;
		of_views[i].cache = cache_create(&options, &key);
		assert_non_null(of_views[i].cache);
		assert_true(rules_set_part(&rules, RULES_VIEW_CACHES + i, of_views[i].cache,
					   end_cache));
	}
	rules.views = &view_set;
	rules.view_clients = &members;
	rules.of_views = of_views;
	look_at_rules();
	return 0;
}

static int close_views(void **state)
{
	close(d);
	rules.views = NULL;
	close_all(state);
	for (unsigned i = 0; i < 2; i++)
		rules_drop_part(&rules, RULES_VIEW_CACHES + i);
	client_map_free(&members.map);
	assert_nothing_left();
	return 0;
}

static void learn(int fd, uint16_t id, uint8_t last)
{
	ask(fd, id, "www.test.");
	struct asked a = take();

	reply(&a, last);
	expect(fd, id, TERN_RCODE_NOERROR, last);
}

static void each_view_has_answers_of_its_own(void **state)
{
	(void)state;
	learn(d, 1, 2);
	learn(c, 2, 1);
	/* Out of the sets, and rendered. */
	for (uint16_t i = 0; i < 3; i++) {
		ask(d, i, "www.test.");
		expect(d, i, TERN_RCODE_NOERROR, 2);
		ask(c, i, "www.test.");
		expect(c, i, TERN_RCODE_NOERROR, 1);
	}
	/* A name is forgotten in all caches. */
	assert_true(shared_flush_name(&shared, (const uint8_t *)"\3www\4test") >= 2);
	learn(d, 3, 4);
	learn(c, 4, 3);
	assert_true(shared_flush_zone(&shared, (const uint8_t *)"\4test") >= 2);
	learn(d, 5, 6);
	learn(c, 6, 5);
}

static void of_different_views_nobody_waits_for_the_same(void **state)
{
	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	ask(d, 2, "www.test.");
	pass(5);
	assert_int_equal(counted(&tally()->joined), 0);
	assert_int_equal(w->tasks.taken_n, 2);
	ask(d, 3, "www.test.");
	pass(5);
	assert_int_equal(counted(&tally()->joined), 1);
	reply(&a, 1); /* one server was asked, once */
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	expect(d, 3, TERN_RCODE_NOERROR, 1);
	expect(d, 2, TERN_RCODE_NOERROR, 1);
}

static void a_view_says_who_may_ask_and_how_often(void **state)
{
	struct prefix nobody[1];

	(void)state;
	put_answer(1);
	of_views[0].access = (struct access_list){.allow = nobody, .allow_n = 0};
	ask(d, 1, "name1.example.");
	expect(d, 1, TERN_RCODE_REFUSED, 0);
	of_views[0].access.drop = true;
	ask(d, 2, "name1.example.");
	expect_silence(d, 5);
	assert_int_equal(counted(&tally()->refused), 2);
	ask(c, 3, "name1.example.");
	expect(c, 3, TERN_RCODE_NOERROR, 1);
	of_views[0].access = rules.access;
	shared.rates = rates_create();
	assert_non_null(shared.rates);
	learn(d, 4, 1);
	of_views[0].rates.client_rate = 1;
	for (uint16_t i = 5; i < 8; i++) { /* at once */
		ask(d, i, "www.test.");
		ask(c, i, "name1.example.");
	}
	expect(d, 5, TERN_RCODE_NOERROR, 1);
	for (uint16_t i = 5; i < 8; i++)
		expect(c, i, TERN_RCODE_NOERROR, 1);
	expect_silence(d, 5);
	assert_int_equal(counted(&tally()->rate_limited), 2);
	rates_destroy(shared.rates);
}

static void whoever_asks_at_a_listener_is_of_its_view(void **state)
{
	(void)state;
	learn(c, 1, 1);
	at_listener.at = local_address(listeners[0].udp);
	look_at_rules();
	assert_true(w->listeners[0].had_view);
	learn(c, 2, 2);
	ask(d, 3, "www.test.");
	expect(d, 3, TERN_RCODE_NOERROR, 2);
	/* The view sleeps: its clients are everybody's, and the other view's own. */
	view_bits_set(&members.asleep, 1);
	look_at_rules();
	ask(c, 4, "www.test.");
	expect(c, 4, TERN_RCODE_NOERROR, 1);
	learn(d, 5, 3);
	assert_true(w->listeners[0].had_view);
}

static void a_class_that_is_gone_has_what_everybody_has(void **state)
{
	(void)state;
	assert_int_equal(w->view_resolvers_n, 2);
	assert_ptr_equal(w->view_resolvers[0].cache, of_views[0].cache);
	assert_ptr_equal(w->view_resolvers[1].rules, &of_views[1]);
	assert_ptr_equal(w->view_resolvers[1].cache, of_views[1].cache);
	views[1].class = 3; /* and another one has come */
	view_set.classes_n = 1;
	look_at_rules();
	assert_int_equal(w->view_resolvers_n, 2);
	assert_ptr_equal(w->view_resolvers[0].cache, of_views[0].cache);
	assert_ptr_equal(w->view_resolvers[1].cache, rules.cache);
	rules.views = NULL;
	look_at_rules();
	assert_ptr_equal(w->view_resolvers[0].rules, &rules);
	assert_ptr_equal(w->view_resolvers[0].cache, rules.cache);
	learn(d, 1, 1);
	ask(c, 2, "www.test.");
	expect(c, 2, TERN_RCODE_NOERROR, 1);
}

/* A view that asks the root servers itself has to know them. */
static void each_view_asks_for_the_roots_servers(void **state)
{
	(void)state;
	hints = (struct root_hints){.servers_n = 1};
	memcpy(hints.servers[0].name, NAME("ns.root."), 9);
	hints.servers[0].addresses[0] = forwarder_at;
	hints.servers[0].addresses_n = 1;
	for (unsigned i = 0; i < 2; i++) {
		of_views[i].routes.n = 0;
		w->view_resolvers[i].prime_wanted = true;
		struct asked a = take();

		assert_int_equal(a.m.qtype, TERN_TYPE_NS);
		assert_int_equal(a.m.qname_len, 1);
		assert_false(w->view_resolvers[i].prime_wanted);
		client_abandon_all(w);
	}
	assert_false(w->resolver.prime_wanted);
}

/* --- a listener that goes ------------------------------------------------------------------------
 */

static bool is_closed(int fd)
{
	uint8_t octet;

	return await_fd(fd, 10) && recv(fd, &octet, 1, 0) <= 0;
}

/* By its own address the client of a view may be somebody else, once the listener is gone. */
static void connections_of_a_view_end_with_its_listener(void **state)
{
	struct listener_fds other = listen_somewhere();
	struct address at = local_address(other.tcp);
	int idle = tcp_client_of(0), owed = tcp_client_of(0), elsewhere;

	(void)state;
	at_listener.at = local_address(listeners[0].udp);
	look_at_rules();
	assert_true(worker_listen(w, 1, &other));
	assert_true(worker_start_listening(w, 1));
	pass(5);
	elsewhere = connected(SOCK_STREAM, &at);
	ask_tcp(owed, 1, "www.test.");
	struct asked a = take();

	assert_int_equal(w->client_shares.taken_n, 3);
	assert_true(worker_stop_listening(w, 0));
	pass(5);
	assert_true(is_closed(idle));
	ask_tcp(owed, 2, "ww2.test.");
	expect_no_question(10); /* it is heard no more, */
	reply(&a, 1);
	expect_tcp(owed, 1, TERN_RCODE_NOERROR, 1); /* but has its answer */
	assert_true(is_closed(owed));
	assert_int_equal(w->client_shares.taken_n, 1);
	/* That of a listener without a view stays when that goes. */
	assert_true(worker_stop_listening(w, 1));
	pass(5);
	assert_int_equal(w->client_shares.taken_n, 1);
	put_answer(1);
	ask_tcp(elsewhere, 3, "name1.example.");
	expect_tcp(elsewhere, 3, TERN_RCODE_NOERROR, 1);
	close(idle);
	close(owed);
	close(elsewhere);
}

/* --- policy zones -------------------------------------------------------------------------------
 */

static struct rpz_set policies;

static void add_rule(const char *text)
{
	static struct tern_rr_text rr;
	const char *why = NULL;

	assert_int_equal(tern_rr_from_zone_text(text, NAME("rpz."), 60, &rr, &why), TERN_OK);
	assert_true(rpz_add(policies.zones[0].zone, rr.owner, rr.type, rr.ttl_s, rr.rdata,
			    rr.rdata_len, &why));
}

static int open_policies(void **state)
{
	open_one(state);
	w = workers[0];
	d = client_at("127.0.0.9@0");
	policies = (struct rpz_set){.n = 1};
	policies.zones[0].zone = rpz_create(NAME("rpz."), RPZ_GIVEN);
	assert_non_null(policies.zones[0].zone);
	add_rule("32.9.0.0.127.rpz-client-ip CNAME .");
	add_rule("32.8.0.0.127.rpz-client-ip CNAME rpz-passthru.");
	assert_true(rpz_seal(policies.zones[0].zone));
	rpz_set_finish(&policies);
	rules.rpz = &policies;
	rules.rpz_asked = 1;
	return 0;
}

static int close_policies(void **state)
{
	close(d);
	close_all(state);
	rpz_destroy(policies.zones[0].zone);
	assert_nothing_left();
	return 0;
}

static void of_whom_policies_speak_is_answered_apart(void **state)
{
	(void)state;
	put_answer(1);
	for (uint16_t i = 0; i < 4; i++) {
		ask(c, i, "name1.example.");
		expect(c, i, TERN_RCODE_NOERROR, 1);
		ask(d, i, "name1.example.");
		expect(d, i, TERN_RCODE_NXDOMAIN, 0);
	}
	assert_int_equal(counted(&tally()->hits), 4);
	/* A rule set, or a view, that asks no such zone speaks of nobody. */
	rules.rpz_asked = 2;
	ask(d, 9, "name1.example.");
	expect(d, 9, TERN_RCODE_NOERROR, 1);
}

static void nobody_else_waits_for_the_same(void **state)
{
	int passed = client_at("127.0.0.8@0"), port = client_at("127.0.0.8@0");

	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	ask(passed, 2, "www.test.");
	pass(5);
	assert_int_equal(counted(&tally()->joined), 0);
	/* But himself, from any port. */
	ask(port, 3, "www.test.");
	pass(5);
	assert_int_equal(counted(&tally()->joined), 1);
	reply(&a, 7);
	expect(c, 1, TERN_RCODE_NOERROR, 7);
	expect(passed, 2, TERN_RCODE_NOERROR, 7);
	expect(port, 3, TERN_RCODE_NOERROR, 7);
	close(passed);
	close(port);
}

/* --- networks ------------------------------------------------------------------------------------
 */

static uint64_t hash_at(const char *text)
{
	struct address a = address(text);
	struct request r = {0};

	return hash_with_subnet(w, 77, &r, &a);
}

static void of_different_networks_nobody_waits_for_the_same_either(void **state)
{
	(void)state;
	uint8_t *zones[] = {(uint8_t *)(uintptr_t) "\5other"};

	rules.resolver.subnet.zones = zones;
	rules.resolver.subnet.zones_n = 1;
	rules.resolver.subnet.ipv4_bits = 24;
	rules.resolver.subnet.ipv6_bits = 48;
	assert_int_equal(hash_at("203.0.113.1"), hash_at("203.0.113.200"));
	assert_int_not_equal(hash_at("203.0.113.1"), hash_at("203.0.112.1"));
	assert_int_equal(hash_at("2a00:1:2:3::1"), hash_at("2a00:1:2:4::1"));
	assert_int_not_equal(hash_at("2a00:1:2::1"), hash_at("2a00:1:3::1"));
	/* Whose network nobody is told is like the others of that kind. */
	assert_int_equal(hash_at("10.0.0.1"), hash_at("127.0.0.1"));
	ask(c, 1, "www.test.");
	struct asked a = take();

	int e = client_at("127.0.0.3@0");

	ask(e, 2, "www.test.");
	pass(5);
	assert_int_equal(counted(&tally()->joined), 1);
	reply(&a, 1);
	expect(e, 2, TERN_RCODE_NOERROR, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	rules.resolver.subnet.zones_n = 0;
	close(e);
}

/* What a network has others store leaves the cache first, once that was much in a minute. */
static void who_fills_the_cache_is_brief(void **state)
{
	struct address a = local_address(c);
	uint16_t party = party_of(&shared.hash_key, &a);
	struct task *t;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		ask(c, (uint16_t)i, i ? "ww2.test." : "www.test.");
		struct asked asked = take();

		t = NULL;
		for (unsigned k = 0; k < TASK_BUCKETS && !t; k++) {
			if (w->task_buckets[k].next)
				t = cds_hlist_entry(w->task_buckets[k].next, struct task,
						    same_hash);
		}
		assert_non_null(t);
		assert_int_equal(t->job.brief, i);
		reply(&asked, 1);
		expect(c, (uint16_t)i, TERN_RCODE_NOERROR, 1);
		/* An answer was counted for its network. */
		assert_int_equal(
			fill_is_over(shared.fill, party, FILL_SHARE * 1024, w->loop.now.boot_s),
			true);
		fill_note(shared.fill, party, 1 << 20, w->loop.now.boot_s);
	}
}

/* --- loops ---------------------------------------------------------------------------------------
 */

/* As if the question for the forwarder had gone to @p server. */
static void send_elsewhere(struct task *t, const struct address *server)
{
	struct exchange *x = t->asker.live->exchange;
	uint64_t salt = hash_bytes(&shared.hash_key, server->family, server->octets, 16);

	cds_hlist_del(&x->same_hash);
	x->to.address = *server;
	x->hash = hash_bytes(&shared.hash_key, salt, (const uint8_t *)"\3www\4test", 10);
	cds_hlist_add_head(&x->same_hash, &w->exchange_buckets[x->hash % EXCHANGE_BUCKETS]);
}

/* Whom we are asking asks us the same: it waits for us, and we for it. */
static void a_loop_of_others_ends(void **state)
{
	struct address server = address("192.0.2.1@53");

	(void)state;
	ask(c, 1, "www.test.");
	(void)take();
	struct question question = {.name = "\3www\4test", .type = TERN_TYPE_A};
	struct task *t = find_task(w, &question, hash_question(w, &question, 0, 0), 0, 0);
	struct waiter *first = cds_list_first_entry(&t->waiters, struct waiter, node);
	struct request r = first->request;
	struct route_back back = first->back; /* the answers come to c */

	send_elsewhere(t, &server);
	r.id = 2;
	back.client = address("192.0.2.1@4444");
	assert_false(client_resolve(w, &r, &back, true));
	expect(c, 2, TERN_RCODE_REFUSED, 0);
	/* Of another host it is a question like any. */
	r.id = 3;
	back.client = address("192.0.2.2@4444");
	assert_true(client_resolve(w, &r, &back, true));
	assert_int_equal(counted(&tally()->joined), 1);
	/* It was the server's host that asked first: other programs may be there, too. */
	first->back.client = address("192.0.2.1@1111");
	cds_hlist_del(&first->same_host);
	uint64_t by_host = hash_bytes(&shared.hash_key, t->hash ^ server.family, server.octets,
				      sizeof server.octets);

	cds_hlist_add_head(&first->same_host, &w->waiters_by_host[by_host % WAITER_BUCKETS]);
	r.id = 4;
	back.client = address("192.0.2.1@5555");
	assert_true(client_resolve(w, &r, &back, true));
	assert_int_equal(counted(&tally()->joined), 2);
}

int main(void)
{
#define VIEWS(f)    cmocka_unit_test_setup_teardown(f, open_views, close_views)
#define POLICIES(f) cmocka_unit_test_setup_teardown(f, open_policies, close_policies)
	const struct CMUnitTest tests[] = {
		VIEWS(each_view_has_answers_of_its_own),
		VIEWS(of_different_views_nobody_waits_for_the_same),
		VIEWS(a_view_says_who_may_ask_and_how_often),
		VIEWS(whoever_asks_at_a_listener_is_of_its_view),
		VIEWS(a_class_that_is_gone_has_what_everybody_has),
		VIEWS(each_view_asks_for_the_roots_servers),
		VIEWS(connections_of_a_view_end_with_its_listener),
		POLICIES(of_whom_policies_speak_is_answered_apart),
		POLICIES(nobody_else_waits_for_the_same),
		VIEWS(of_different_networks_nobody_waits_for_the_same_either),
		VIEWS(who_fills_the_cache_is_brief),
		VIEWS(a_loop_of_others_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
