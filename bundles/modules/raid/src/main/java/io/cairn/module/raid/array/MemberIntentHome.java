package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.format.IntentBitmapCodec;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.sync.IntentHome;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A member as the place where intents are kept: the bitmap in front of its data. */
final class MemberIntentHome implements IntentHome {
    private final Slot slot;
    private final MemberStore store;

    MemberIntentHome(Slot slot, Member member) {
        this.slot = slot;
        this.store = member.store();
    }

    @Override
    public int slot() {
        return slot.index();
    }

    @Override
    public void writePage(int page, RegionSet bits, Consumer<IoStatus> done) {
        Reserved here = store.reserved().orElseThrow();
        IntentBitmapCodec codec = new IntentBitmapCodec(here.unit());
        tell(store.area().write(here.bitmapOffset() + codec.pageOffset(page), codec.encode(bits, page)), done);
    }

    @Override
    public void flush(Consumer<IoStatus> done) {
        if (store == null) {
            done.accept(IoStatus.SUCCESS);
        } else {
            tell(store.area().flush(), done);
        }
    }

    private static void tell(CompletionStage<Void> io, Consumer<IoStatus> done) {
        MemberStore.status(io).thenAccept(done);
    }
}
