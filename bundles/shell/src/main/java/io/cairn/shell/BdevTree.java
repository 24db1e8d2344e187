package io.cairn.shell;

import io.cairn.shell.StackView.BdevView;
import io.cairn.shell.StackView.ExportView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Bdevs as a tree. From the top: exports, then bdevs on which nothing is built, each with its bases below it; a base that several
 * share is drawn once and referred to from then on. From the bottom: bdevs that are built on nothing, each with what is built on it
 * below it, exports at the ends; what is built on several bases is below each of them, and drawn once.
 */
final class BdevTree {
    private final StackView view;
    private final Style style;
    private final boolean fromTop;
    private final Set<String> drawn = new HashSet<>();
    private final List<String> lines = new ArrayList<>();

    private BdevTree(StackView view, Style style, boolean fromTop) {
        this.view = view;
        this.style = style;
        this.fromTop = fromTop;
    }

    /** Returns the tree, line by line. */
    static List<String> lines(StackView view, Style style, boolean fromTop) {
        BdevTree tree = new BdevTree(view, style, fromTop);
        if (fromTop) {
            view.exports().forEach(tree::drawExport);
        }
        for (BdevView bdev : view.bdevs()) {
            if (tree.isRoot(bdev)) {
                tree.drawBdev(bdev.name(), "", "");
            }
        }
        // a bdev that is reached from no root would be part of a ring: shown all the same
        for (BdevView bdev : view.bdevs()) {
            if (!tree.drawn.contains(bdev.name())) {
                tree.drawBdev(bdev.name(), "", "");
            }
        }
        return tree.lines;
    }

    private boolean isRoot(BdevView bdev) {
        return fromTop
                ? builtOn(bdev.name()).isEmpty() && exportsOf(bdev.name()).isEmpty()
                : bdev.bases().isEmpty();
    }

    private List<String> builtOn(String base) {
        return view.bdevs().stream()
                .filter(bdev -> bdev.bases().contains(base))
                .map(BdevView::name)
                .toList();
    }

    private List<ExportView> exportsOf(String bdev) {
        return view.exports().stream()
                .filter(export -> export.bdev().equals(bdev))
                .toList();
    }

    private void drawExport(ExportView export) {
        lines.add(exportText(export));
        drawBdev(export.bdev(), "└─ ", "   ");
    }

    private String exportText(ExportView export) {
        String state = export.state().isEmpty() || export.state().equals("live") ? "" : ", " + export.state();
        return style.green(export.name()) + "  (NBD export" + state + ")";
    }

    private void drawBdev(String name, String branch, String indent) {
        BdevView bdev = view.find(name).orElse(null);
        if (bdev == null) {
            lines.add(branch + style.red(name) + "  (not there)");
            return;
        }
        if (!drawn.add(name)) {
            lines.add(branch + style.bold(name) + "  (see above)");
            return;
        }
        lines.add(branch + text(bdev));
        List<String> below = fromTop ? bdev.bases() : builtOn(name);
        List<ExportView> exports = fromTop ? List.of() : exportsOf(name);
        int left = below.size() + exports.size();
        for (String other : below) {
            left--;
            drawBdev(other, indent + (left > 0 ? "├─ " : "└─ "), indent + (left > 0 ? "│  " : "   "));
        }
        for (ExportView export : exports) {
            left--;
            lines.add(indent + (left > 0 ? "├─ " : "└─ ") + exportText(export));
        }
    }

    private String text(BdevView bdev) {
        StringBuilder text = new StringBuilder(style.bold(bdev.name()))
                .append("  ")
                .append(Sizes.show(bdev.sizeBytes()))
                .append("  ")
                .append(bdev.module());
        if (!bdev.claims().isEmpty()) {
            text.append(style.yellow("  claimed by " + bdev.claimed()));
        }
        if (!bdev.state().equals("ready")) {
            text.append(style.red("  " + bdev.state()));
        }
        return text.toString();
    }
}
