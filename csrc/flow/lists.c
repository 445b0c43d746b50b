/* Listing tags and repositories, page by page (distribution-spec, Listing Tags; Q31 to Q34).
 *
 * A page's Link is followed where the host resolved it to the same origin. A registry cannot keep us for
 * ever: pages, names and empty pages are bounded, and no page is asked for twice. */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/registry_ask.h"

enum { EMPTY_PAGES_MAX = 100 }; /* in a row; some registries filter a page after having cut it */

struct list {
    struct oci_flow flow;
    struct oci_repository repo;
    bool repositories;
    struct oci_names *names;
    struct oci_sink *sink;
    struct oci_bytes *page;
    struct oci_map seen;   /* addresses asked */
    size_t page_first;     /* where the last page that had names begins in `names`, ... */
    size_t page_count;     /* ... and how many it had */
    unsigned pages, empty_pages;
    bool by_name;          /* the question was put together from the last name, as the Link failed */
};

static int ask_page(struct oci_flow *f, const char *url);

static struct list *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct list, flow);
}

static void drop_page(struct list *l)
{
    oci_sink_free(l->sink);
    l->sink = NULL;
    l->page = oci_bytes_unref(l->page);
}

static void list_free(struct oci_flow *f)
{
    struct list *l = of(f);
    drop_page(l);
    oci_map_done(&l->seen, NULL);
}

static const char *doing(struct oci_flow *f)
{
    return f->ask.http.doing;
}

static int add_name(struct oci_flow *f, const struct oci_json *v)
{
    struct list *l = of(f);
    const char *name = oci_json_string(v);
    if (!name || !name[0] || !oci_str_is_printable(oci_str_of(name)))
        return oci_flow_fail(f, OCI_INVALID, "%s: the list has an entry that is no name", doing(f));
    int rc = oci_names_add(l->names, name, strlen(name));
    if (rc == OCI_LIMIT)
        return oci_flow_fail(f, OCI_LIMIT, "%s: there are more than %d", doing(f), OCI_MAX_NAMES);
    return rc == OCI_OK ? OCI_OK : oci_flow_no_memory(f);
}

/* The same names once more mean that the registry ignores where the page should begin (Q31). */
static bool repeats(const struct list *l, size_t first, size_t count)
{
    if (count == 0 || count != l->page_count)
        return false;
    char **names = l->names->items;
    return strcmp(names[first], names[l->page_first]) == 0 &&
           strcmp(names[first + count - 1], names[l->page_first + count - 1]) == 0;
}

static int add_names(struct oci_flow *f, const struct oci_json *root)
{
    struct list *l = of(f);
    const char *key = l->repositories ? "repositories" : "tags";
    const struct oci_json *array = oci_json_get(root, key);
    if (!array || (oci_json_kind(array) != OCI_JSON_ARRAY && oci_json_kind(array) != OCI_JSON_NULL))
        return oci_flow_fail(f, OCI_INVALID, "%s: the answer is no list of %s", doing(f), key);
    size_t first = l->names->count;
    if (oci_json_kind(array) == OCI_JSON_ARRAY) {
        for (const struct oci_json *v = oci_json_first(array); v; v = oci_json_next(v)) {
            if (add_name(f, v) < 0)
                return f->err.code;
        }
    }
    size_t count = l->names->count - first;
    if (repeats(l, first, count))
        return oci_flow_fail(f, OCI_REGISTRY, "%s: the registry sends the same page again and again", doing(f));
    l->empty_pages = count > 0 ? 0 : l->empty_pages + 1;
    if (count > 0) {
        l->page_first = first;
        l->page_count = count;
    }
    return OCI_OK;
}

static int read_page(struct oci_flow *f)
{
    struct list *l = of(f);
    struct oci_err err = {0};
    struct oci_json *root;
    if (oci_json_parse(l->page->p, l->page->len, OCI_MAX_PAGE, &root, &err) < 0) {
        oci_err_wrap(&err, "%s", doing(f));
        return oci_err_copy(&f->err, &err);
    }
    int rc = add_names(f, root);
    oci_json_free(root);
    return rc;
}

/* A Link that the registry itself does not take (Q31: a wrong prefix, a wrong cursor): the page after the
 * last name. */
