package io.cairn.reactor.net;

/**
 * How sockets are set up.
 *
 * @param backlog connections that the kernel keeps for a listener that is late to accept, 1 or more; the kernel has a limit
 *     of its own ({@code net.core.somaxconn})
 * @param noDelay TCP_NODELAY: small pieces leave at once. Ignored by Unix sockets
 */
public record StreamOptions(int backlog, boolean noDelay) {
    /** A backlog of 1024, no delay. */
    public static final StreamOptions DEFAULTS = new StreamOptions(1024, true);

    /** Checks the limits. */
    public StreamOptions {
        if (backlog < 1) {
            throw new IllegalArgumentException("backlog " + backlog + " is not positive");
        }
    }
}
