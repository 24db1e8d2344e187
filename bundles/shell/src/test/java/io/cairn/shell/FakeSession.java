package io.cairn.shell;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.karaf.shell.api.console.History;
import org.apache.karaf.shell.api.console.Registry;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.apache.karaf.shell.api.console.Terminal;

/** A session without a terminal, as a remote command has it. */
final class FakeSession implements Session {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream console = new PrintStream(printed, true, StandardCharsets.UTF_8);
    private Path folder = Path.of("");

    String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Override
    public Object execute(CharSequence line) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Object get(String name) {
        return null;
    }

    @Override
    public void put(String name, Object value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public InputStream getKeyboard() {
        return new ByteArrayInputStream(new byte[0]);
    }

    @Override
    public PrintStream getConsole() {
        return console;
    }

    @Override
    public String readLine(String prompt, Character mask) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Terminal getTerminal() {
        return null;
    }

    @Override
    public History getHistory() {
        return null;
    }

    @Override
    public Registry getRegistry() {
        return null;
    }

    @Override
    public SessionFactory getFactory() {
        return null;
    }

    @Override
    public String resolveCommand(String name) {
        return name.contains(":") ? name : "bdev:" + name;
    }

    @Override
    public Path currentDir() {
        return folder;
    }

    @Override
    public void currentDir(Path path) {
        folder = path;
    }

    @Override
    public void run() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
