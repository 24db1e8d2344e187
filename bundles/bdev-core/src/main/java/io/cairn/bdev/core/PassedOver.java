package io.cairn.bdev.core;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Why modules that have looked at a bdev have not taken it. App thread. */
final class PassedOver {
    /** By the module's stay and not by the module: nothing of one that has gone is to be kept. */
    private record Said(Object life, String why) {}

    private final Map<String, Said> byModule = new LinkedHashMap<>();

    /**
     * Replaces what a module has said before.
     *
     * @param why empty: it has nothing to say any more
     */
    void say(ModuleHost module, String why) {
        if (why.isEmpty()) {
            byModule.remove(module.name());
        } else {
            byModule.put(module.name(), new Said(module.life(), why));
        }
    }

    /** Returns what a module has said since it is here. */
    Optional<String> by(ModuleHost module) {
        return Optional.ofNullable(byModule.get(module.name()))
                .filter(said -> said.life() == module.life())
                .map(Said::why);
    }
}
