package io.cairn.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Registry;

/** Keeps the commands that are registered. */
final class FakeRegistry implements Registry {
    private final List<Command> commands = new ArrayList<>();

    @Override
    public List<Command> getCommands() {
        return commands;
    }

    @Override
    public Command getCommand(String scope, String name) {
        return commands.stream()
                .filter(command ->
                        command.getScope().equals(scope) && command.getName().equals(name))
                .findFirst()
                .orElse(null);
    }

    @Override
    public <T> void register(Callable<T> factory, Class<T> type) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void register(Object service) {
        commands.add((Command) service);
    }

    @Override
    public void unregister(Object service) {
        commands.removeIf(command -> command == service);
    }

    @Override
    public <T> T getService(Class<T> type) {
        return null;
    }

    @Override
    public <T> List<T> getServices(Class<T> type) {
        return List.of();
    }

    @Override
    public boolean hasService(Class<?> type) {
        return false;
    }
}
