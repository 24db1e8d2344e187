package io.cairn.bdev.core;

import io.cairn.operations.Operation;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;

/**
 * Operations that tell what is in use on the reactors: for those who look for what was left behind. They read on each reactor what
 * belongs to it, all reactors at once, and are answered on the app thread.
 */
final class ThreadOperations {
    private static final long TICKS_PER_SECOND = 1_000_000_000L;

    private final Reactors reactors;
    private final NameSpace names;

    ThreadOperations(Reactors reactors, NameSpace names) {
        this.reactors = reactors;
        this.names = names;
    }

    List<Operation<?, ?>> list() {
        return Operation.list(
                Operation.named("thread_get_pollers", Operation.None.class)
                        .describedAs(
                                "Lists the pollers of each reactor. How often they ran is not counted and left out.")
                        .answering(
                                "{\"tick_rate\",\"threads\":[{\"name\",\"id\",\"active_pollers\":[{\"name\",\"id\"}],\"timed_pollers\":[…],\"paused_pollers\":[]}]}")
                        .handledBy(p -> onEach(ThreadOperations::pollers).thenApply(ThreadOperations::threads)),
                Operation.named("thread_get_io_channels", Operation.None.class)
                        .describedAs("Lists the bdevs that have a channel on each reactor, and how many use it there.")
                        .answering("{\"tick_rate\",\"threads\":[{\"name\",\"io_channels\":[{\"name\",\"ref\"}]}]}")
                        .handledBy(p -> channels().thenApply(ThreadOperations::threads)),
                Operation.named("iobuf_get_stats", Operation.None.class)
                        .describedAs(
                                "Tells how much of each reactor's memory for I/O is lent out. The pools are not SPDK's two, and so are the counts.")
                        .answering("[{\"module\": the reactor's name,\"lent_bytes\",\"allocated_bytes\"}]")
                        .handledBy(p -> onEach(ThreadOperations::memory)));
    }

    private static Map<String, Object> threads(List<Map<String, Object>> threads) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("tick_rate", TICKS_PER_SECOND);
        answer.put("threads", threads);
        return answer;
    }

    private static void pollers(Reactor reactor, Map<String, Object> answer) {
        List<String> all = reactor.pollerNames();
        List<String> timed = reactor.timedPollerNames();
        int active = all.size() - timed.size();
        answer.put("name", reactor.name());
        // SPDK numbers its threads from 1
        answer.put("id", reactor.index() + 1L);
        answer.put("active_pollers", named(all.subList(0, active), 1));
        answer.put("timed_pollers", named(timed, active + 1L));
        answer.put("paused_pollers", List.of());
    }

    private static List<Map<String, Object>> named(List<String> pollers, long firstId) {
        List<Map<String, Object>> list = new ArrayList<>();
        for (String poller : pollers) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", poller);
            one.put("id", firstId + list.size());
            list.add(one);
        }
        return list;
    }

    private static void memory(Reactor reactor, Map<String, Object> answer) {
        BufferPool pool = reactor.buffers();
        answer.put("module", reactor.name());
        answer.put("lent_bytes", pool.lentBytes());
        answer.put("allocated_bytes", pool.allocatedBytes());
    }

    private CompletionStage<List<Map<String, Object>>> channels() {
        List<CoreBdev> bdevs = names.all();
        return onEach((reactor, answer) -> {
            List<Map<String, Object>> list = new ArrayList<>();
            for (CoreBdev bdev : bdevs) {
                int references = bdev.sharedChannels().references(reactor);
                if (references > 0) {
                    Map<String, Object> one = new LinkedHashMap<>();
                    one.put("name", bdev.name());
                    one.put("ref", (long) references);
                    list.add(one);
                }
            }
            answer.put("name", reactor.name());
            answer.put("io_channels", list);
        });
    }

    /** Fills one map on each reactor; completes on the app thread when all are filled. */
    private CompletionStage<List<Map<String, Object>>> onEach(BiConsumer<Reactor, Map<String, Object>> read) {
        List<Map<String, Object>> answers = new ArrayList<>();
        List<CompletableFuture<Void>> reads = new ArrayList<>();
        for (Reactor reactor : reactors.all()) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answers.add(answer);
            reads.add(CompletableFuture.runAsync(() -> read.accept(reactor, answer), reactor));
        }
        return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new))
                .thenApplyAsync(v -> answers, reactors.app());
    }
}
