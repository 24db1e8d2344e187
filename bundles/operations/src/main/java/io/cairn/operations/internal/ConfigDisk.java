package io.cairn.operations.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The steps on the file system that make a saved configuration durable; a seam, so that tests can cut the power between them. */
interface ConfigDisk {
    /** Returns whether there is anything at a path. */
    boolean exists(Path file);

    /** Reads a whole file. */
    byte[] read(Path file) throws IOException;

    /** Makes a new file that only its owner can read (replacing a leftover) and writes it, not yet durably; its folders are durable. */
    void write(Path file, byte[] content) throws IOException;

    /** Makes a file's content durable. */
    void sync(Path file) throws IOException;

    /** Renames within a folder, atomically, replacing what has the new name. */
    void rename(Path from, Path to) throws IOException;

    /** Makes the names in a folder durable. */
    void syncFolder(Path folder) throws IOException;

    /** The real file system. Blocks. */
    final class Real implements ConfigDisk {
        private static final FileAttribute<?> OWNER_ONLY =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

        @Override
        public boolean exists(Path file) {
            return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
        }

        @Override
        public byte[] read(Path file) throws IOException {
            return Files.readAllBytes(file);
        }

        @Override
        public void write(Path file, byte[] content) throws IOException {
            makeFolder(file.getParent());
            Files.deleteIfExists(file);
            try (FileChannel channel = FileChannel.open(
                    file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_ONLY)) {
                ByteBuffer rest = ByteBuffer.wrap(content);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
            }
        }

        /** A folder that is new must be durable too, or the file in it is not. */
        private void makeFolder(Path folder) throws IOException {
            if (folder == null || Files.isDirectory(folder)) {
                return;
            }
            makeFolder(folder.getParent());
            Files.createDirectory(folder);
            syncFolder(folder.getParent());
        }

        @Override
        public void sync(Path file) throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        public void syncFolder(Path folder) throws IOException {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
