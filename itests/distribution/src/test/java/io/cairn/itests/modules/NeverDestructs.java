package io.cairn.itests.modules;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Its disks never end. */
public final class NeverDestructs extends SimpleModule {
    @Override
    public String name() {
        return "neverdestructs";
    }

    @Override
    public CompletionStage<Void> destruct() {
        return new CompletableFuture<>();
    }
}
