package io.cairn.deployer;

import io.cairn.operations.OperationException;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Upgrades that were asked for: done one after another on a worker, and answered on the app thread. App thread. */
final class UpgradeCalls {
    /** What does one; blocks. */
    interface Upgrader {
        /**
         * Upgrades a module.
         *
         * @throws RefusedException nothing has changed, and why
         */
        Map<String, Object> upgrade(String module, Optional<String> url);
    }

    private final Reactor app;
    private final Executor worker;
    private final Upgrader upgrader;
    /** The modules whose upgrade was asked for and is not over. */
    private final Set<String> underWay = new HashSet<>();

    UpgradeCalls(Reactor app, Executor worker, Upgrader upgrader) {
        this.app = app;
        this.worker = worker;
        this.upgrader = upgrader;
    }

    /**
     * Upgrades a module, when those that were asked for before are over.
     *
     * @return the outcome. Fails with the errno of what refused it
     * @throws OperationException EBUSY the upgrade of this module was asked for and is not over
     */
    CompletionStage<Map<String, Object>> call(String module, Optional<String> url) {
        app.requireCurrent();
        if (!underWay.add(module)) {
            throw OperationException.errno(Errno.EBUSY, "module " + module + " is being upgraded already");
        }
        CompletableFuture<Map<String, Object>> answer = new CompletableFuture<>();
        answer.whenComplete((outcome, failure) -> underWay.remove(module));
        worker.execute(() -> {
            try {
                Map<String, Object> outcome = upgrader.upgrade(module, url);
                app.execute(() -> answer.complete(outcome));
            } catch (RefusedException e) {
                app.execute(() -> answer.completeExceptionally(OperationException.errno(e.errno(), e.getMessage())));
            } catch (RuntimeException | Error e) {
                app.execute(() -> answer.completeExceptionally(e));
            }
        });
        return answer;
    }
}
