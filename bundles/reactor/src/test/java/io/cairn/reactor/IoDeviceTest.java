package io.cairn.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.reactor.sim.SimulatedReactors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IoDeviceTest {
    private final SimulatedReactors reactors = new SimulatedReactors(3, 5);
    private final List<String> log = new ArrayList<>();
    private boolean failing;
    private final IoDevice<String> device = new IoDevice<>("disk", reactors, new IoDevice.Channels<>() {
        @Override
        public String open(Reactor reactor) {
            if (failing) {
                throw new IllegalStateException("no channel");
            }
            log.add("open " + reactor.index());
            return "channel " + reactor.index();
        }

        @Override
        public void close(String channel) {
            log.add("close " + channel);
        }
    });

    private void on(int reactor, Runnable action) {
        reactors.on(reactors.all().get(reactor), action);
    }

    private void acquire(int reactor) {
        on(reactor, () -> device.acquire(reactors.all().get(reactor)));
    }

    private void release(int reactor) {
        on(reactor, () -> device.release(reactors.all().get(reactor)));
    }

    @Test
    void theFirstUserOpensAndTheLastCloses() {
        acquire(1);
        acquire(1);
        release(1);
        assertThat(log).containsExactly("open 1");
        release(1);
        assertThat(log).containsExactly("open 1", "close channel 1");
        acquire(1);
        assertThat(log).hasSize(3);
    }

    @Test
    void aChannelThatCannotBeOpenedLeavesNothingBehind() {
        failing = true;
        assertThatThrownBy(() -> acquire(0)).hasMessage("no channel");
        on(0, () -> assertThat(device.channel(reactors.app())).isNull());
        failing = false;
        acquire(0);
        release(0);
        assertThat(log).containsExactly("open 0", "close channel 0");
    }

    @Test
    void aChannelIsForItsReactorOnlyAndNotReleasedTwice() {
        assertThatThrownBy(() -> on(0, () -> device.acquire(reactors.all().get(1))))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> release(0)).hasMessageContaining("disk").hasMessageContaining("too often");
    }

    @Test
    void everyChannelIsVisitedOnceOnItsReactorAlsoWhenChannelsComeAndGo() {
        for (int round = 0; round < 50; round++) {
            acquire(0);
            acquire(2);
            List<String> visited = new ArrayList<>();
            int[] done = {0};
            on(
                    0,
                    () -> device.forEachChannel(
                            reactors.app(),
                            channel -> visited.add(channel + " on "
                                    + reactors.current().orElseThrow().index()),
                            () -> {
                                reactors.app().requireCurrent();
                                done[0]++;
                            }));
            assertThat(done[0]).isZero();
            // while the visitors are on their way: one channel goes, one comes
            reactors.all().get(1).execute(() -> device.acquire(reactors.all().get(1)));
            reactors.all().get(2).execute(() -> device.release(reactors.all().get(2)));
            reactors.runUntilIdle();
            assertThat(done[0]).isEqualTo(1);
            assertThat(visited).doesNotHaveDuplicates().contains("channel 0 on 0");
            assertThat(List.of("channel 0 on 0", "channel 1 on 1", "channel 2 on 2"))
                    .containsAll(visited);
            release(0);
            release(1);
        }
    }

    @Test
    void aVisitThatFailsDoesNotKeepTheOthersFromBeingCounted() {
        acquire(0);
        boolean[] done = {false};
        on(
                0,
                () -> device.forEachChannel(
                        reactors.app(),
                        channel -> {
                            throw new IllegalStateException("on purpose");
                        },
                        () -> done[0] = true));
        reactors.runUntilIdle();
        assertThat(done[0]).isTrue();
    }
}
