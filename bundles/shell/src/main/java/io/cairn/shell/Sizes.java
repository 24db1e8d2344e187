package io.cairn.shell;

import java.math.BigInteger;
import java.util.Locale;

/** Sizes in bytes as people write them. */
final class Sizes {
    private static final String SUFFIXES = "KMGTPE";
    private static final int BITS = 10;
    private static final double UNIT = 1 << BITS;

    private Sizes() {}

    /**
     * Reads a number with an optional suffix k, M, G, T, P or E, in any case, with or without {@code iB}: powers of 1024.
     *
     * @throws NumberFormatException if it is something else
     */
    static BigInteger parse(String text) {
        String upper = text.toUpperCase(Locale.ROOT);
        if (upper.endsWith("IB")) {
            upper = upper.substring(0, upper.length() - 2);
        }
        int power = upper.isEmpty() ? -1 : SUFFIXES.indexOf(upper.charAt(upper.length() - 1));
        boolean bare = !upper.equals(text.toUpperCase(Locale.ROOT)) && power < 0;
        if (bare) {
            throw new NumberFormatException(text);
        }
        String digits = power < 0 ? upper : upper.substring(0, upper.length() - 1);
        return new BigInteger(digits).shiftLeft(power < 0 ? 0 : (power + 1) * BITS);
    }

    /** Writes a size with the unit that makes it short: {@code 512 B}, {@code 1.5 GiB}. */
    static String show(long bytes) {
        double left = (double) bytes;
        int power = -1;
        while (left >= UNIT && power + 1 < SUFFIXES.length()) {
            left /= UNIT;
            power++;
        }
        String number = left == Math.rint(left) ? String.format("%.0f", left) : String.format("%.1f", left);
        return number + (power < 0 ? " B" : " " + SUFFIXES.charAt(power) + "iB");
    }
}
