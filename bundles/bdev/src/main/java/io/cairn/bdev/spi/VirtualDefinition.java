package io.cairn.bdev.spi;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEventListener;
import java.util.List;

/**
 * What a user has asked a module to build on one base: what {@link VirtualBdevs} keeps whether or not the base is there. App
 * thread.
 */
public interface VirtualDefinition {
    /** Returns what tells the module's definitions apart: the bdev's name, or the base's if it makes several bdevs. */
    String key();

    /** Returns the names of the bdevs that it makes, as far as they are known before the base is there. Default: the key. */
    default List<String> names() {
        return List.of(key());
    }

    /** Returns the base's name, alias or UUID, as the user gave it. */
    String baseName();

    /**
     * Takes the base. Default: exclusively.
     *
     * @param listener to be given to the link
     * @throws io.cairn.bdev.BdevException the base cannot be had
     */
    default BaseLink take(BdevHost host, BdevEventListener listener) {
        return BaseLink.exclusive(host, baseName(), key(), listener);
    }

    /**
     * Declares the bdevs to build, at least one.
     *
     * @throws io.cairn.bdev.BdevException they cannot be built on this base
     */
    List<VirtualBdev> bdevs(Bdev base);

    /** Returns whether the bdevs' sizes are asked for again, by {@link #bdevs}, when the base's changes. Default: yes. */
    default boolean followsResize() {
        return true;
    }
}
