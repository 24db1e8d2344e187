package io.cairn.bdev.core;

import io.cairn.bdev.BdevState;
import io.cairn.bdev.Claim;
import io.cairn.bdev.core.ModuleBundles.ModuleBundle;
import io.cairn.operations.PendingEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Looks for what keeps a bdev from being here, or from being removed, claimed or written at will. One look at one moment. App
 * thread.
 */
final class Why {
    private final BdevCore core;
    private final CoreContext context;
    private final List<PendingEntry> stored;
    private final List<ModuleBundle> deployed;
    private final Map<CoreBdev, OutstandingIo> out;

    /**
     * One reason.
     *
     * @param word for programs
     * @param bdev which bdev it is about: the one asked for, or one below it
     * @param text for people: a sentence
     * @param fields what the sentence says, for programs
     */
    record Reason(String word, String bdev, String text, Map<String, Object> fields) {
        Map<String, Object> plain() {
            Map<String, Object> plain = new LinkedHashMap<>();
            plain.put("reason", word);
            plain.put("bdev", bdev);
            plain.put("text", text);
            plain.putAll(fields);
            return plain;
        }
    }

    /**
     * Makes one look.
     *
     * @param out the I/O that is out on the bdev and below it; see {@link #toCount}
     */
    Why(
            BdevCore core,
            CoreContext context,
            List<PendingEntry> stored,
            List<ModuleBundle> deployed,
            Map<CoreBdev, OutstandingIo> out) {
        this.out = out;
        this.core = core;
        this.context = context;
        this.stored = stored;
        this.deployed = deployed;
    }

    /** Returns the bdevs whose I/O tells something about a bdev: itself and all below, from the top down. */
    static Set<CoreBdev> toCount(CoreContext context, String name) {
        Set<CoreBdev> all = new LinkedHashSet<>();
        context.names().find(name).ifPresent(bdev -> addWithBases(bdev, all));
        return all;
    }

    private static void addWithBases(CoreBdev bdev, Set<CoreBdev> all) {
        if (all.add(bdev)) {
            for (String base : bdev.baseNames()) {
                bdev.context().names().find(base).ifPresent(below -> addWithBases(below, all));
            }
        }
    }

    /** Returns the bdev's state in a word, {@code absent} if there is none. */
    String state(String name) {
        return context.names()
                .find(name)
                .map(bdev -> bdev.state().name().toLowerCase(Locale.ROOT))
                .orElse("absent");
    }

    /** Returns the reasons, at least one. */
    List<Reason> of(String name) {
        List<Reason> reasons = new ArrayList<>();
        Optional<CoreBdev> found = context.names().find(name);
        if (found.isPresent()) {
            present(found.get(), reasons);
            return reasons;
        }
        absent(name, reasons, new HashSet<>());
        pending(name, reasons);
        List<Reason> waiters = waiters(name);
        if (reasons.isEmpty()) {
            unknown(name, reasons, waiters.isEmpty() ? "defines, keeps or waits for" : "defines or keeps");
        }
        reasons.addAll(waiters);
        return reasons;
    }

    // ---- it is here ----

    private void present(CoreBdev bdev, List<Reason> reasons) {
        if (bdev.isLeaving()) {
            removal(bdev, reasons);
            outstanding(bdev, reasons);
            return;
        }
        String name = bdev.name();
        held(bdev, reasons);
        examinations(bdev, reasons);
        if (bdev.state() == BdevState.REGISTERED) {
            reasons.add(new Reason(
                    "not_ready",
                    name,
                    "bdev " + name + " is registered; its first wave of examine is not over",
                    Map.of()));
        }
        for (Claim claim : bdev.claims()) {
            String rule = claim.type().writes()
                    ? "nobody else may claim it or open it for writing"
                    : "nobody may write to it";
            reasons.add(new Reason(
                    "claimed",
                    name,
                    "module " + claim.module() + " holds the claim "
                            + claim.type().rpcName() + " on it for " + claim.name() + ": " + rule,
                    fields("module", claim.module(), "type", claim.type().rpcName(), "claim", claim.name())));
        }
        for (Descriptor descriptor : bdev.descriptors()) {
            reasons.add(new Reason(
                    "open",
                    name,
                    descriptor.holder() + " has it open "
                            + (descriptor.writable()
                                    ? "for writing: a removal waits for it, a claim by another is refused"
                                    : "for reading: a removal waits for it"),
                    fields("holder", descriptor.holder(), "writes", descriptor.writable())));
        }
        for (CoreBdev above : context.names().all()) {
            if (above.baseNames().contains(name)) {
                reasons.add(new Reason(
                        "base_of",
                        name,
                        "bdev " + above.name() + " of module " + above.moduleName() + " is built on it",
                        fields("above", above.name(), "module", above.moduleName())));
            }
        }
        outstanding(bdev, reasons);
        if (reasons.isEmpty()) {
            reasons.add(new Reason("free", name, "bdev " + name + " is here, and nobody holds it", Map.of()));
        }
        notTaken(bdev, reasons);
    }

