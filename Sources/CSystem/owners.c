/* Whose socket is it? The kernel's answer, by netlink's sock_diag, for one connection; and the name of a user. */
#define _GNU_SOURCE
#include "CSystem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* TCP_TIME_WAIT and TCP_LISTEN of the kernel. */
enum { TIME_WAIT = 6, LISTEN = 10 };

static void fill(struct inet_diag_sockid *id, int family, const uint8_t *local, uint16_t local_port,
                 const uint8_t *remote, uint16_t remote_port) {
    int from = family == AF_INET ? 12 : 0, length = family == AF_INET ? 4 : 16;

    memcpy(id->idiag_src, local + from, (size_t)length);
    memcpy(id->idiag_dst, remote + from, (size_t)length);
    id->idiag_sport = htons(local_port);
    id->idiag_dport = htons(remote_port);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static int receive(int fd, uint32_t *uid) {
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } reply;
    ssize_t length = recv(fd, &reply, sizeof reply, 0);
    const struct nlmsghdr *header = &reply.header;

    if (length < 0) return -errno;
    if (!NLMSG_OK(header, (size_t)length)) return -EPROTO;
    if (header->nlmsg_type == NLMSG_ERROR) {
        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))) return -EPROTO;
        const struct nlmsgerr *error = NLMSG_DATA(header);
        return error->error < 0 ? error->error : -EPROTO;
    }
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
        return -EPROTO;
    const struct inet_diag_msg *found = NLMSG_DATA(header);
    /* Where there is no such connection it shows who listens; and what is over is nobody's any more. */
    if (found->idiag_state == LISTEN || found->idiag_state == TIME_WAIT || found->idiag_inode == 0) return -ENOENT;
    *uid = found->idiag_uid;
    return 0;
}

int csystem_socket_owner(const struct csystem_address *local, const struct csystem_address *remote, uint32_t *uid) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } message;
    struct sockaddr_nl kernel;
    struct timeval limit = {1, 0};
    uint8_t ours[16], theirs[16];
    uint16_t our_port, their_port;
    int family, fd, status;

    if (!csystem_address_ip(local, ours, &our_port) || !csystem_address_ip(remote, theirs, &their_port)) return -EINVAL;
    family = memcmp(ours, mapped, 12) || memcmp(theirs, mapped, 12) ? AF_INET6 : AF_INET;
    memset(&message, 0, sizeof message);
    message.header.nlmsg_len = sizeof message;
    message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message.header.nlmsg_flags = NLM_F_REQUEST;
    message.request.sdiag_family = (uint8_t)family;
    message.request.sdiag_protocol = IPPROTO_TCP;
    message.request.idiag_states = ~0u;
    fill(&message.request.id, family, ours, our_port, theirs, their_port);
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) return errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ? -ENOSYS : -errno;
    memset(&kernel, 0, sizeof kernel);
    kernel.nl_family = AF_NETLINK;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit); /* it answers at once, or not at all */
    if (sendto(fd, &message, sizeof message, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
        status = -errno;
    else
        status = receive(fd, uid);
    close(fd);
    return status;
}

int csystem_user_name(uint32_t uid, char *out, size_t room) {
    char space[4096];
    struct passwd entry, *found = NULL;
    int status = getpwuid_r((uid_t)uid, &entry, space, sizeof space, &found);

    if (status) return -status;
    if (!found || strlen(entry.pw_name) >= room) return -ENOENT;
    strcpy(out, entry.pw_name);
    return (int)strlen(out);
}
