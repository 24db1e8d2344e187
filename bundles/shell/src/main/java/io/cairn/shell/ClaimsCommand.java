package io.cairn.shell;

import io.cairn.bdev.Bdevs;
import io.cairn.bdev.Claim;
import io.cairn.operations.Operations;
import io.cairn.operations.Param;
import io.cairn.shell.StackView.BdevView;
import io.cairn.shell.StackView.Holder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;

/** {@code bdev:claims}. */
final class ClaimsCommand extends CairnCommand {
    private final Bdevs bdevs;
    private final Operations operations;

    record Params(@Param(value = "The bdev; absent: all.", names = Param.Names.BDEV) Optional<String> bdev) {}

    ClaimsCommand(NameSource names, Bdevs bdevs, Operations operations) {
        super(
                CommandSpec.of(
                        "claims",
                        "Shows who may build on a bdev and write to it, and who has it open.",
                        Params.class,
                        "bdev:claims Malloc0"),
                names);
        this.bdevs = bdevs;
        this.operations = operations;
    }

    @Override
    protected void run(Map<String, Object> values, Output output) throws InterruptedException, ExecutionException {
        StackView view = await(StackView.load(bdevs, operations));
        Object asked = values.get("bdev");
        if (asked != null && view.find(asked.toString()).isEmpty()) {
            throw new UsageException("there is no bdev '" + asked + "'");
        }
        TextTable table = table(view, bdev -> asked == null || bdev.name().equals(asked));
        table.lines(output.style()).forEach(output::line);
    }

    static TextTable table(StackView view, Predicate<BdevView> shown) {
        TextTable table = new TextTable("BDEV", "WHAT", "BY", "FOR");
        for (BdevView bdev : view.bdevs()) {
            if (!shown.test(bdev)) {
                continue;
            }
            for (Claim claim : bdev.claims()) {
                String key = claim.sharedKey() == 0 ? "" : " key " + Long.toHexString(claim.sharedKey());
                table.add(List.of(bdev.name(), claim.type().rpcName() + key, claim.module(), claim.name()));
            }
            for (Holder holder : bdev.holders()) {
                table.add(List.of(bdev.name(), holder.writes() ? "open to write" : "open to read", holder.name(), ""));
            }
            if (bdev.claims().isEmpty() && bdev.holders().isEmpty()) {
                table.add(List.of(bdev.name(), "free", "", ""));
            }
        }
        return table;
    }
}
