/* config.c - see config.h: the defaults, and the life of a struct config. */
#include "config/config.h"

#include <errno.h>
#include <stdlib.h>

#include "config/config_file.h"
#include "config/config_include.h"
#include "config/config_place.h"
#include "config/config_read.h"
#include "config/config_report.h"
#include "config/config_value.h"
#include "config/schema.h"
#include "net/tls.h"

/** A struct config of defaults, or NULL. */
static struct config *create_default(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->places = places_create();
	if (config->places && value_read_defaults(schema_root, config))
		return config;
	config_destroy(config);
	return NULL;
}

/* The reader is gone: the configuration, or NULL when anything was told. */
static struct config *conclude(struct config *config, struct report *report)
{
	report_finish(report);
	if (report->lines_n == 0)
		return config;
	config_destroy(config);
	return NULL;
}

struct config *config_parse(const char *text, size_t len, const char *name, char *error,
			    size_t error_max)
{
	struct config *config = create_default();
	struct config_reader *reader = NULL;
	struct report report;

	report_init(&report, name, error, error_max);
	if (config)
		reader = config_read_begin(config, &report);
	if (!reader)
		report_add(&report, 0, "", "out of memory");
	else if (len > CONFIG_OCTETS_MAX)
		report_add(&report, 0, "", "%s", config_file_reason(EFBIG));
	else
		config_read_text(reader, name, text, len, NULL);
	if (reader)
		config_read_end(reader);
	return conclude(config, &report);
}

struct config *config_load(const char *path, char *error, size_t error_max)
{
	struct config *config;
	struct config_reader *reader = NULL;
	struct report report;

	if (!path)
		return config_parse("", 0, "defaults", error, error_max);
	config = create_default();
	report_init(&report, path, error, error_max);
	if (config)
		reader = config_read_begin(config, &report);
	if (!reader || !config_include_all(reader, path, &report))
		report_add(&report, 0, "", "out of memory");
	if (reader)
		config_read_end(reader);
	return conclude(config, &report);
}

struct place config_place(const struct config *config, const char *path)
{
	return places_find(config->places, path);
}

bool config_writes(const struct config *config, const char *path)
{
	return places_has(config->places, path);
}

void config_destroy(struct config *config)
{
	if (!config)
		return;
	schema_free(schema_root, config);
	tls_peer_release(config->resolver.encryption.peer);
	places_destroy(config->places);
	free(config);
}
