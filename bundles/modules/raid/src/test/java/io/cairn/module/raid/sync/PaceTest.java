package io.cairn.module.raid.sync;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When a process may go on, by the clock that it is told. */
class PaceTest {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;

    private final Pace pace = new Pace();

    private void othersAreSeen(long now) {
        pace.saw(1, now - 1);
        pace.saw(2, now);
    }

    @Test
    void aloneItNeverRests() {
        pace.saw(5, 0);
        pace.saw(5, 10);
        pace.begin(10);
        pace.end(1 << 20, MILLI);
        assertThat(pace.isShared(MILLI)).isFalse();
        assertThat(pace.next()).isLessThan(MILLI);
    }

    @Test
    void whatIsDoneByIoTakesATenthOfTheTime() {
        othersAreSeen(0);
        pace.begin(0);
        pace.worksByIo();
        pace.workedInPlace(4096, 0, MICRO);
        pace.end(1 << 18, MILLI);
        assertThat(pace.next()).isEqualTo(10 * MILLI);
    }

    @Test
    void whatIsDoneInPlaceTakesATenthOfTheReactorsTime() {
        othersAreSeen(0);
        pace.begin(0);
        pace.workedInPlace(16384, 0, 20 * MICRO);
        pace.workedInPlace(16384, 500 * MICRO, 530 * MICRO);
        pace.end(32768, 530 * MICRO);
        assertThat(pace.next()).as("others had more than nine tenths").isLessThan(530 * MICRO);
        pace.begin(600 * MICRO);
        pace.workedInPlace(16384, 600 * MICRO, 650 * MICRO);
        pace.workedInPlace(16384, 700 * MICRO, 750 * MICRO);
        pace.end(32768, 750 * MICRO);
        assertThat(pace.next()).isEqualTo(1600 * MICRO);
    }

    @Test
    void itRestsATenthOfASecondAtMost() {
        othersAreSeen(0);
        pace.begin(0);
        pace.end(1 << 18, 40 * MILLI);
        assertThat(pace.next()).isEqualTo(140 * MILLI);
    }

    @Test
    void aTurnIsMadeLittleLonger() {
        assertThat(pace.bytesInATurn()).as("at first").isEqualTo(16 << 10);
        long now = 0;
        pace.begin(now);
        for (int i = 0; i < 50; i++) {
            // a nanosecond for four bytes, then 900 us of others
            pace.workedInPlace(16 << 10, now, now + 4096);
            now += 4096 + 900 * MICRO;
        }
        assertThat(pace.bytesInATurn()).isBetween(399_000, 401_000);
        for (int i = 0; i < 200; i++) {
            pace.workedInPlace(16 << 10, now, now + 4096);
            now += 4096 + 5 * MICRO;
        }
        assertThat(pace.bytesInATurn()).isEqualTo(16 << 10);
    }

    @Test
    void theLimitCountsFromTheBeginningOfARange() {
        pace.limit(1 << 20);
        pace.begin(0);
        pace.end(1 << 20, MILLI);
        assertThat(pace.next()).isEqualTo(1000 * MILLI);
        pace.begin(1000 * MILLI);
        pace.end(1 << 19, 1001 * MILLI);
        assertThat(pace.next()).isEqualTo(1500 * MILLI);
    }
}
