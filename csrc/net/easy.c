#include "net/easy.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "model/descriptor.h"
#include "sys/clock.h"
#include "sys/file.h"

#define SYSTEM_DIR    "/etc/ssl/certs"
#define BUFFER_LARGE  65536L  /* 0.42 s for a GiB; 16 KiB costs 0.64 s (transfer-speed 2) */
#define BUFFER_SMALL  16384L  /* 32 transfers of tiny blobs at once: 12.1 MiB instead of 14.8 */
#define BUFFER_LEAST  4096L
#define BUFFER_UPLOAD 65536L
#define HEADER        1024u /* of an ordinary answer: read together with a tiny body */

/* A directory that OpenSSL can look certificates up in by hash: it has a name like "5ed36f99.0". */
static bool is_hashed_dir(const char *path)
{
    int fd = -1;
    char **names = NULL;
    size_t count = 0;
    bool found = false;
    if (oci_dir_open(OCI_CWD, path, false, &fd, NULL) != OCI_OK)
        return false;
    if (oci_dir_list(fd, &names, &count, NULL) == OCI_OK) {
        for (size_t i = 0; i < count && !found; i++)
            found =
                strlen(names[i]) == 10 && strspn(names[i], "0123456789abcdef") == 8 && oci_ends_with(names[i], ".0");
        oci_names_free(names);
    }
    oci_fd_close(fd);
    return found;
}

static int look_for_trust(struct oci_trust *trust)
{
    if (trust->known)
        return OCI_OK;
    const char *file = oci_env("SSL_CERT_FILE"), *dir = oci_env("SSL_CERT_DIR");
    if (!dir && is_hashed_dir(SYSTEM_DIR))
        dir = SYSTEM_DIR;
    trust->file = oci_strdup(file);
    trust->dir = oci_strdup(dir);
    if ((file && !trust->file) || (dir && !trust->dir)) {
        oci_trust_done(trust);
        return OCI_NO_MEMORY;
    }
    trust->known = true;
    return OCI_OK;
}

void oci_trust_done(struct oci_trust *trust)
{
    oci_free(trust->file);
    oci_free(trust->dir);
    memset(trust, 0, sizeof *trust);
}

bool oci_easy_proxied(bool https)
{
    /* The names that libcurl reads; HTTP_PROXY in capitals is not one (CGI). */
    if (oci_env("all_proxy") || oci_env("ALL_PROXY"))
        return true;
    return https ? oci_env("https_proxy") || oci_env("HTTPS_PROXY") : oci_env("http_proxy") != NULL;
}

/* setopt with the types that curl.h wants; remembers that one failed for lack of memory. An option that an older
 * libcurl does not know is left out: each is either guarded below or only makes things faster. */
struct setter {
    const struct oci_curl *curl;
    CURL *h;
    bool oom;
};

/* False: it is not known. */
static bool check(struct setter *s, CURLcode rc)
{
    s->oom = s->oom || rc == CURLE_OUT_OF_MEMORY;
    return rc != CURLE_UNKNOWN_OPTION;
}

static bool set_long(struct setter *s, CURLoption option, long value)
{
    return check(s, s->curl->easy_setopt(s->h, option, value));
}

static void set_size(struct setter *s, CURLoption option, curl_off_t value)
{
    check(s, s->curl->easy_setopt(s->h, option, value));
}

static bool set_text(struct setter *s, CURLoption option, const char *value)
{
    return check(s, s->curl->easy_setopt(s->h, option, value));
}

static void set_pointer(struct setter *s, CURLoption option, void *value)
{
    check(s, s->curl->easy_setopt(s->h, option, value));
}

static void set_protocols(struct setter *s, bool https)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    if (set_text(s, CURLOPT_PROTOCOLS_STR, https ? "https" : "http")) {
        set_text(s, CURLOPT_REDIR_PROTOCOLS_STR, "https");
        return;
    }
#endif
    set_long(s, (CURLoption)181 /* CURLOPT_PROTOCOLS */, https ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
    set_long(s, (CURLoption)182 /* CURLOPT_REDIR_PROTOCOLS */, CURLPROTO_HTTPS);
}

static long buffer_for(uint64_t expect)
{
    if (expect >= (uint64_t)BUFFER_LARGE)
        return BUFFER_LARGE;
    long whole = (long)(expect + HEADER);
    return whole < BUFFER_LEAST ? BUFFER_LEAST : whole < BUFFER_SMALL ? whole : BUFFER_SMALL;
}

