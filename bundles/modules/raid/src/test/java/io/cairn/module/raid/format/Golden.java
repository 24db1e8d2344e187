package io.cairn.module.raid.format;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The images that an SPDK wrote, with what it said of them: {@code -Dcairn.golden=FOLDER}, by default {@code ../shared/golden} beside the
 * repository. Tests that need them are skipped where they are not.
 */
public final class Golden {
    private final Path folder;
    private final JsonNode manifest;

    private Golden(Path folder, JsonNode manifest) {
        this.folder = folder;
        this.manifest = manifest;
    }

    /** Returns the images; skips the test that asks if there are none. */
    public static Golden images() {
        Path folder = repository()
                .resolve(System.getProperty("cairn.golden", "../shared/golden"))
                .normalize();
        Path manifest = folder.resolve("manifest.json");
        Assumptions.assumeTrue(
                Files.isRegularFile(manifest), "no golden images: there is no " + manifest + "; -Dcairn.golden=FOLDER");
        return new Golden(folder, JsonMapper.shared().readTree(manifest.toFile()));
    }

    /** Returns the repository that holds the working directory: its root, or a module's. */
    private static Path repository() {
        Path start = Path.of("").toAbsolutePath();
        for (Path at = start; at != null; at = at.getParent()) {
            if (Files.exists(at.resolve("mvnw"))) {
                return at;
            }
        }
        throw new IllegalStateException("no repository around " + start);
    }

    /** Returns what the manifest says of a case. */
    public JsonNode manifest(String name) {
        return manifest.required(name);
    }

    /** Returns the bdevs that a case has been made of, in order; not the stale one. */
    public List<Image> bases(String name) {
        return StreamSupport.stream(manifest(name).required("base_bdevs").spliterator(), false)
                .map(this::image)
                .toList();
    }

    /** Returns the member whose superblock is older, of a case that has one. */
    public Image stale(String name) {
        return image(manifest(name).required("stale_member"));
    }

    /** Returns all images of a case. */
    public List<Image> all(String name) {
        List<Image> all = new ArrayList<>(bases(name));
        if (manifest(name).has("stale_member")) {
            all.add(stale(name));
        }
        return all;
    }

    private Image image(JsonNode bdev) {
        return new Image(
                bdev.required("name").asString(),
                bdev.required("block_size").asInt(),
                UUID.fromString(bdev.required("uuid").asString()),
                folder.resolve(bdev.required("file").asString() + ".gz"));
    }

    /**
     * One image.
     *
     * @param name the name that the bdev had
     * @param blockSize in bytes
     * @param uuid the UUID that the bdev had and must have
     * @param file where it is, packed
     */
    public record Image(String name, int blockSize, UUID uuid, Path file) {
        /** Returns the first bytes. */
        public byte[] head(int length) {
            try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                return in.readNBytes(length);
            } catch (IOException e) {
                throw new UncheckedIOException(file.toString(), e);
            }
        }

        /** Returns all bytes. */
        public byte[] content() {
            return head(Integer.MAX_VALUE);
        }
    }
}
