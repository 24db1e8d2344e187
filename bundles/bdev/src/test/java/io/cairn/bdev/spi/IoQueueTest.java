package io.cairn.bdev.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IoQueueTest {
    private final IoQueue queue = new IoQueue();

    @Test
    void behavesLikeADequeWhateverIsDone() {
        Random random = new Random(1);
        List<BdevIo> all = new ArrayList<>();
        Deque<BdevIo> model = new ArrayDeque<>();
        for (int i = 0; i < 2000; i++) {
            all.add(new Io());
        }
        int next = 0;
        for (int step = 0; step < 50_000; step++) {
            // long phases of growing and of shrinking
            boolean grow = random.nextInt(100) < (step / 5000 % 2 == 0 ? 60 : 40);
            if (grow && model.size() < all.size()) {
                BdevIo io = all.get(next++ % all.size());
                if (!model.contains(io)) {
                    queue.add(io);
                    model.add(io);
                }
            } else if (!model.isEmpty()) {
                switch (random.nextInt(3)) {
                    case 0 -> assertThat(queue.take()).isSameAs(model.poll());
                    case 1 -> {
                        BdevIo io = all.get(random.nextInt(all.size()));
                        assertThat(queue.remove(io)).isEqualTo(model.remove(io));
                    }
                    default -> {
                        BdevIo io = queue.take();
                        assertThat(io).isSameAs(model.peek());
                        queue.addFirst(io);
                    }
                }
            }
            assertThat(queue.size()).isEqualTo(model.size());
            assertThat(queue.isEmpty()).isEqualTo(model.isEmpty());
        }
        while (!model.isEmpty()) {
            assertThat(queue.take()).isSameAs(model.poll());
        }
    }

    @Test
    void whoDrainsByCountNeverMeetsOneTwiceWhenOthersAreRemovedMeanwhile() {
        List<BdevIo> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(new Io());
            queue.add(all.get(i));
        }

        assertThat(queue.take()).isSameAs(all.get(0));
        assertThat(queue.remove(all.get(0))).isFalse();
        assertThat(queue.remove(all.get(5))).isTrue();
        assertThat(queue.take()).isSameAs(all.get(1));
        assertThat(queue.remove(all.get(9))).isTrue();
        for (int i : new int[] {2, 3, 4, 6, 7, 8}) {
            assertThat(queue.take()).isSameAs(all.get(i));
        }
        assertThat(queue.isEmpty()).isTrue();
    }

    private static final class Io extends BdevIo {
        @Override
        public long sourceBlocks() {
            return 0;
        }

        @Override
        public IoBuffer compareBuffer() {
            return null;
        }

        @Override
        public int compareOffset() {
            return 0;
        }

        @Override
        public long byteLength() {
            return 0;
        }

        @Override
        public Reactor reactor() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Bdev bdev() {
            throw new UnsupportedOperationException();
        }

        @Override
        public long submittedNanos() {
            return 0;
        }

        @Override
        public void complete(IoStatus outcome) {}

        @Override
        public void completeFrom(BdevIo child) {}

        @Override
        public void lend(IoBuffer constant, int offset) {}

        @Override
        public void needData() {}
    }
}
