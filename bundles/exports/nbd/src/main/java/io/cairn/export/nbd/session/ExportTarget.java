package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.export.nbd.protocol.ExportInfo;

/** An export that sessions can enter. From any reactor. */
public interface ExportTarget {
    /** Returns what a client is told, with the size of now. */
    ExportInfo info();

    /**
     * Opens the bdev's channel on the session's reactor and counts the session in, which must {@link #leave} later. On the session's reactor.
     *
     * @throws io.cairn.bdev.BdevException if the export is going away, or what the bdev says; the session is not counted in then
     */
    BdevChannel enter(Session session);

    /** Counts a session out; its channel is closed by then. On the session's reactor. */
    void leave(Session session);
}
