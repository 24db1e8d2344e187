package io.cairn.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Parser;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.CommandException;

/** What all commands have in common: reading their words, help, errors. */
abstract class CairnCommand implements Command {
    private final CommandSpec spec;
    private final NameSource names;

    CairnCommand(CommandSpec spec, NameSource names) {
        this.spec = spec;
        this.names = names;
    }

    CommandSpec spec() {
        return spec;
    }

    /**
     * Does it.
     *
     * @param values what was given, by the parameters' names
     * @throws Exception its message is what the user sees
     */
    protected abstract void run(Map<String, Object> values, Output output) throws Exception;

    @Override
    public final String getScope() {
        return spec.scope();
    }

    @Override
    public final String getName() {
        return spec.name();
    }

    @Override
    public final String getDescription() {
        return spec.description();
    }

    @Override
    public final Completer getCompleter(boolean scoped) {
        return new CommandCompleter(spec, names, scoped);
    }

    @Override
    public final Parser getParser() {
        return null;
    }

    /**
     * Runs the command.
     *
     * @return null: a script looks at what is printed, and a whole number would be taken for an exit status
     * @throws CommandException with the message in red; the shell prints it, and a remote client ends with status 1
     */
    @Override
    public final Object execute(Session session, List<Object> arguments) throws CommandException {
        Style style = Style.of(session);
        Output output = new Output(
                session.getConsole(), style, () -> session.getTerminal().getWidth());
        List<String> words = new ArrayList<>();
        arguments.forEach(argument -> words.add(String.valueOf(argument)));
        if (words.contains("--help")) {
            HelpText.of(spec, style).forEach(output::line);
            return null;
        }
        try {
            run(CommandLineParser.parse(spec, words), output);
            return null;
        } catch (InterruptedException e) {
            throw failed(style, "interrupted; what was begun goes on", e);
        } catch (Exception e) {
            Throwable cause = cause(e);
            throw failed(style, cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
        }
    }

    private CommandException failed(Style style, String message, Throwable cause) {
        return new CommandException(style.red(spec.fullName() + ": " + message), message, cause);
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** Waits for an answer. */
    static <T> T await(CompletionStage<T> answer) throws InterruptedException, ExecutionException {
        return answer.toCompletableFuture().get();
    }
}
