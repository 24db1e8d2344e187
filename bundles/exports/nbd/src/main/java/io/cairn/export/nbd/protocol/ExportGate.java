package io.cairn.export.nbd.protocol;

import java.util.List;
import java.util.Optional;

/** The exports as the handshake sees them. Called on the session's reactor; must not block. */
public interface ExportGate {
    /** Returns the exports that can be entered now. */
    List<ExportInfo> list();

    /** Finds an export that can be entered now; the empty name asks for the default export. */
    Optional<ExportInfo> find(String name);

    /**
     * Enters an export: the session will do I/O on it.
     *
     * @return empty when it is entered; else why not, for people
     */
    Optional<String> enter(ExportInfo export);

    /** Returns whether the server is going down. */
    boolean shuttingDown();
}
