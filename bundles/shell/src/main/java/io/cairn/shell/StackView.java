package io.cairn.shell;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.Claim;
import io.cairn.operations.Operations;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What there is at one moment, for the commands that show it.
 *
 * @param bdevs in the order of their registration
 * @param exports through which clients reach them; empty if nobody exports
 */
record StackView(List<BdevView> bdevs, List<ExportView> exports) {
    private static final String CLAIMS = "bdev_get_claims";
    private static final String EXPORTS = "nbd_export_list";
    private static final String ARRAYS = "bdev_raid_get_bdevs";

    StackView {
        bdevs = List.copyOf(bdevs);
        exports = List.copyOf(exports);
    }

    /** A bdev: what it is, how well it is if somebody says, what it is built on, who has a claim on it, who has it open. */
    record BdevView(
            String name,
            long sizeBytes,
            int blockSize,
            String module,
            String product,
            String state,
            String health,
            List<String> bases,
            List<Claim> claims,
            List<Holder> holders) {
        /** Returns who holds claims, with the kind. */
        String claimed() {
            return String.join(
                    ", ",
                    claims.stream()
                            .map(claim -> claim.module() + " (" + claim.type().rpcName() + ")")
                            .distinct()
                            .toList());
        }
    }

    /** Who has a bdev open. */
    record Holder(String name, boolean writes) {}

    /** An export of a bdev, which need not be there. */
    record ExportView(String name, String bdev, String state) {}

    /** Finds a bdev. */
    Optional<BdevView> find(String name) {
        return bdevs.stream().filter(bdev -> bdev.name().equals(name)).findFirst();
    }

    /** Looks at what there is now. */
    static CompletionStage<StackView> load(Bdevs bdevs, Operations operations) {
        CompletionStage<Map<String, List<Holder>>> holders =
                operations.call(CLAIMS, null).handle((claims, missing) -> missing == null ? holders(claims) : Map.of());
        CompletionStage<List<ExportView>> exports =
                operations.call(EXPORTS, null).handle((list, missing) -> missing == null ? exports(list) : List.of());
        CompletionStage<Map<String, String>> health = operations
                .call(ARRAYS, Map.of("category", "all"))
                .handle((arrays, missing) -> missing == null ? ArrayHealth.of(arrays) : Map.of());
        return bdevs.list()
                .thenCombine(
                        holders.thenCombine(health, Said::new),
                        (all, said) -> all.stream().map(said::of).toList())
                .thenCombine(exports, StackView::new);
    }

    /** What is said of bdevs by others than themselves. */
    private record Said(Map<String, List<Holder>> holders, Map<String, String> health) {
        BdevView of(Bdev bdev) {
            return view(bdev, holders.getOrDefault(bdev.name(), List.of()), health.getOrDefault(bdev.name(), ""));
        }
    }

    private static BdevView view(Bdev bdev, List<Holder> holders, String health) {
        return new BdevView(
                bdev.name(),
                bdev.sizeBytes(),
                bdev.blockSize(),
                bdev.moduleName(),
                bdev.productName(),
                bdev.state().name().toLowerCase(Locale.ROOT),
                health,
                bdev.baseNames(),
                bdev.claims(),
                holders);
    }

    private static Map<String, List<Holder>> holders(Object claims) {
        Map<String, List<Holder>> holders = new HashMap<>();
        for (Map<?, ?> bdev : PlainMaps.of(claims)) {
            List<Holder> open = new ArrayList<>();
            for (Map<?, ?> one : PlainMaps.of(bdev.get("open"))) {
                open.add(new Holder(text(one, "holder"), Boolean.TRUE.equals(one.get("writes"))));
            }
            holders.put(text(bdev, "name"), open);
        }
        return holders;
    }

    private static List<ExportView> exports(Object list) {
        return PlainMaps.of(list).stream()
                .map(export -> new ExportView(text(export, "name"), text(export, "bdev_name"), text(export, "state")))
                .toList();
    }

    private static String text(Map<?, ?> map, String key) {
        return Objects.toString(map.get(key), "");
    }
}
