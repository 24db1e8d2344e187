package io.cairn.export.nbd.session;

import java.util.List;
import java.util.Optional;

/** The exports that can be entered now. From any thread; never blocks. */
public interface ExportCatalog {
    /** Returns all of them, in the order of their creation. */
    List<ExportTarget> targets();

    /** Finds one by its name; the empty name stands for the default export. */
    Optional<ExportTarget> find(String name);

    /** Returns whether the server is going down. */
    boolean shuttingDown();
}
