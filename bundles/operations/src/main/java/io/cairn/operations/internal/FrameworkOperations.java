package io.cairn.operations.internal;

import io.cairn.operations.Operation;
import io.cairn.operations.Operation.None;
import io.cairn.operations.Operation.States;
import io.cairn.operations.OperationException;
import io.cairn.operations.Param;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The operations about the operations: what there is, which state it is in, what is configured. */
final class FrameworkOperations {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private static final long ANY_NUMA_NODE = -1;

    private final OperationCenter center;
    private final Reactors reactors;

    FrameworkOperations(OperationCenter center, Reactors reactors) {
        this.center = center;
        this.reactors = reactors;
    }

    record Methods(
            @Param(value = "only those that may be called in the present state", defaultsTo = "false") boolean current,
            @Param(value = "also old names; Cairn has none", defaultsTo = "false") boolean includeAliases) {}

    record Subsystem(
            @Param("the subsystem, as framework_get_subsystems names it") String name,
            @Param(value = "with groups of entries; Cairn makes none", defaultsTo = "false") boolean withBatches) {}

    record FailedMethod(
            @Param("the operation whose entries are forgotten; absent: all failed ones") Optional<String> method) {}

    List<Operation<?, ?>> all() {
        return Operation.list(
                Operation.named("rpc_get_methods", Methods.class)
                        .describedAs("Lists the operations that can be called.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .in(States.BOTH)
                        .answering("a list of names")
                        .example("{\"current\": true}")
                        .handledBy(this::methods),
                Operation.named("spdk_get_version", None.class)
                        .describedAs("Says which version of Cairn this is, in SPDK's shape.")
                        .in(States.BOTH)
                        .answering("{\"version\": text, \"fields\": {\"major\", \"minor\", \"patch\", \"suffix\"}}")
                        .handledBy(nothing -> done(Version.read().plain())),
                Operation.named("framework_start_init", None.class)
                        .describedAs("Ends the startup state; answered when the saved configuration has been replayed.")
                        .in(States.STARTUP)
                        .handledBy(nothing -> center.start().thenApply(ready -> true)),
                Operation.named("framework_wait_init", None.class)
                        .describedAs(
                                "Is answered when the startup state is over and no saved configuration is being replayed.")
                        .in(States.BOTH)
                        .handledBy(nothing -> center.replayed().thenApply(ready -> true)),
                Operation.named("framework_get_subsystems", None.class)
                        .describedAs("Lists the subsystems in the order in which they are restored.")
                        .answering("[{\"subsystem\": text, \"depends_on\": [text]}]")
                        .handledBy(nothing -> done(subsystems())),
                Operation.named("framework_get_config", Subsystem.class)
                        .describedAs("Returns the calls that make a subsystem's present state again.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .answering("[{\"method\": text, \"params\": object}]")
                        .example("{\"name\": \"bdev\"}")
                        .handledBy(this::configuration),
                Operation.named("framework_get_reactors", None.class)
                        .describedAs(
                                "Lists the reactors. What SPDK says about busy and idle ticks is not counted here and left out.")
                        .answering(
                                "{\"tick_rate\", \"pid\", \"reactors\": [{\"lcore\", \"numa_id\", \"lw_threads\": [...], ...}]}")
                        .handledBy(nothing -> done(reactors())),
                Operation.named("framework_get_failed_config", None.class)
                        .describedAs(
                                "Lists the entries of the saved configuration that are not in force: those that failed when they"
                                        + " were last replayed, and those whose module is not here (offered is false). They are"
                                        + " kept, and tried when the module comes or at the next start.")
                        .answering(
                                "[{\"subsystem\": text, \"method\": text, \"params\": object, \"error\": text, \"offered\": bool}]")
                        .handledBy(nothing -> done(center.failedEntries())),
                Operation.named("framework_forget_failed_config", FailedMethod.class)
                        .describedAs(
                                "Forgets entries of the saved configuration that failed when they were last replayed; and those"
                                        + " of a method that is named and that nobody here offers.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .answering("how many were forgotten")
                        .example("{\"method\": \"bdev_aio_create\"}")
                        .handledBy(forget -> center.forgetFailedEntries(forget.method())));
    }

    private CompletionStage<List<String>> methods(Methods asked) {
        return done(center.all().stream()
                .filter(operation -> !asked.current() || center.callable(operation))
                .map(Operation::name)
                .toList());
    }

    private List<Map<String, Object>> subsystems() {
        List<Map<String, Object>> result = new ArrayList<>();
        center.subsystems().forEach((name, dependsOn) -> {
            Map<String, Object> subsystem = new LinkedHashMap<>();
            subsystem.put("subsystem", name);
            subsystem.put("depends_on", dependsOn);
            result.add(subsystem);
        });
        return result;
    }

    private CompletionStage<List<Object>> configuration(Subsystem asked) {
        return done(center.configurationOf(asked.name())
                .orElseThrow(() -> new OperationException(
                        Operation.INVALID_PARAMS,
                        "Subsystem '" + asked.name() + "' not found",
                        Map.of("operation", "framework_get_config", "reason", "unknown subsystem"))));
    }

    private Map<String, Object> reactors() {
        List<Object> all = new ArrayList<>();
        for (Reactor reactor : reactors.all()) {
            Map<String, Object> thread = new LinkedHashMap<>();
            thread.put("name", reactor.name());
            thread.put("id", (long) reactor.index() + 1);
            thread.put("cpumask", Long.toHexString(1L << reactor.index()));
            thread.put("elapsed", reactor.clockNanos());
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("lcore", (long) reactor.index());
            one.put("numa_id", ANY_NUMA_NODE);
            one.put("lw_threads", List.of(thread));
            all.add(one);
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("tick_rate", NANOS_PER_SECOND);
        result.put("pid", ProcessHandle.current().pid());
        result.put("reactors", all);
        return result;
    }

    private static <T> CompletionStage<T> done(T result) {
        return CompletableFuture.completedFuture(result);
    }
}
