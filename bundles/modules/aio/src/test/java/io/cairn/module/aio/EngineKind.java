package io.cairn.module.aio;

import io.cairn.reactor.IoBackend;

/** Both ways of doing file I/O; every test runs on both where it makes sense. */
enum EngineKind {
    IO_URING(IoBackend.IO_URING),
    THREADS(IoBackend.NIO);

    private final IoBackend backend;

    EngineKind(IoBackend backend) {
        this.backend = backend;
    }

    IoBackend backend() {
        return backend;
    }
}
