package io.cairn.export.nbd.session;

import java.time.Duration;

/**
 * What clients may take of the server.
 *
 * @param connections connections at once, over all reactors
 * @param memory bytes that the sessions of one reactor take of its memory at once; half of a pool's usual 64 MiB by default
 * @param handshake how long a client may take from connecting to entering an export
 * @param stall how long a client may leave a request half sent, or its replies unread
 * @param goodbye how long a session that the server ends may take to send its last replies
 */
public record SessionLimits(int connections, long memory, Duration handshake, Duration stall, Duration goodbye) {
    /**
     * The largest unit in bytes that a bdev may be written in, since all of it is in memory before any of it is written: half of what the sessions of a
     * reactor have by default for long transfers.
     */
    public static final int LARGEST_WRITE_UNIT = 8 << 20;

    /** 512 connections, 32 MiB, 30 s, 60 s, 5 s. */
    public static final SessionLimits DEFAULTS =
            new SessionLimits(512, 32 << 20, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(5));
}
