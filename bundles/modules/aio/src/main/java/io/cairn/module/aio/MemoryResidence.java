package io.cairn.module.aio;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Tells whether an open file is in memory and stays there, so that a transfer waits for nothing but the copy. Blocks: not for
 * reactors.
 *
 * <p>The mount is looked up by the number that the kernel gives for the open file, see {@code /proc/pid/fdinfo} and
 * {@code /proc/pid/mountinfo} in proc(5): a path may have been renamed, unlinked or covered by another mount since.
 */
final class MemoryResidence {
    private static final Logger LOG = System.getLogger(MemoryResidence.class.getName());
    private static final String MOUNT = "mnt_id:";
    private static final String TYPE_FOLLOWS = " - ";

    private final Path self;
    private final Path swaps;

    /**
     * Makes it.
     *
     * @param self what the kernel says of this process, {@code /proc/self}
     * @param swaps the list of swap areas with one line above, {@code /proc/swaps}; not there: a kernel without swap
     */
    MemoryResidence(Path self, Path swaps) {
        this.self = self;
        this.swaps = swaps;
    }

    /** Makes the one of this process. */
    static MemoryResidence ofProcess() {
        return new MemoryResidence(Path.of("/proc/self"), Path.of("/proc/swaps"));
    }

    /**
     * Returns whether the content of an open regular file is in memory: on ramfs, or on tmpfs while there is no swap. Says no
     * where that cannot be found out.
     */
    boolean holds(int fd) {
        try {
            return switch (fileSystemOf(fd).orElse("")) {
                case "ramfs" -> true;
                case "tmpfs" -> !swapIsOn();
                default -> false;
            };
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "cannot find out whether file descriptor " + fd + " is in memory", e);
            return false;
        }
    }

    private Optional<String> fileSystemOf(int fd) throws IOException {
        Optional<String> mount = Files.readAllLines(self.resolve("fdinfo").resolve(Integer.toString(fd))).stream()
                .filter(line -> line.startsWith(MOUNT))
                .map(line -> line.substring(MOUNT.length()).strip() + " ")
                .findFirst();
        if (mount.isEmpty()) {
            return mount;
        }
        String number = mount.get();
        return Files.readAllLines(self.resolve("mountinfo")).stream()
                .filter(line -> line.startsWith(number) && line.contains(TYPE_FOLLOWS))
                .map(MemoryResidence::typeOf)
                .findFirst();
    }

    /** Blanks in names are written as numbers, so the separator is the first of its kind. */
    private static String typeOf(String mount) {
        String behind = mount.substring(mount.indexOf(TYPE_FOLLOWS) + TYPE_FOLLOWS.length());
        int end = behind.indexOf(' ');
        return end < 0 ? behind : behind.substring(0, end);
    }

    private boolean swapIsOn() throws IOException {
        try {
            List<String> lines = Files.readAllLines(swaps);
            return lines.stream().skip(1).anyMatch(line -> !line.isBlank());
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
