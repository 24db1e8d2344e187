package io.cairn.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * A command that measures a C SPDK on this machine: given whole seconds and a label, it prints the lines of the cases whose labels have that part. A line is the label,
 * the figure by the clock, the figure per second of processor time, and the reactor's share of a core; figures are I/Os a second, or GiB/s where the
 * label ends in {@code -GiBps}.
 *
 * @param command its path
 */
record SpdkRunner(String command) {
    private static final int FIELDS = 4;
    private static final int PER_CORE = 2;
    private static final double GIB = 1 << 30;

    /**
     * Measures a case, and waits for that.
     *
     * @return millions of I/Os in a second of processor time
     */
    double millions(PathCase path, Duration time) throws IOException {
        Process process = new ProcessBuilder(command, Long.toString(time.toSeconds()), path.spdkLabel())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> lines;
        try (var output = process.inputReader(StandardCharsets.UTF_8)) {
            lines = output.lines().toList();
        }
        for (String line : lines) {
            String[] fields = line.split(" ");
            if (fields.length == FIELDS && fields[0].equals(path.spdkLabel())) {
                double figure = Double.parseDouble(fields[PER_CORE]);
                return (fields[0].endsWith("-GiBps") ? figure * GIB / path.ioBytes() : figure) / 1e6;
            }
        }
        throw new IOException(command + " printed no line of " + path.spdkLabel() + " but " + lines);
    }
}
