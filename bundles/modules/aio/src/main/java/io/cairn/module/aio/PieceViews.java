package io.cairn.module.aio;

import io.cairn.reactor.IoBuffer;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Views of a request's pieces of memory with a position and a limit of their own, which a {@code FileChannel} wants and an
 * {@link IoBuffer} does not lend. A view is used again while the same piece of the request is in the same buffer, so that a steady
 * load allocates nothing. Views are held weakly: a buffer that its owner drops is not kept by the I/O that used it last. One
 * thread.
 */
final class PieceViews {
    private Reusable[] pieces = new Reusable[1];

    /** A view and what it is of. */
    private record View(IoBuffer buffer, ByteBuffer bytes) {}

    private static final class Reusable extends WeakReference<View> {
        Reusable(View view) {
            super(view);
        }
    }

    /** Returns a view of a part of a buffer, until the next call for the same piece. */
    ByteBuffer of(int piece, IoBuffer buffer, int offset, int length) {
        if (piece >= pieces.length) {
            pieces = Arrays.copyOf(pieces, Math.max(piece + 1, pieces.length * 2));
        }
        Reusable last = pieces[piece];
        View view = last == null ? null : last.get();
        if (view == null || view.buffer() != buffer) {
            view = new View(buffer, buffer.bytes().duplicate());
            pieces[piece] = new Reusable(view);
        }
        return view.bytes().limit(offset + length).position(offset);
    }
}
