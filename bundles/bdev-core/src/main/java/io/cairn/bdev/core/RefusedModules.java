package io.cairn.bdev.core;

import io.cairn.bdev.spi.BdevModule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The modules that were not taken, and why, until they leave. App thread. */
final class RefusedModules {
    private final List<Refused> refused = new ArrayList<>();

    /** A module that was not taken. */
    record Refused(BdevModule module, String name, Optional<ModuleOrigin> origin, String reason) {}

    void add(BdevModule module, String name, Optional<ModuleOrigin> origin, Throwable failure) {
        String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        add(module, name, origin, reason);
    }

    void add(BdevModule module, String name, Optional<ModuleOrigin> origin, String reason) {
        refused.add(new Refused(module, name, origin, reason));
    }

    void remove(BdevModule module) {
        refused.removeIf(r -> r.module() == module);
    }

    List<Refused> all() {
        return List.copyOf(refused);
    }
}
