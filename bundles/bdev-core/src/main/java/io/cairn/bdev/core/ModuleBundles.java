package io.cairn.bdev.core;

import java.util.List;

/** The bundles that say that they carry a module, whether or not they run. */
@FunctionalInterface
public interface ModuleBundles {
    /** For a core without bundles. */
    ModuleBundles NONE = List::of;

    /**
     * A bundle that carries a module.
     *
     * @param module the name that its capability says
     * @param active whether it is active
     * @param problem why its module cannot be here, for people: that it is stopped, or what it needs and nobody has
     */
    record ModuleBundle(String module, ModuleOrigin origin, boolean active, String problem) {}

    /** Looks. May block; not called on a reactor. */
    List<ModuleBundle> all();
}
