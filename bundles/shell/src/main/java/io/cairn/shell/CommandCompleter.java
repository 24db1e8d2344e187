package io.cairn.shell;

import io.cairn.operations.Param;
import io.cairn.operations.ParameterInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.karaf.shell.api.console.Candidate;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;

/** Completes a command's own name, its options, and values: bdevs, exports, files, choices. */
final class CommandCompleter implements Completer {
    private static final String OPTION = "--";

    private final CommandSpec spec;
    private final NameSource names;
    private final boolean scoped;

    /**
     * Makes the completer.
     *
     * @param scoped whether the shell stands in the command's scope, so that its name alone is enough
     */
    CommandCompleter(CommandSpec spec, NameSource names, boolean scoped) {
        this.spec = spec;
        this.names = names;
        this.scoped = scoped;
    }

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        List<Candidate> found = new ArrayList<>();
        completeCandidates(session, line, found);
        found.forEach(candidate -> candidates.add(candidate.value()));
        return candidates.isEmpty() ? -1 : line.getBufferPosition() - line.getArgumentPosition();
    }

    @Override
    public void completeCandidates(Session session, CommandLine line, List<Candidate> candidates) {
        int index = line.getCursorArgumentIndex();
        if (index <= 0) {
            candidates.add(candidate(scoped ? spec.name() : spec.fullName(), spec.description()));
            return;
        }
        String[] words = line.getArguments();
        if (!session.resolveCommand(words[0]).equals(spec.fullName())) {
            return;
        }
        String typed = index < words.length
                ? words[index].substring(0, Math.min(line.getArgumentPosition(), words[index].length()))
                : "";
        new Place(List.of(words).subList(1, Math.min(index, words.length))).complete(session, typed, candidates);
    }

    private static Candidate candidate(String word, String description) {
        return new Candidate(word, word, null, firstSentence(description), null, null, true);
    }

    private static String firstSentence(String text) {
        int end = text.indexOf(". ");
        String first = end < 0 ? text : text.substring(0, end);
        return first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
    }

    /** Where the cursor is, as the words before it tell. */
    private final class Place {
        private final Set<String> given = new HashSet<>();
        private ParameterInfo wanted;
        private int byPosition;

        Place(List<String> before) {
            for (String word : before) {
                read(word);
            }
        }

        private void read(String word) {
            if (wanted != null) {
                wanted = null;
                return;
            }
            if (!word.startsWith(OPTION)) {
                byPosition++;
                return;
            }
            String spelled = word.substring(OPTION.length()).split("=", 2)[0];
            Optional<ParameterInfo> option = spec.option(spelled);
            option.ifPresent(parameter -> {
                given.add(parameter.name());
                if (!word.contains("=") && parameter.type() != ParameterInfo.Type.BOOLEAN) {
                    wanted = parameter;
                }
            });
        }

        void complete(Session session, String typed, List<Candidate> candidates) {
            if (wanted != null) {
                values(session, wanted, "", typed, candidates);
                return;
            }
            int equals = typed.indexOf('=');
            if (typed.startsWith(OPTION) && equals > 0) {
                spec.option(typed.substring(OPTION.length(), equals))
                        .ifPresent(parameter -> values(
                                session,
                                parameter,
                                typed.substring(0, equals + 1),
                                typed.substring(equals + 1),
                                candidates));
                return;
            }
            List<ParameterInfo> places = spec.positional().stream()
                    .filter(p -> !given.contains(p.name()))
                    .toList();
            if (!typed.startsWith("-") && byPosition < places.size()) {
                values(session, places.get(byPosition), "", typed, candidates);
            } else {
                options(candidates);
            }
        }

        private void options(List<Candidate> candidates) {
            for (ParameterInfo parameter : spec.parameters()) {
                if (!given.contains(parameter.name()) || parameter.type() == ParameterInfo.Type.TEXT_LIST) {
                    candidates.add(candidate(OPTION + CommandSpec.optionName(parameter), parameter.description()));
                }
            }
            candidates.add(candidate("--help", "Explain the command"));
        }

        private void values(
                Session session, ParameterInfo parameter, String prefix, String typed, List<Candidate> candidates) {
            List<String> values = parameter.names() == Param.Names.FILE
                    ? FileNames.startingWith(session.currentDir(), typed)
                    : known(parameter);
            for (String value : values) {
                boolean whole = !value.endsWith("/");
                candidates.add(new Candidate(prefix + value, value, null, null, null, null, whole));
            }
        }

        private List<String> known(ParameterInfo parameter) {
            return switch (parameter.type()) {
                case CHOICE -> parameter.choices();
                case BOOLEAN -> List.of("true", "false");
                default -> names.names(parameter.names());
            };
        }
    }
}
