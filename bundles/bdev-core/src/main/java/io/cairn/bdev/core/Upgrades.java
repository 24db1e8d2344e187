package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.ModuleUpgrades;
import io.cairn.reactor.Errno;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The live upgrades that are under way. App thread. */
final class Upgrades {
    private final CoreContext context;
    private final Map<String, Upgrade> byModule = new LinkedHashMap<>();

    Upgrades(CoreContext context) {
        this.context = context;
    }

    Optional<Upgrade> of(String module) {
        return Optional.ofNullable(byModule.get(module));
    }

    /** Returns those that are under way, the oldest first. */
    List<Upgrade> all() {
        return List.copyOf(byModule.values());
    }

    /**
     * Holds a module's bdevs, as the beginning of an upgrade or again during one.
     *
     * @param parted told when the bdevs have been separated from the module
     */
    CompletionStage<ModuleUpgrades.Hold> hold(ModuleHost host, Duration longest, Runnable parted) {
        String module = host.name();
        if (of(module).filter(Upgrade::isBusy).isPresent()) {
            throw new BdevException(Errno.EBUSY, "module " + module + " is being upgraded already");
        }
        Upgrade upgrade = byModule.computeIfAbsent(
                module, name -> new Upgrade(context, name, longest, () -> byModule.remove(name)));
        return upgrade.hold(host, longest.dividedBy(2), parted).thenApply(v -> upgrade);
    }

    /** A bdev is gone. */
    void gone(CoreBdev bdev) {
        of(bdev.moduleName()).ifPresent(upgrade -> upgrade.gone(bdev));
    }
}
