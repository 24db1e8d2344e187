package io.cairn.module.raid.level;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Ranges of rows, against sets of rows. */
class LostRowsTest {
    private static final int ROWS = 60;

    @Test
    void rangesAreWhatSetsAre() {
        Random random = new Random(3);
        for (int run = 0; run < 300; run++) {
            RowRanges ranges = RowRanges.NONE;
            BitSet rows = new BitSet();
            for (int step = 0; step < 12; step++) {
                int first = random.nextInt(ROWS);
                int count = 1 + random.nextInt(12);
                if (random.nextBoolean()) {
                    ranges = ranges.plus(first, count);
                    rows.set(first, first + count);
                } else {
                    ranges = ranges.minus(first, count);
                    rows.clear(first, first + count);
                }
                assertSame(ranges, rows);
                int from = random.nextInt(ROWS);
                BitSet part = rows.get(0, ROWS * 2);
                part.clear(0, from);
                part.clear(from + count, ROWS * 2);
                assertSame(ranges.within(from, count), part);
                assertThat(ranges.containsAny(from, count)).isEqualTo(!part.isEmpty());
            }
        }
    }

    private static void assertSame(RowRanges ranges, BitSet rows) {
        assertThat(ranges.rows()).isEqualTo(rows.cardinality());
        long before = -1;
        for (RowRanges.Range range : ranges.ranges()) {
            assertThat(range.row())
                    .as("neither overlaps nor touches: %s", ranges)
                    .isGreaterThan(before);
            for (long row = range.row(); row < range.row() + range.rows(); row++) {
                assertThat(rows.get((int) row)).isTrue();
            }
            before = range.row() + range.rows();
        }
    }

    @Test
    void whatIsWrittenAgainIsLostOfNobody() {
        LostRows lost =
                LostRows.NONE.plus(2, RowRanges.NONE.plus(0, 8).plus(20, 4)).plus(0, RowRanges.NONE.plus(4, 8));
        assertThat(lost.rows()).isEqualTo(20);
        assertThat(lost.containsAny(12, 8)).isFalse();
        assertThat(lost.containsAny(12, 9)).isTrue();
        LostRows left = lost.minus(4, 4);
        assertThat(left.of(2)).isEqualTo(RowRanges.NONE.plus(0, 4).plus(20, 4));
        assertThat(left.of(0)).isEqualTo(RowRanges.NONE.plus(8, 4));
        assertThat(left.of(1).isEmpty()).isTrue();
        assertThat(left.of(9).isEmpty()).isTrue();
        assertThat(left.minus(0, 100)).isEqualTo(LostRows.NONE);
        assertThat(left.minus(0, 100).isEmpty()).isTrue();
    }

    @Test
    void wherePlaceIsShortTheSmallestGapsAreLostToo() {
        LostRows lost = LostRows.NONE
                .plus(0, RowRanges.NONE.plus(0, 2).plus(10, 2).plus(14, 2))
                .plus(1, RowRanges.NONE.plus(0, 2).plus(5, 2));
        LostRows coarse = lost.within(3);
        assertThat(coarse.ranges()).isEqualTo(3);
        assertThat(coarse.of(0).ranges()).isEqualTo(List.of(new RowRanges.Range(0, 2), new RowRanges.Range(10, 6)));
        assertThat(coarse.of(1).ranges()).isEqualTo(List.of(new RowRanges.Range(0, 7)));
        assertThat(lost.within(5)).isEqualTo(lost);
    }
}
