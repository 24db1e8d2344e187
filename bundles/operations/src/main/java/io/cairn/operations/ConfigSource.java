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

    /**
     * Returns the subsystems that must be restored before this one; SPDK's {@code depends_on}. Default: none. May be called from
     * any thread.
     */
    default List<String> dependsOn() {
        return List.of();
    }

    /**
     * Returns what ends the whole subsystem's configuration when it is asked for ({@code framework_get_config}), after the
     * entries of all owners: in SPDK the bdev subsystem ends with {@code bdev_wait_for_examine}. Not stored. Default: nothing.
     */
    default List<ConfigEntry> closingEntries() {
        return List.of();
    }
}
