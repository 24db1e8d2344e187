package io.cairn.shell.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PatternTest {
    private static final int BLOCK = 512;

    private final Pattern pattern = new Pattern(77, BLOCK);
    private final ByteBuffer view = ByteBuffer.allocateDirect(4 * BLOCK).order(ByteOrder.LITTLE_ENDIAN);

    @Test
    void acceptsWhatItWrote() {
        pattern.fill(view, 4 * BLOCK, 8192, 3);

        assertThat(pattern.check(view, 4 * BLOCK, 8192, 3)).isNull();
    }

    @Property
    void noticesEveryChangedBit(@ForAll @IntRange(max = 4 * BLOCK - 1) int at, @ForAll @IntRange(max = 7) int bit) {
        pattern.fill(view, 4 * BLOCK, 8192, 3);

        view.put(at, (byte) (view.get(at) ^ 1 << bit));

        assertThat(pattern.check(view, 4 * BLOCK, 8192, 3))
                .startsWith("mismatch at byte " + (8192 + at / BLOCK * BLOCK));
    }

    @Test
    void tellsWhatIsWrong() {
        pattern.fill(view, BLOCK, 8192, 3);

        assertThat(pattern.check(view, BLOCK, 0, 3))
                .isEqualTo("mismatch at byte 0: it holds what was written at byte 8192");
        assertThat(pattern.check(view, BLOCK, 8192, 4))
                .isEqualTo("mismatch at byte 8192: it holds what was written there as number 3, not as number 4");
        assertThat(new Pattern(78, BLOCK).check(view, BLOCK, 8192, 3)).contains("does not hold what this run wrote");
    }

    @Test
    void spoiltMemoryIsNeverRight() {
        pattern.fill(view, 2 * BLOCK, 8192, 3);

        pattern.spoil(view, 2 * BLOCK);

        assertThat(pattern.check(view, BLOCK, 8192, 3)).isNotNull();
    }
}
