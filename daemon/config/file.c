#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

char *
file_read(const char *path, size_t max, size_t *len, struct fail *why)
{
	char *data = NULL;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		fail_at(why, path, 0, 0, "file", "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fail_at(why, path, 0, 0, "file", "is not a regular file");
		goto out;
	}
	data = mem_zero(max + 1, 1);
	if (!data) {
		fail_at(why, path, 0, 0, "memory", "out of memory");
		goto out;
	}
	*len = 0;
	while (*len < max + 1) {
		ssize_t n = read(fd, data + *len, max + 1 - *len);
		if (n == 0)
			break;
		if (n < 0) {
			if (errno == EINTR)
				continue;
			fail_at(why, path, 0, 0, "file", "cannot be read: %s", strerror(errno));
			mem_free(data);
			data = NULL;
			break;
		}
		*len += (size_t)n;
	}
out:
	close(fd);
	return data;
}
