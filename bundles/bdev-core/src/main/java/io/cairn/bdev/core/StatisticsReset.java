package io.cairn.bdev.core;

/** What a reset of statistics forgets: SPDK's {@code bdev_reset_stat_mode}. */
enum StatisticsReset {
    ALL {
        @Override
        void apply(IoStatistics statistics) {
            statistics.clear();
        }
    },
    MAXMIN {
        @Override
        void apply(IoStatistics statistics) {
            statistics.clearExtremes();
        }
    },
    ERROR {
        @Override
        void apply(IoStatistics statistics) {
            statistics.clearErrors();
        }
    },
    NONE {
        @Override
        void apply(IoStatistics statistics) {}
    };

    abstract void apply(IoStatistics statistics);
}
