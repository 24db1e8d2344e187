package io.cairn.module.aio;

import io.cairn.bdev.BdevException;
import io.cairn.reactor.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

/** Looks at files without opening them. Blocks: not for reactors. */
final class FileInspector {
    private static final Path BLOCK_DEVICES = Path.of("/sys/dev/block");
    private static final int SECTOR = 512;

    /** The type bits of {@code st_mode}, see inode(7). */
    private static final int TYPE_MASK = 0xf000;

    private static final int TYPE_REGULAR = 0x8000;
    private static final int TYPE_BLOCK = 0x6000;
    private static final int TYPE_DIRECTORY = 0x4000;
    private static final int TYPE_CHARACTER = 0x2000;
    private static final int TYPE_FIFO = 0x1000;
    private static final int TYPE_SOCKET = 0xc000;

    /**
     * Looks at a file by name; follows symbolic links.
     *
     * @throws BdevException with the errno that the operating system gives; EISDIR a directory; EINVAL neither a regular file
     *     nor a block device
     */
    FileFacts inspect(String filename) {
        return inspect(pathOf(filename), filename);
    }

    /** Looks at an open file of this process, whatever has become of its name since. */
    FileFacts inspectOpen(int fd, String filename) {
        return inspect(Path.of("/proc/self/fd", Integer.toString(fd)), filename);
    }

    /** Makes a path of a user's text; refuses what cannot be one with EINVAL. */
    static Path pathOf(String filename) {
        try {
            return Path.of(filename);
        } catch (InvalidPathException e) {
            throw new BdevException(Errno.EINVAL, filename + ": " + e.getReason(), e);
        }
    }

    private static FileFacts inspect(Path path, String shown) {
        try {
            Map<String, Object> stat = Files.readAttributes(path, "unix:mode,size,dev,ino,rdev");
            int type = (Integer) stat.get("mode") & TYPE_MASK;
            return switch (type) {
                case TYPE_REGULAR ->
                    new FileFacts(false, (Long) stat.get("size"), 0, stat.get("dev") + ":" + stat.get("ino"));
                case TYPE_BLOCK -> blockDevice((Long) stat.get("rdev"));
                case TYPE_DIRECTORY -> throw new BdevException(Errno.EISDIR, shown + ": " + Errno.EISDIR.text());
                default ->
                    throw new BdevException(
                            Errno.EINVAL,
                            shown + " is " + nameOf(type) + ", neither a regular file nor a block device");
            };
        } catch (IOException e) {
            throw Errnos.refusal(shown, e);
        }
    }

    private static FileFacts blockDevice(long device) throws IOException {
        // glibc's layout of dev_t: 12 + 20 bits of major, 8 + 24 bits of minor
        long major = ((device >>> 8) & 0xfff) | ((device >>> 32) & 0xffff_f000L);
        long minor = (device & 0xff) | ((device >>> 12) & 0xffff_ff00L);
        Path sysfs = BLOCK_DEVICES.resolve(major + ":" + minor).toRealPath();
        // a partition has no queue of its own, its disk has
        Path disk = Files.exists(sysfs.resolve("queue")) ? sysfs : sysfs.getParent();
        long size = Math.multiplyExact(number(sysfs.resolve("size")), SECTOR);
        int block = Math.toIntExact(number(disk.resolve("queue/logical_block_size")));
        return new FileFacts(true, size, block, "device " + major + ":" + minor);
    }

    private static long number(Path file) throws IOException {
        String text = Files.readString(file).strip();
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException(file + " says " + text + ", not a number", e);
        }
    }

    private static String nameOf(int type) {
        return switch (type) {
            case TYPE_CHARACTER -> "a character device";
            case TYPE_FIFO -> "a named pipe";
            case TYPE_SOCKET -> "a socket";
            default -> String.format("of the unknown file type 0x%04x", type);
        };
    }
}
