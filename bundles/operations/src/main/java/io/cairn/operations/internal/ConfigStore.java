package io.cairn.operations.internal;

import io.cairn.operations.PlainJson;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The file that holds the saved configuration. Reading happens once, at construction; writing replaces the file so that after a
 * crash at any moment it holds the old or the new configuration, whole. One writer at a time. Blocks.
 */
public final class ConfigStore {
    private static final Logger LOG = System.getLogger(ConfigStore.class.getName());

    private final Optional<Path> file;
    private final ConfigDisk disk;
    private final StoredConfig loaded;
    private final Optional<IOException> neverWrite;

    ConfigStore(Optional<Path> file, ConfigDisk disk) {
        this.file = file;
        this.disk = disk;
        StoredConfig config = new StoredConfig();
        IOException obstacle = null;
        if (file.isPresent() && disk.exists(file.get())) {
            try {
                config = load(file.get());
            } catch (IOException e) {
                LOG.log(
                        Level.ERROR,
                        "the configuration " + file.get() + " cannot be used: starting empty, saving nothing",
                        e);
                obstacle = e;
            }
        }
        loaded = config;
        neverWrite = Optional.ofNullable(obstacle);
    }

    /** Reads and writes a file. A corrupt one is moved aside and reported; what cannot be read or moved is never overwritten. */
    public static ConfigStore at(Path file) {
        return new ConfigStore(Optional.of(real(file)), new ConfigDisk.Real());
    }

    /** Follows links: what a link points at is replaced, not the link. */
    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file.toAbsolutePath();
        }
    }

    /** Keeps nothing: for tests and for embedding without a saved configuration. */
    public static ConfigStore inMemory() {
        return new ConfigStore(Optional.empty(), new ConfigDisk.Real());
    }

    /** Returns what the file held at construction. The caller may change it. */
    StoredConfig loaded() {
        return loaded;
    }

    /** Returns the place of the file for messages. */
    String place() {
        return file.map(Path::toString).orElse("memory");
    }

    /**
     * Writes the configuration; when this returns it is durable.
     *
     * @throws IOException if it is not; the file holds the old configuration or the new one
     */
    void write(Map<String, Object> plain) throws IOException {
        if (neverWrite.isPresent()) {
            throw new IOException("it could not be read at start and is not overwritten: "
                    + neverWrite.get().getMessage());
        }
        if (file.isEmpty()) {
            return;
        }
        Path target = file.get();
        Path temporary = target.resolveSibling("." + target.getFileName() + ".new");
        byte[] content = (PlainJson.writePretty(plain) + "\n").getBytes(StandardCharsets.UTF_8);
        disk.write(temporary, content);
        disk.sync(temporary);
        disk.rename(temporary, target);
        disk.syncFolder(target.getParent());
    }

    private StoredConfig load(Path path) throws IOException {
        byte[] content = disk.read(path);
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
            return StoredConfig.read(PlainJson.read(text));
        } catch (IllegalArgumentException | CharacterCodingException e) {
            Path aside = asideOf(path);
            disk.rename(path, aside);
            LOG.log(
                    Level.ERROR,
                    "the configuration {0} is corrupt ({1}); it was moved to {2} as it is, starting empty",
                    path,
                    e.getMessage(),
                    aside);
            return new StoredConfig();
        }
    }

    private Path asideOf(Path path) {
        int number = 1;
        Path aside;
        do {
            aside = path.resolveSibling(path.getFileName() + ".corrupt-" + number);
            number++;
        } while (disk.exists(aside));
        return aside;
    }
}
