package io.cairn.operations.internal;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A disk in memory that knows what would survive a power cut: content that was synced, names in a folder that was synced. Fails
 * at the step that a test names, with half of the step's effect if it is a write.
 */
final class FlakyDisk implements ConfigDisk {
    private Map<Path, File> names = new HashMap<>();
    private Map<Path, File> durableNames = new HashMap<>();
    private int failAt = Integer.MAX_VALUE;
    private int steps;
    private boolean stays;

    private static final class File {
        private byte[] content;
        private byte[] durable = new byte[0];

        File(byte[] content) {
            this.content = content;
        }
    }

    /** Fails at a step counted from now, 0 being the next. */
    void failAt(int step) {
        failAt = step;
        steps = 0;
    }

    /** Cuts the power at a step counted from now: that one fails, and so does everything after it. */
    void cutAt(int step) {
        failAt(step);
        stays = true;
    }

    /** Returns the disks that one may find after a power cut now, or after the process was killed. */
    List<FlakyDisk> survivors() {
        List<FlakyDisk> all = new ArrayList<>();
        for (Map<Path, File> surviving : List.of(names, durableNames)) {
            for (boolean synced : new boolean[] {false, true}) {
                FlakyDisk survivor = new FlakyDisk();
                surviving.forEach((path, file) -> survivor.put(path, synced ? file.durable : file.content));
                all.add(survivor);
            }
        }
        return all;
    }

    /** Returns what is there, by name. */
    Set<Path> files() {
        return Set.copyOf(names.keySet());
    }

    int steps() {
        return steps;
    }

    /** Returns the contents that a file may have after a power cut now; null stands for no file. */
    List<byte[]> afterPowerCut(Path path) {
        List<byte[]> possible = new ArrayList<>();
        for (Map<Path, File> surviving : Arrays.asList(names, durableNames)) {
            File file = surviving.get(path);
            if (file == null) {
                possible.add(null);
            } else {
                possible.add(file.content);
                possible.add(file.durable);
            }
        }
        return possible;
    }

    /** Puts a file there, durably. */
    void put(Path path, byte[] content) {
        File file = new File(content);
        file.durable = content;
        names.put(path, file);
        durableNames.put(path, file);
    }

    @Override
    public boolean exists(Path file) {
        return names.containsKey(file);
    }

    @Override
    public byte[] read(Path path) throws IOException {
        step();
        return find(path).content;
    }

    @Override
    public void write(Path path, byte[] content) throws IOException {
        File file = new File(Arrays.copyOf(content, content.length / 2));
        names.put(path, file);
        step();
        file.content = content;
    }

    @Override
    public void sync(Path path) throws IOException {
        step();
        File file = find(path);
        file.durable = file.content;
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        step();
        names.put(to, find(from));
        names.remove(from);
    }

    @Override
    public void syncFolder(Path folder) throws IOException {
        step();
        durableNames = new HashMap<>(names);
    }

    private void step() throws IOException {
        int now = steps++;
        if (now == failAt || (stays && now > failAt)) {
            throw new IOException("the disk failed at step " + failAt);
        }
    }

    private File find(Path path) throws IOException {
        File file = names.get(path);
        if (file == null) {
            throw new FileNotFoundException(path.toString());
        }
        return file;
    }
}
