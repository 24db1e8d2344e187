package io.cairn.bdev.core;

/** The counts of channels that are closed: they belong to the bdev's totals. Added to by any reactor, rarely. */
final class Retired {
    private IoStatistics sum = new IoStatistics();

    synchronized void add(IoStatistics statistics) {
        sum.add(statistics);
    }

    synchronized IoStatistics copy() {
        return sum.copy();
    }

    synchronized void reset(StatisticsReset mode) {
        mode.apply(sum);
    }
}
