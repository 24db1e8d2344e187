package io.cairn.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.operations.OperationException;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.sim.SimulatedReactors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class UpgradeCallsTest {
    private final SimulatedReactors reactors = new SimulatedReactors(1, 1);
    private final Reactor app = reactors.app();
    private final ArrayDeque<Runnable> worker = new ArrayDeque<>();
    private final List<String> upgraded = new ArrayList<>();
    private RuntimeException failure;
    private final UpgradeCalls calls = new UpgradeCalls(app, worker::add, (module, url) -> {
        upgraded.add(module + " from " + url.orElse("where it came from"));
        if (failure != null) {
            throw failure;
        }
        return Map.of("outcome", "upgraded");
    });

    private CompletionStage<Map<String, Object>> call(String module) {
        CompletionStage<Map<String, Object>> answer = reactors.onApp(() -> calls.call(module, Optional.empty()));
        reactors.runUntilIdle();
        return answer;
    }

    private void work() {
        while (!worker.isEmpty()) {
            worker.poll().run();
        }
        reactors.runUntilIdle();
    }

    @Test
    void aModuleWhoseUpgradeIsUnderWayIsBusyAndOthersWait() {
        CompletionStage<Map<String, Object>> first = call("malloc");
        CompletionStage<Map<String, Object>> other = call("aio");
        refused(call("malloc"), Errno.EBUSY, "module malloc is being upgraded already");
        assertThat(first.toCompletableFuture()).isNotDone();
        work();
        assertThat(first.toCompletableFuture().join()).containsEntry("outcome", "upgraded");
        assertThat(other.toCompletableFuture()).isCompleted();
        CompletionStage<Map<String, Object>> again = call("malloc");
        work();
        assertThat(again.toCompletableFuture()).isCompleted();
        assertThat(upgraded)
                .containsExactly(
                        "malloc from where it came from",
                        "aio from where it came from",
                        "malloc from where it came from");
    }

    @Test
    void theCauseOfARefusalIsToldAndTheNextOneIsNotBusy() {
        for (Errno errno : List.of(Errno.ENODEV, Errno.ENOENT, Errno.EISDIR, Errno.ETIMEDOUT, Errno.EINVAL)) {
            failure = new RefusedException(errno, "module m is not upgraded");
            CompletionStage<Map<String, Object>> answer = call("m");
            work();
            refused(answer, errno, "module m is not upgraded");
        }
        failure = new IllegalStateException("broken");
        CompletionStage<Map<String, Object>> answer = call("m");
        work();
        assertThatThrownBy(() -> answer.toCompletableFuture().join())
                .isInstanceOf(CompletionException.class)
                .hasRootCauseMessage("broken");
    }

    private static void refused(CompletionStage<?> answer, Errno errno, String message) {
        assertThatThrownBy(() -> answer.toCompletableFuture().join())
                .hasMessageContaining(message)
                .cause()
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(errno.code()));
    }
}
