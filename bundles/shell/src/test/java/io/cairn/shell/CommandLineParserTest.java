package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineParserTest {
    private static Map<String, Object> parse(String line) {
        return CommandLineParser.parse(Examples.SPEC, line.isEmpty() ? List.of() : List.of(line.split(" ")));
    }

    @Test
    void takesRequiredParametersByPosition() {
        assertThat(parse("Thing0 512 100")).isEqualTo(Map.of("name", "Thing0", "block_size", 512L, "num_blocks", 100L));
    }

    @Test
    void takesEveryParameterByName() {
        assertThat(parse("--num-blocks=100 --block_size 4k --name Thing0 --mood wild --uuid=x=y --readonly"))
                .isEqualTo(Map.of(
                        "name",
                        "Thing0",
                        "block_size",
                        4096L,
                        "num_blocks",
                        100L,
                        "mood",
                        "wild",
                        "uuid",
                        "x=y",
                        "readonly",
                        true));
    }

    @Test
    void givesPlacesToWhatHasNoNameYet() {
        assertThat(parse("Thing0 --block-size 512 100")).containsEntry("num_blocks", 100L);
    }

    @Test
    void aFlagTakesNoWordButMayBeDenied() {
        assertThat(parse("--readonly Thing0 512 100"))
                .containsEntry("readonly", true)
                .containsEntry("name", "Thing0");
        assertThat(parse("Thing0 512 100 --readonly=false")).containsEntry("readonly", false);
    }

    @Test
    void listsAreWordsWithCommasOrRepeated() {
        assertThat(parse("Thing0 512 100 --friends a,b --friends c")).containsEntry("friends", List.of("a", "b", "c"));
    }

    @Test
    void dashesEndTheOptions() {
        assertThat(parse("512 --name=x -- 100")).containsEntry("name", "x");
        assertThat(parse("-- --strange 512 100")).containsEntry("name", "--strange");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | missing: name (text), block-size (a whole number from 512 to 65536; K, M, G, T may follow), num-blocks",
                "Thing0 512 | missing: num-blocks",
                "Thing0 512 100 more | 'more' is one word too many",
                "Thing0 512 100 --size 3 | there is no option --size",
                "Thing0 512 100 --uuid | option --uuid needs a value: text",
                "Thing0 512 100 --uuid a --uuid b | --uuid is given twice",
                "Thing0 511 100 | block-size is '511'; expected a whole number from 512 to 65536",
                "Thing0 0.5 100 | block-size is '0.5'",
                "Thing0 99999999999999999999 100 | block-size is '99999999999999999999'",
                "Thing0 512 1M | num-blocks is '1M'",
                "Thing0 512 100 --mood angry | mood is 'angry'; expected one of calm, wild",
                "Thing0 512 100 --readonly=maybe | readonly is 'maybe'; expected true or false",
            })
    void refusesNamingTheParameter(String line, String message) {
        assertThatThrownBy(() -> parse(line)).isInstanceOf(UsageException.class).hasMessageStartingWith(message);
    }

    @Test
    void withoutRequiredParametersTheFirstOneMayBeGivenByPosition() {
        CommandSpec claims = CommandSpec.of("claims", "", ClaimsCommand.Params.class, "");

        assertThat(CommandLineParser.parse(claims, List.of("Malloc0"))).isEqualTo(Map.of("bdev", "Malloc0"));
        assertThat(CommandLineParser.parse(claims, List.of())).isEmpty();
    }
}
