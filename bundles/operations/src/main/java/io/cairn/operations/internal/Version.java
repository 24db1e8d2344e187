package io.cairn.operations.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The version that this bundle was built as. */
record Version(long major, long minor, long patch, String suffix) {
    private static final Pattern TEXT = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+)(.*)");

    /** Reads what the build wrote into the bundle. */
    static Version read() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException("the bundle does not say its version", e);
        }
        return parse(properties.getProperty("version"));
    }

    static Version parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException("version " + text);
        }
        return new Version(
                Long.parseLong(parts.group(1)),
                Long.parseLong(parts.group(2)),
                Long.parseLong(parts.group(3)),
                parts.group(4));
    }

    /** Returns SPDK's shape. */
    Map<String, Object> plain() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("major", major);
        fields.put("minor", minor);
        fields.put("patch", patch);
        fields.put("suffix", suffix);
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put("version", "Cairn v" + major + "." + minor + "." + patch + suffix);
        plain.put("fields", fields);
        return plain;
    }
}
