package io.cairn.module.malloc;

/** Tells whether memory may be taken. From any reactor; must be cheap. */
@FunctionalInterface
interface MemoryRoom {
    /** Returns whether so many bytes may be taken now. */
    boolean has(long bytes);
}
