package io.cairn.export.nbd.session;

import io.cairn.reactor.IoBuffer;

/** Memory of a reactor's pool that several requests use at once: it goes back with its last reference. */
final class SharedBuffer {
    private final Buffers home;
    private IoBuffer memory;
    private boolean large;
    private int references;

    SharedBuffer(Buffers home) {
        this.home = home;
    }

    /** Starts a new use with one reference; {@code large} is for {@link Buffers} to know. */
    SharedBuffer lend(IoBuffer lent, boolean isLarge) {
        memory = lent;
        large = isLarge;
        references = 1;
        return this;
    }

    IoBuffer memory() {
        return memory;
    }

    /** Returns whether the caller's reference is the only one. */
    boolean isUnshared() {
        return references == 1;
    }

    void retain() {
        references++;
    }

    void release() {
        if (--references == 0) {
            IoBuffer returned = memory;
            memory = null;
            home.give(this, returned, large);
        }
    }
}
