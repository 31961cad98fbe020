#include "loop/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/fail.h"

enum { BACKLOG = 1024, HOST_MAX = 255 };

/* host and port of "host:port", "[v6]:port"; false when it is not of that form. */
static bool
cut_address(struct str address, char host[HOST_MAX + 1], char port[6])
{
	size_t colon = address.len;
	while (colon > 0 && address.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	struct str h = str_make(address.p, colon - 1), p = str_make(address.p + colon, address.len - colon);
	int64_t number;
	if (p.len > 5 || p.len == 0 || p.p[0] == '-' || !str_to_i64(p, &number) || number > 65535)
		return false;
	if (h.len >= 2 && h.p[0] == '[' && h.p[h.len - 1] == ']')
		h = str_make(h.p + 1, h.len - 2);
	else if (h.len > 0 && memchr(h.p, ':', h.len))
		return false; /* IPv6 needs its brackets */
	if (str_eq(h, STR("*")))
		h.len = 0;
	if (h.len > HOST_MAX || (h.len > 0 && memchr(h.p, '\0', h.len)))
		return false;
	if (h.len > 0)
		memcpy(host, h.p, h.len);
	host[h.len] = '\0';
	snprintf(port, 6, "%u", (unsigned)number & 0xFFFFU);
	return true;
}

static int
listen_on(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, off = 0;
	if (fd < 0)
		return -1;
	/* [::] takes both families whatever the system's default says. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    (info->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) ||
	    bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int
inherit(struct str name, int *fds, int max, struct fail *why)
{
	char **names = NULL;
	int count = 0, have = sd_listen_fds_with_names(0, &names);
	if (have < 0)
		return fail_set(why, "listen", "cannot read the sockets of the service manager: %s", strerror(-have));
	for (int i = 0; i < have; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		if (names && str_eq(name, str_of(names[i])) && count < max &&
		    sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0 &&
		    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0)
			fds[count++] = fd;
		if (names)
			free(names[i]);
	}
	free(names);
	if (count == 0)
		return fail_set(why, "listen", "the service manager passed no listening socket named \"%.*s\"",
		    (int)name.len, name.p);
	return count;
}

int
socket_listen(struct str address, int *fds, int max, struct fail *why)
{
	char host[HOST_MAX + 1], port[6];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
	int fd = -1;
	if (address.len > HOST_MAX)
		return fail_set(why, "address", "the address is longer than %d bytes", HOST_MAX);
	if (str_starts(address, STR("fd:")))
		return inherit(str_make(address.p + 3, address.len - 3), fds, max, why);
	if (!cut_address(address, host, port))
		return fail_set(why, "address", "\"%.*s\" is not an address like 127.0.0.1:8443, [::1]:8443 or fd:NAME",
		    (int)address.len, address.p);
	if (!host[0])
		hints.ai_family = AF_INET6;
	int error = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
	if (error == 0)
		fd = listen_on(found);
	else
		errno = EADDRNOTAVAIL;
	if (!host[0] && (error != 0 || fd < 0) && errno != EADDRINUSE && errno != EACCES) {
		/* A kernel without IPv6. */
		if (error == 0)
			freeaddrinfo(found);
		hints.ai_family = AF_INET;
		error = getaddrinfo(NULL, port, &hints, &found);
		fd = error == 0 ? listen_on(found) : -1;
	}
	const char *reason = error != 0 ? gai_strerror(error) : strerror(errno);
	if (error == 0)
		freeaddrinfo(found);
	if (fd < 0)
		return fail_set(why, "listen", "cannot listen on %.*s: %s", (int)address.len, address.p, reason);
	fds[0] = fd;
	return 1;
}

unsigned
socket_inet(const struct sockaddr_storage *from, struct inet *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	*out = (struct inet){0};
	if (from->ss_family == AF_INET) {
		memcpy(&v4, from, sizeof v4);
		memcpy(out->bytes, &v4.sin_addr, 4);
		out->family = 4;
		return ntohs(v4.sin_port);
	}
	if (from->ss_family != AF_INET6)
		return 0;
	memcpy(&v6, from, sizeof v6);
	bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
	memcpy(out->bytes, v6.sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
	out->family = mapped ? 4 : 6;
	return ntohs(v6.sin6_port);
}

void
socket_text(int fd, char out[SOCKET_TEXT_SIZE])
{
	struct sockaddr_storage bound = {0};
	socklen_t size = sizeof bound;
	struct inet address;
	char text[INET_TEXT_SIZE];
	out[0] = '\0';
	if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0)
		return;
	unsigned port = socket_inet(&bound, &address);
	inet_text(&address, text);
	snprintf(out, SOCKET_TEXT_SIZE, address.family == 6 ? "[%s]:%u" : "%s:%u", text, port);
}
