package io.cairn.itests.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * What a running distribution has in use at one moment, each with its count: pollers, channels, open descriptors, threads, files. Two
 * moments in which the same is configured and nobody is coming or going have equal ones.
 */
public final class Inventory {
    /** The shell's, the resolver's, the JVM's and the kernel's own threads come and go with commands and load. */
    private static final List<String> NOT_OURS = List.of(
            "session-",
            "sshd-",
            "pipe-",
            "EventAdmin",
            "GC Thread",
            "G1 ",
            "C1 Comp",
            "C2 Comp",
            "features-",
            "Attach",
            "resolver-",
            "iou-wrk");

    private Inventory() {}

    /** Takes stock over an RPC connection and from {@code /proc}. */
    public static Map<String, Integer> of(RunningDistribution cairn, RpcClient rpc) throws IOException {
        Map<String, Integer> all = new TreeMap<>();
        for (JsonNode thread : rpc.call("thread_get_pollers").path("threads")) {
            for (String kind : List.of("active_pollers", "timed_pollers")) {
                thread.path(kind)
                        .forEach(poller -> count(
                                all,
                                "poller " + poller.path("name").asString() + " of "
                                        + thread.path("name").asString()));
            }
        }
        for (JsonNode thread : rpc.call("thread_get_io_channels").path("threads")) {
            for (JsonNode channel : thread.path("io_channels")) {
                all.merge(
                        "channel of " + channel.path("name").asString(),
                        channel.path("ref").asInt(),
                        Integer::sum);
            }
        }
        for (JsonNode bdev : rpc.call("bdev_get_claims")) {
            bdev.path("open")
                    .forEach(open -> count(
                            all,
                            "descriptor of " + bdev.path("name").asString() + " by "
                                    + open.path("holder").asString()));
        }
        Path process = Path.of("/proc", Long.toString(cairn.jvm().pid()));
        each(process.resolve("task"), task -> Files.readString(task.resolve("comm"))
                        .strip())
                .filter(name -> NOT_OURS.stream().noneMatch(name::startsWith))
                .forEach(name -> count(all, "thread " + name.replaceAll("[0-9]+", "N")));
        each(process.resolve("fd"), file -> Files.readSymbolicLink(file).toString())
                .filter(Predicate.not(name -> name.contains("/data/cache/") || name.endsWith(".jar")))
                .forEach(name -> count(all, "file " + name.replaceAll("[0-9]+", "N")));
        return all;
    }

    /**
     * How many objects of each class of ours live on the heap after a full collection. Each lambda has a class of its own: those that hold
     * nothing are made once, when their line first runs.
     */
    public static Map<String, Integer> heap(RunningDistribution cairn) {
        Map<String, Integer> all = new TreeMap<>();
        cairn.jcmd("GC.class_histogram").lines().map(String::strip).forEach(line -> {
            String[] words = line.split("\\s+");
            if (words.length > 3 && words[3].startsWith("io.cairn.")) {
                all.merge(words[3].replaceAll("[+/]0x.*", ""), Integer.parseInt(words[1]), Integer::sum);
            }
        });
        return all;
    }

    /** The classes in a package (and below) that are loaded after a full collection. */
    public static List<String> classes(RunningDistribution cairn, String packageName) {
        cairn.jcmd("GC.run");
        return cairn.jcmd("VM.class_hierarchy", "-i")
                .lines()
                .map(line -> line.replaceFirst("^[|\\s-]*", ""))
                .filter(line -> line.startsWith(packageName + "."))
                .distinct()
                .toList();
    }

    /** State, start level and time of the last change of every bundle, as the framework keeps them, by location. */
    public static Map<String, String> bundles(RunningDistribution cairn) throws IOException {
        Map<String, String> all = new TreeMap<>();
        each(
                        cairn.home().resolve("data/cache"),
                        bundle -> bundle.getFileName().toString().matches("bundle[0-9]+")
                                ? Files.readString(bundle.resolve("bundle.info"))
                                : "")
                .filter(Predicate.not(String::isEmpty))
                .forEach(info -> {
                    List<String> lines = info.lines().toList();
                    all.put(lines.get(1) + " #" + lines.get(0), String.join(" ", lines.subList(2, 5)));
                });
        return all;
    }

    private static void count(Map<String, Integer> all, String what) {
        all.merge(what, 1, Integer::sum);
    }

    /** What is asked of each entry; entries that go meanwhile are left out. */
    private static Stream<String> each(Path folder, Question question) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList().stream().flatMap(entry -> {
                try {
                    return Stream.of(question.ask(entry));
                } catch (NoSuchFileException e) {
                    return Stream.empty();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    @FunctionalInterface
    private interface Question {
        String ask(Path entry) throws IOException;
    }
}
