package io.cairn.shell;

import io.cairn.operations.Operation;
import io.cairn.operations.Operations;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;

/** {@code bdev:modules}. */
final class ModulesCommand extends CairnCommand {
    private static final String OPERATION = "bdev_get_modules";

    private final Operations operations;

    ModulesCommand(NameSource names, Operations operations) {
        super(
                CommandSpec.of(
                        "modules",
                        "Lists modules: their bundles, state and bdevs, what they examine, and why one is not here.",
                        Operation.None.class,
                        "bdev:modules"),
                names);
        this.operations = operations;
    }

    @Override
    protected void run(Map<String, Object> values, Output output) throws InterruptedException, ExecutionException {
        List<Map<?, ?>> modules = PlainMaps.of(await(operations.call(OPERATION, null)));
        table(modules).lines(output.style()).forEach(output::line);
        for (Map<?, ?> module : modules) {
            if (!text(module, "reason").isEmpty()) {
                output.line(output.style().red(text(module, "name") + ": " + text(module, "reason")));
            }
        }
    }

    static TextTable table(List<Map<?, ?>> modules) {
        TextTable table = new TextTable("MODULE", "STATE", "BUNDLE", "VERSION", "BDEVS", "DEFECTS", "EXAMINING");
        for (Map<?, ?> module : modules) {
            String bundle = "";
            String version = "";
            if (module.get("bundle") instanceof Map<?, ?> origin) {
                bundle = text(origin, "id") + " " + text(origin, "symbolic_name");
                version = text(origin, "version");
            }
            List<String> bdevs = new ArrayList<>();
            if (module.get("bdevs") instanceof List<?> names) {
                names.forEach(name -> bdevs.add(String.valueOf(name)));
            }
            List<String> examining = new ArrayList<>();
            for (Map<?, ?> one : PlainMaps.of(module.get("examining"))) {
                examining.add(text(one, "bdev") + " for " + text(one, "ms") + " ms");
            }
            table.add(List.of(
                    text(module, "name"),
                    text(module, "state"),
                    bundle,
                    version,
                    String.join(", ", bdevs),
                    text(module, "defects"),
                    String.join(", ", examining)));
        }
        return table;
    }

    private static String text(Map<?, ?> map, String key) {
        return Objects.toString(map.get(key), "");
    }
}
