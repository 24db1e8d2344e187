package io.cairn.shell;

import io.cairn.operations.Operation;
import io.cairn.operations.OperationRegistry;
import io.cairn.operations.Operations;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.karaf.shell.api.console.Registry;

/**
 * Keeps a command registered for every operation that is offered. To be told of changes on the app thread; everything here is for
 * that thread.
 */
final class OperationCommands {
    private final OperationRegistry offered;
    private final Operations operations;
    private final NameSource names;
    private final Registry registry;
    private final Set<String> taken;
    private final Map<String, OperationCommand> commands = new LinkedHashMap<>();
    private boolean closed;

    /**
     * Makes an empty set.
     *
     * @param taken full names of commands that are written by hand: operations of these names get none
     */
    OperationCommands(
            OperationRegistry offered, Operations operations, NameSource names, Registry registry, Set<String> taken) {
        this.offered = offered;
        this.operations = operations;
        this.names = names;
        this.registry = registry;
        this.taken = taken;
    }

    /** Follows what is offered now. A command whose operation is declared as before stays what it is. */
    void follow() {
        if (closed) {
            return;
        }
        Map<String, CommandSpec> wanted = new LinkedHashMap<>();
        for (Operation<?, ?> operation : offered.all()) {
            CommandSpec spec = CommandSpec.of(operation);
            if (!taken.contains(spec.fullName())) {
                wanted.put(operation.name(), spec);
            }
        }
        commands.entrySet().removeIf(entry -> {
            boolean gone = !entry.getValue().spec().equals(wanted.get(entry.getKey()));
            if (gone) {
                registry.unregister(entry.getValue());
            }
            return gone;
        });
        wanted.forEach((operation, spec) -> commands.computeIfAbsent(operation, name -> {
            OperationCommand command = new OperationCommand(spec, name, names, operations);
            registry.register(command);
            return command;
        }));
    }

    /** Takes all commands back. */
    void close() {
        closed = true;
        commands.values().forEach(registry::unregister);
        commands.clear();
    }
}
