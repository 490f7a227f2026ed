/* schema_server.c - the keys of `server`: where clients ask, and how they are served. */
#include <limits.h>
#include <net/if.h>

#include "config/config.h"
#include "config/schema_private.h"
#include "config/schema_words.h"
#include "worker/worker.h"

#define TXT_OCTETS        255 /* one character-string */
#define USER_OCTETS       255
#define SORT_RULES_MAX    256
#define SORT_PREFIXES_MAX 256

#define TO(member)        MEMBER_OF(struct config, member)
#define TO_LIST(member)   LIST_OF(struct config, member)
#define IN_LISTEN(member) MEMBER_OF(struct listen_options, member)

/* clang-format off: one key per line reads as the table it is */

static const struct schema_key listen_keys[] = {
	{.name = "address", .kind = SCHEMA_LISTEN, IN_LISTEN(at.address), .optional = true},
	{.name = "interface",
	 .kind = SCHEMA_STRING,
	 IN_LISTEN(interface),
	 .max = IF_NAMESIZE - 1,
	 .initial = ""},
	{.name = "port",
	 .kind = SCHEMA_NUMBER,
	 IN_LISTEN(port),
	 .min = 1,
	 .max = 65535,
	 .optional = true},
	{.name = "transport",
	 .kind = SCHEMA_WORD,
	 IN_LISTEN(at.transport),
	 .words = listen_words,
	 .initial = "dns"},
	{.name = "view",
	 .kind = SCHEMA_STRING,
	 IN_LISTEN(view),
	 .max = VIEW_NAME_MAX - 1,
	 .initial = ""},
	{.name = "proxy-protocol",
	 .kind = SCHEMA_CLIENTS,
	 LIST_OF(struct listen_options, proxies),
	 .items_max = 256},
	{0},
};

static const struct schema_word order_words[] = {{"rotate", true}, {"fixed", false}, {0}};

static const struct schema_key sort_keys[] = {
	{.name = "clients",
	 .kind = SCHEMA_CLIENTS,
	 LIST_OF(struct sort_rule, clients),
	 .items_min = 1,
	 .required = true},
	{.name = "prefer",
	 .kind = SCHEMA_CLIENTS,
	 LIST_OF(struct sort_rule, prefer),
	 .items_min = 1,
	 .items_max = SORT_PREFIXES_MAX,
	 .required = true},
	{0},
};

static const struct schema_key pair_keys[] = {
	{.name = "certificate",
	 .kind = SCHEMA_STRING,
	 MEMBER_OF(struct tls_pair_options, certificate),
	 .max = PATH_MAX - 1,
	 .required = true},
	{.name = "key",
	 .kind = SCHEMA_STRING,
	 MEMBER_OF(struct tls_pair_options, key),
	 .max = PATH_MAX - 1,
	 .required = true},
	{0},
};

const struct schema_key schema_tls_keys[] = {
	{.name = "certificate",
	 .kind = SCHEMA_STRING,
	 TO(tls.certificate),
	 .max = PATH_MAX - 1,
	 .initial = ""},
	{.name = "key", .kind = SCHEMA_STRING, TO(tls.key), .max = PATH_MAX - 1, .initial = ""},
	{.name = "certificates",
	 TO_LIST(tls.more),
	 .items_max = TLS_PAIRS_MAX - 1,
	 .keys = pair_keys},
	{0},
};

const struct schema_key schema_https_keys[] = {
	{.name = "path",
	 .kind = SCHEMA_STRING,
	 TO(serve.https.path),
	 .max = HTTP_PATH_MAX,
	 .initial = "/dns-query"},
	{.name = "trusted-proxies", .kind = SCHEMA_CLIENTS, TO_LIST(serve.https.trusted)},
	{0},
};

const struct schema_key schema_server_keys[] = {
	{.name = "listen",
	 .keys = listen_keys,
	 .plain = &listen_keys[0],
	 .finish = finish_listen,
	 TO_LIST(server.listen),
	 .items_min = 1,
	 .items_max = LISTENERS_MAX,
	 .initial = "127.0.0.1@53 ::1@53"},
	{.name = "workers",
	 .kind = SCHEMA_WORKERS,
	 TO(server.workers),
	 .max = WORKERS_MAX,
	 .initial = "auto"},
	{.name = "tcp-clients",
	 .kind = SCHEMA_NUMBER,
	 TO(server.tcp_clients),
	 .min = 1,
	 .max = TCP_CLIENTS_MAX,
	 .initial = "1024"},
	{.name = "tcp-idle-timeout",
	 .kind = SCHEMA_MILLIS,
	 TO(serve.tcp_idle_ms),
	 .min = 1000,
	 .max = 3600000,
	 .initial = "10s"},
	{.name = "user",
	 .kind = SCHEMA_STRING,
	 TO(server.user),
	 .max = USER_OCTETS,
	 .initial = "tern"},
	{.name = "identity",
	 .kind = SCHEMA_STRING,
	 TO(serve.identity),
	 .max = TXT_OCTETS,
	 .initial = ""},
	{.name = "version",
	 .kind = SCHEMA_STRING,
	 TO(serve.version),
	 .max = TXT_OCTETS,
	 .initial = ""},
	{.name = "rrset-order",
	 .kind = SCHEMA_WORD,
	 TO(serve.rotate),
	 .words = order_words,
	 .initial = "rotate"},
	{.name = "sortlist",
	 TO_LIST(serve.sortlist),
	 .items_max = SORT_RULES_MAX,
	 .keys = sort_keys,
	 .finish = finish_sort},
	{0},
};
