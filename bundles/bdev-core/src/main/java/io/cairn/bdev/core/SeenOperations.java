package io.cairn.bdev.core;

import io.cairn.bdev.core.ModuleBundles.ModuleBundle;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationRegistry;
import io.cairn.operations.Param;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Who is here, and why something is not: operations of Cairn's own for people who look. Handlers run on the app thread. */
final class SeenOperations {
    /** Parameters of {@code bdev_why}. */
    record AskWhy(
            @Param(value = "a name, alias or UUID, of a bdev that is here or not", names = Param.Names.BDEV)
                    String name) {}

    private final BdevCore core;
    private final CoreContext context;
    private final OperationRegistry registry;
    private final ModuleBundles bundles;

    SeenOperations(BdevCore core, CoreContext context, OperationRegistry registry, ModuleBundles bundles) {
        this.core = core;
        this.context = context;
        this.registry = registry;
        this.bundles = bundles;
    }

    List<Operation<?, ?>> list() {
        return List.of(
                Operation.named("bdev_get_modules", Operation.None.class)
                        .describedAs(
                                "Lists the modules that are here, and those that are not, with the reason (Cairn's own).")
                        .answering(
                                "[{\"name\", \"state\": starting, replaying, here, held, leaving, failed or stopped, \"reason\", \"bundle\": {\"id\", \"symbolic_name\", \"version\"}, \"bdevs\": [name], \"defects\", \"examining\": [{\"bdev\", \"ms\"}]}]")
                        .handledBy(p -> looking(deployed -> CompletableFuture.completedFuture(modules(deployed)))),
                Operation.named("bdev_why", AskWhy.class)
                        .describedAs(
                                "Tells why a bdev is not here, or what stands against removing, claiming or writing it (Cairn's own).")
                        .answering(
                                "{\"name\", \"state\": the bdev's or absent, \"reasons\": [{\"reason\": a word, \"bdev\", \"text\": a sentence, ...}]}")
                        .example("{\"name\": \"Malloc0\"}")
                        .handledBy(p -> looking(deployed -> OutstandingIo.ofAll(Why.toCount(context, p.name()))
                                .thenApply(out -> why(p.name(), deployed, out)))));
    }

    /** Looks at the bundles, elsewhere because that may block, and answers on the app thread. */
    private <T> CompletionStage<T> looking(Function<List<ModuleBundle>, CompletionStage<T>> answer) {
        return CompletableFuture.supplyAsync(bundles::all, context.reactors().blocking())
                .thenCompose(deployed -> context.reactors().onApp(() -> answer.apply(deployed)));
    }

    // ---- bdev_get_modules ----

    private List<Map<String, Object>> modules(List<ModuleBundle> deployed) {
        List<Map<String, Object>> all = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        for (ModuleHost host : core.modules()) {
            host.origin().ifPresent(o -> seen.add(o.bundleId()));
            all.add(module(host, deployed));
        }
        for (Upgrade upgrade : context.upgrades().all()) {
            if (core.modules().stream().noneMatch(host -> host.name().equals(upgrade.module()))) {
                Map<String, Object> one = module(upgrade.module(), "held", reason(upgrade), Optional.empty());
                one.put("bdevs", upgrade.heldNames());
                all.add(one);
            }
        }
        for (RefusedModules.Refused refused : core.refusedModules()) {
            refused.origin().ifPresent(o -> seen.add(o.bundleId()));
            all.add(module(refused.name(), "failed", refused.reason(), refused.origin()));
        }
        core.refusedSources().forEach((source, reason) -> all.add(module(source, "failed", reason, Optional.empty())));
        for (ModuleBundle bundle : deployed) {
            if (!seen.contains(bundle.origin().bundleId())) {
                String state = bundle.problem().equals("it is stopped") ? "stopped" : "failed";
                all.add(module(bundle.module(), state, bundle.problem(), Optional.of(bundle.origin())));
            }
        }
        return all;
    }

    private Map<String, Object> module(ModuleHost host, List<ModuleBundle> deployed) {
        Optional<Upgrade> upgrade = upgrade(host);
        String reason = upgrade.map(SeenOperations::reason).orElseGet(() -> otherName(host, deployed));
        Map<String, Object> one = module(host.name(), state(host), reason, host.origin());
        List<String> bdevs =
                new ArrayList<>(host.bdevs().stream().map(CoreBdev::name).toList());
        upgrade.ifPresent(
                u -> u.heldNames().stream().filter(n -> !bdevs.contains(n)).forEach(bdevs::add));
        one.put("bdevs", bdevs);
        one.put("defects", host.defects());
        one.put(
                "examining",
                context.examinations().underWay().stream()
                        .filter(e -> e.module() == host)
                        .map(SeenOperations::examining)
                        .toList());
        return one;
    }

    /** A module that is here and whose bundle says another name: who requires the module by its name does not find it. */
    private static String otherName(ModuleHost host, List<ModuleBundle> deployed) {
        List<String> names = deployed.stream()
                .filter(bundle -> host.origin().filter(bundle.origin()::equals).isPresent())
                .map(ModuleBundle::module)
                .toList();
        return names.isEmpty() || names.contains(host.name())
                ? ""
                : "its bundle calls it " + String.join(", ", names) + " in its capability io.cairn.bdev.module";
    }

    private Optional<Upgrade> upgrade(ModuleHost host) {
        return context.upgrades().of(host.name()).filter(u -> !u.heldNames().isEmpty());
    }

    /** What an upgrade waits for. */
    private static String reason(Upgrade upgrade) {
        List<String> parts = new ArrayList<>();
        for (String bdev : upgrade.heldNames()) {
            String failure = upgrade.failure(bdev);
            parts.add(failure.isEmpty() ? bdev : bdev + " (" + failure + ")");
        }
        return "it is being upgraded; held: " + String.join(", ", parts);
    }

    private String state(ModuleHost host) {
        if (upgrade(host).isPresent()) {
            return "held";
        }
        if (!host.isPresent()) {
            return "leaving";
        }
        if (host.isReplayed()) {
            return "here";
        }
        return registry.isStartup() ? "starting" : "replaying";
    }

    private static Map<String, Object> module(String name, String state, String reason, Optional<ModuleOrigin> origin) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("name", name);
        one.put("state", state);
        one.put("reason", reason);
        origin.ifPresent(o -> {
            Map<String, Object> bundle = new LinkedHashMap<>();
            bundle.put("id", o.bundleId());
            bundle.put("symbolic_name", o.symbolicName());
            bundle.put("version", o.version());
            one.put("bundle", bundle);
        });
        one.put("bdevs", List.of());
        one.put("defects", 0L);
        one.put("examining", List.of());
        return one;
    }

    private static Map<String, Object> examining(Examinations.UnderWay examination) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("bdev", examination.bdev().name());
        one.put("ms", examination.since().toMillis());
        return one;
    }

    // ---- bdev_why ----

    private Map<String, Object> why(String name, List<ModuleBundle> deployed, Map<CoreBdev, OutstandingIo> out) {
        Why why = new Why(core, context, registry.pendingConfiguration(), deployed, out);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", name);
        answer.put("state", why.state(name));
        answer.put("reasons", why.of(name).stream().map(Why.Reason::plain).toList());
        return answer;
    }
}
