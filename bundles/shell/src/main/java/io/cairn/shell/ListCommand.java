package io.cairn.shell;

import io.cairn.bdev.Bdevs;
import io.cairn.operations.Operation;
import io.cairn.operations.Operations;
import io.cairn.shell.StackView.BdevView;
import io.cairn.shell.StackView.Holder;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** {@code bdev:list}. */
final class ListCommand extends CairnCommand {
    private final Bdevs bdevs;
    private final Operations operations;

    ListCommand(NameSource names, Bdevs bdevs, Operations operations) {
        super(
                CommandSpec.of(
                        "list",
                        "Lists bdevs: size, module, who has a claim on them, who has them open (* may write), how arrays and"
                                + " their members are.",
                        Operation.None.class,
                        "bdev:list"),
                names);
        this.bdevs = bdevs;
        this.operations = operations;
    }

    @Override
    protected void run(Map<String, Object> values, Output output) throws InterruptedException, ExecutionException {
        table(await(StackView.load(bdevs, operations))).lines(output.style()).forEach(output::line);
    }

    static TextTable table(StackView view) {
        TextTable table = new TextTable("NAME", "SIZE", "BLOCK", "MODULE", "PRODUCT", "CLAIMED BY", "OPEN BY", "STATE");
        for (BdevView bdev : view.bdevs()) {
            table.add(List.of(
                    bdev.name(),
                    Sizes.show(bdev.sizeBytes()),
                    String.valueOf(bdev.blockSize()),
                    bdev.module(),
                    bdev.product(),
                    bdev.claimed(),
                    String.join(
                            ", ", bdev.holders().stream().map(ListCommand::text).toList()),
                    bdev.health().isEmpty() ? bdev.state() : bdev.state() + ", " + bdev.health()));
        }
        return table;
    }

    private static String text(Holder holder) {
        return holder.writes() ? holder.name() + "*" : holder.name();
    }
}
