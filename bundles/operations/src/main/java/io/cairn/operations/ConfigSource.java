package io.cairn.operations;

import java.util.List;

/** Somebody whose state is part of the saved configuration. Called on the app thread. */
public interface ConfigSource {
    /** Returns SPDK's subsystem that the entries are listed under: {@code bdev}, {@code nbd}. */
    String subsystem();

    /** Returns the owner within the subsystem, whose entries are kept and replayed together: a module's name, say. */
    String owner();

    /** Returns what makes the present state again, in order. */
    List<ConfigEntry> configuration();
}
