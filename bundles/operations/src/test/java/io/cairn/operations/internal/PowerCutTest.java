package io.cairn.operations.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The power is cut, or the process killed, at every write, fsync and rename that saving does. */
class PowerCutTest {
    private static final Path FILE = Path.of("/folder/cairn.json");
    /** Of one save: write, fsync, rename, fsync of the folder. */
    private static final int STEPS_OF_A_SAVE = 4;

    private static final List<Change> CHANGES = List.of(
            new Change("a_create", Map.of("name", "x"), Map.of("x", 8L), Map.of()),
            new Change("b_create", Map.of("name", "z", "size", 5), Map.of("x", 8L), Map.of("z", 5L)),
            new Change("a_create", Map.of("name", "y", "size", 77), Map.of("x", 8L, "y", 77L), Map.of("z", 5L)),
            new Change("a_delete", Map.of("name", "x"), Map.of("y", 77L), Map.of("z", 5L)));

    /** A call, and what there is after it. */
    private record Change(String method, Map<String, Object> params, Map<String, Long> a, Map<String, Long> b) {
        static final Change NONE = new Change("", Map.of(), Map.of(), Map.of());
    }

    /** A server on a disk, with two modules. */
    private static final class Server {
        private final ManualReactors reactors = new ManualReactors();
        private final OperationCenter center;
        private final FakeModule a = new FakeModule("a");
        private final FakeModule b = new FakeModule("b");

        Server(FlakyDisk disk) {
            center = new OperationCenter(
                    reactors, new ConfigStore(Optional.of(FILE), disk), new Settings(false, Duration.ofSeconds(5)));
            center.offer(a.operations(), a);
            center.offer(b.operations(), b);
            reactors.run();
        }

        CompletableFuture<Object> begin(Change change) {
            return center.call(change.method, change.params).toCompletableFuture();
        }

        boolean does(Change change) {
            CompletableFuture<Object> answer = begin(change);
            reactors.run();
            assertThat(answer).isDone();
            return !answer.isCompletedExceptionally();
        }

        boolean is(Change change) {
            return a.things.equals(change.a) && b.things.equals(change.b);
        }
    }

    @Test
    void leavesTheWholeOldOrTheWholeNewConfiguration() {
        int cuts = 0;
        int done;
        do {
            FlakyDisk disk = new FlakyDisk();
            Server server = new Server(disk);
            disk.cutAt(cuts);
            done = 0;
            while (done < CHANGES.size() && server.does(CHANGES.get(done))) {
                done++;
            }
            Change before = done == 0 ? Change.NONE : CHANGES.get(done - 1);
            Change after = CHANGES.get(Math.min(done, CHANGES.size() - 1));
            for (FlakyDisk survivor : disk.survivors()) {
                goesOnWith(survivor, before, after, "cut at step " + cuts + ", " + done + " answered");
            }
            cuts++;
        } while (done < CHANGES.size());
        assertThat(cuts - 1).as("every step was cut").isEqualTo(STEPS_OF_A_SAVE * CHANGES.size());
    }

    @Test
    void leavesAllOrNothingOfChangesThatAreSavedTogether() {
        for (int cut = 0; cut < 2 * STEPS_OF_A_SAVE; cut++) {
            FlakyDisk disk = new FlakyDisk();
            Server server = new Server(disk);
            disk.cutAt(cut);
            server.reactors.holdBack(true);
            List<CompletableFuture<Object>> answers =
                    CHANGES.stream().map(server::begin).toList();
            server.reactors.run();
            server.reactors.holdBack(false);
            server.reactors.run();
            assertThat(answers).allSatisfy(answer -> assertThat(answer).isDone());
            boolean firstSaved = !answers.get(0).isCompletedExceptionally();
            for (FlakyDisk survivor : disk.survivors()) {
                Server next = new Server(survivor);
                assertThat(next.is(CHANGES.get(0)) || next.is(CHANGES.get(3)) || (!firstSaved && next.is(Change.NONE)))
                        .as("cut at step " + cut + ": " + next.a.things + next.b.things)
                        .isTrue();
            }
        }
    }

    private static void goesOnWith(FlakyDisk survivor, Change before, Change after, String when) {
        Server next = new Server(survivor);
        assertThat(next.is(before) || next.is(after))
                .as(when + ": " + next.a.things + next.b.things)
                .isTrue();
        // nothing was taken for corrupt, and what a cut save has left does not stand in the way of the next one
        assertThat(survivor.files()).noneMatch(file -> file.toString().contains("corrupt"));
        Change more = new Change("b_create", Map.of("name", "more"), Map.of(), Map.of());
        assertThat(next.does(more)).as(when).isTrue();
        for (FlakyDisk last : survivor.survivors()) {
            assertThat(new Server(last).b.things).as(when).containsKey("more");
            assertThat(last.files()).as(when).containsExactly(FILE);
        }
    }
}
