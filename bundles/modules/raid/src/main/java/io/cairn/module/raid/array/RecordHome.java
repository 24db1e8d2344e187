package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.Superblock;
import java.util.concurrent.CompletionStage;

/** A member as the place where an array's record is kept. App thread; stages complete there, and never fail: how it ended is the status. */
interface RecordHome {
    /** Writes the extension, and when that is durable the superblock, durably. */
    CompletionStage<IoStatus> write(Extension extension, Superblock superblock);

    /** Writes the extension alone, durably. Success where there is no room for one. */
    CompletionStage<IoStatus> write(Extension extension);
}
