package io.cairn.module.raid.level;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.reactor.IoBuffer;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class XorTest {
    private static final int CAPACITY = 40_000;

    /** The kernels that this JDK can have. */
    static List<XorKernel> kernels() {
        XorKernel fastest = XorKernel.ofThisRunTime();
        return fastest instanceof HeapXorKernel ? List.of(fastest) : List.of(fastest, new HeapXorKernel());
    }

    @Provide
    Arbitrary<XorKernel> kernel() {
        return Arbitraries.of(kernels());
    }

    @Property(tries = 2000)
    void sumsAnySourcesOfAnyLengthAnywhere(
            @ForAll("kernel") XorKernel kernel,
            @ForAll @IntRange(min = 1, max = 12) int sources,
            @ForAll @IntRange(max = 19_999) int length,
            @ForAll @IntRange(min = 1, max = 8) int granule,
            @ForAll @IntRange(max = 12) int ownSource,
            @ForAll long seed) {
        Random random = new Random(seed);
        Xor xor = new Xor(12, kernel);
        byte[] expected = new byte[CAPACITY];
        IoBuffer target = random(random, expected);
        byte[] before = expected.clone();
        int at = offset(random, granule);
        byte[] sum = new byte[length];
        for (int i = 0; i < sources; i++) {
            byte[] content = new byte[CAPACITY];
            boolean own = i == ownSource;
            IoBuffer source = own ? target : random(random, content);
            int from = own ? at : offset(random, granule);
            xor.add(source, from);
            for (int k = 0; k < length; k++) {
                sum[k] ^= (own ? before : content)[from + k];
            }
        }
        System.arraycopy(sum, 0, expected, at, length);

        xor.into(target, at, length);

        assertThat(bytes(target)).isEqualTo(expected);
        assertThatThrownBy(() -> xor.into(target, at, length))
                .as("the sources are forgotten")
                .isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void neverGoesBeyondTheMemory(XorKernel kernel) {
        IoBuffer small = IoBuffer.allocate(64);
        IoBuffer large = IoBuffer.allocate(128);

        assertThatThrownBy(() -> new Xor(2, kernel).add(small, 0).add(large, 0).into(large, 0, 72))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new Xor(2, kernel).add(large, 0).add(large, 0).into(small, 1, 64))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new Xor(1, kernel).add(large, -1).into(small, 0, 8))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static IoBuffer random(Random random, byte[] content) {
        random.nextBytes(content);
        IoBuffer buffer = IoBuffer.allocate(content.length);
        buffer.bytes().put(0, content);
        return buffer;
    }

    /** Somewhere in the first half, at a multiple of the granule: of 8 one that is aligned, of others one that may be. */
    private static int offset(Random random, int granule) {
        return random.nextInt(CAPACITY / 2 / granule) * granule;
    }

    private static byte[] bytes(IoBuffer buffer) {
        byte[] all = new byte[buffer.capacity()];
        buffer.bytes().get(0, all);
        return all;
    }
}