    private void notTaken(CoreBdev bdev, List<Reason> reasons) {
        for (ModuleHost host : core.modules()) {
            refusal(bdev, host)
                    .ifPresent(why -> reasons.add(new Reason(
                            "not_taken",
                            bdev.name(),
                            "module " + host.name() + " has looked at bdev " + bdev.name() + " and not taken it: "
                                    + why,
                            fields("module", host.name(), "error", why))));
        }
    }

    /** Returns why a module that has looked at a bdev has not taken it; empty if it has taken it since, or has nothing to say. */
    private static Optional<String> refusal(CoreBdev bdev, ModuleHost host) {
        return bdev.passedOver().by(host).filter(why -> bdev.claims().stream()
                .noneMatch(claim -> claim.module().equals(host.name())));
    }

    /** I/O that is out, from the top down: what the lowest one has is where it is. */
    private void outstanding(CoreBdev bdev, List<Reason> reasons) {
        for (CoreBdev each : toCount(context, bdev.name())) {
            OutstandingIo io = out.getOrDefault(each, OutstandingIo.NONE);
            if (!io.isNone()) {
                reasons.add(new Reason(
                        "io_outstanding",
                        each.name(),
                        "bdev " + each.name() + ": " + io.words(each.moduleName()),
                        fields(
                                "module", each.moduleName(),
                                "in_module", (long) io.inModule(),
                                "waiting", (long) io.waiting(),
                                "oldest_ms", io.age().toMillis(),
                                "oldest", io.oldest(),
                                "not_counted", io.silent())));
            }
        }
    }

    private void held(CoreBdev bdev, List<Reason> reasons) {
        Optional<Upgrade> upgrade = context.upgrades().of(bdev.moduleName());
        upgrade.flatMap(u -> u.heldFor(bdev)).ifPresent(since -> {
            String failure = upgrade.get().failure(bdev.name());
            reasons.add(new Reason(
                    "held",
                    bdev.name(),
                    "bdev " + bdev.name() + " has been held for " + seconds(since) + " by the upgrade of module "
                            + bdev.moduleName() + ": its I/O waits for the new module"
                            + (failure.isEmpty() ? "" : ", which does not take it over: " + failure),
                    fields("module", bdev.moduleName(), "ms", since.toMillis(), "error", failure)));
        });
    }

    private void removal(CoreBdev bdev, List<Reason> reasons) {
        Removal removal = bdev.removal();
        List<String> holders =
                bdev.descriptors().stream().map(Descriptor::holder).toList();
        reasons.add(new Reason(
                "being_removed",
                bdev.name(),
                "bdev " + bdev.name() + " has been being removed for " + seconds(removal.since()) + "; that waits for "
                        + removal.waitsFor(),
                fields("ms", removal.since().toMillis(), "waits_for", removal.waitsFor(), "holders", holders)));
    }

    private void examinations(CoreBdev bdev, List<Reason> reasons) {
        for (Examinations.UnderWay examination : context.examinations().underWay()) {
            if (examination.bdev() == bdev) {
                reasons.add(examination(examination, "nobody else may claim it"));
            }
        }
    }

    private static Reason examination(Examinations.UnderWay examination, String consequence) {
        String module = examination.module().name();
        return new Reason(
                "being_examined",
                examination.bdev().name(),
                "module " + module + " has been examining bdev "
                        + examination.bdev().name() + " for " + seconds(examination.since()) + ": " + consequence,
                fields("module", module, "ms", examination.since().toMillis()));
    }

    // ---- it is not ----

    private void absent(String name, List<Reason> reasons, Set<String> asked) {
        if (!asked.add(name)) {
            return;
        }
        context.names().keeper(name).ifPresent(kept -> kept(name, kept, reasons, asked));
        for (PendingEntry entry : stored) {
            Map<String, Object> params = entry.entry().params();
            if (makes(params, name)) {
                stored(name, entry, reasons);
                bases(params).stream()
                        .filter(base -> context.names().find(base).isEmpty())
                        .forEach(base -> absent(base, reasons, asked));
            }
        }
    }

    /** Whether a stored call is for a bdev: by its name, or, for modules that name their bdevs after the base, by that. */
    static boolean makes(Map<String, Object> params, String name) {
        if (params.containsKey("name")) {
            return name.equals(params.get("name"));
        }
        return bases(params).stream()
                .anyMatch(base -> !name.equals(base) && (name.startsWith(base) || name.endsWith(base)));
    }

    private static List<String> bases(Map<String, Object> params) {
        List<String> all = new ArrayList<>();
        params.forEach((key, value) -> {
            if (key.startsWith("base") && value instanceof String base && !base.isEmpty()) {
                all.add(base);
            }
        });
        return all;
    }

