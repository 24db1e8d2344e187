package io.cairn.shell;

import io.cairn.bdev.Bdevs;
import io.cairn.operations.OperationRegistry;
import io.cairn.operations.Operations;
import io.cairn.reactor.Reactors;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.console.Registry;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Brings Cairn's commands into the shell, and takes them away again. */
@Component(service = ShellCommands.class, immediate = true)
public final class ShellCommands {
    private final Reactors reactors;
    private final Registry registry;
    private final List<CairnCommand> written;
    private final OperationCommands generated;
    private final OperationRegistry.Watch watch;

    /** Registers the commands that are written by hand, and begins to follow the operations. */
    @Activate
    public ShellCommands(
            @Reference SessionFactory sessions,
            @Reference OperationRegistry offered,
            @Reference Operations operations,
            @Reference Bdevs bdevs,
            @Reference Reactors reactors) {
        this.reactors = reactors;
        registry = sessions.getRegistry();
        NameSource names = new NameSource(bdevs, operations);
        written = List.of(
                new ListCommand(names, bdevs, operations),
                new TreeCommand(names, bdevs, operations),
                new ClaimsCommand(names, bdevs, operations),
                new ModulesCommand(names, operations),
                new WhyCommand(names, operations),
                new PerfCommand(names, bdevs, reactors));
        written.forEach(registry::register);
        generated = new OperationCommands(
                offered,
                operations,
                names,
                registry,
                written.stream().map(command -> command.spec().fullName()).collect(Collectors.toSet()));
        watch = offered.watch(generated::follow);
    }

    /** Takes all commands back. */
    @Deactivate
    public void close() {
        watch.close();
        reactors.app().execute(generated::close);
        written.forEach(registry::unregister);
    }
}
