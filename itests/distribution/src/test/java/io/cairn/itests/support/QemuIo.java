package io.cairn.itests.support;

import java.util.ArrayList;
import java.util.List;

/** qemu-io as an NBD client. */
public final class QemuIo {
    private QemuIo() {}

    /**
     * Runs it to its end.
     *
     * @param words its commands, in order, each with its arguments; and options, which begin with a dash
     */
    public static Finished run(String uri, String... words) {
        List<String> arguments = new ArrayList<>(List.of("-f", "raw"));
        for (String word : words) {
            if (!word.startsWith("-")) {
                arguments.add("-c");
            }
            arguments.add(word);
        }
        arguments.add(uri);
        return Tool.named("qemu-io").run(arguments.toArray());
    }
}
