package io.cairn.module.raid.level;

import io.cairn.reactor.IoBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums vectors straight from and to memory outside of the heap, with the Vector API as JDK 17 and 18 have it. Each source is read once and the target is
 * written once.
 *
 * <p>Ranges are checked here, once for each call: the distribution switches the API's own checks off ({@code docs/decisions/0013-parity.md}).
 */
final class VectorXorKernel implements XorKernel {
    private static final VectorSpecies<Byte> SPECIES = ByteVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int VECTOR = SPECIES.length();
    /** So many vectors of one source are added before those of the next: what is done once for a source is done less often. */
    private static final int RUN = 8 * VECTOR;
    /** The same where there are two, which need nothing done: so that all fit 16 registers. */
    private static final int RUN_OF_TWO = 4 * VECTOR;

    /**
     * Makes a kernel that was seen to work here.
     *
     * @throws LinkageError the API is not there, is not given to this bundle, or is not the one of JDK 17 and 18
     */
    static VectorXorKernel tried() {
        IoBuffer buffer = IoBuffer.allocate(RUN + VECTOR);
        try {
            VectorXorKernel kernel = new VectorXorKernel();
            kernel.xor(new IoBuffer[] {buffer, buffer}, new int[2], 2, buffer, 0, buffer.capacity());
            return kernel;
        } finally {
            buffer.free();
        }
    }

    @Override
    public void xor(IoBuffer[] sources, int[] offsets, int count, IoBuffer target, int offset, int length) {
        for (int i = 0; i < count; i++) {
            Objects.checkFromIndexSize(offsets[i], length, sources[i].capacity());
        }
        Objects.checkFromIndexSize(offset, length, target.capacity());
        if (count == 1) {
            sources[0].copyTo(offsets[0], target, offset, length);
            return;
        }
        int done = count == 2
                ? sumTwo(sources[0].bytes(), offsets[0], sources[1].bytes(), offsets[1], target.bytes(), offset, length)
                : sumRuns(sources, offsets, count, target.bytes(), offset, length);
        for (; done <= length - VECTOR; done += VECTOR) {
            ByteVector sum = load(sources[0].bytes(), offsets[0] + done);
            for (int k = 1; k < count; k++) {
                sum = plus(sum, sources[k].bytes(), offsets[k] + done);
            }
            sum.intoByteBuffer(target.bytes(), offset + done, ORDER);
        }
        for (; done < length; done++) {
            byte sum = 0;
            for (int k = 0; k < count; k++) {
                sum ^= sources[k].bytes().get(offsets[k] + done);
            }
            target.bytes().put(offset + done, sum);
        }
    }

    /** Sums all of two sources but what is less than a run; returns how much that is. The common case: an array of three members. */
    private static int sumTwo(ByteBuffer a, int atA, ByteBuffer b, int atB, ByteBuffer target, int offset, int length) {
        int done = 0;
        for (; done <= length - RUN_OF_TWO; done += RUN_OF_TWO) {
            int at = atA + done;
            ByteVector v0 = load(a, at);
            ByteVector v1 = load(a, at + VECTOR);
            ByteVector v2 = load(a, at + 2 * VECTOR);
            ByteVector v3 = load(a, at + 3 * VECTOR);
            at = atB + done;
            v0 = plus(v0, b, at);
            v1 = plus(v1, b, at + VECTOR);
            v2 = plus(v2, b, at + 2 * VECTOR);
            v3 = plus(v3, b, at + 3 * VECTOR);
            at = offset + done;
            v0.intoByteBuffer(target, at, ORDER);
            v1.intoByteBuffer(target, at + VECTOR, ORDER);
            v2.intoByteBuffer(target, at + 2 * VECTOR, ORDER);
            v3.intoByteBuffer(target, at + 3 * VECTOR, ORDER);
        }
        return done;
    }

    /** Sums all of any number of sources but what is less than a run; returns how much that is. */
    private static int sumRuns(
            IoBuffer[] sources, int[] offsets, int count, ByteBuffer target, int offset, int length) {
        ByteBuffer first = sources[0].bytes();
        int done = 0;
        for (; done <= length - RUN; done += RUN) {
            int at = offsets[0] + done;
            ByteVector v0 = load(first, at);
            ByteVector v1 = load(first, at + VECTOR);
            ByteVector v2 = load(first, at + 2 * VECTOR);
            ByteVector v3 = load(first, at + 3 * VECTOR);
            ByteVector v4 = load(first, at + 4 * VECTOR);
            ByteVector v5 = load(first, at + 5 * VECTOR);
            ByteVector v6 = load(first, at + 6 * VECTOR);
            ByteVector v7 = load(first, at + 7 * VECTOR);
            for (int k = 1; k < count; k++) {
                ByteBuffer source = sources[k].bytes();
                at = offsets[k] + done;
                v0 = plus(v0, source, at);
                v1 = plus(v1, source, at + VECTOR);
                v2 = plus(v2, source, at + 2 * VECTOR);
                v3 = plus(v3, source, at + 3 * VECTOR);
                v4 = plus(v4, source, at + 4 * VECTOR);
                v5 = plus(v5, source, at + 5 * VECTOR);
                v6 = plus(v6, source, at + 6 * VECTOR);
                v7 = plus(v7, source, at + 7 * VECTOR);
            }
            at = offset + done;
            v0.intoByteBuffer(target, at, ORDER);
            v1.intoByteBuffer(target, at + VECTOR, ORDER);
            v2.intoByteBuffer(target, at + 2 * VECTOR, ORDER);
            v3.intoByteBuffer(target, at + 3 * VECTOR, ORDER);
            v4.intoByteBuffer(target, at + 4 * VECTOR, ORDER);
            v5.intoByteBuffer(target, at + 5 * VECTOR, ORDER);
            v6.intoByteBuffer(target, at + 6 * VECTOR, ORDER);
            v7.intoByteBuffer(target, at + 7 * VECTOR, ORDER);
        }
        return done;
    }

    private static ByteVector load(ByteBuffer from, int at) {
        return ByteVector.fromByteBuffer(SPECIES, from, at, ORDER);
    }

    private static ByteVector plus(ByteVector sum, ByteBuffer from, int at) {
        return sum.lanewise(VectorOperators.XOR, load(from, at));
    }

    @Override
    public String describe() {
        return "the Vector API, with vectors of " + VECTOR + " bytes";
    }
}
