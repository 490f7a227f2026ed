#include "policy/safe_search.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

/* --- the engines, each table in the order of strcmp() ------------------------------------ */

/* www.google. and these: https://www.google.com/supported_domains. */
static const char *const google[] = {
	"ad",     "ae",     "al",     "am",     "as",     "at",     "az",     "ba",     "be",
	"bf",     "bg",     "bi",     "bj",     "bs",     "bt",     "by",     "ca",     "cat",
	"cd",     "cf",     "cg",     "ch",     "ci",     "cl",     "cm",     "cn",     "co.ao",
	"co.bw",  "co.ck",  "co.cr",  "co.id",  "co.il",  "co.in",  "co.jp",  "co.ke",  "co.kr",
	"co.ls",  "co.ma",  "co.mz",  "co.nz",  "co.th",  "co.tz",  "co.ug",  "co.uk",  "co.uz",
	"co.ve",  "co.vi",  "co.za",  "co.zm",  "co.zw",  "com",    "com.af", "com.ag", "com.ai",
	"com.ar", "com.au", "com.bd", "com.bh", "com.bn", "com.bo", "com.br", "com.bz", "com.co",
	"com.cu", "com.cy", "com.do", "com.ec", "com.eg", "com.et", "com.fj", "com.gh", "com.gi",
	"com.gt", "com.hk", "com.jm", "com.kh", "com.kw", "com.lb", "com.ly", "com.mm", "com.mt",
	"com.mx", "com.my", "com.na", "com.ng", "com.ni", "com.np", "com.om", "com.pa", "com.pe",
	"com.pg", "com.ph", "com.pk", "com.pr", "com.py", "com.qa", "com.sa", "com.sb", "com.sg",
	"com.sl", "com.sv", "com.tj", "com.tr", "com.tw", "com.ua", "com.uy", "com.vc", "com.vn",
	"cv",     "cz",     "de",     "dj",     "dk",     "dm",     "dz",     "ee",     "es",
	"fi",     "fm",     "fr",     "ga",     "ge",     "gg",     "gl",     "gm",     "gr",
	"gy",     "hn",     "hr",     "ht",     "hu",     "ie",     "im",     "iq",     "is",
	"it",     "je",     "jo",     "kg",     "ki",     "kz",     "la",     "li",     "lk",
	"lt",     "lu",     "lv",     "md",     "me",     "mg",     "mk",     "ml",     "mn",
	"ms",     "mu",     "mv",     "mw",     "ne",     "nl",     "no",     "nr",     "nu",
	"pl",     "pn",     "ps",     "pt",     "ro",     "rs",     "ru",     "rw",     "sc",
	"se",     "sh",     "si",     "sk",     "sm",     "sn",     "so",     "sr",     "st",
	"td",     "tg",     "tl",     "tm",     "tn",     "to",     "tt",     "vg",     "vu",
	"ws",
};

/* support.google.com/a/answer/6214622: the names by which videos are found. */
static const char *const youtube[] = {
	"m.youtube.com",          "www.youtube-nocookie.com", "www.youtube.com",
	"youtube.googleapis.com", "youtubei.googleapis.com",
};

struct engine {
	const char *name;
	const char *target;
};

