#include "sys/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

static enum oci_address_kind kind_of_v4(uint32_t a)
{
    const uint32_t a8 = a >> 24, a16 = a >> 16;
    if (a8 == 0 || a8 >= 224) /* RFC 1122 3.2.1.3; RFC 5771; RFC 1112 section 4 */
        return OCI_ADDRESS_NOWHERE;
    if (a8 == 127)
        return OCI_ADDRESS_LOOPBACK;
    if (a16 == 0xa9fe) /* RFC 3927 */
        return OCI_ADDRESS_LINK;
    if (a8 == 10 || (a >> 20) == 0xac1 || a16 == 0xc0a8 || (a >> 22) == 0x6440 >> 6) /* RFC 1918, RFC 6598 */
        return OCI_ADDRESS_PRIVATE;
    return OCI_ADDRESS_PUBLIC;
}

static uint32_t v4_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum oci_address_kind kind_of_v6(const uint8_t a[16])
{
    static const uint8_t zero[16];
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; /* RFC 4291 2.5.5.2 */
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};                       /* RFC 6052 */
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return kind_of_v4(v4_at(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4: RFC 3056 */
        return kind_of_v4(v4_at(a + 2));
    if (memcmp(a, zero, 15) == 0)
        return a[15] == 1 ? OCI_ADDRESS_LOOPBACK : OCI_ADDRESS_NOWHERE;
    if (memcmp(a, zero, 12) == 0) /* "IPv4-compatible", deprecated */
        return kind_of_v4(v4_at(a + 12));
    if (a[0] == 0xff)
        return OCI_ADDRESS_NOWHERE;
    if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
        return OCI_ADDRESS_LINK;
    if ((a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0xc0)) /* RFC 4193, RFC 3879 */
        return OCI_ADDRESS_PRIVATE;
    return OCI_ADDRESS_PUBLIC;
}

enum oci_address_kind oci_address_kind(const void *addr, size_t len)
{
    sa_family_t family;
    if (!addr || len < offsetof(struct sockaddr, sa_family) + sizeof family)
        return OCI_ADDRESS_UNKNOWN;
    memcpy(&family, (const char *)addr + offsetof(struct sockaddr, sa_family), sizeof family);
    if (family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, addr, sizeof in);
        return kind_of_v4(ntohl(in.sin_addr.s_addr));
    }
    if (family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr, sizeof in6);
        return kind_of_v6(in6.sin6_addr.s6_addr);
    }
    return OCI_ADDRESS_UNKNOWN;
}

enum oci_address_kind oci_address_kind_of_text(const char *text)
{
    char bare[64];
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof bare)
        return OCI_ADDRESS_UNKNOWN;
    memcpy(bare, text, len);
    bare[len] = '\0';
    char *zone = strchr(bare, '%');
    if (zone)
        *zone = '\0';
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, bare, &v4) == 1)
        return kind_of_v4(ntohl(v4.s_addr));
    if (inet_pton(AF_INET6, bare, &v6) == 1)
        return kind_of_v6(v6.s6_addr);
    return OCI_ADDRESS_UNKNOWN;
}

int oci_address_socket(int family, int type, int protocol)
{
    return socket(family, type | SOCK_CLOEXEC, protocol);
}
