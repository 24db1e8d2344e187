package io.cairn.operations.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.OperationRegistry.Registration;
import io.cairn.operations.OperationRegistry.Watch;
import io.cairn.operations.Param;
import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class OperationCenterTest {
    private final ManualReactors reactors = new ManualReactors();
    private final OperationCenter center =
            new OperationCenter(reactors, ConfigStore.inMemory(), new Settings(false, Duration.ofSeconds(5)));

    record Shape(String name, Optional<UUID> uuid, Optional<String> absent, Kind kind, List<Integer> numbers) {}

    enum Kind {
        RAID0
    }

    record Kept(@Param("a number") int number) {}

    static final class BusyException extends RuntimeException implements HasErrno {
        private static final long serialVersionUID = 1L;

        BusyException() {
            super("thing x is claimed");
        }

        @Override
        public Errno errno() {
            return Errno.EBUSY;
        }
    }

    @Test
    void callsAnOperationWithDecodedParametersAndDefaults() {
        FakeModule module = offer("a");

        assertThat(result(center.call("a_create", Map.of("name", "x")))).isEqualTo("x");

        assertThat(module.things).containsExactly(Map.entry("x", 8L));
    }

    @Test
    void tellsWatchersOfWhatIsHereAndOfWhatComesAndGoes() {
        List<Boolean> seen = new ArrayList<>();
        Watch failing = center.watch(() -> {
            throw new IllegalStateException("a watcher that fails");
        });
        Watch watch = center.watch(() -> seen.add(center.find("a_create").isPresent()));
        reactors.run();
        assertThat(seen).containsExactly(false);

        Registration registration = center.offer(new FakeModule("a").operations(), new FakeModule("a"));
        registration.close();
        assertThat(seen).containsExactly(false, true, false);

        watch.close();
        failing.close();
        reactors.run();
        offer("a");
        assertThat(seen).hasSize(3);
    }

    @Test
    void turnsRecordsIntoPlainValues() {
        UUID uuid = UUID.fromString("00000000-0000-4000-8000-000000000001");
        offer(
                "shapes",
                Operation.named("shape", Operation.None.class)
                        .handledBy(nothing -> CompletableFuture.completedFuture(
                                new Shape("x", Optional.of(uuid), Optional.empty(), Kind.RAID0, List.of(1)))));

        assertThat(result(center.call("shape", null)))
                .isEqualTo(Map.of("name", "x", "uuid", uuid.toString(), "kind", "raid0", "numbers", List.of(1L)));
    }

    @Test
    void refusesAnUnknownOperation() {
        assertThat(refusal(center.call("nonsense", null)).code()).isEqualTo(-32601);
    }

    @Test
    void refusesAnyParametersOfAnOperationWithoutParameters() {
        OperationException refusal = refusal(center.call("spdk_get_version", Map.of()));

        assertThat(refusal.code()).isEqualTo(-32602);
        assertThat(refusal).hasMessageContaining("spdk_get_version").hasMessageContaining("no parameters");
    }

    @Test
    void answersTheErrnoOfAnException() {
        offer("busy", Operation.named("claim", Operation.None.class).handledBy(nothing -> {
            throw new BusyException();
        }));

        OperationException refusal = refusal(center.call("claim", null));

        assertThat(refusal.code()).isEqualTo(-16);
        assertThat(refusal).hasMessage("thing x is claimed: EBUSY (Device or resource busy)");
        assertThat(refusal.data()).containsEntry("errno", "EBUSY");
    }

    @Test
    void answersTheErrnoOfAStageThatFails() {
        offer(
                "busy",
                Operation.named("claim", Operation.None.class)
                        .handledBy(nothing -> CompletableFuture.supplyAsync(
                                () -> {
                                    throw new BusyException();
                                },
                                reactors.app())));

        assertThat(refusal(center.call("claim", null)).code()).isEqualTo(-16);
    }

    @Test
    void answersInternalErrorToWhatNobodyExpected() {
        offer("broken", Operation.named("broken", Operation.None.class).handledBy(nothing -> {
            throw new AssertionError("not again");
        }));

        OperationException refusal = refusal(center.call("broken", null));

        assertThat(refusal.code()).isEqualTo(-32603);
        assertThat(refusal).hasMessageContaining("broken").hasMessageContaining("not again");
    }

    @Test
    void answersForAnOperationThatDoesNot() {
        FakeModule module = offer("a");
        CompletionStage<Object> call = center.call("a_slow", null);
        reactors.advance(Duration.ofSeconds(4).toNanos());
        assertThat(call.toCompletableFuture()).isNotDone();

        reactors.advance(Duration.ofSeconds(2).toNanos());

        OperationException refusal = refusal(call);
        assertThat(refusal.code()).isEqualTo(-110);
        assertThat(refusal).hasMessageContaining("a_slow").hasMessageContaining("still under way");
        module.slowAnswer.complete(true);
        reactors.run();
        assertThat(result(center.call("spdk_get_version", null))).isNotNull();
    }

    @Test
    void takesOperationsBack() {
        FakeModule module = new FakeModule("a");
        Registration registration = center.offer(module.operations(), module);
        assertThat(center.find("a_create")).isPresent();

        registration.close();
        registration.close();

        assertThat(center.find("a_create")).isEmpty();
        assertThat(refusal(center.call("a_create", Map.of("name", "x"))).code()).isEqualTo(-32601);
        center.offer(module.operations(), module);
        assertThat(center.find("a_create")).isPresent();
    }

    @Test
    void refusesANameThatIsTakenAndOffersNothingThen() {
        offer("a");
        FakeModule other = new FakeModule("b");
        List<Operation<?, ?>> clashing = new java.util.ArrayList<>(other.operations());
        clashing.addAll(new FakeModule("a").operations());

        assertThatThrownBy(() -> center.offer(clashing, other))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("a_create");

        assertThat(center.find("b_create")).isEmpty();
    }

    @Test
    void refusesADeclarationThatCannotWorkWhenItIsOffered() {
        record Wrong(@Param(value = "a number", defaultsTo = "many") int number) {}
        assertThatThrownBy(() -> offer(
                        "wrong",
                        Operation.named("wrong", Wrong.class)
                                .handledBy(wrong -> CompletableFuture.completedFuture(true))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("many");
    }

    @Test
    void listsTheNewestFirst() {
        offer("a");
        offer("b");

        assertThat(center.all().get(0).name()).isEqualTo("b_slow");
        assertThat(names()).contains("rpc_get_methods", "a_create", "b_create");
    }

    @Test
    void hasAStartupState() {
        OperationCenter waiting =
                new OperationCenter(reactors, ConfigStore.inMemory(), new Settings(true, Duration.ofSeconds(5)));
        FakeModule module = new FakeModule("a");
        waiting.offer(module.operations(), module);

        assertThat(refusal(waiting.call("a_create", Map.of("name", "x"))))
                .hasMessage("Method may only be called after framework is initialized using framework_start_init RPC.")
                .extracting(OperationException::code)
                .isEqualTo(-1);
        assertThat(result(waiting.call("rpc_get_methods", Map.of("current", true))))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .contains("framework_start_init", "framework_wait_init")
                .doesNotContain("a_create", "framework_get_config");
        CompletionStage<Object> wait = waiting.call("framework_wait_init", null);
        reactors.advance(Duration.ofHours(1).toNanos());
        assertThat(wait.toCompletableFuture()).isNotDone();

        assertThat(result(waiting.call("framework_start_init", null))).isEqualTo(true);

        assertThat(result(wait)).isEqualTo(true);
        assertThat(result(waiting.call("a_create", Map.of("name", "x")))).isEqualTo("x");
        assertThat(refusal(waiting.call("framework_start_init", null)))
                .hasMessageStartingWith("Method may only be called before framework is initialized.");
    }

    @Test
    void saysItsVersionInSpdksShape() {
        Map<?, ?> version = (Map<?, ?>) result(center.call("spdk_get_version", null));

        assertThat(version.keySet()).map(String::valueOf).containsExactly("version", "fields");
        assertThat(String.valueOf(version.get("version"))).matches("Cairn v\\d+\\.\\d+\\.\\d+.*");
        assertThat(((Map<?, ?>) version.get("fields")).keySet())
                .map(String::valueOf)
                .containsExactly("major", "minor", "patch", "suffix");
    }

    @Test
    void answersWhatSaveConfigOfAClientAsks() {
        FakeModule bdevs = new FakeModule("a");
        FakeModule exports = new FakeModule("b");
        center.offer(exports.operations(), new Source("nbd", List.of("bdev"), exports, List.of()));
        center.offer(
                bdevs.operations(),
                new Source("bdev", List.of(), bdevs, List.of(new ConfigEntry("bdev_wait_for_examine", Map.of()))));
        result(center.call("a_create", Map.of("name", "x", "size", 3)));

        assertThat(result(center.call("framework_get_subsystems", null)))
                .isEqualTo(List.of(
                        Map.of("subsystem", "bdev", "depends_on", List.of()),
                        Map.of("subsystem", "nbd", "depends_on", List.of("bdev"))));
        assertThat(result(center.call("framework_get_config", Map.of("name", "bdev"))))
                .isEqualTo(List.of(
                        Map.of("method", "a_create", "params", Map.of("name", "x", "size", 3L)),
                        Map.of("method", "bdev_wait_for_examine")));
        assertThat(result(center.call("framework_get_config", Map.of("name", "nbd", "with_batches", true))))
                .isEqualTo(List.of());
        assertThat(refusal(center.call("framework_get_config", Map.of("name", "scsi"))))
                .hasMessage("Subsystem 'scsi' not found")
                .extracting(OperationException::code)
                .isEqualTo(-32602);
    }

    @Test
    void listsTheReactors() {
        Map<?, ?> answer = (Map<?, ?>) result(center.call("framework_get_reactors", null));

        assertThat(answer.keySet()).map(String::valueOf).containsExactly("tick_rate", "pid", "reactors");
        assertThat((List<?>) answer.get("reactors")).hasSize(1);
    }

    private record Source(String subsystem, List<String> dependsOn, FakeModule module, List<ConfigEntry> closingEntries)
            implements ConfigSource {
        @Override
        public String owner() {
            return module.owner();
        }

        @Override
        public List<ConfigEntry> configuration() {
            return module.configuration();
        }
    }

    private FakeModule offer(String name) {
        FakeModule module = new FakeModule(name);
        center.offer(module.operations(), module);
        return module;
    }

    private void offer(String owner, Operation<?, ?>... operations) {
        center.offer(List.of(operations), new FakeModule(owner));
    }

    private List<String> names() {
        return center.all().stream().map(Operation::name).toList();
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
