package io.cairn.bdev.testkit;

import io.cairn.bdev.IoStatus;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * An I/O that a test has started. It is its own cookie: {@link TestChannel#abort} takes it. Read it when it is {@link #done}.
 */
public final class TestIo {
    private final IoRequest request;
    private final CompletableFuture<TestIo> done = new CompletableFuture<>();
    private volatile boolean accepted;
    private IoStatus status;
    private byte[] data;
    private long result;
    private int completions;

    TestIo(IoRequest request) {
        this.request = request;
    }

    /** Returns what was asked. */
    public IoRequest request() {
        return request;
    }

    /** Completes when the I/O has completed; fails with what the submission threw. */
    public CompletionStage<TestIo> done() {
        return done.minimalCompletionStage();
    }

    /** Returns whether the I/O has completed or was refused. */
    public boolean isDone() {
        return done.isDone();
    }

    /** Returns whether the submission was accepted; false while it waits for an I/O object. */
    public boolean isAccepted() {
        return accepted;
    }

    /** Returns how it ended. */
    public IoStatus status() {
        return status;
    }

    /** Returns what a read found. Not a copy. */
    public byte[] data() {
        return data;
    }

    /** Returns what a search found. */
    public long result() {
        return result;
    }

    void accepted() {
        accepted = true;
    }

    void refused(Throwable failure) {
        done.completeExceptionally(failure);
    }

    /** Notes a completion and returns how many there were. */
    int completed(IoStatus outcome, byte[] found, long answer) {
        completions++;
        if (completions == 1) {
            status = outcome;
            data = found;
            result = answer;
            done.complete(this);
        }
        return completions;
    }

    @Override
    public String toString() {
        return request + (status == null ? " (out)" : " (" + status + ")");
    }
}
