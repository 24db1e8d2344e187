package io.cairn.shell;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files whose paths begin as what was typed. */
final class FileNames {
    private static final int MOST = 1000;

    private FileNames() {}

    /** Returns paths in the way they were begun, folders with a slash at the end, sorted; none where there is nothing to read. */
    static List<String> startingWith(Path workingFolder, String typed) {
        int slash = typed.lastIndexOf('/');
        String folder = typed.substring(0, slash + 1);
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(workingFolder.resolve(folder))) {
            for (Path entry : entries) {
                String path = folder + entry.getFileName();
                if (path.startsWith(typed) && found.size() < MOST) {
                    found.add(Files.isDirectory(entry) ? path + "/" : path);
                }
            }
        } catch (IOException | InvalidPathException e) {
            return List.of();
        }
        return found.stream().sorted().toList();
    }
}
