package io.cairn.module.raid.array;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SerialTest {
    private final Serial serial = new Serial(() -> {});
    private final List<Integer> done = new ArrayList<>();

    @Test
    void whatWaitsIsDoneInOrderHoweverMuchItIs() {
        CompletableFuture<Void> first = new CompletableFuture<>();
        serial.run(() -> first);
        int many = 100_000;
        for (int i = 0; i < many; i++) {
            int number = i;
            serial.run(() -> {
                done.add(number);
                return Stages.done();
            });
        }
        assertThat(done).isEmpty();

        first.complete(null);

        assertThat(done).isEqualTo(IntStream.range(0, many).boxed().toList());
        assertThat(serial.isBusy()).isFalse();
    }

    @Test
    void goesOnBehindWhatFailsAndTellsEachItsOutcome() {
        CompletableFuture<Object> failed = serial.run(() -> {
                    throw new IllegalStateException("meant");
                })
                .toCompletableFuture();
        CompletableFuture<Integer> next =
                serial.run(() -> CompletableFuture.completedFuture(7)).toCompletableFuture();

        assertThat(failed).isCompletedExceptionally();
        assertThat(next).isCompletedWithValue(7);
    }
}
