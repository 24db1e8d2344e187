package io.cairn.operations.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.operations.PlainJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code save_config} and {@code load_config} as SPDK's client does them: both are made of calls. */
class SpdkClientTest {
    private final ManualReactors reactors = new ManualReactors();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void loadsWhatItSaved(boolean waitsForRpc) {
        OperationCenter source = center(false);
        offer(source, "a");
        offer(source, "b");
        call(source, "a_create", Map.of("name", "x", "size", 3));
        call(source, "b_create", Map.of("name", "z"));
        call(source, "a_create", Map.of("name", "y"));
        String saved = save(source);

        OperationCenter target = center(waitsForRpc);
        FakeModule a = offer(target, "a");
        FakeModule b = offer(target, "b");
        assertThat(load(target, saved)).as("left over").isEmpty();

        assertThat(a.things).containsExactly(Map.entry("x", 3L), Map.entry("y", 8L));
        assertThat(b.things).containsExactly(Map.entry("z", 8L));
        assertThat(save(target)).isEqualTo(saved);
    }

    @Test
    void anEmptyServerIsSavedAndLoaded() {
        OperationCenter source = center(false);
        offer(source, "a");
        String saved = save(source);
        assertThat(saved).isEqualTo("{\"subsystems\":[{\"subsystem\":\"things\",\"config\":[]}]}");
        OperationCenter target = center(true);
        offer(target, "a");
        assertThat(load(target, saved)).isEmpty();
        assertThat(call(target, "framework_wait_init", null)).isEqualTo(true);
    }

    @Test
    void batchesMayBeAskedFor() {
        OperationCenter source = center(false);
        offer(source, "a");
        call(source, "a_create", Map.of("name", "x"));
        assertThat(call(source, "framework_get_config", Map.of("name", "things", "with_batches", true)))
                .isEqualTo(call(source, "framework_get_config", Map.of("name", "things")));
    }

    private String save(OperationCenter center) {
        List<Object> subsystems = new ArrayList<>();
        for (Object subsystem : list(call(center, "framework_get_subsystems", null))) {
            Object name = map(subsystem).get("subsystem");
            Map<String, Object> section = new LinkedHashMap<>();
            section.put("subsystem", name);
            section.put("config", call(center, "framework_get_config", Map.of("name", name)));
            subsystems.add(section);
        }
        return PlainJson.write(Map.of("subsystems", subsystems));
    }

    /** Calls what may be called in the present state, then ends the startup state, until nothing changes; returns what is left. */
    private List<Object> load(OperationCenter center, String saved) {
        List<Object> left = new ArrayList<>();
        for (Object section : list(map(PlainJson.read(saved)).get("subsystems"))) {
            left.addAll(list(map(section).get("config")));
        }
        List<?> all = list(call(center, "rpc_get_methods", null));
        assertThat(left).allSatisfy(entry -> assertThat(all.contains(map(entry).get("method")))
                .isTrue());
        boolean found;
        do {
            List<?> current = list(call(center, "rpc_get_methods", Map.of("current", true, "include_aliases", true)));
            found = false;
            for (Object entry : List.copyOf(left)) {
                if (current.contains(map(entry).get("method"))) {
                    Map<String, Object> params = new LinkedHashMap<>();
                    if (map(entry).get("params") instanceof Map<?, ?> given) {
                        given.forEach((key, value) -> params.put((String) key, value));
                    }
                    call(center, (String) map(entry).get("method"), params.isEmpty() ? null : params);
                    left.remove(entry);
                    found = true;
                }
            }
            if (current.contains("framework_start_init")) {
                call(center, "framework_start_init", null);
                found = true;
            }
        } while (found);
        return left;
    }

    private OperationCenter center(boolean waitsForRpc) {
        return new OperationCenter(reactors, ConfigStore.inMemory(), new Settings(waitsForRpc, Duration.ofSeconds(5)));
    }

    private static FakeModule offer(OperationCenter center, String name) {
        FakeModule module = new FakeModule(name);
        center.offer(module.operations(), module);
        return module;
    }

    private Object call(OperationCenter center, String method, Map<String, Object> params) {
        CompletionStage<Object> answer = center.call(method, params);
        reactors.run();
        assertThat(answer.toCompletableFuture()).isDone();
        return answer.toCompletableFuture().join();
    }

    private static List<?> list(Object value) {
        return (List<?>) value;
    }

    private static Map<?, ?> map(Object value) {
        return (Map<?, ?>) value;
    }
}
