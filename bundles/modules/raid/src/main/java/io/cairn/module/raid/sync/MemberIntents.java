package io.cairn.module.raid.sync;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.format.IntentBitmapCodec;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.member.ReservedArea;
import io.cairn.reactor.Errno;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** The intents of an array in the reserved area of one member. App thread. */
public final class MemberIntents implements IntentHome {
    private final int slot;
    private final ReservedArea area;
    private final long offset;
    private final IntentBitmapCodec codec;

    /**
     * Makes it; no I/O.
     *
     * @param places where things are on this member; it has room for the record, unless the array's intents are in memory only
     */
    public MemberIntents(int slot, ReservedArea area, Reserved places) {
        this.slot = slot;
        this.area = area;
        this.offset = places.bitmapOffset();
        this.codec = new IntentBitmapCodec(places.unit());
    }

    /** Returns how many regions a page has: what {@link WriteIntents} is to be told. */
    public static int pageRegions(Reserved places) {
        return places.unit() * Byte.SIZE;
    }

    @Override
    public int slot() {
        return slot;
    }

    @Override
    public void writePage(int page, RegionSet bits, Consumer<IoStatus> done) {
        tell(area.write(offset + codec.pageOffset(page), codec.encode(bits, page)), done);
    }

    @Override
    public void flush(Consumer<IoStatus> done) {
        tell(area.flush(), done);
    }

    private static void tell(CompletionStage<Void> stage, Consumer<IoStatus> done) {
        stage.whenComplete((nothing, failure) -> done.accept(statusOf(failure)));
    }

    static IoStatus statusOf(Throwable failure) {
        if (failure == null) {
            return IoStatus.SUCCESS;
        }
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        return IoStatus.errno(cause instanceof BdevException known ? known.errno() : Errno.EIO);
    }
}
