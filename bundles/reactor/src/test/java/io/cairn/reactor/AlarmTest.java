package io.cairn.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.reactor.sim.SimulatedReactors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlarmTest {
    private final SimulatedReactors reactors = new SimulatedReactors(1, 1);
    private final Reactor reactor = reactors.app();
    private final List<Long> rung = new ArrayList<>();
    private final Alarm alarm = reactor.alarm(() -> rung.add(reactor.clockNanos()));

    @Test
    void ringsOncePerSettingAndNotTooEarly() {
        long start = reactor.clockNanos();
        alarm.set(start + 10_000);
        reactors.advance(Duration.ofNanos(50_000));
        assertThat(rung).singleElement().satisfies(at -> assertThat(at).isBetween(start + 10_000, start + 20_000));

        alarm.set(start + 100_000);
        reactors.advance(Duration.ofNanos(100_000));
        assertThat(rung).hasSize(2);
    }

    @Test
    void theLastSettingHolds() {
        long start = reactor.clockNanos();
        alarm.set(start + 10_000);
        alarm.set(start + 40_000);
        reactors.advance(Duration.ofNanos(30_000));
        assertThat(rung).isEmpty();

        alarm.set(start + 35_000);
        reactors.advance(Duration.ofNanos(20_000));
        assertThat(rung).hasSize(1);
        reactors.advance(Duration.ofNanos(100_000));
        assertThat(rung).hasSize(1);
    }

    @Test
    void aCancelledOneDoesNotRingAndCanBeSetAgain() {
        long start = reactor.clockNanos();
        alarm.set(start + 10_000);
        alarm.cancel();
        alarm.cancel();
        reactors.advance(Duration.ofNanos(20_000));
        assertThat(rung).isEmpty();

        alarm.set(start + 30_000);
        reactors.advance(Duration.ofNanos(20_000));
        assertThat(rung).hasSize(1);
    }

    @Test
    void ringsAgainWhenItIsSetFromItsOwnWork() {
        List<Alarm> self = new ArrayList<>();
        self.add(reactor.alarm(() -> {
            rung.add(reactor.clockNanos());
            if (rung.size() < 3) {
                self.get(0).set(reactor.clockNanos());
            }
        }));
        self.get(0).set(reactor.clockNanos());
        reactors.advance(Duration.ofNanos(10_000));
        assertThat(rung).hasSize(3);
    }
}
