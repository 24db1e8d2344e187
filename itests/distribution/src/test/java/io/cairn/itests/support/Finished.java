package io.cairn.itests.support;

import java.util.List;

/**
 * A program that has ended.
 *
 * @param command its command line
 * @param status its exit status
 * @param out what it printed
 * @param err what it printed on standard error
 */
public record Finished(List<String> command, int status, String out, String err) {
    /** This, if the program ended with 0; fails otherwise. */
    public Finished ok() {
        if (status != 0) {
            throw new AssertionError(toString());
        }
        return this;
    }

    /** This, if the program did not end with 0; fails otherwise. */
    public Finished refused() {
        if (status == 0) {
            throw new AssertionError("succeeded, and should not have: " + this);
        }
        return this;
    }

    @Override
    public String toString() {
        return "%s%nstatus %d%n%s%n%s".formatted(String.join(" ", command), status, out, err);
    }
}