    /** What is under way and may bring anything. */
    private void pending(String name, List<Reason> reasons) {
        for (ModuleHost host : core.modules()) {
            if (host.isPresent() && !host.isReplayed()) {
                reasons.add(new Reason(
                        "module_starting",
                        name,
                        "module " + host.name() + " has not replayed its configuration yet; it may make the bdev",
                        fields("module", host.name())));
            }
        }
        for (Examinations.UnderWay examination : context.examinations().underWay()) {
            reasons.add(examination(examination, "what it finds is not here yet"));
        }
    }

    /** Who would take it if it came. */
    private List<Reason> waiters(String name) {
        List<Reason> waiters = new ArrayList<>();
        for (NameSpace.Kept kept : context.names().waitingFor(name)) {
            waiters.add(new Reason(
                    "waited_for",
                    name,
                    kept.holder() + " of module " + kept.module() + " waits for it",
                    fields("module", kept.module(), "definition", kept.holder())));
        }
        return waiters;
    }

    /** What is left to say if nothing knows the name. */
    private void unknown(String name, List<Reason> reasons, String what) {
        stored.stream().filter(entry -> !entry.offered()).forEach(entry -> stored(name, entry, reasons));
        String text = reasons.isEmpty()
                ? "nothing here " + what + " a bdev called " + name
                : "nothing here defines a bdev called " + name + "; stored entries of modules that are not here may";
        reasons.add(new Reason("unknown", name, text, Map.of()));
    }

    private void kept(String name, NameSpace.Kept kept, List<Reason> reasons, Set<String> asked) {
        Optional<ModuleHost> keeper = core.modules().stream()
                .filter(host -> host.name().equals(kept.module()))
                .findFirst();
        if (keeper.isEmpty()) {
            moduleMissing(name, kept.module(), "the name " + name + " is kept for " + kept.holder(), reasons);
            return;
        }
        String base = kept.waiting().baseName();
        Map<String, Object> fields = fields("module", kept.module(), "definition", kept.holder());
        if (base.isEmpty()) {
            reasons.add(new Reason("name_kept", name, "the name " + name + " is kept for " + kept.holder(), fields));
            return;
        }
        fields.put("base", base);
        Optional<CoreBdev> found = context.names().find(base);
        if (found.isEmpty()) {
            reasons.add(new Reason(
                    "missing_base",
                    name,
                    kept.holder() + " waits for its base " + base + ", which is not here",
                    fields));
            absent(base, reasons, asked);
        } else if (!kept.waiting().why().isEmpty()) {
            fields.put("error", kept.waiting().why());
            reasons.add(new Reason(
                    "not_built",
                    name,
                    kept.holder() + " was not built: " + kept.waiting().why(),
                    fields));
        } else if (found.get().isLeaving()) {
            reasons.add(new Reason(
                    "base_leaving",
                    name,
                    kept.holder() + " waits for its base " + base + ", which is being removed",
                    fields));
            removal(found.get(), reasons);
        } else if (refusal(found.get(), keeper.get()).isPresent()) {
            String why = refusal(found.get(), keeper.get()).get();
            fields.put("error", why);
            reasons.add(new Reason(
                    "base_not_taken",
                    name,
                    kept.holder() + " waits: module " + kept.module() + " has looked at its base "
                            + found.get().name() + " and not taken it: " + why,
                    fields));
        } else {
            String examine = context.examinations().isEligible(found.get())
                    ? " is here, and not examined yet"
                    : " is here, but is not examined: automatic examine is off (bdev_examine adds it)";
            reasons.add(new Reason(
                    "base_not_examined", name, kept.holder() + " waits: its base " + base + examine, fields));
        }
    }

    private void stored(String name, PendingEntry entry, List<Reason> reasons) {
        String method = entry.entry().method();
        if (entry.offered()) {
            reasons.add(new Reason(
                    "creation_failed",
                    name,
                    "the stored configuration has " + method + " for it, which failed: " + entry.reason(),
                    fields("method", method, "error", entry.reason())));
            return;
        }
        String says =
                "the stored configuration has " + method + " " + entry.entry().params();
        for (ModuleBundle bundle : deployed) {
            if (method.startsWith("bdev_" + bundle.module() + "_")) {
                moduleMissing(name, bundle.module(), says, reasons);
                return;
            }
        }
        reasons.add(new Reason(
                "module_missing",
                name,
                says + ", and no module that is installed offers that operation",
                fields("method", method)));
    }

    private void moduleMissing(String name, String module, String says, List<Reason> reasons) {
        List<String> problems = new ArrayList<>();
        core.refusedModules().stream()
                .filter(refused -> refused.name().equals(module))
                .forEach(refused -> problems.add(refused.reason()));
        if (problems.isEmpty()) {
            deployed.stream()
                    .filter(bundle -> bundle.module().equals(module))
                    .forEach(bundle -> problems.add(bundle.origin() + ": " + bundle.problem()));
        }
        String why = problems.isEmpty() ? "it is not installed" : String.join("; ", problems);
        reasons.add(new Reason(
                "module_missing",
                name,
                says + ", and module " + module + " is not here: " + why,
                fields("module", module, "error", why)));
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }

    private static Map<String, Object> fields(Object... namesAndValues) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }
}
