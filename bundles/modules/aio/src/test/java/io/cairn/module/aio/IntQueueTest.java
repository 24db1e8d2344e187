package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IntQueueTest {
    @Test
    void givesWhatWasAddedInOrderAlsoWhenItWrapsAndGrows() {
        IntQueue queue = new IntQueue();
        int added = 0;
        int taken = 0;
        for (int round = 0; round < 500; round++) {
            for (int i = 0; i < 7; i++) {
                queue.add(added++);
            }
            for (int i = 0; i < 4 + round / 250 * 6 && !queue.isEmpty(); i++) {
                assertThat(queue.poll()).isEqualTo(taken++);
            }
        }
        while (!queue.isEmpty()) {
            assertThat(queue.poll()).isEqualTo(taken++);
        }
        assertThat(taken).isEqualTo(added);
    }
}
