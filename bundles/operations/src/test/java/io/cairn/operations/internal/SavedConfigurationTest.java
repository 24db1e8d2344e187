package io.cairn.operations.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import io.cairn.operations.OperationRegistry.Registration;
import io.cairn.operations.PlainJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SavedConfigurationTest {
    private static final Path FILE = Path.of("/folder/cairn.json");

    @TempDir
    private Path folder;

    private final ManualReactors reactors = new ManualReactors();
    private final FlakyDisk disk = new FlakyDisk();

    @Test
    void isOnDiskBeforeTheAnswer() {
        OperationCenter center = center();
        offer(center, "a");
        reactors.holdBack(true);
        CompletionStage<Object> call = center.call("a_create", Map.of("name", "x"));
        reactors.run();
        assertThat(call.toCompletableFuture()).isNotDone();
        assertThat(disk.exists(FILE)).isFalse();

        reactors.holdBack(false);
        reactors.run();

        assertThat(call.toCompletableFuture()).isCompletedWithValue("x");
        assertThat(saved())
                .isEqualTo(
                        "{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_create\",\"params\":{"
                                + "\"name\":\"x\",\"size\":8}}]}]}");
    }

    @Test
    void coalescesChangesThatComeDuringAWrite() {
        OperationCenter center = center();
        offer(center, "a");
        reactors.holdBack(true);
        List<CompletionStage<Object>> calls = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            calls.add(center.call("a_create", Map.of("name", "x" + i)));
            reactors.run();
        }
        assertThat(reactors.blockingWorkWaiting()).isEqualTo(1);
        disk.failAt(Integer.MAX_VALUE);

        reactors.holdBack(false);
        reactors.run();

        assertThat(calls)
                .allSatisfy(call -> assertThat(call.toCompletableFuture()).isCompleted());
        assertThat(disk.steps()).as("two writes of four steps").isEqualTo(8);
        assertThat(saved()).contains("\"x99\"");
    }

    @Test
    void doesNotWriteAfterARefusal() {
        OperationCenter center = center();
        offer(center, "a");

        assertThat(refusal(center.call("a_delete", Map.of("name", "x"))).code()).isEqualTo(-19);

        assertThat(disk.exists(FILE)).isFalse();
    }

    @Test
    void saysDoneButNotSavedAndSavesAllWithTheNextChange() {
        OperationCenter center = center();
        FakeModule module = offer(center, "a");
        disk.failAt(1);

        OperationException refusal = refusal(center.call("a_create", Map.of("name", "x")));

        assertThat(refusal.code()).isEqualTo(-5);
        assertThat(refusal).hasMessageContaining("done but not saved").hasMessageContaining(FILE.toString());
        assertThat(refusal.data()).containsEntry("result", "x");
        assertThat(module.things).containsKey("x");
        assertThat(disk.exists(FILE)).isFalse();

        result(center.call("a_create", Map.of("name", "y")));
        assertThat(saved()).contains("\"x\"", "\"y\"");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void holdsTheOldOrTheNewConfigurationAfterAPowerCutAtAnyStep(int step) {
        byte[] old = "{\"subsystems\":[]}".getBytes(UTF_8);
        disk.put(FILE, old);
        ConfigStore store = new ConfigStore(Optional.of(FILE), disk);
        StoredConfig config = new StoredConfig();
        config.replace("o", "things", List.of(new ConfigEntry("a_create", Map.of("name", "x"))));
        byte[] next = (PlainJson.writePretty(config.plain()) + "\n").getBytes(UTF_8);
        disk.failAt(step);
        boolean done;
        try {
            store.write(config.plain());
            done = true;
        } catch (IOException e) {
            done = false;
        }

        assertThat(done).isEqualTo(step == 4);
        assertThat(disk.afterPowerCut(FILE)).allSatisfy(content -> assertThat(content)
                .satisfiesAnyOf(survivor -> assertThat(survivor).isEqualTo(old), survivor -> assertThat(survivor)
                        .isEqualTo(next)));
        if (done) {
            assertThat(disk.afterPowerCut(FILE))
                    .allSatisfy(content -> assertThat(content).isEqualTo(next));
        }
    }

    @ParameterizedTest
    @CsvSource({"a,b,c", "a,c,b", "b,a,c", "b,c,a", "c,a,b", "c,b,a"})
    void isReplayedInWhateverOrderOwnersArrive(String first, String second, String third) {
        OperationCenter before = center();
        for (String name : List.of("a", "b", "c")) {
            offer(before, name);
            result(before.call(name + "_create", Map.of("name", "one")));
            result(before.call(name + "_create", Map.of("name", "two", "size", 77)));
        }
        String saved = saved();

        OperationCenter after = center();
        for (String name : List.of(first, second, third)) {
            FakeModule module = offer(after, name);
            reactors.run();
            assertThat(module.calls).containsExactly("create one", "create two");
            assertThat(module.things).containsExactly(Map.entry("one", 8L), Map.entry("two", 77L));
        }

        assertThat(saved()).isEqualTo(saved);
        result(after.call(first + "_delete", Map.of("name", "one")));
        result(after.call(first + "_create", Map.of("name", "one")));
        assertThat(result(after.call("framework_get_config", Map.of("name", "things"))))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(6);
    }

    @Test
    void keepsWhatNobodyHereOwns() {
        write(
                "{\"comment\":\"mine\",\"subsystems\":[{\"subsystem\":\"scsi\",\"config\":null},{\"subsystem\":\"things\",\"config\":["
                        + "{\"method\":\"b_create\",\"params\":{\"name\":\"x\",\"unknown\":1.50}},"
                        + "[{\"method\":\"a_create\",\"params\":{\"name\":\"y\"}},{\"method\":\"b_delete\"}],7]}]}");
        OperationCenter center = center();
        FakeModule module = offer(center, "a");
        reactors.run();
        assertThat(module.things).containsKey("y");

        result(center.call("a_create", Map.of("name", "z")));

        assertThat(saved())
                .isEqualTo(
                        "{\"subsystems\":[{\"subsystem\":\"scsi\",\"config\":[]},{\"subsystem\":\"things\",\"config\":["
                                + "{\"method\":\"b_create\",\"params\":{\"name\":\"x\",\"unknown\":1.50}},"
                                + "{\"method\":\"a_create\",\"params\":{\"name\":\"y\",\"size\":8}},"
                                + "{\"method\":\"a_create\",\"params\":{\"name\":\"z\",\"size\":8}},"
                                + "{\"method\":\"b_delete\"},7]}],\"comment\":\"mine\"}");
    }

    @Test
    void keepsAnOwnersEntriesWhileItIsAway() {
        OperationCenter center = center();
        FakeModule module = new FakeModule("a");
        Registration registration = center.offer(module.operations(), module);
        offer(center, "b");
        result(center.call("a_create", Map.of("name", "x")));

        registration.close();
        module.things.clear();
        result(center.call("b_create", Map.of("name", "y")));

        assertThat(saved()).contains("a_create", "b_create");
        FakeModule again = offer(center, "a");
        reactors.run();
        assertThat(again.things).containsKey("x");
    }

    @Test
    void takesTheChangeOfAnOwnerThatLeavesBeforeItIsWritten() {
        OperationCenter center = center();
        FakeModule module = new FakeModule("a");
        Registration registration = center.offer(module.operations(), module);
        reactors.holdBack(true);
        CompletionStage<Object> first = center.call("a_create", Map.of("name", "x"));
        CompletionStage<Object> second = center.call("a_create", Map.of("name", "y"));
        reactors.run();

        registration.close();
        module.things.clear();
        reactors.holdBack(false);

        assertThat(result(first)).isEqualTo("x");
        assertThat(result(second)).isEqualTo("y");
        assertThat(saved()).contains("\"x\"", "\"y\"");
    }

    @Test
    void letsCallsWaitWhileItIsReplayed() {
        write(
                "{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_create\",\"params\":{\"name\":\"x\"}},"
                        + "{\"method\":\"a_slow\"},{\"method\":\"a_create\",\"params\":{\"name\":\"y\"}}]}]}");
        OperationCenter center = center();
        FakeModule module = new FakeModule("a");
        Registration registration = center.offer(module.operations(), module);
        CompletionStage<Object> call = center.call("a_delete", Map.of("name", "y"));
        CompletionStage<Object> wait = center.call("framework_wait_init", null);
        reactors.run();
        assertThat(module.calls).containsExactly("create x");
        assertThat(registration.replayed().toCompletableFuture()).isNotDone();
        assertThat(wait.toCompletableFuture()).isNotDone();

        module.slowAnswer.complete(true);

        assertThat(result(call)).isEqualTo(true);
        assertThat(module.calls).containsExactly("create x", "create y", "delete y");
        assertThat(registration.replayed().toCompletableFuture()).isCompleted();
        assertThat(result(wait)).isEqualTo(true);
    }

    @Test
    void waitsForTheEndOfTheStartupState() {
        write(
                "{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_create\",\"params\":{\"name\":\"x\"}}]}]}");
        OperationCenter center = new OperationCenter(
                reactors, new ConfigStore(Optional.of(FILE), disk), new Settings(true, Duration.ofSeconds(5)));
        FakeModule module = offer(center, "a");
        reactors.run();
        assertThat(module.calls).isEmpty();

        result(center.call("framework_start_init", null));

        assertThat(module.things).containsKey("x");
    }

    @Test
    void keepsAFailedEntryGoesOnAndTriesItAgain() {
        write(
                "{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_create\",\"params\":{\"name\":\"x\",\"size\":0}},"
                        + "{\"method\":\"a_slow\"},{\"method\":\"a_create\",\"params\":{\"name\":\"y\"}}]}]}");
        OperationCenter center = center();
        FakeModule module = offer(center, "a");
        reactors.run();
        reactors.advance(Duration.ofSeconds(6).toNanos());

        assertThat(module.things).containsOnlyKeys("y");
        assertThat(saved())
                .startsWith(
                        "{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_create\",\"params\":{\"name\":"
                                + "\"y\"}}]}],\"failed\":[{\"subsystem\":\"things\",\"method\":\"a_create\",\"params\":{\"name\":\"x\",")
                .contains("expected a whole number from 1", "a_slow: no answer after 5 s");
        result(center.call("a_create", Map.of("name", "z")));
        assertThat(saved()).contains("expected a whole number from 1", "a_slow: no answer after 5 s");

        OperationCenter next = center();
        FakeModule again = offer(next, "a");
        again.slowAnswer.complete(true);
        reactors.run();
        assertThat(again.things).containsOnlyKeys("y", "z");
        assertThat(saved()).contains("\"size\":0").doesNotContain("no answer");

        result(next.call("a_create", Map.of("name", "x", "size", 3)));
        assertThat(saved()).doesNotContain("failed");
    }

    @Test
    void anEntryThatSucceedsLateHasNotFailed() {
        write("{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_slow\"},"
                + "{\"method\":\"a_create\",\"params\":{\"name\":\"y\"}}]}]}");
        OperationCenter center = center();
        FakeModule module = offer(center, "a");
        reactors.run();
        reactors.advance(Duration.ofSeconds(6).toNanos());
        reactors.run();
        assertThat(saved()).contains("\"failed\"", "a_slow: no answer after 5 s");

        module.things.put("late", 3L);
        module.slowAnswer.complete(true);
        reactors.run();

        assertThat((List<?>) result(center.call("framework_get_failed_config", null)))
                .isEmpty();
        assertThat(saved())
                .isEqualTo(
                        "{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_create\",\"params\":{"
                                + "\"name\":\"y\",\"size\":8}},{\"method\":\"a_create\",\"params\":{\"name\":\"late\",\"size\":3}}]}]}");
    }

    @Test
    void anEntryThatSucceedsLateDuringTheReplayDoesNotCostTheEntriesAfterIt() {
        write("{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_slow\"},{\"method\":\"a_slow\"},"
                + "{\"method\":\"a_create\",\"params\":{\"name\":\"y\"}}]}]}");
        OperationCenter center = center();
        FakeModule module = offer(center, "a");
        reactors.run();
        reactors.advance(Duration.ofSeconds(6).toNanos());
        reactors.run();
        assertThat(module.calls).isEmpty();

        module.slowAnswer.complete(true);
        reactors.run();

        assertThat(module.things).containsOnlyKeys("y");
        assertThat(saved()).contains("\"y\"").doesNotContain("failed");
    }

    @Test
    void forgetsFailedEntriesOnDemand() {
        write(
                "{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[{\"method\":\"a_delete\",\"params\":{\"name\":\"x\"}}]}]}");
        OperationCenter center = center();
        offer(center, "a");
        reactors.run();
        assertThat((List<?>) result(center.call("framework_get_failed_config", null)))
                .singleElement()
                .satisfies(entry -> assertThat(String.valueOf(entry)).contains("a_delete", "ENODEV"));

        assertThat(result(center.call("framework_forget_failed_config", Map.of("method", "other"))))
                .isEqualTo(0L);
        assertThat(result(center.call("framework_forget_failed_config", null))).isEqualTo(1L);

        assertThat((List<?>) result(center.call("framework_get_failed_config", null)))
                .isEmpty();
        assertThat(saved()).doesNotContain("a_delete");
    }

    @Test
    void keepsAndReportsEntriesWhoseModuleIsNotHere() {
        write("{\"subsystems\":[{\"subsystem\":\"things\",\"config\":["
                + "{\"method\":\"b_create\",\"params\":{\"name\":\"x\"}},{\"method\":\"b_slow\"}]}]}");
        OperationCenter center = center();
        offer(center, "a");
        for (int saves = 0; saves < 3; saves++) {
            result(center.call("a_create", Map.of("name", "y" + saves)));
            assertThat(saved()).contains("{\"method\":\"b_create\",\"params\":{\"name\":\"x\"}}", "b_slow");
        }
        List<?> reported = (List<?>) result(center.call("framework_get_failed_config", null));
        assertThat(reported).hasSize(2);
        assertThat((Map<?, ?>) reported.get(0))
                .isEqualTo(Map.of(
                        "subsystem",
                        "things",
                        "method",
                        "b_create",
                        "params",
                        Map.of("name", "x"),
                        "error",
                        "nobody who is here offers b_create",
                        "offered",
                        false));

        assertThat(result(center.call("framework_forget_failed_config", null)))
                .as("what waits for its module has not failed")
                .isEqualTo(0L);
        assertThat(result(center.call("framework_forget_failed_config", Map.of("method", "b_slow"))))
                .isEqualTo(1L);
        assertThat(result(center.call("framework_forget_failed_config", Map.of("method", "a_create"))))
                .as("what is in force is not forgotten")
                .isEqualTo(0L);
        assertThat(saved()).doesNotContain("b_slow").contains("b_create", "y2");

        FakeModule module = offer(center, "b");
        reactors.run();
        assertThat(module.things).containsOnlyKeys("x");
        assertThat((List<?>) result(center.call("framework_get_failed_config", null)))
                .isEmpty();
    }

    @Test
    void replaysAnyNumberOfEntries() {
        StringBuilder entries = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            entries.append(i == 0 ? "" : ",")
                    .append("{\"method\":\"a_create\",\"params\":{\"name\":\"x")
                    .append(i)
                    .append("\"}}");
        }
        write("{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[" + entries + "]}]}");
        OperationCenter center = center();
        FakeModule module = offer(center, "a");
        reactors.run();

        assertThat(module.things).hasSize(20_000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"subsystems\":7}",
                "{\"subsystems\":[{}]}",
                "\u0000\u0001",
                "{\"subsystems\":[]} x",
                "{\"subsystems\":[{\"subsystem\":\"a\",\"config\":{}}]}"
            })
    void movesACorruptFileAsideAndStartsEmpty(String corrupt) throws Exception {
        Path file = Files.writeString(folder.resolve("cairn.json"), corrupt);
        Files.writeString(folder.resolve("cairn.json.corrupt-1"), "an older one");
        OperationCenter center = new OperationCenter(reactors, ConfigStore.at(file));
        offer(center, "a");

        result(center.call("a_create", Map.of("name", "x")));

        assertThat(folder.resolve("cairn.json.corrupt-1")).hasContent("an older one");
        assertThat(folder.resolve("cairn.json.corrupt-2")).hasContent(corrupt);
        assertThat(file).content().contains("a_create");
    }

    @Test
    void neverOverwritesWhatItCouldNotRead() {
        byte[] old = "{\"subsystems\":[]}".getBytes(UTF_8);
        disk.put(FILE, old);
        disk.failAt(0);
        OperationCenter center = center();
        offer(center, "a");

        assertThat(refusal(center.call("a_create", Map.of("name", "x")))).hasMessageContaining("not overwritten");

        assertThat(disk.afterPowerCut(FILE))
                .allSatisfy(content -> assertThat(content).isEqualTo(old));
    }

    @Test
    void makesTheFoldersOfItsFile() throws Exception {
        Path file = folder.resolve("new/deeper/cairn.json");
        OperationCenter center = new OperationCenter(reactors, ConfigStore.at(file));
        offer(center, "a");

        result(center.call("a_create", Map.of("name", "x")));

        assertThat(file).content().contains("a_create");
    }

    @Test
    void isForItsOwnerOnlyAndFollowsLinks() throws Exception {
        Path real = folder.resolve("deep/real.json");
        Files.createDirectories(real.getParent());
        Files.writeString(real, "{\"subsystems\":[]}");
        Path link = Files.createSymbolicLink(folder.resolve("cairn.json"), real);
        OperationCenter center = new OperationCenter(reactors, ConfigStore.at(link));
        offer(center, "a");

        result(center.call("a_create", Map.of("name", "x")));

        assertThat(Files.isSymbolicLink(link)).isTrue();
        assertThat(real).content().contains("a_create").endsWith("}\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(real)))
                .isEqualTo("rw-------");
        try (var files = Files.list(real.getParent())) {
            assertThat(files).containsExactly(real);
        }
    }

    private OperationCenter center() {
        return new OperationCenter(
                reactors, new ConfigStore(Optional.of(FILE), disk), new Settings(false, Duration.ofSeconds(5)));
    }

    private static FakeModule offer(OperationCenter center, String name) {
        FakeModule module = new FakeModule(name);
        center.offer(module.operations(), module);
        return module;
    }

    private void write(String json) {
        disk.put(FILE, json.getBytes(UTF_8));
    }

    private String saved() {
        byte[] content = disk.afterPowerCut(FILE).get(0);
        assertThat(disk.afterPowerCut(FILE)).as("durable").allSatisfy(one -> assertThat(one)
                .isEqualTo(content));
        return PlainJson.write(PlainJson.read(new String(content, UTF_8)));
    }

    private Object result(CompletionStage<Object> call) {
        reactors.run();
        assertThat(call.toCompletableFuture()).isDone();
        return call.toCompletableFuture().join();
    }

    private OperationException refusal(CompletionStage<Object> call) {
        reactors.run();
        assertThat(call.toCompletableFuture()).isCompletedExceptionally();
        try {
            call.toCompletableFuture().join();
            throw new AssertionError("not refused");
        } catch (CompletionException e) {
            return (OperationException) e.getCause();
        }
    }
}
