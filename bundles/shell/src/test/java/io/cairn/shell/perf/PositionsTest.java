package io.cairn.shell.perf;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PositionsTest {
    @Test
    void goesFromFrontToBackAndBeginsAgain() {
        Positions positions = new Positions(10, 3, false, 1);

        assertThat(new long[] {positions.next(), positions.next(), positions.next(), positions.next()})
                .containsExactly(10, 11, 12, 10);
    }

    @Property
    void staysWithinItsShare(
            @ForAll @LongRange(max = 1L << 40) long first,
            @ForAll @LongRange(min = 1, max = 1L << 61) long count,
            @ForAll long seed) {
        Positions positions = new Positions(first, count, true, seed);
        for (int i = 0; i < 100; i++) {
            assertThat(positions.next()).isBetween(first, first + count - 1);
        }
    }

    @Test
    void goesEverywhereAboutEquallyOften() {
        Positions positions = new Positions(0, 10, true, 42);
        int[] counts = new int[10];
        for (int i = 0; i < 100_000; i++) {
            counts[(int) positions.next()]++;
        }
        for (int count : counts) {
            assertThat(count).isBetween(9_500, 10_500);
        }
    }
}
