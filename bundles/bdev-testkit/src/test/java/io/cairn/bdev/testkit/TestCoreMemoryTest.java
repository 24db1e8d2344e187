package io.cairn.bdev.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.core.BdevCore;
import io.cairn.reactor.BufferPool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TestCoreMemoryTest {
    /** A campaign makes thousands, faster than the garbage collector looks at what is not on its heap. */
    @Test
    void aCoreThatIsClosedHoldsNoDirectMemory() {
        // by default a process may have as much direct memory as heap
        long cores = Runtime.getRuntime().maxMemory() / BufferPool.LARGEST + 16;
        List<BdevCore> closed = new ArrayList<>();
        for (long i = 0; i < cores; i++) {
            try (TestCore core = TestCore.simulated(i, 1)) {
                closed.add(core.core());
            }
        }
        assertThat(closed).hasSize((int) cores);
    }
}
