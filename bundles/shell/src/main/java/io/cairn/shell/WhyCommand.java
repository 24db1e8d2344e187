package io.cairn.shell;

import io.cairn.operations.Operations;
import io.cairn.operations.Param;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** {@code bdev:why}. */
final class WhyCommand extends CairnCommand {
    private static final String OPERATION = "bdev_why";

    private final Operations operations;

    record Params(
            @Param(value = "The name of a bdev that is here, or that should be.", names = Param.Names.BDEV)
                    String name) {}

    WhyCommand(NameSource names, Operations operations) {
        super(
                CommandSpec.of(
                        "why",
                        "Tells why a bdev is not here, or what stands against removing, claiming or writing it.",
                        Params.class,
                        "bdev:why Malloc0"),
                names);
        this.operations = operations;
    }

    @Override
    protected void run(Map<String, Object> values, Output output) throws InterruptedException, ExecutionException {
        Object answer = await(operations.call(OPERATION, values));
        if (answer instanceof Map<?, ?> map) {
            output.line(output.style().bold(map.get("name") + ": " + map.get("state")));
            PlainMaps.of(map.get("reasons")).forEach(reason -> output.line("  " + reason.get("text")));
        }
    }
}