static int ask_after_last_name(struct oci_flow *f)
{
    struct list *l = of(f);
    if (l->by_name || l->page_count == 0)
        return oci_flow_fail_answer(f);
    const char *last = l->names->items[l->names->count - 1];
    struct oci_buf url;
    oci_buf_init(&url, OCI_MAX_URL);
    int rc = l->repositories ? oci_buf_add_str(&url, "/v2/_catalog")
                             : oci_buf_addf(&url, "/v2/%s/tags/list", l->repo.name);
    if (rc == OCI_OK)
        rc = oci_buf_addf(&url, "?n=%zu&last=", l->page_count);
    if (rc == OCI_OK)
        rc = oci_percent_add(&url, last, strlen(last));
    if (rc == OCI_OK)
        rc = ask_page(f, url.p);
    else
        rc = rc == OCI_LIMIT ? oci_flow_fail_answer(f) : oci_flow_no_memory(f);
    oci_buf_done(&url);
    l->by_name = true;
    return rc;
}

static int on_page(struct oci_flow *f)
{
    struct list *l = of(f);
    if (f->ans.status != 200)
        return ask_after_last_name(f);
    l->by_name = false;
    if (read_page(f) < 0)
        return f->err.code;
    if (!f->ans.link)
        return OCI_OK;
    if (l->empty_pages > EMPTY_PAGES_MAX)
        return oci_flow_fail(f, OCI_REGISTRY, "%s: the registry sends one empty page after the other", doing(f));
    return ask_page(f, f->ans.link);
}

static int ask_page(struct oci_flow *f, const char *url)
{
    struct list *l = of(f);
    if (l->pages++ >= OCI_MAX_PAGES)
        return oci_flow_fail(f, OCI_LIMIT, "%s: there are more than %d pages", doing(f), OCI_MAX_PAGES);
    if (oci_map_get(&l->seen, url))
        return oci_flow_fail(f, OCI_REGISTRY, "%s: the registry's pages lead back to one before", doing(f));
    if (oci_map_set(&l->seen, url, l, NULL) < 0)
        return oci_flow_no_memory(f);
    drop_page(l);
    l->sink = oci_sink_bytes(OCI_MAX_PAGE, NULL, &l->page);
    if (!l->sink)
        return oci_flow_no_memory(f);
    struct oci_http *q = oci_http(f, l->repo.origin, "GET", "%s", url);
    if (l->repositories)
        oci_http_scope(f, "registry:catalog:*");
    else
        oci_http_scope(f, "repository:%s:" OCI_PULL, l->repo.name);
    if (l->repositories)
        oci_http_doing(q, "listing the repositories of %s", l->repo.registry);
    else
        oci_http_doing(q, "listing the tags of %s/%s", l->repo.registry, l->repo.name);
    q->accept = OCI_TYPE_JSON;
    q->into = l->sink;
    if (l->pages == 1)
        return oci_ask_http(f, on_page, 200, 0);
    return oci_ask_http(f, on_page, 200, 400, 404, 0);
}

/* Q33: no `n` is sent: some registries refuse the number that others need. */
static int start(struct oci_flow *f)
{
    struct list *l = of(f);
    if (l->repositories)
        return ask_page(f, "/v2/_catalog");
    char url[OCI_REPOSITORY_MAX + 32];
    snprintf(url, sizeof url, "/v2/%s/tags/list", l->repo.name);
    return ask_page(f, url);
}

static const struct oci_flow_type list_type = {.name = "list", .free = list_free};

static struct oci_flow *list_new(const struct oci_repository *r, struct oci_names *ret_names, bool repositories)
{
    struct list *l = oci_flow_new(sizeof *l, &list_type, r->host, start);
    if (!l)
        return NULL;
    l->repo = *r;
    l->names = ret_names;
    l->repositories = repositories;
    oci_map_init(&l->seen, OCI_MAX_PAGES + 1);
    return &l->flow;
}

struct oci_flow *oci_flow_list_tags(const struct oci_repository *r, struct oci_names *ret_names)
{
    return list_new(r, ret_names, false);
}

struct oci_flow *oci_flow_list_repositories(const struct oci_repository *r, struct oci_names *ret_names)
{
    return list_new(r, ret_names, true);
}
