package io.cairn.itests.support;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** fio as an NBD client: a load that runs until it is told to end, or until its export goes. */
public final class Fio implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private final Running running;

    private Fio(Running running) {
        this.running = running;
    }

    /**
     * Starts a load that lasts as long as it is let.
     *
     * @param options of fio, beside address and length
     */
    public static Fio start(String uri, String... options) {
        List<String> all = new ArrayList<>(List.of(
                "--name=load",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--time_based",
                "--runtime=1d",
                "--verify_state_save=0",
                "--output-format=json"));
        all.addAll(Arrays.asList(options));
        return new Fio(Tool.named("fio").start("", all.toArray()));
    }

    /** Random reads and writes, each written block read again and compared. */
    public static Fio verifying(String uri, String... options) {
        List<String> all = new ArrayList<>(
                List.of("--rw=randwrite", "--bs=4k", "--verify=crc32c", "--verify_fatal=1", "--verify_backlog=256"));
        all.addAll(Arrays.asList(options));
        return start(uri, all.toArray(String[]::new));
    }

    /** Whether it runs: a load that met an error does not. */
    public boolean isAlive() {
        return running.isAlive();
    }

    /** Ends it; returns what it saw. */
    public Seen end() {
        running.terminate();
        return seen(running.await(LIMIT));
    }

    /** Waits for the end that an error makes; returns what it saw. */
    public Seen awaitEnd(Duration limit) {
        return seen(running.await(limit));
    }

    @Override
    public void close() {
        running.close();
    }

    private static Seen seen(Finished finished) {
        String out = finished.out();
        int json = out.indexOf('{');
        if (json < 0) {
            throw new AssertionError("no figures of fio: " + finished);
        }
        JsonNode job = JsonMapper.shared()
                .readTree(out.substring(json, out.lastIndexOf('}') + 1))
                .path("jobs")
                .path(0);
        long ios = 0;
        long longest = 0;
        for (String direction : List.of("read", "write")) {
            ios += job.path(direction).path("total_ios").asLong();
            longest = Math.max(
                    longest, job.path(direction).path("lat_ns").path("max").asLong());
        }
        boolean mismatch =
                finished.err().contains("verify") || out.substring(0, json).contains("verify:");
        return new Seen(job.path("error").asLong(), mismatch, ios, Duration.ofNanos(longest), finished);
    }

    /**
     * What a load saw.
     *
     * @param error 0 without one
     * @param mismatch whether something read was not what had been written
     * @param ios how many I/Os it did
     * @param longest the longest time that one I/O took
     * @param finished the program's end
     */
    public record Seen(long error, boolean mismatch, long ios, Duration longest, Finished finished) {
        /** Fails if there was an error or a mismatch, or nothing done. */
        public Seen clean() {
            if (error != 0 || mismatch || ios == 0) {
                throw new AssertionError("fio saw errors: " + finished);
            }
            return this;
        }

        /** Fails if there was a mismatch. */
        public Seen matching() {
            if (mismatch) {
                throw new AssertionError("fio read what it had not written: " + finished);
            }
            return this;
        }
    }
}
