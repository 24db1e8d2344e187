package io.cairn.operations.internal;

import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.Param;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A module with named things: create, delete, and an operation that answers when the test says so. */
final class FakeModule implements ConfigSource {
    final Map<String, Long> things = new LinkedHashMap<>();
    final List<String> calls = new ArrayList<>();
    final CompletableFuture<Object> slowAnswer = new CompletableFuture<>();
    private final String name;

    FakeModule(String name) {
        this.name = name;
    }

    record Create(@Param("the thing") String name, @Param(value = "blocks", min = 1, defaultsTo = "8") long size) {}

    record Named(@Param("the thing") String name) {}

    List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named(name + "_create", Create.class)
                        .changingConfiguration()
                        .handledBy(create -> {
                            calls.add("create " + create.name());
                            if (things.putIfAbsent(create.name(), create.size()) != null) {
                                throw OperationException.errno(Errno.EEXIST, name + " " + create.name() + " exists");
                            }
                            return CompletableFuture.completedFuture(create.name());
                        }),
                Operation.named(name + "_delete", Named.class)
                        .changingConfiguration()
                        .handledBy(delete -> {
                            calls.add("delete " + delete.name());
                            if (things.remove(delete.name()) == null) {
                                throw OperationException.errno(
                                        Errno.ENODEV, "there is no " + name + " " + delete.name());
                            }
                            return CompletableFuture.completedFuture(true);
                        }),
                Operation.named(name + "_slow", Operation.None.class)
                        .changingConfiguration()
                        .handledBy(nothing -> slowAnswer));
    }

    @Override
    public String subsystem() {
        return "things";
    }

    @Override
    public String owner() {
        return name;
    }

    @Override
    public List<ConfigEntry> configuration() {
        List<ConfigEntry> entries = new ArrayList<>();
        things.forEach((thing, size) -> {
            Map<String, Object> params = new LinkedHashMap<>();
            params.put("name", thing);
            params.put("size", size);
            entries.add(new ConfigEntry(name + "_create", params));
        });
        return entries;
    }
}
