package io.cairn.rpc.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.operations.PlainJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class JsonStreamTest {
    @Property(tries = 200)
    void readsTheSameValuesHoweverTheBytesAreCut(
            @ForAll("values") List<Object> values, @ForAll @IntRange(min = 1, max = 20) int piece) throws Exception {
        StringBuilder text = new StringBuilder();
        // a space, because two numbers need something between them
        values.forEach(value -> text.append(PlainJson.write(value)).append(' '));

        assertThat(read(text.toString().getBytes(UTF_8), piece)).isEqualTo(values);
    }

    @Property(tries = 200)
    void neverFailsInAnotherWayThanNotJson(@ForAll @Size(max = 200) byte[] bytes, @ForAll boolean likeARequest) {
        byte[] input = bytes;
        if (likeARequest) {
            byte[] head = "{\"method\":[".getBytes(UTF_8);
            input = Arrays.copyOf(head, head.length + bytes.length);
            System.arraycopy(bytes, 0, input, head.length, bytes.length);
        }
        try {
            read(input, 7);
        } catch (JsonStream.NotJson e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @Property(tries = 200)
    void anyValueIsARequestOrInvalid(@ForAll("values") List<Object> values) throws Exception {
        String text = PlainJson.write(Map.of("method", values, "params", values, "id", values));
        JsonStream stream = new JsonStream(Limits.defaults());
        stream.feed(text.getBytes(UTF_8));

        assertThat(Incoming.of(stream.next().orElseThrow().plain())).isInstanceOf(Incoming.Invalid.class);
    }

    @Test
    void knowsWhetherItIsInsideAValue() throws Exception {
        JsonStream stream = new JsonStream(Limits.defaults());
        assertInside(stream, "", false);
        assertInside(stream, " \n", false);
        assertInside(stream, "{", true);
        assertInside(stream, "}\n\n", false);
        assertInside(stream, "\"te", true);
        assertInside(stream, "xt\" ", false);
        assertInside(stream, "tr", true);
    }

    @Test
    void remembersNamesThatAreSaidTwice() throws Exception {
        JsonStream stream = new JsonStream(Limits.defaults());
        stream.feed("{\"a\":{\"b\":{\"c\":1,\"c\":2}},\"d\":[{\"e\":1}]}".getBytes(UTF_8));

        JsonObject object = (JsonObject) stream.next().orElseThrow().plain();

        assertThat(object.duplicate()).isEmpty();
        assertThat(object.anyDuplicate()).contains("a.b.c");
    }

    private static void assertInside(JsonStream stream, String more, boolean inside) throws Exception {
        if (!more.isEmpty()) {
            stream.feed(more.getBytes(UTF_8));
        }
        Optional<JsonStream.Value> value = stream.next();
        while (value.isPresent()) {
            value = stream.next();
        }
        assertThat(stream.insideValue()).as("after %s", more).isEqualTo(inside);
    }

    private static List<Object> read(byte[] bytes, int piece) throws JsonStream.NotJson {
        List<Object> values = new ArrayList<>();
        try (JsonStream stream = new JsonStream(Limits.defaults())) {
            for (int at = 0; at < bytes.length; at += piece) {
                stream.feed(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + piece)));
                for (Optional<JsonStream.Value> next = stream.next(); next.isPresent(); next = stream.next()) {
                    values.add(plain(next.get().plain()));
                }
            }
        }
        return values;
    }

    private static Object plain(Object value) {
        if (value instanceof JsonObject object) {
            return object.plain();
        }
        if (value instanceof List<?> list) {
            List<Object> plain = new ArrayList<>();
            list.forEach(element -> plain.add(plain(element)));
            return plain;
        }
        return value;
    }

    @Provide
    Arbitrary<List<Object>> values() {
        Arbitrary<Object> scalars = Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(8).map(text -> (Object) text),
                Arbitraries.longs().map(number -> (Object) number),
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
                        3)
                .list()
                .ofMaxSize(4);
    }
}
