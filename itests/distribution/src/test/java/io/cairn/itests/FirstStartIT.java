package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.Figures;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.RunningDistribution.StartTime;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prints what a user pays for having the distribution run: start times, idle CPU, memory. */
class FirstStartIT {
    private static final Duration WINDOW = Duration.ofSeconds(10);

    @Test
    void printsWhatItCosts(@TempDir Path directory) throws IOException {
        Path disk = Files.write(directory.resolve("disk.img"), new byte[64 << 20]);
        try (RunningDistribution cairn = RunningDistribution.unpack(directory.resolve("d"))) {
            StartTime first = cairn.start();
            cairn.stop();
            StartTime later = cairn.start();
            try (Stack stack = new Stack(cairn.rpc())) {
                stack.aio("disk", disk, 512);
                stack.passthru("pass", "disk");
                stack.split("pass", 2, 16).forEach(stack::export);
                long pid = cairn.jvm().pid();
                // The boot's own work (compilation, first collection) is over by then.
                Await.window(WINDOW);
                long before = cpuTicks(pid);
                Await.window(WINDOW);
                long ticks = cpuTicks(pid) - before;

                Figures.log(
                        "first start: RPC answers after %d ms, all operations after %d ms; later: %d ms, %d ms"
                                + "idle with an example stack: %.2f %% of one core over %d s, RSS %d MiB%n",
                        first.answer().toMillis(),
                        first.complete().toMillis(),
                        later.answer().toMillis(),
                        later.complete().toMillis(),
                        // Linux counts in hundredths of a second, on every architecture.
                        (double) ticks / WINDOW.toSeconds(),
                        WINDOW.toSeconds(),
                        residentKib(pid) / 1024);
                assertThat(ticks).as("the server lives").isNotNegative();
            }
        }
    }

    /** User and system time, fields 14 and 15; the name before them may contain blanks. */
    private static long cpuTicks(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    private static long residentKib(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .map(line -> line.replaceAll("\\D", ""))
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElseThrow();
    }
}