static const struct engine engines[] = {
	{"bing.com", "strict.bing.com"},
	{"duckduckgo.com", "safe.duckduckgo.com"},
	{"ecosia.org", "strict-safe-search.ecosia.org"},
	{"noai.duckduckgo.com", "safe.duckduckgo.com"},
	{"pixabay.com", "safesearch.pixabay.com"},
	{"search.brave.com", "forcesafe.search.brave.com"},
	{"start.duckduckgo.com", "safe.duckduckgo.com"},
	{"www.bing.com", "strict.bing.com"},
	{"www.duckduckgo.com", "safe.duckduckgo.com"},
	{"www.ecosia.org", "strict-safe-search.ecosia.org"},
	{"www.pixabay.com", "safesearch.pixabay.com"},
	{"www.ya.ru", "familysearch.yandex.ru"},
	{"www.yandex.az", "familysearch.yandex.ru"},
	{"www.yandex.by", "familysearch.yandex.ru"},
	{"www.yandex.co.il", "familysearch.yandex.ru"},
	{"www.yandex.com", "familysearch.yandex.ru"},
	{"www.yandex.com.am", "familysearch.yandex.ru"},
	{"www.yandex.com.ge", "familysearch.yandex.ru"},
	{"www.yandex.com.tr", "familysearch.yandex.ru"},
	{"www.yandex.ee", "familysearch.yandex.ru"},
	{"www.yandex.eu", "familysearch.yandex.ru"},
	{"www.yandex.fr", "familysearch.yandex.ru"},
	{"www.yandex.kg", "familysearch.yandex.ru"},
	{"www.yandex.kz", "familysearch.yandex.ru"},
	{"www.yandex.lt", "familysearch.yandex.ru"},
	{"www.yandex.lv", "familysearch.yandex.ru"},
	{"www.yandex.md", "familysearch.yandex.ru"},
	{"www.yandex.net", "familysearch.yandex.ru"},
	{"www.yandex.ru", "familysearch.yandex.ru"},
	{"www.yandex.tj", "familysearch.yandex.ru"},
	{"www.yandex.tm", "familysearch.yandex.ru"},
	{"www.yandex.ua", "familysearch.yandex.ru"},
	{"www.yandex.uz", "familysearch.yandex.ru"},
	{"ya.ru", "familysearch.yandex.ru"},
	{"yandex.az", "familysearch.yandex.ru"},
	{"yandex.by", "familysearch.yandex.ru"},
	{"yandex.co.il", "familysearch.yandex.ru"},
	{"yandex.com", "familysearch.yandex.ru"},
	{"yandex.com.am", "familysearch.yandex.ru"},
	{"yandex.com.ge", "familysearch.yandex.ru"},
	{"yandex.com.tr", "familysearch.yandex.ru"},
	{"yandex.ee", "familysearch.yandex.ru"},
	{"yandex.eu", "familysearch.yandex.ru"},
	{"yandex.fr", "familysearch.yandex.ru"},
	{"yandex.kg", "familysearch.yandex.ru"},
	{"yandex.kz", "familysearch.yandex.ru"},
	{"yandex.lt", "familysearch.yandex.ru"},
	{"yandex.lv", "familysearch.yandex.ru"},
	{"yandex.md", "familysearch.yandex.ru"},
	{"yandex.net", "familysearch.yandex.ru"},
	{"yandex.ru", "familysearch.yandex.ru"},
	{"yandex.tj", "familysearch.yandex.ru"},
	{"yandex.tm", "familysearch.yandex.ru"},
	{"yandex.ua", "familysearch.yandex.ru"},
	{"yandex.uz", "familysearch.yandex.ru"},
};

/* --- looking ------------------------------------------------------------------------------- */

static int compare_texts(const void *key, const void *entry)
{
	const char *const *text = entry;

	return strcmp(key, *text);
}

static int compare_engines(const void *key, const void *entry)
{
	const struct engine *e = entry;

	return strcmp(key, e->name);
}

static bool is_google(const char *text)
{
	static const char before[] = "www.google.";

	return strncmp(text, before, sizeof before - 1) == 0 &&
	       bsearch(text + sizeof before - 1, google, ARRAY_LEN(google), sizeof google[0],
		       compare_texts);
}

const char *safe_search_target(enum safe_search how, const uint8_t *name)
{
	char text[TERN_NAME_TEXT_MAX];

	if (how == SAFE_SEARCH_OFF || *name == 0)
		return NULL;
	tern_name_to_text(name, text);
	text[strlen(text) - 1] = '\0'; /* the final dot */
	if (is_google(text))
		return "forcesafesearch.google.com";
	if (bsearch(text, youtube, ARRAY_LEN(youtube), sizeof youtube[0], compare_texts))
		return how == SAFE_SEARCH_MODERATE ? "restrictmoderate.youtube.com"
						   : "restrict.youtube.com";
	const struct engine *e =
		bsearch(text, engines, ARRAY_LEN(engines), sizeof engines[0], compare_engines);

	return e ? e->target : NULL;
}
