package io.cairn.shell;

import io.cairn.bdev.Bdevs;
import io.cairn.operations.Operations;
import io.cairn.operations.Param;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** {@code bdev:tree}. */
final class TreeCommand extends CairnCommand {
    private final Bdevs bdevs;
    private final Operations operations;

    record Params(
            @Param(
                            value = "Draw from the disks at the bottom upwards: what is built on a bdev is below it.",
                            defaultsTo = "false")
                    boolean fromBottom) {}

    TreeCommand(NameSource names, Bdevs bdevs, Operations operations) {
        super(
                CommandSpec.of(
                        "tree",
                        "Shows exports and bdevs as a tree: below each what it is built on, with sizes, modules and claims.",
                        Params.class,
                        "bdev:tree"),
                names);
        this.bdevs = bdevs;
        this.operations = operations;
    }

    @Override
    protected void run(Map<String, Object> values, Output output) throws InterruptedException, ExecutionException {
        StackView view = await(StackView.load(bdevs, operations));
        boolean fromTop = !Boolean.TRUE.equals(values.get("from_bottom"));
        BdevTree.lines(view, output.style(), fromTop).forEach(output::line);
    }
}
