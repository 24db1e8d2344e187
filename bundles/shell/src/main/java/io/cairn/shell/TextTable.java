package io.cairn.shell;

import java.util.ArrayList;
import java.util.List;

/** Rows under headings, as wide as what is in them; numbers to the right. */
final class TextTable {
    private static final String GAP = "  ";

    private final List<String> headings;
    private final List<List<String>> rows = new ArrayList<>();

    TextTable(String... headings) {
        this(List.of(headings));
    }

    TextTable(List<String> headings) {
        this.headings = headings;
    }

    void add(List<String> row) {
        if (row.size() != headings.size()) {
            throw new IllegalArgumentException(row.size() + " cells under " + headings.size() + " headings");
        }
        rows.add(List.copyOf(row));
    }

    /** Returns the table, line by line: the headings first. */
    List<String> lines(Style style) {
        List<String> lines = new ArrayList<>();
        lines.add(style.bold(line(headings)));
        rows.forEach(row -> lines.add(line(row)));
        return lines;
    }

    private String line(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            String cell = cells.get(column);
            String space = " ".repeat(width(column) - cell.length());
            line.append(column == 0 ? "" : GAP).append(isNumeric(column) ? space + cell : cell + space);
        }
        return line.toString().stripTrailing();
    }

    private int width(int column) {
        int widest = headings.get(column).length();
        for (List<String> row : rows) {
            widest = Math.max(widest, row.get(column).length());
        }
        return widest;
    }

    private boolean isNumeric(int column) {
        return !rows.isEmpty()
                && rows.stream().allMatch(row -> row.get(column).matches("[0-9][0-9.,]*( [KMGTPE]?i?B)?|"));
    }
}
