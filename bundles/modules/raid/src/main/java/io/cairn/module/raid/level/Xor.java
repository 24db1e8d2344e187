package io.cairn.module.raid.level;

import io.cairn.reactor.IoBuffer;

/**
 * The XOR of ranges of memory, anywhere and of any length. One thread at a time; blocks nowhere, and allocates nothing after it was made.
 *
 * <p>Each source is read once and the target is written once. {@code docs/decisions/0013-parity.md} has the ways to do it, and the figures.
 */
public final class Xor {
    private final XorKernel kernel;
    private final IoBuffer[] buffers;
    private final int[] offsets;
    private int count;

    /**
     * Makes one without sources, with the fastest kernel of this run time.
     *
     * @param mostSources how many there can be
     */
    public Xor(int mostSources) {
        this(mostSources, XorKernel.ofThisRunTime());
    }

    /**
     * Makes one without sources.
     *
     * @param mostSources how many there can be
     * @param kernel of its own: nobody else may use it at the same time
     */
    public Xor(int mostSources, XorKernel kernel) {
        this.kernel = kernel;
        buffers = new IoBuffer[mostSources];
        offsets = new int[mostSources];
    }

    /**
     * Adds a source.
     *
     * @param offset where it begins, in bytes
     */
    public Xor add(IoBuffer source, int offset) {
        buffers[count] = source;
        offsets[count] = offset;
        count++;
        return this;
    }

    /**
     * Puts the XOR of the sources into a range of memory, and forgets the sources. With one source that is a copy.
     *
     * @param target may be a source as well, at the same offset; must not overlap with one otherwise
     * @param offset where the range begins, in bytes
     * @param length of the range and of each source, in bytes
     * @throws IndexOutOfBoundsException a range is not within its memory; the target may have been changed, and the sources are forgotten
     */
    public void into(IoBuffer target, int offset, int length) {
        int sources = count;
        count = 0;
        if (sources == 0) {
            throw new IllegalStateException("the XOR of nothing");
        }
        kernel.xor(buffers, offsets, sources, target, offset, length);
    }
}
