package io.cairn.tools;

/** As much of JSON as is needed to see where an object ends and to cut a member's text out of it. */
final class JsonText {
    private JsonText() {}

    /** Follows the bytes of a text and tells where its first object or array ends. */
    static final class Extent {
        private int depth;
        private boolean inString;
        private boolean escaped;

        /** Takes the next byte; true if it closes the outermost object or array. */
        boolean endsWith(int c) {
            if (inString) {
                if (escaped) {
                    escaped = false;
                } else if (c == '\\') {
                    escaped = true;
                } else if (c == '"') {
                    inString = false;
                }
                return false;
            }
            switch (c) {
                case '"' -> inString = true;
                case '{', '[' -> depth++;
                case '}', ']' -> {
                    depth--;
                    return depth == 0;
                }
                default -> {
                    // Anything else does not nest.
                }
            }
            return false;
        }
    }

    /** The text of a top-level member's value, or null if the object has no such member. */
    static String member(String object, String name) {
        int at = skipSpace(object, 0) + 1;
        while (true) {
            at = skipSpace(object, at);
            if (at >= object.length() || object.charAt(at) != '"') {
                return null;
            }
            int keyEnd = valueEnd(object, at);
            String key = object.substring(at + 1, keyEnd - 1);
            at = skipSpace(object, skipSpace(object, keyEnd) + 1);
            int end = valueEnd(object, at);
            if (key.equals(name)) {
                return object.substring(at, end);
            }
            at = skipSpace(object, end) + 1;
        }
    }

    private static int skipSpace(String s, int from) {
        int at = from;
        while (at < s.length() && Character.isWhitespace(s.charAt(at))) {
            at++;
        }
        return at;
    }

    /** The index behind the value that starts at the given index. */
    private static int valueEnd(String s, int from) {
        char first = s.charAt(from);
        if (first == '{' || first == '[') {
            Extent extent = new Extent();
            int at = from;
            while (!extent.endsWith(s.charAt(at))) {
                at++;
            }
            return at + 1;
        }
        if (first == '"') {
            int at = from + 1;
            while (s.charAt(at) != '"') {
                at += s.charAt(at) == '\\' ? 2 : 1;
            }
            return at + 1;
        }
        int at = from;
        while (at < s.length() && ",}]".indexOf(s.charAt(at)) < 0) {
            at++;
        }
        return at;
    }
}
