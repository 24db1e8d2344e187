package io.cairn.module.malloc;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.reactor.IoBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChunkTableTest {
    private final IoBuffer zeroes = IoBuffer.allocate(ChunkPool.CHUNK_SIZE);
    private final List<Runnable> meanwhile = new ArrayList<>();
    private final ChunkPool pool = new ChunkPool(
            1L << 40,
            bytes -> {
                List.copyOf(meanwhile).forEach(each -> {
                    meanwhile.remove(each);
                    each.run();
                });
                return true;
            },
            zeroes);
    private final ChunkTable table = new ChunkTable(1L << 40, pool);

    @Test
    void whoComesSecondGetsTheChunkOfTheFirst() {
        List<Chunk> first = new ArrayList<>();
        meanwhile.add(() -> first.add(table.getOrTake(7)));

        Chunk second = table.getOrTake(7);

        assertThat(second).isNotNull().isSameAs(first.get(0)).isSameAs(table.get(7));
    }

    @Test
    void findsWhatIsPresentAndWhatIsAbsentAcrossLeaves() {
        assertThat(table.nextPresent(0)).isEqualTo(-1);
        table.getOrTake(3);
        table.getOrTake(4095);
        table.getOrTake(4096);
        table.getOrTake(100_000);

        assertThat(table.nextPresent(0)).isEqualTo(3);
        assertThat(table.nextPresent(4)).isEqualTo(4095);
        assertThat(table.nextPresent(4097)).isEqualTo(100_000);
        assertThat(table.nextPresent(100_001)).isEqualTo(-1);
        assertThat(table.nextAbsent(3)).isEqualTo(4);
        assertThat(table.nextAbsent(4095)).isEqualTo(4097);
        assertThat(table.remove(3)).isNotNull();
        assertThat(table.remove(3)).isNull();
        assertThat(table.get(3)).isNull();
    }

    @Test
    void aFullDiskHasNoHole() {
        ChunkTable two = new ChunkTable(2L * ChunkPool.CHUNK_SIZE - 1, pool);
        two.getOrTake(0);
        two.getOrTake(1);

        assertThat(two.nextAbsent(0)).isEqualTo(-1);
        assertThat(two.nextPresent(2)).isEqualTo(-1);
    }
}
