package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.reactor.Errno;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class ErrnosTest {
    @Test
    void findsTheNumberBehindTheText() {
        assertThat(Errnos.of(new IOException("No space left on device"))).isEqualTo(Errno.ENOSPC);
        assertThat(Errnos.of(new IOException("No such device or address"))).isEqualTo(Errno.ENXIO);
        assertThat(Errnos.of(new IOException("No such device"))).isEqualTo(Errno.ENODEV);
        assertThat(Errnos.of(new FileSystemException("f", null, "Read-only file system")))
                .isEqualTo(Errno.EROFS);
        assertThat(Errnos.of(new NoSuchFileException("f"))).isEqualTo(Errno.ENOENT);
        assertThat(Errnos.of(new AccessDeniedException("f"))).isEqualTo(Errno.EACCES);
        assertThat(Errnos.of(new IOException("out of luck"))).isEqualTo(Errno.EIO);
        assertThat(Errnos.of(new IOException())).isEqualTo(Errno.EIO);
    }
}
