package io.cairn.shell;

import io.cairn.operations.Operations;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** The command of an operation: calls it and prints what it answers. */
final class OperationCommand extends CairnCommand {
    private final String operation;
    private final Operations operations;

    OperationCommand(CommandSpec spec, String operation, NameSource names, Operations operations) {
        super(spec, names);
        this.operation = operation;
        this.operations = operations;
    }

    @Override
    protected void run(Map<String, Object> values, Output output) throws InterruptedException, ExecutionException {
        // an operation without parameters refuses even an empty object
        Object result = await(operations.call(operation, values.isEmpty() ? null : values));
        ResultText.of(result, output.style()).forEach(output::line);
    }
}
