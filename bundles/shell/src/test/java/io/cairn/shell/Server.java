package io.cairn.shell;

import io.cairn.bdev.core.BdevCore;
import io.cairn.module.malloc.MallocModule;
import io.cairn.module.nullbdev.NullModule;
import io.cairn.module.passthru.PassthruModule;
import io.cairn.module.split.SplitModule;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Registry;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.apache.karaf.shell.api.console.Terminal;

/** All that the commands talk to, on real reactors, because commands wait for their answers. */
final class Server implements AutoCloseable {
    final ThreadReactors reactors = new ThreadReactors(ReactorOptions.defaults().withCount(2));
    final OperationCenter operations = new OperationCenter(reactors, ConfigStore.inMemory());
    final BdevCore core = new BdevCore(reactors, operations);
    final NameSource names = new NameSource(core, operations);
    final FakeRegistry registry = new FakeRegistry();
    final MallocModule malloc = new MallocModule();
    private final ShellCommands commands;

    Server() {
        List.of(new NullModule(), malloc, new PassthruModule(), new SplitModule())
                .forEach(module -> core.add(module).toCompletableFuture().join());
        commands = new ShellCommands(new Factory(), operations, operations, core, reactors);
        settle();
    }

    /** Waits until the app thread has done what was asked of it so far. */
    void settle() {
        reactors.onApp(() -> CompletableFuture.completedFuture(true))
                .toCompletableFuture()
                .join();
    }

    /** Runs a command and returns what it printed. */
    String run(String line) throws Exception {
        FakeSession session = new FakeSession();
        String[] words = line.split(" ");
        String[] names = words[0].split(":");
        Command command = registry.getCommand(names[0], names[1]);
        if (command == null) {
            throw new IllegalArgumentException("there is no command " + words[0]);
        }
        command.execute(session, List.of((Object[]) words).subList(1, words.length));
        return session.printed();
    }

    void closeCommands() {
        commands.close();
        settle();
    }

    @Override
    public void close() {
        core.close().toCompletableFuture().join();
        operations.stop();
        reactors.close();
    }

    private final class Factory implements SessionFactory {
        @Override
        public Registry getRegistry() {
            return registry;
        }

        @Override
        public Session create(
                InputStream in, PrintStream out, PrintStream err, Terminal terminal, String encoding, Runnable closed) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Session create(InputStream in, PrintStream out, PrintStream err) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Session create(InputStream in, PrintStream out, PrintStream err, Session parent) {
            throw new UnsupportedOperationException();
        }
    }
}
