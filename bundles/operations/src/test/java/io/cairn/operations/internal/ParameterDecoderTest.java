package io.cairn.operations.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.Param;
import io.cairn.operations.ParameterInfo;
import io.cairn.operations.ParameterSchema;
import io.cairn.operations.PlainJson;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParameterDecoderTest {
    private static final int CODE = -32099;

    enum Level {
        RAID0,
        CONCAT
    }

    record All(
            @Param("name") String name,
            @Param(value = "size", min = 1, max = 1 << 20) int blockSize,
            @Param(value = "signed", min = -5, defaultsTo = "-1") long numaId,
            @Param(value = "flag", defaultsTo = "false") boolean readonly,
            @Param("id") Optional<UUID> uuid,
            @Param(value = "level", defaultsTo = "concat") Level raidLevel,
            @Param("bases") Optional<List<String>> baseBdevs,
            @Param(value = "key", secret = true, defaultsTo = "") String key) {}

    private final ParameterDecoder<All> decoder = new ParameterDecoder<>(Operation.named("make", All.class)
            .decodeError(CODE)
            .handledBy(all -> CompletableFuture.completedFuture(true)));

    @Test
    void decodesAllAndDefaults() {
        assertThat(decode("{\"name\":\"x\",\"block_size\":512}"))
                .isEqualTo(new All("x", 512, -1, false, Optional.empty(), Level.CONCAT, Optional.empty(), ""));
        assertThat(decode(
                        "{\"uuid\":\"7D444840-9DC0-11D1-B245-5FFDCE74FAD2\",\"raid_level\":\"raid0\",\"base_bdevs\":[\"a\",\"b\"],"
                                + "\"readonly\":true,\"numa_id\":-5,\"block_size\":1,\"name\":\"\",\"key\":\"k\"}"))
                .isEqualTo(new All(
                        "",
                        1,
                        -5,
                        true,
                        Optional.of(UUID.fromString("7d444840-9dc0-11d1-b245-5ffdce74fad2")),
                        Level.RAID0,
                        Optional.of(List.of("a", "b")),
                        "k"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"512", "512.0", "5.12e2", "512000e-3", "5120.0E-1"})
    void takesAWholeNumberInAnySpelling(String number) {
        assertThat(decode("{\"name\":\"x\",\"block_size\":" + number + "}").blockSize())
                .isEqualTo(512);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "block_size|512.5|type",
                "block_size|0|range",
                "block_size|-1|range",
                "block_size|1048577|range",
                "block_size|2147483648|range",
                "block_size|18446744073709551616|range",
                "block_size|1e30|range",
                "block_size|1e1000000000|range",
                "block_size|1e-1000000000|type",
                "block_size|\"512\"|type",
                "block_size|true|type",
                "block_size|null|null",
                "block_size|[512]|type",
                "numa_id|-6|range",
                "numa_id|9223372036854775808|range",
                "name|7|type",
                "name|\"a\\u0000b\"|nul",
                "name|null|null",
                "readonly|1|type",
                "readonly|\"true\"|type",
                "readonly|null|null",
                "uuid|\"7d444840\"|type",
                "uuid|\"7d4448409dc011d1b2455ffdce74fad2\"|type",
                "uuid|\"7d444840-9dc0-11d1-b245-5ffdce74fad2 \"|type",
                "uuid|\"7d444840-9dc0-11d1-b245-5ffdce74fadg\"|type",
                "uuid|null|null",
                "raid_level|\"RAID0\"|type",
                "raid_level|\"raid\"|type",
                "base_bdevs|\"a\"|type",
                "base_bdevs|[1]|type",
                "base_bdevs|[null]|type",
                "color|1|unknown",
                "blockSize|512|unknown"
            })
    void refusesWhatDoesNotDecode(String name, String value, String reason) {
        OperationException refusal = refusal(name, value);

        assertThat(refusal.code()).isEqualTo(CODE);
        assertThat(refusal).hasMessageStartingWith("make: ").hasMessageContaining(name);
        assertThat(refusal.data())
                .containsEntry("operation", "make")
                .containsEntry("parameter", name)
                .containsEntry("reason", reason)
                .containsKey("expected");
    }

    @Test
    void saysWhatWasGivenAndWhatIsExpected() {
        assertThat(refusal("block_size", "0"))
                .hasMessage("make: parameter block_size is 0; expected a whole number from 1 to 1048576");
        assertThat(refusal("raid_level", "\"raid7\""))
                .hasMessage("make: parameter raid_level is \"raid7\"; expected one of raid0, concat");
        assertThatThrownBy(() -> decode("{\"name\":\"x\"}"))
                .hasMessage("make: parameter block_size is missing; expected a whole number from 1 to 1048576");
        assertThat(refusal("uuid", "\"" + "x".repeat(1000) + "\"").getMessage().length())
                .isLessThan(300);
    }

    @Test
    void neverShowsASecret() {
        OperationException refusal = refusal("key", "[\"hunter2\"]");

        assertThat(refusal.getMessage() + refusal.data()).contains("key").doesNotContain("hunter2");
    }

    @Test
    void describesTheParameters() {
        ParameterSchema schema = ParameterSchema.of(All.class);

        assertThat(schema.parameters().stream().map(ParameterInfo::name))
                .containsExactly(
                        "name", "block_size", "numa_id", "readonly", "uuid", "raid_level", "base_bdevs", "key");
        assertThat(schema.parameters().stream().filter(ParameterInfo::required).map(ParameterInfo::name))
                .containsExactly("name", "block_size");
        assertThat(schema.find("raid_level").orElseThrow().choices()).containsExactly("raid0", "concat");
        assertThat(schema.find("numa_id").orElseThrow().defaultsTo()).contains("-1");
    }

    @Test
    void refusesADeclarationWithoutDescription() {
        record Bare(int number) {}
        assertThatThrownBy(() -> ParameterSchema.of(Bare.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("number");
    }

    @Property(tries = 100)
    void anyValuesAreDecodedOrRefused(@ForAll("anyParams") Map<String, Object> params) {
        try {
            assertThat(decoder.decode(params)).isNotNull();
        } catch (OperationException refusal) {
            assertThat(refusal.code()).isEqualTo(CODE);
        }
    }

    @Property(tries = 100)
    void decodesWhatWasEncoded(@ForAll("valid") All all) {
        Map<String, Object> encoded = new LinkedHashMap<>();
        encoded.put("name", all.name());
        encoded.put("block_size", all.blockSize());
        encoded.put("numa_id", all.numaId());
        encoded.put("readonly", all.readonly());
        all.uuid().ifPresent(uuid -> encoded.put("uuid", uuid.toString()));
        encoded.put("raid_level", all.raidLevel().name().toLowerCase(Locale.ROOT));
        all.baseBdevs().ifPresent(bases -> encoded.put("base_bdevs", bases));
        encoded.put("key", all.key());

        assertThat(decode(PlainJson.write(encoded))).isEqualTo(all);
    }

    @Property(tries = 100)
    void jsonComesBackAsItWas(@ForAll("json") Object plain) {
        assertThat(PlainJson.read(PlainJson.write(plain))).isEqualTo(plain);
        assertThat(PlainJson.read(PlainJson.writePretty(plain))).isEqualTo(plain);
    }

    @Provide
    Arbitrary<All> valid() {
        Arbitrary<String> text = Arbitraries.strings().excludeChars('\0').ofMaxLength(20);
        return Combinators.combine(
                        text,
                        Arbitraries.integers().between(1, 1 << 20),
                        Arbitraries.longs().greaterOrEqual(-5),
                        Arbitraries.of(true, false),
                        Arbitraries.create(UUID::randomUUID).optional(),
                        Arbitraries.of(Level.class),
                        text.list().ofMaxSize(3).optional(),
                        text)
                .as(All::new);
    }

    @Provide
    Arbitrary<Map<String, Object>> anyParams() {
        return Arbitraries.maps(
                Arbitraries.frequencyOf(
                        Tuple.of(
                                9, Arbitraries.of("name", "block_size", "numa_id", "uuid", "raid_level", "base_bdevs")),
                        Tuple.of(1, Arbitraries.strings().ofMaxLength(5))),
                json());
    }

    @Provide
    Arbitrary<Object> json() {
        Arbitrary<Object> scalars = Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(10).map(text -> (Object) text),
                Arbitraries.longs().map(number -> (Object) number),
                Arbitraries.longs().greaterOrEqual(0).map(number ->
                        (Object) BigInteger.ONE.shiftLeft(63).add(BigInteger.valueOf(number))),
                Arbitraries.bigDecimals().ofScale(3).map(number -> (Object) number),
                Arbitraries.of(true, false).map(flag -> (Object) flag));
        return Arbitraries.recursive(
                () -> scalars,
                inner -> Arbitraries.oneOf(
                        inner.list().ofMaxSize(3).map(list -> (Object) list),
                        Arbitraries.maps(Arbitraries.strings().ofMaxLength(5), inner)
                                .ofMaxSize(3)
                                .map(map -> (Object) map)),
                0,
                3);
    }

    @Test
    void readsJsonStrictly() {
        for (String wrong : List.of("", "{\"a\":1,\"a\":2}", "1 2", "{\"a\":}", "[1,]", "NaN", "//c\n1", "'a'")) {
            assertThatThrownBy(() -> PlainJson.read(wrong)).as(wrong).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @SuppressWarnings("unchecked") // JSON objects have text keys
    private All decode(String json) {
        return decoder.decode((Map<String, Object>) PlainJson.read(json));
    }

    private OperationException refusal(String name, String value) {
        Map<String, Object> params = new HashMap<>(Map.of("name", "x", "block_size", 512L));
        params.put(name, PlainJson.read(value));
        return catchThrowableOfType(OperationException.class, () -> decoder.decode(params));
    }

    @Test
    void refusesParametersOfNone() {
        ParameterDecoder<Operation.None> none = new ParameterDecoder<>(Operation.named("nothing", Operation.None.class)
                .handledBy(all -> CompletableFuture.completedFuture(true)));

        assertThat(none.decode(null)).isEqualTo(new Operation.None());
        for (Map<String, Object> params : Arrays.<Map<String, Object>>asList(Map.of(), Map.of("a", 1))) {
            assertThat(catchThrowableOfType(OperationException.class, () -> none.decode(params))
                            .code())
                    .isEqualTo(-32602);
        }
    }
}
