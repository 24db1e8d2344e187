package io.cairn.export.nbd.session;

/**
 * Memory that replies are put together in, header and data side by side, so that a reply leaves as one piece and many
 * of them in one send. Holds no memory while no reply is under way.
 */
final class ReplyMemory {
    private static final int CHUNK = 256 * 1024;

    private final Buffers buffers;
    private SharedBuffer current;
    private int used;
    private int dataOffset;

    ReplyMemory(Buffers buffers) {
        this.buffers = buffers;
    }

    /**
     * Takes room for a header and the data after it; where the data start is {@link #dataOffset}.
     *
     * @param alignment of the data; a power of two
     * @return the memory with a reference for the caller, or null if there is none now
     */
    SharedBuffer reserve(int header, int data, int alignment) {
        if (current != null && current.isUnshared()) {
            used = 0;
        }
        int start = align(used + header, alignment);
        if (current == null || start + data > current.memory().capacity()) {
            giveUp();
            current = buffers.take(Math.max(CHUNK, align(header, alignment) + data));
            if (current == null) {
                return null;
            }
            start = align(header, alignment);
        }
        dataOffset = start;
        used = start + data;
        current.retain();
        return current;
    }

    /** Returns where the data of the last reservation start. */
    int dataOffset() {
        return dataOffset;
    }

    /** Gives the memory back if no reply uses it. */
    void trim() {
        if (current != null && current.isUnshared()) {
            giveUp();
        }
    }

    /** Gives up the memory; the replies in it keep it as long as they need. */
    void giveUp() {
        if (current != null) {
            current.release();
            current = null;
        }
    }

    private static int align(int position, int alignment) {
        return (position + alignment - 1) & -alignment;
    }
}
