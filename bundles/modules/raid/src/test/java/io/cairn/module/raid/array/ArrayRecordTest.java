package io.cairn.module.raid.array;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.level.RaidLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What an array's record says of who may be synchronised by the intents, and of which journal entries count. */
class ArrayRecordTest {
    private static final UUID ARRAY = new UUID(1, 2);

    private final ArrayRecord record = new ArrayRecord(ARRAY, true);
    private final List<Extension> written = new ArrayList<>();
    private final RecordHome home = new RecordHome() {
        @Override
        public CompletionStage<IoStatus> write(Extension extension, Superblock superblock) {
            written.add(extension);
            return CompletableFuture.completedFuture(IoStatus.SUCCESS);
        }

        @Override
        public CompletionStage<IoStatus> write(Extension extension) {
            written.add(extension);
            return CompletableFuture.completedFuture(IoStatus.SUCCESS);
        }
    };

    private static Superblock superblock(long sequence) {
        return new Superblock(ARRAY, "R", RaidLevel.RAID5F, 512, 1024, 8, sequence, List.of());
    }

    private Extension write(boolean complete) {
        record.write(superblock(0), complete, Map.of(0, home));
        return written.get(written.size() - 1);
    }

    /** Entries that were written before the intents were lost are about the loss of the member that is still missing. */
    @Test
    void theLossOfIntentsSaysNothingOfTheJournal() {
        write(true);
        Extension degraded = write(false);
        record.forgetIntents();
        record.writeExtension(Map.of(0, home));
        Extension forgotten = written.get(2);
        assertThat(degraded.completeSequence()).isEqualTo(1);
        assertThat(degraded.intentsSince()).isEqualTo(1);
        assertThat(forgotten.completeSequence()).isEqualTo(1);
        assertThat(forgotten.intentsSince()).isEqualTo(3);
        assertThat(write(false).completeSequence()).isEqualTo(1);
        assertThat(write(true).completeSequence()).isEqualTo(4);
    }

    /** A record that all members take says nothing of bits that one of them does not take. */
    @Test
    void intentsAreLostUntilEverybodyHasThem() {
        write(true);
        record.setIntentsLost(true);
        Extension complete = write(true);
        assertThat(complete.intentsSince()).as("for who leaves next").isEqualTo(3);
        assertThat(complete.areIntentsLost()).isTrue();
        ArrayRecord next = new ArrayRecord(ARRAY, true);
        next.continueFrom(superblock(2), Optional.of(3L), Optional.of(complete), complete.generation());
        assertThat(next.wereIntentsLost()).isTrue();

        record.setIntentsLost(false);
        Extension kept = write(false);
        assertThat(kept.intentsSince()).isEqualTo(2);
        next.continueFrom(superblock(3), Optional.of(2L), Optional.of(kept), kept.generation());
        assertThat(next.wereIntentsLost()).isFalse();
    }

    @Test
    void anArrayThatWasDegradedIsCalledCompleteWhenTheSuperblocksSaySo() {
        write(true);
        record.setUnsettled(true);
        write(false);
        written.clear();
        write(true);
        assertThat(written).hasSize(2);
        assertThat(written.get(0).superblockSequence()).isEqualTo(3);
        assertThat(written.get(0).completeSequence()).isEqualTo(1);
        assertThat(written.get(0).unsettled()).isTrue();
        assertThat(written.get(1).completeSequence()).isEqualTo(3);
        assertThat(written.get(1).unsettled()).isFalse();
    }

    @Test
    void anExtensionWhoseSuperblockWasNotWrittenSaysNothingOfNumbersToCome() {
        write(true);
        Extension ahead = write(true);
        ArrayRecord next = new ArrayRecord(ARRAY, true);
        next.continueFrom(superblock(1), Optional.of(1L), Optional.of(ahead), ahead.generation());
        assertThat(next.completeSequence()).isEqualTo(1);
    }

    @Test
    void anotherAttemptToStartGoesOnCounting() {
        record.continueFrom(superblock(7), Optional.empty(), Optional.empty(), 40);
        write(true);
        write(false);
        record.continueFrom(superblock(7), Optional.empty(), Optional.empty(), 40);
        Extension again = write(false);
        assertThat(again.superblockSequence()).isEqualTo(10);
        assertThat(again.generation()).isEqualTo(43);
    }

    @Test
    void anExtensionThatIsNotBelievedLeavesTheArrayIncompleteUntilEverybodyIsIn() {
        record.continueFrom(superblock(7), Optional.empty(), Optional.empty(), 40);
        Extension first = write(false);
        assertThat(first.superblockSequence()).isEqualTo(8);
        assertThat(first.generation()).as("counts beside the older copies").isEqualTo(41);
        assertThat(first.intentsSince()).as("for who left before").isEqualTo(8);
        assertThat(first.completeSequence())
                .as("entries of a later number count")
                .isEqualTo(7);
    }
}
