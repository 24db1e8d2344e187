package io.cairn.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.reactor.sim.SimulatedReactors;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PollerNamesTest {
    @Test
    void tellWhichPollersAreLeft() {
        SimulatedReactors reactors = new SimulatedReactors(1, 1);
        Reactor reactor = reactors.app();
        Poller.Registration busy = reactor.poll("busy", () -> Poller.ASLEEP);
        Poller.Registration timed = reactor.poll("timed", 1000, () -> Poller.ASLEEP);
        assertThat(reactor.pollerNames()).containsExactly("busy", "timed");

        busy.close();
        reactors.advance(Duration.ofNanos(5000));
        assertThat(reactor.pollerNames()).containsExactly("timed");

        timed.close();
        assertThat(reactor.pollerNames()).isEmpty();
    }
}
