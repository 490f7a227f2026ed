/*
 * ternq_values.h - the values of the options that begin with a plus.
 *
 * Each setter is for one option: @c on is false when "no" stood before the
 * name, @c value is what stood behind "=", or NULL. A setter says false when the
 * option can't have that value; the look-up is of no use then.
 */
#pragma once

#include "tools/ternq_options.h"

bool set_all(struct lookup *l, bool on, const char *value);
bool set_bufsize(struct lookup *l, bool on, const char *value);
bool set_edns(struct lookup *l, bool on, const char *value);
bool set_cookie(struct lookup *l, bool on, const char *value);
bool set_subnet(struct lookup *l, bool on, const char *value);
bool set_timeout(struct lookup *l, bool on, const char *value);
bool set_tries(struct lookup *l, bool on, const char *value);
bool set_retry(struct lookup *l, bool on, const char *value);
bool set_id(struct lookup *l, bool on, const char *value);
bool set_padding(struct lookup *l, bool on, const char *value);
bool set_trace(struct lookup *l, bool on, const char *value);
bool set_anchor(struct lookup *l, bool on, const char *value);
bool set_domain(struct lookup *l, bool on, const char *value);
bool set_ndots(struct lookup *l, bool on, const char *value);
bool set_show_search(struct lookup *l, bool on, const char *value);
bool set_rr_comments(struct lookup *l, bool on, const char *value);
