package io.cairn.shell;

import java.io.PrintStream;
import java.util.function.IntSupplier;

/**
 * Where a command prints.
 *
 * @param console the session's
 * @param style whether it is a terminal
 * @param width the columns of the terminal; only asked if there is one
 */
record Output(PrintStream console, Style style, IntSupplier width) {
    private static final String CLEAR_LINE = "\r\u001b[K";

    /** Prints a line. */
    void line(String text) {
        console.println(text);
    }

    /** Replaces the line at the cursor. For terminals only. */
    void redraw(String text) {
        int columns = width.getAsInt();
        console.print(CLEAR_LINE + (columns > 0 && text.length() >= columns ? text.substring(0, columns - 1) : text));
        console.flush();
    }
}
