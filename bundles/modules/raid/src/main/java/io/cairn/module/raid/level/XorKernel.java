package io.cairn.module.raid.level;

import io.cairn.reactor.IoBuffer;

/** A way to work out XOR. One thread at a time; blocks nowhere, and allocates nothing after it was made. */
public sealed interface XorKernel permits HeapXorKernel, VectorXorKernel {
    /** Makes the fastest kernel that this run time has. */
    static XorKernel ofThisRunTime() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            try {
                return VectorXorKernel.tried();
            } catch (LinkageError e) {
                // the framework does not export it, or it is another JDK's: the loops do it
                return new HeapXorKernel();
            }
        }
        return new HeapXorKernel();
    }

    /**
     * Puts the XOR of some ranges of memory into another one. With one source that is a copy.
     *
     * @param sources the memory of each; what is behind the first {@code count} is not looked at
     * @param offsets where each begins, in bytes
     * @param count how many there are, 1 or more
     * @param target may be a source as well, at the same offset; must not overlap with one otherwise
     * @param offset where the range begins, in bytes
     * @param length of each range, in bytes
     * @throws IndexOutOfBoundsException a range is not within its memory; the target may have been changed
     */
    void xor(IoBuffer[] sources, int[] offsets, int count, IoBuffer target, int offset, int length);

    /** Returns what it is, for people. */
    String describe();
}
