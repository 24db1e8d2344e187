package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.level.RegionSet;
import java.util.function.Consumer;

/** A defect in how intents are kept that a test plants around {@link WriteIntents}, to see that it finds it. */
enum IntentFault {
    NONE,
    /** Takes bits back without flushing the members. */
    NO_FLUSH_BEFORE_CLEAR {
        @Override
        IntentHome in(IntentHome home) {
            return new Wrapped(home) {
                private boolean written;

                @Override
                public void writePage(int page, RegionSet bits, Consumer<IoStatus> done) {
                    written = true;
                    super.writePage(page, bits, done);
                }

                @Override
                public void flush(Consumer<IoStatus> done) {
                    // what follows no page is for the data
                    if (written) {
                        written = false;
                        super.flush(done);
                    } else {
                        done.accept(IoStatus.SUCCESS);
                    }
                }
            };
        }
    },
    /** Takes bits back that channels count on. */
    FORGET_USED {
        @Override
        IntentChannels in(IntentChannels channels) {
            return new IntentChannels() {
                @Override
                public void intended(long row, long rows) {
                    channels.intended(row, rows);
                }

                @Override
                public void forgetIntents(RegionSet busy, Runnable answered) {
                    channels.forgetIntents(
                            new RegionSet(busy.count() * busy.regionRows(), busy.regionRows()), answered);
                }
            };
        }
    },
    /** Tells channels to go on before the bit is on disk. */
    TELL_EARLY {
        @Override
        IntentHome in(IntentHome home) {
            return new Wrapped(home) {
                @Override
                public void writePage(int page, RegionSet bits, Consumer<IoStatus> done) {
                    super.writePage(page, bits, late -> {});
                    done.accept(IoStatus.SUCCESS);
                }
            };
        }
    };

    /** Plants it in a member. */
    IntentHome in(IntentHome home) {
        return home;
    }

    /** Plants it between the intents and the channels. */
    IntentChannels in(IntentChannels channels) {
        return channels;
    }

    private static class Wrapped implements IntentHome {
        private final IntentHome home;

        Wrapped(IntentHome home) {
            this.home = home;
        }

        @Override
        public final int slot() {
            return home.slot();
        }

        @Override
        public void writePage(int page, RegionSet bits, Consumer<IoStatus> done) {
            home.writePage(page, bits, done);
        }

        @Override
        public void flush(Consumer<IoStatus> done) {
            home.flush(done);
        }
    }
}
