/* A read-only sink: accepts TCP connections on loopback, reads each to its end
 * and does nothing else. What it takes per second is the ceiling of the senders
 * in the same run. Prints its port; ends when standard input closes. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 64, PIECE = 262144 };

int
main(void)
{
	static char piece[PIECE];
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	struct pollfd fds[2 + CONNECTIONS];
	nfds_t used = 2;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(listener, CONNECTIONS) != 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) != 0) {
		perror("sink");
		return EXIT_FAILURE;
	}
	printf("%u\n", (unsigned)ntohs(at.sin_port));
	fflush(stdout);
	fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
	for (;;) {
		if (poll(fds, used, -1) < 0 || fds[0].revents != 0)
			break;
		for (nfds_t i = used; i-- > 2;) {
			if (fds[i].revents != 0 && read(fds[i].fd, piece, sizeof(piece)) <= 0) {
				close(fds[i].fd);
				fds[i] = fds[--used];
			}
		}
		if (fds[1].revents != 0 && used < 2 + CONNECTIONS) {
			int fd = accept(listener, NULL, NULL);
			if (fd >= 0)
				fds[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
	return EXIT_SUCCESS;
}