/* Everything that could make libcurl act on its own is off, defaults included: somebody may build it with others. */
static void set_profile(struct setter *s, const struct oci_transfer_ask *ask)
{
    set_protocols(s, ask->url->https);
    set_long(s, CURLOPT_FOLLOWLOCATION, 0L);
    set_long(s, CURLOPT_UNRESTRICTED_AUTH, 0L);
    set_long(s, CURLOPT_AUTOREFERER, 0L);
    set_long(s, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    set_long(s, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set_long(s, CURLOPT_PATH_AS_IS, 1L);
    set_long(s, CURLOPT_HTTP09_ALLOWED, 0L);
    set_long(s, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* h2 uploads cost twice the CPU */
    set_long(s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_long(s, CURLOPT_NOSIGNAL, 1L);
    set_long(s, CURLOPT_NOPROGRESS, 1L);
    set_long(s, CURLOPT_VERBOSE, 0L);
    set_long(s, CURLOPT_TCP_NODELAY, 1L);
    set_long(s, CURLOPT_SSL_VERIFYPEER, 1L);
    set_long(s, CURLOPT_SSL_VERIFYHOST, 2L);
    set_long(s, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set_long(s, CURLOPT_MAXAGE_CONN, 60L);
#if LIBCURL_VERSION_NUM >= 0x075000
    set_long(s, CURLOPT_MAXLIFETIME_CONN, 300L);
#endif
    set_long(s, CURLOPT_CONNECTTIMEOUT_MS, (long)ask->connect_timeout_ms);
    set_long(s, CURLOPT_BUFFERSIZE, buffer_for(ask->expect));
    set_long(s, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_UPLOAD);
    set_long(s, CURLOPT_FRESH_CONNECT, ask->once ? 1L : 0L);
    if (ask->direct)
        set_text(s, CURLOPT_PROXY, "");
}

/* curl_easy_reset() brings the built-in places back, so this is said each time. */
static void set_trust(struct setter *s, const struct oci_trust *trust, const struct oci_transfer_ask *ask)
{
    if (ask->ca_file) {
        set_text(s, CURLOPT_CAINFO, ask->ca_file);
        set_text(s, CURLOPT_CAPATH, ask->ca_system ? trust->dir : NULL);
    } else if (trust->dir || trust->file) {
        set_text(s, CURLOPT_CAINFO, trust->file);
        set_text(s, CURLOPT_CAPATH, trust->dir);
    }
}

static void set_body(struct setter *s, const struct oci_transfer_ask *ask)
{
    const bool post = strcmp(ask->method, "POST") == 0, put = strcmp(ask->method, "PUT") == 0;
    const bool takes_body = post || put || strcmp(ask->method, "PATCH") == 0;
    if (ask->body == OCI_BODY_STREAM) {
        set_long(s, CURLOPT_UPLOAD, 1L);
        set_size(s, CURLOPT_INFILESIZE_LARGE, ask->size == OCI_SIZE_UNKNOWN ? -1 : (curl_off_t)ask->size);
        if (!put)
            set_text(s, CURLOPT_CUSTOMREQUEST, ask->method);
    } else if (ask->body == OCI_BODY_BYTES || takes_body) {
        /* In one send with the header: immune to Nagle, and cheaper (transfer-speed 2). */
        bool bytes = ask->body == OCI_BODY_BYTES;
        set_long(s, CURLOPT_POST, 1L);
        set_size(s, CURLOPT_POSTFIELDSIZE_LARGE, bytes ? (curl_off_t)ask->size : 0);
        check(s, s->curl->easy_setopt(s->h, CURLOPT_POSTFIELDS, bytes ? ask->bytes : ""));
        if (!post)
            set_text(s, CURLOPT_CUSTOMREQUEST, ask->method);
    } else if (strcmp(ask->method, "HEAD") == 0) {
        set_long(s, CURLOPT_NOBODY, 1L);
    } else {
        set_long(s, CURLOPT_HTTPGET, 1L);
        if (strcmp(ask->method, "GET") != 0)
            set_text(s, CURLOPT_CUSTOMREQUEST, ask->method);
    }
}

static void set_callbacks(struct setter *s, const struct oci_easy_callbacks *c, struct oci_slot *slot)
{
    check(s, s->curl->easy_setopt(s->h, CURLOPT_WRITEFUNCTION, c->body));
    set_pointer(s, CURLOPT_WRITEDATA, slot);
    check(s, s->curl->easy_setopt(s->h, CURLOPT_HEADERFUNCTION, c->header));
    set_pointer(s, CURLOPT_HEADERDATA, slot);
    check(s, s->curl->easy_setopt(s->h, CURLOPT_READFUNCTION, c->read));
    set_pointer(s, CURLOPT_READDATA, slot);
    check(s, s->curl->easy_setopt(s->h, CURLOPT_SEEKFUNCTION, c->seek));
    set_pointer(s, CURLOPT_SEEKDATA, slot);
    check(s, s->curl->easy_setopt(s->h, CURLOPT_OPENSOCKETFUNCTION, c->open_socket));
    set_pointer(s, CURLOPT_OPENSOCKETDATA, slot);
    slot->tells_connected = false;
#if LIBCURL_VERSION_NUM >= 0x075000
    slot->tells_connected = check(s, s->curl->easy_setopt(s->h, CURLOPT_PREREQFUNCTION, c->before_request));
    set_pointer(s, CURLOPT_PREREQDATA, slot);
#endif
    set_pointer(s, CURLOPT_PRIVATE, slot);
    check(s, s->curl->easy_setopt(s->h, CURLOPT_ERRORBUFFER, slot->error));
}

static int add_header(const struct oci_curl *curl, struct oci_slot *slot, const char *line, struct oci_err *reterr)
{
    for (const char *p = line; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return oci_err_set(reterr, OCI_INVALID, "a header of the request would have control characters");
    }
    struct curl_slist *more = curl->slist_append(slot->headers, line);
    if (!more)
        return oci_err_no_memory(reterr);
    slot->headers = more;
    return OCI_OK;
}

static int add_headers(const struct oci_curl *curl, struct oci_slot *slot, const struct oci_transfer_ask *ask,
                       struct oci_err *reterr)
{
    /* What libcurl would add by itself is taken out ("Name:"). Q19: nobody shall compress what has a digest. */
    int rc = add_header(curl, slot, "Accept-Encoding: identity", reterr);
    if (rc == OCI_OK)
        rc = add_header(curl, slot, "Expect:", reterr);
    bool typed = false, accepts = false;
    for (size_t i = 0; rc == OCI_OK && i < ask->header_count; i++) {
        typed = typed || oci_starts_with(ask->headers[i], "Content-Type:");
        accepts = accepts || oci_starts_with(ask->headers[i], "Accept:");
        rc = add_header(curl, slot, ask->headers[i], reterr);
    }
    if (rc == OCI_OK && !typed)
        rc = add_header(curl, slot, "Content-Type:", reterr);
    if (rc == OCI_OK && !accepts)
        rc = add_header(curl, slot, "Accept: */*", reterr);
    return rc;
}

int oci_easy_prepare(const struct oci_curl *curl, CURLSH *share, struct oci_trust *trust,
                     const struct oci_easy_callbacks *callbacks, struct oci_slot *slot,
                     const struct oci_transfer_ask *ask, struct oci_err *reterr)
{
    struct setter s = {.curl = curl, .h = slot->h};
    int rc = add_headers(curl, slot, ask, reterr);
    if (rc != OCI_OK)
        return rc;
    slot->error[0] = '\0';
    set_text(&s, CURLOPT_URL, ask->url->text);
    set_profile(&s, ask);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Removing a handle in a name lookup froze the engine for 9.5 s. */
    slot->quick_exit = set_long(&s, CURLOPT_QUICK_EXIT, 1L);
#endif
    if (ask->url->https) {
        if (look_for_trust(trust) != OCI_OK)
            return oci_err_no_memory(reterr);
        set_trust(&s, trust, ask);
    }
    set_body(&s, ask);
    set_callbacks(&s, callbacks, slot);
    check(&s, curl->easy_setopt(slot->h, CURLOPT_HTTPHEADER, slot->headers));
    check(&s, curl->easy_setopt(slot->h, CURLOPT_SHARE, share));
    return s.oom ? oci_err_no_memory(reterr) : OCI_OK;
}

void oci_easy_forget(const struct oci_curl *curl, struct oci_slot *slot)
{
    for (struct curl_slist *l = slot->headers; l; l = l->next)
        oci_cleanse(l->data, strlen(l->data));
    curl->slist_free_all(slot->headers);
    slot->headers = NULL;
}
