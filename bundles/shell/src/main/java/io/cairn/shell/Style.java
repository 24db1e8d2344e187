package io.cairn.shell;

import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.ansi.SimpleAnsi;

/**
 * Colours and weights, where there is a terminal that shows them; scripts get plain text.
 *
 * @param terminal whether there is one
 */
record Style(boolean terminal) {
    /** No terminal. */
    static final Style PLAIN = new Style(false);

    static Style of(Session session) {
        return new Style(session.getTerminal() != null && session.getTerminal().isAnsiSupported());
    }

    String bold(String text) {
        return wrapped(SimpleAnsi.INTENSITY_BOLD, text, SimpleAnsi.INTENSITY_NORMAL);
    }

    String red(String text) {
        return wrapped(SimpleAnsi.COLOR_RED, text, SimpleAnsi.COLOR_DEFAULT);
    }

    String yellow(String text) {
        return wrapped(SimpleAnsi.COLOR_YELLOW, text, SimpleAnsi.COLOR_DEFAULT);
    }

    String green(String text) {
        return wrapped(SimpleAnsi.COLOR_GREEN, text, SimpleAnsi.COLOR_DEFAULT);
    }

    private String wrapped(String on, String text, String off) {
        return terminal ? on + text + off : text;
    }
}
