package io.cairn.reactor.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SimulatedReactorsTest {
    @Test
    void theSameSeedGivesTheSameRunAndAnotherSeedAnother() {
        assertThat(run(7)).isEqualTo(run(7)).isNotEqualTo(run(8)).hasSizeGreaterThan(100);
    }

    private static List<String> run(long seed) {
        List<String> trace = new ArrayList<>();
        SimulatedReactors reactors = new SimulatedReactors(3, seed);
        reactors.trace(trace::add);
        for (Reactor reactor : reactors.all()) {
            chatter(reactors, reactor, 20, trace);
        }
        reactors.advance(Duration.ofMillis(5));
        reactors.runUntilIdle();
        return trace;
    }

    private static void chatter(SimulatedReactors reactors, Reactor reactor, int left, List<String> trace) {
        reactor.execute(() -> {
            trace.add(reactor.name() + " draws " + reactor.random().nextInt(100));
            if (left > 0) {
                chatter(reactors, reactors.next(), left - 1, trace);
                reactor.after(reactor.random().nextLong(50_000), () -> trace.add("timer at " + reactor.nowNanos()));
                reactors.blocking().execute(() -> reactor.execute(() -> trace.add("blocked")));
            }
        });
    }

    @Test
    void messagesOfOnePairStayInOrderAndOthersDoNot() {
        Set<List<String>> orders = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            SimulatedReactors reactors = new SimulatedReactors(3, seed);
            List<String> arrived = new ArrayList<>();
            for (int sender = 0; sender < 2; sender++) {
                int from = sender;
                reactors.on(reactors.all().get(from), () -> {
                    for (int i = 0; i < 5; i++) {
                        String what = from + ":" + i;
                        reactors.all().get(2).execute(() -> arrived.add(what));
                    }
                });
            }
            reactors.runUntilIdle();
            for (String from : List.of("0", "1")) {
                assertThat(arrived.stream().filter(a -> a.startsWith(from)))
                        .containsExactly(from + ":0", from + ":1", from + ":2", from + ":3", from + ":4");
            }
            orders.add(arrived);
        }
        assertThat(orders).hasSizeGreaterThan(3);
    }

    @Test
    void currentIsTheReactorThatRuns() {
        SimulatedReactors reactors = new SimulatedReactors(2, 1);
        List<Integer> current = new ArrayList<>();
        assertThat(reactors.app().isCurrent()).isTrue();
        for (Reactor reactor : reactors.all()) {
            reactor.execute(() -> {
                reactor.requireCurrent();
                current.add(reactors.current().orElseThrow().index());
            });
        }
        reactors.blocking().execute(() -> {
            assertThat(reactors.current()).isEmpty();
            assertThat(reactors.app().isCurrent()).isFalse();
            current.add(-1);
        });
        reactors.runUntilIdle();
        assertThat(current).containsExactlyInAnyOrder(0, 1, -1);
        assertThatThrownBy(() -> reactors.all().get(1).requireCurrent()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void timePassesOnlyWhenToldOrNeeded() {
        SimulatedReactors reactors = new SimulatedReactors(1, 1);
        List<String> rang = new ArrayList<>();
        Reactor reactor = reactors.app();
        reactor.after(Duration.ofSeconds(1).toNanos(), () -> rang.add("second"));
        Poller.Registration every = reactor.poll("every", Duration.ofMillis(400).toNanos(), () -> {
            rang.add("poll");
            return 1;
        });
        reactors.runUntilIdle();
        assertThat(rang).isEmpty();
        reactors.advance(Duration.ofMillis(900));
        assertThat(rang).containsExactly("poll", "poll");
        reactors.advance(Duration.ofMillis(100));
        assertThat(rang).containsExactly("poll", "poll", "second");
        every.close();
        reactors.advance(Duration.ofHours(1));
        assertThat(rang).hasSize(3);
        assertThat(reactors.clockNanos())
                .isGreaterThanOrEqualTo(Duration.ofHours(1).toNanos());
    }

    @Test
    void aPollerThatWaitsByTheClockIsPolledOn() {
        SimulatedReactors reactors = new SimulatedReactors(1, 1);
        Reactor reactor = reactors.app();
        boolean[] done = {false};
        reactor.poll("until", () -> {
            if (!done[0] && reactor.nowNanos() >= 5_000_000) {
                done[0] = true;
                return 1;
            }
            return done[0] ? Poller.ASLEEP : Poller.IDLE;
        });
        reactors.runUntilIdle();
        assertThat(done[0]).isFalse();
        reactors.runUntil(() -> done[0], Duration.ofMillis(6));
        assertThat(done[0]).isTrue();
    }

    @Test
    void aConditionThatDoesNotComeTrueTellsTheSeed() {
        SimulatedReactors reactors = new SimulatedReactors(1, 4711);
        assertThatThrownBy(() -> reactors.runUntil(() -> false, Duration.ofSeconds(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("nothing is left to happen")
                .hasMessageContaining("seed 4711");
        reactors.app().poll("tick", 1_000_000, () -> 1);
        assertThatThrownBy(() -> reactors.runUntil(() -> false, Duration.ofMillis(10)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("seed 4711");
    }

    @Test
    void whatIsThrownDoesNotStopTheRun() {
        SimulatedReactors reactors = new SimulatedReactors(1, 1);
        List<String> seen = new ArrayList<>();
        reactors.app().execute(() -> {
            throw new IllegalStateException("on purpose");
        });
        reactors.app().execute(() -> seen.add("next"));
        reactors.runUntilIdle();
        assertThat(seen).containsExactly("next");
    }
}
