package io.cairn.module.malloc;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;

/**
 * What the process may still take of direct memory. Asked before taking: when the JVM's limit is hit, Java collects garbage
 * and sleeps for half a second before it refuses, which no reactor can afford. A part is left to the others (I/O buffers,
 * sockets).
 */
final class DirectMemoryRoom implements MemoryRoom {
    private static final String LIMIT_OPTION = "-XX:MaxDirectMemorySize=";
    private static final long MOST_LEFT_TO_OTHERS = 256L << 20;

    private final BufferPoolMXBean direct;
    private final long limit;

    /** Looks up the process's limit. */
    DirectMemoryRoom() {
        direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElseThrow();
        long all = limit(ManagementFactory.getRuntimeMXBean().getInputArguments());
        limit = all - Math.min(all / 8, MOST_LEFT_TO_OTHERS);
    }

    @Override
    public boolean has(long bytes) {
        return direct.getMemoryUsed() + bytes <= limit;
    }

    /** Returns the JVM's limit for direct memory in bytes, by its options: the last one counts; without it, the heap's. */
    static long limit(List<String> jvmOptions) {
        long limit = Runtime.getRuntime().maxMemory();
        for (String option : jvmOptions) {
            if (option.startsWith(LIMIT_OPTION)) {
                long said = bytes(option.substring(LIMIT_OPTION.length()));
                // 0 is the option's default: the heap's limit
                limit = said == 0 ? Runtime.getRuntime().maxMemory() : said;
            }
        }
        return limit;
    }

    private static long bytes(String text) {
        int shift =
                switch (text.toLowerCase(Locale.ROOT).charAt(text.length() - 1)) {
                    case 'k' -> 10;
                    case 'm' -> 20;
                    case 'g' -> 30;
                    case 't' -> 40;
                    default -> 0;
                };
        return Long.parseLong(shift == 0 ? text : text.substring(0, text.length() - 1)) << shift;
    }
}
