package io.cairn.itests.support;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Locale;

/** What tests have seen and do not decide by, for those who run them. */
public final class Figures {
    private static final Logger LOG = System.getLogger(Figures.class.getName());

    private Figures() {}

    /** Logs a line. */
    public static void log(String format, Object... values) {
        LOG.log(Level.INFO, String.format(Locale.ROOT, format, values));
    }
}
